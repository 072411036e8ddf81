// After a page with errors has opened, the summary gets the focus, once.
const summary = document.querySelector("[data-focus]");
if (summary) summary.focus();
