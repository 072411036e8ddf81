"""States and events in words, with tone and icon."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from undersigned.delivery.models import Message
from undersigned.envelopes.models import (
    AuditEvent,
    Envelope,
    EnvelopeState,
    IdentityProof,
    Recipient,
    RecipientState,
)
from undersigned.identity.policy import IdentityPolicy
from undersigned.jobs.models import Job
from undersigned.sealing.evidence_words import event_sentence


@dataclass(frozen=True)
class Word:
    """A badge: tone is ok, warn, bad, info or nothing."""

    label: str
    tone: str = ""
    icon: str = ""


_ENVELOPE = {
    EnvelopeState.DRAFT: (gettext_noop("Draft"), "", "file-pen-line"),
    EnvelopeState.OFFERED: (gettext_noop("Template"), "", "files"),
    EnvelopeState.FETCHING: (gettext_noop("Fetching files"), "info", "loader-circle"),
    EnvelopeState.SENT: (gettext_noop("Waiting for signatures"), "info", "clock"),
    EnvelopeState.SEALING: (gettext_noop("Sealing"), "info", "loader-circle"),
    EnvelopeState.COMPLETED: (gettext_noop("Completed"), "ok", "circle-check"),
    EnvelopeState.DECLINED: (gettext_noop("Refused"), "bad", "circle-x"),
    EnvelopeState.EXPIRED: (gettext_noop("Time ran out"), "warn", "clock-alert"),
    EnvelopeState.CANCELLED: (gettext_noop("Called off"), "", "circle-x"),
    EnvelopeState.ON_HOLD: (gettext_noop("On hold"), "warn", "circle-pause"),
    EnvelopeState.FAILED: (gettext_noop("Failed"), "bad", "circle-alert"),
}
_PERSON = {
    RecipientState.ACTIVE: (gettext_noop("Has not signed yet"), "info", "clock"),
    RecipientState.DONE: (gettext_noop("Signed"), "ok", "circle-check"),
    RecipientState.DECLINED: (gettext_noop("Refused"), "bad", "circle-x"),
    RecipientState.EXPIRED: (gettext_noop("Time ran out"), "warn", "clock-alert"),
    RecipientState.FORWARDED: (gettext_noop("Handed on"), "", "forward"),
    RecipientState.REMOVED: (gettext_noop("Removed"), "", "circle-x"),
}
_MESSAGE = {
    Message.State.QUEUED: (gettext_noop("Waiting"), "info", "clock"),
    Message.State.SENT: (gettext_noop("Sent"), "ok", "circle-check"),
    Message.State.FAILED: (gettext_noop("Failed"), "bad", "circle-alert"),
    Message.State.DROPPED: (gettext_noop("No longer wanted"), "", "circle-x"),
}
_ATTEMPT = {
    "sent": (gettext_noop("Sent"), "ok", "circle-check"),
    "retry": (gettext_noop("Will be tried again"), "warn", "rotate-cw"),
    "failed": (gettext_noop("Failed"), "bad", "circle-alert"),
    "dropped": (gettext_noop("No longer wanted"), "", "circle-x"),
}
STATES = [
    EnvelopeState.DRAFT,
    EnvelopeState.SENT,
    EnvelopeState.SEALING,
    EnvelopeState.COMPLETED,
    EnvelopeState.DECLINED,
    EnvelopeState.EXPIRED,
    EnvelopeState.CANCELLED,
    EnvelopeState.ON_HOLD,
    EnvelopeState.FAILED,
]
"""States that the list can be filtered by, in the order of a process."""


def _word(found: tuple[str, str, str]) -> Word:
    label, tone, icon = found
    return Word(_(label), tone, icon)


def state_word(state: str) -> Word:
    """An envelope's state alone."""
    return _word(_ENVELOPE[EnvelopeState(state)])


def envelope_word(envelope: Envelope) -> Word:
    """Where an envelope stands; a replaced one says so whatever its state."""
    if envelope.erased_at is not None or envelope.content_erased_at is not None:
        return Word(_("Erased"), "", "trash-2")
    if envelope.superseded_at is not None:
        return Word(_("Replaced"), "", "replace")
    return state_word(envelope.state)


def person_word(recipient: Recipient, sent: bool) -> Word:
    """Where a person stands."""
    if recipient.kind == Recipient.Kind.COPY:
        return Word(_("Gets a copy at the end"), "", "copy")
    if not sent:
        return Word(_("Not invited yet"), "", "clock")
    if recipient.state == RecipientState.ACTIVE and recipient.invited_at is None:
        return Word(_("Not their turn yet"), "", "clock")
    if recipient.state == RecipientState.ACTIVE and recipient.opened_at is not None:
        return Word(_("Has opened it"), "info", "eye")
    return _word(_PERSON[RecipientState(recipient.state)])


def recipient_state(state: str) -> str:
    """A signer's state alone, as a word."""
    return _word(_PERSON[RecipientState(state)]).label


def message_word(message: Message) -> Word:
    """Where a message stands; what only the outbox took has not been sent to anybody."""
    if message.state == Message.State.SENT and message.transport == Message.Transport.OUTBOX:
        return Word(_("In the outbox only"), "warn", "inbox")
    return _word(_MESSAGE[Message.State(message.state)])


def attempt_word(outcome: str) -> Word:
    """How one attempt ended."""
    return _word(_ATTEMPT[outcome])


_PURPOSES = {
    "invitation": gettext_noop("Invitation"),
    "invitation_protected": gettext_noop("Invitation"),
    "files_replaced": gettext_noop("Files changed"),
    "under_way": gettext_noop("Word that it is under way"),
    "own_words": gettext_noop("Message in the sender’s words"),
    "callback": gettext_noop("Call to a web address"),
    "reminder": gettext_noop("Reminder"),
    "reminder_protected": gettext_noop("Reminder"),
    "completed_protected": gettext_noop("Sealed copy"),
    "stopped_protected": gettext_noop("Signing has stopped"),
    "cancelled_protected": gettext_noop("Called off"),
    "code": gettext_noop("One-time code"),
    "signer_code": gettext_noop("Code for the signer"),
    "your_turn": gettext_noop("Your turn"),
    "completed": gettext_noop("Sealed copy"),
    "refused": gettext_noop("Refused"),
    "stopped": gettext_noop("Signing has stopped"),
    "cancelled": gettext_noop("Called off"),
    "replaced": gettext_noop("New version"),
    "expired": gettext_noop("Time ran out"),
    "removal": gettext_noop("Removal"),
    "infected": gettext_noop("Virus scan"),
    "comment": gettext_noop("Message in the discussion"),
    "comment_protected": gettext_noop("Message in the discussion"),
    "sent": gettext_noop("Word that it was sent out"),
    "fill": gettext_noop("Please fill in"),
    "sign": gettext_noop("Please sign"),
    "declined": gettext_noop("Refused"),
    "failed": gettext_noop("Could not be worked on"),
    "note_added": gettext_noop("New note"),
    "note_changed": gettext_noop("Changed note"),
    "note_removed": gettext_noop("Removed note"),
    "welcome": gettext_noop("Word of a new account"),
    "password_lost": gettext_noop("Link for a new password"),
    "password_cleared": gettext_noop("Link for a new password"),
}


def purpose(message: Message) -> str:
    """What a message is for."""
    known = _PURPOSES.get(message.purpose)
    return _(known) if known else message.purpose.replace("_", " ").capitalize()


_CHANNELS = {
    "email": gettext_noop("Mail"),
    "sms": gettext_noop("SMS"),
    "push": gettext_noop("Push message"),
    "webhook": gettext_noop("Webhook"),
    "url": gettext_noop("Web address"),
}


def channel(message: Message) -> str:
    """How a message travels."""
    return _(_CHANNELS[message.channel])


LEVELS = ["fail", "warn", "ok"]
_LEVEL = {
    "ok": (gettext_noop("Well"), "ok", "circle-check"),
    "warn": (gettext_noop("Look at it"), "warn", "triangle-alert"),
    "fail": (gettext_noop("Does not work"), "bad", "circle-alert"),
}


def level(name: str) -> Word:
    """What a check found."""
    return _word(_LEVEL[name])


_WORK = {
    "prepare": gettext_noop("Making the pages final"),
    "seal": gettext_noop("Sealing"),
    "result": gettext_noop("Sealing what one person signed"),
    "package": gettext_noop("Putting signed documents together"),
    "fetch_source": gettext_noop("Fetching a file"),
    "send_batch": gettext_noop("Sending the envelopes of a sheet"),
    "auto_sign": gettext_noop("Signing for a service account"),
    "deliver": gettext_noop("Sending a message"),
    "tick.erase": gettext_noop("Erasing what is past its time"),
    "tick.sweep": gettext_noop("Clearing up files and counters"),
    "tick.prune_jobs": gettext_noop("Clearing up work that is done"),
    "tick.heartbeat": gettext_noop("The worker's sign of life"),
}


def work(job: Job) -> str:
    """What a job does."""
    return _(_WORK[job.kind]) if job.kind in _WORK else job.kind


DIALECTS = {
    "console": gettext_lazy("Console"),
    "signsquid": "Signsquid",
    "signspace": "SignSpace",
    "signicat": "Signicat",
    "signingtoday": "Signing Today",
}
"""Names of the APIs as people know them."""


@dataclass(frozen=True)
class Entry:
    """One line of the timeline."""

    seq: int
    text: str
    at: datetime
    note: str
    tone: str
    hash: str


_GOOD = {"signed", "agreed", "sealed", "completed"}
_BAD = {
    "declined",
    "code_wrong",
    "password_wrong",
    "code_locked",
    "wrong_person",
    "identification_failed",
    "identification_locked",
    "message_failed",
}


def entry(event: AuditEvent, detail: dict[str, Any]) -> Entry:
    """An audit event as the timeline shows it; of an erased person only that it was somebody."""
    words = event_sentence(event.kind, detail)
    notes = [detail.get("ip"), detail.get("level"), detail.get("reason"), detail.get("channel")]
    if detail.get("sha256"):
        notes.append(f"SHA-256 {detail['sha256'][:16]}…")
    if event.credential_id:
        notes.append(_("through the API"))
    tone = "ok" if event.kind in _GOOD else "bad" if event.kind in _BAD else ""
    return Entry(event.seq, words, event.at, " · ".join(str(n) for n in notes if n), tone, event.hash)


_PROOFS = {
    "link": gettext_noop("link"),
    "code": gettext_noop("code"),
    "mail_code": gettext_noop("code by mail"),
    "sms_code": gettext_noop("code by SMS"),
    "strong": gettext_noop("strong identification"),
    "password": gettext_noop("account's password"),
    "automatic": gettext_noop("program that signs by itself"),
}


def _proof(name: str) -> str:
    """A method in words; what the sender asked for by a provider's name stays as it is."""
    return _(_PROOFS[name]) if name in _PROOFS else name


def proofs_to_open(policy: IdentityPolicy) -> str:
    """What a person must prove before anything is shown: all of it, and one of those between strokes."""
    one_of = " / ".join(map(_proof, policy.any_of))
    return " + ".join([*map(_proof, policy.methods), *filter(None, [one_of])])


def proofs_to_sign(policy: IdentityPolicy) -> str:
    """One of which a person passes to sign; nothing where what they proved before is enough."""
    return " / ".join(
        _proof(way.asked_as) if way.asked_as else _("drawn signature") for way in policy.sign_ways
    )


def proofs_given(proofs: Iterable[IdentityProof]) -> str:
    """What a person has proved, each once, in order, with the provider that said so."""
    said = [
        f"{_proof(p.method)} ({p.provider})" if p.method == "strong" else _proof(p.method) for p in proofs
    ]
    return " + ".join(dict.fromkeys(said))
