"""Words of the record in sentences: events, states, ways of proving who one is."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

_EVENTS = {
    "created": gettext_noop("{by} created “{title}”"),
    "recipient_added": gettext_noop("{by} added {name} as a signer"),
    "document_added": gettext_noop("{by} added the document “{filename}”"),
    "sent": gettext_noop("{by} sent it for signing"),
    "prepared": gettext_noop("The pages of a document were made final"),
    "opened": gettext_noop("{name} opened the link"),
    "reopened": gettext_noop("{name} came back after a pause"),
    "identified": gettext_noop("{name} proved who they are with the code"),
    "code_wrong": gettext_noop("A wrong code was entered for {name}"),
    "code_locked": gettext_noop("Too many wrong codes for {name}; a pause of 15 minutes"),
    "signed": gettext_noop("{name} signed"),
    "declined": gettext_noop("{name} refused to sign"),
    "agreed": gettext_noop("Everybody has agreed; sealing begins"),
    "sealed": gettext_noop("A document was sealed and time-stamped"),
    "completed": gettext_noop("The evidence was sealed; the process is complete"),
    "superseded": gettext_noop("{by} started a new version; this one can no longer be signed"),
    "link_sent_again": gettext_noop("The link was sent to {name} again"),
    "code_sent_again": gettext_noop("The code was sent to {name} again"),
    "erased": gettext_noop("Everything personal was erased"),
    "message_sent": gettext_noop("A message was sent to {name}"),
    "message_failed": gettext_noop("A message to {name} could not be delivered"),
}
_METHODS = {
    "link": gettext_noop("Personal link"),
    "email-code": gettext_noop("Code by mail"),
    "sms-code": gettext_noop("Code by SMS"),
    "sender-code": gettext_noop("Code given by the sender"),
    "eid": gettext_noop("Electronic identity"),
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
    return _(_EVENTS[kind]).format_map(_Details(detail)) if kind in _EVENTS else _plain(kind)


def event(kind: str, detail: dict[str, Any]) -> str:
    """As `event_sentence`, with the address that it came from at its end."""
    sentence = event_sentence(kind, detail)
    return f"{sentence} · {detail['ip']}" if detail.get("ip") else sentence


def method(word: str) -> str:
    """How somebody proved who they are."""
    known = _METHODS.get(word.replace("_", "-"))
    return _(known) if known else _plain(word)


def proof_note() -> str:
    """What must be said of a code that the sender knew."""
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
