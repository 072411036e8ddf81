"""The content security policy of our pages (CSP Level 3)."""

from __future__ import annotations

from collections.abc import Iterable


def content_security_policy(leads_to: Iterable[str] = ()) -> str:
    """The policy of a page. `leads_to`: origins to which the answer to one of its forms may redirect; browsers check that too."""
    targets = " ".join(["'self'", *sorted(set(leads_to))])
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
        f"form-action {targets}; base-uri 'none'; frame-ancestors 'none'"
    )
