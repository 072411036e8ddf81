"""Words of the record in sentences: events, states, ways of proving who one is."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

_EVENTS = {
    "created": gettext_noop("{by} created “{title}”"),
    "recipient_added": gettext_noop("{by} added {name}"),
    "document_added": gettext_noop("{by} added the document “{filename}”"),
    "offered": gettext_noop("{by} offered the template for use"),
    "withdrawn": gettext_noop("{by} took the template back to change it"),
    "replacement_begun": gettext_noop("{by} began a new request in place of this one"),
    "fetched": gettext_noop("The document “{filename}” was fetched"),
    "not_fetched": gettext_noop("A document could not be fetched: {reason}"),
    "sent": gettext_noop("{by} sent it for signing"),
    "prepared": gettext_noop("The pages of a document were made final"),
    "recipient_changed": gettext_noop("{by} changed the entries of {name}"),
    "recipient_removed": gettext_noop("{by} took {name} out"),
    "document_removed": gettext_noop("{by} took the document “{filename}” out"),
    "deleted": gettext_noop("{by} deleted the draft"),
    "cancelled": gettext_noop("{by} called it off; nobody can sign any more"),
    "put_on_hold": gettext_noop("{by} put it on hold"),
    "resumed": gettext_noop("{by} opened it again"),
    "changed": gettext_noop("{by} changed what the request says"),
    "files_replaced": gettext_noop("{by} replaced the files; signatures given before no longer count"),
    "owners_set": gettext_noop("{by} said who else owns it"),
    "reminded": gettext_noop("A reminder was sent to {name}"),
    "opened": gettext_noop("{name} opened the link"),
    "reopened": gettext_noop("{name} came back after a pause"),
    "identified": gettext_noop("{name} proved who they are with the code"),
    "identified:mail_code": gettext_noop("{name} proved who they are with a code by mail"),
    "identified:sms_code": gettext_noop("{name} proved who they are with a code by SMS"),
    "identified:password": gettext_noop("{name} proved who they are with the password of their account"),
    "identified:strong": gettext_noop("{name} was identified by {provider}"),
    "one_time_code_sent": gettext_noop("A one-time code was sent to {name}"),
    "wrong_person": gettext_noop("Somebody else than {name} was identified by {provider}, and was refused"),
    "identification_failed": gettext_noop("{provider} did not identify {name}"),
    "identification_locked": gettext_noop("Too many wrong identifications for {name}; a pause of 15 minutes"),
    "code_wrong": gettext_noop("A wrong code was entered for {name}"),
    "password_wrong": gettext_noop("A wrong password was entered for {name}"),
    "code_locked": gettext_noop("Too many wrong codes for {name}; a pause of 15 minutes"),
    "signed": gettext_noop("{name} signed"),
    "viewed": gettext_noop("{name} has read a document"),
    "uploaded": gettext_noop("{name} brought the file “{filename}”"),
    "filled": gettext_noop("{name} filled in a form"),
    "postponed": gettext_noop("{name} put it off"),
    "forwarded": gettext_noop("{name} handed their part on to somebody else"),
    "expired": gettext_noop("The time of {name} ran out"),
    "ended": gettext_noop("Nobody is left who could act; it ended"),
    "package_created": gettext_noop("Signed documents are to be put together into one file"),
    "package_completed": gettext_noop(
        "Signed documents, of {name} among others, were put together into one file"
    ),
    "package_failed": gettext_noop(
        "Documents, of {name} among others, will not be put together into one file"
    ),
    "filling": gettext_noop("People began to fill in"),
    "signing": gettext_noop("Everything is filled in; signing began"),
    "left_out": gettext_noop("{name} left a signature out"),
    "declined": gettext_noop("{name} refused to sign"),
    "agreed": gettext_noop("Everybody has agreed; sealing begins"),
    "sealed": gettext_noop("A document was sealed and time-stamped"),
    "completed": gettext_noop("The evidence was sealed; the process is complete"),
    "superseded": gettext_noop("{by} started a new version; this one can no longer be signed"),
    "link_sent_again": gettext_noop("The link was sent to {name} again"),
    "code_sent_again": gettext_noop("The code was sent to {name} again"),
    "comment_added": gettext_noop("{author} wrote a message"),
    "comment_edited": gettext_noop("{author} changed a message"),
    "comment_deleted": gettext_noop("{author} took a message back"),
    "metadata_set": gettext_noop("{by} described it by “{template}”"),
    "metadata_cleared": gettext_noop("{by} took its metadata away"),
    "erased": gettext_noop("Everything personal was erased"),
    "retention_set": gettext_noop("{by} changed for how long it is kept"),
    "marked_deleted": gettext_noop("{by} removed it; it will be erased after 14 days"),
    "restored": gettext_noop("{by} restored it"),
    "put_away": gettext_noop("{by} took it out of all lists"),
    "content_erased": gettext_noop("The documents, and what was known of the people, were erased"),
    "infected": gettext_noop("A document did not pass the virus scan"),
    "found_clean": gettext_noop("The virus scan no longer objects to a document"),
    "message_sent": gettext_noop("A message was sent to {name}"),
    "message_failed": gettext_noop("A message to {name} could not be delivered"),
    "message_sent_again": gettext_noop("{by} had a message to {name} sent again"),
    "message_set_aside": gettext_noop("{by} decided that a message to {name} need not be sent again"),
    "work_run_again": gettext_noop("{by} had the work on it run again"),
}
_METHODS = {
    "link": gettext_noop("Personal link"),
    "email-code": gettext_noop("Code by mail"),
    "sms-code": gettext_noop("Code by SMS"),
    "sender-code": gettext_noop("Code given by the sender"),
    "eid": gettext_noop("Electronic identity"),
    "password": gettext_noop("Password of their account"),
    "automatic": gettext_noop("Service account that signs by itself"),
}
_STATES = {
    "active": gettext_noop("Has not signed"),
    "done": gettext_noop("Signed"),
    "declined": gettext_noop("Refused to sign"),
    "expired": gettext_noop("Too late"),
    "forwarded": gettext_noop("Handed on"),
    "removed": gettext_noop("Removed"),
}


class _Details(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return _("somebody")


def _plain(word: str) -> str:
    return word.replace("_", " ").replace("-", " ").capitalize()


def event_sentence(kind: str, detail: dict[str, Any]) -> str:
    """One line for an event; of an erased person only that it was somebody."""
    kinds = (f"{kind}:{detail.get('method')}", kind)
    known = next((k for k in kinds if k in _EVENTS), None)
    return _(_EVENTS[known]).format_map(_Details(detail)) if known else _plain(kind)


def event(kind: str, detail: dict[str, Any]) -> str:
    """As `event_sentence`, with the address that it came from at its end."""
    sentence = event_sentence(kind, detail)
    return f"{sentence} · {detail['ip']}" if detail.get("ip") else sentence


def method(word: str) -> str:
    """How somebody proved who they are."""
    known = _METHODS.get(word.replace("_", "-"))
    return _(known) if known else _plain(word)


def proof_note(method: str) -> str:
    """What must be said of a link or a code that the sender knew."""
    if method == "link":
        return _("The sender had this person's link, so the sender could have opened it too.")
    return _("The sender knew this person's code, so the sender could have used it too.")


def state(word: str) -> str:
    """Where somebody stands."""
    return _(_STATES[word]) if word in _STATES else _plain(word)


def answer(pages: Any) -> str:
    """Pages seen, as the record has them: yes or no, a number, or a list of numbers."""
    if isinstance(pages, bool):
        return _("All") if pages else _("Not all")
    if isinstance(pages, list):
        return ", ".join(str(p) for p in pages) or "-"
    if isinstance(pages, dict):
        return "; ".join(f"{k}: {answer(v)}" for k, v in pages.items()) or "-"
    return str(pages) if pages is not None else "-"
