"""Add a person to a draft."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from undersigned.base.clock import now
from undersigned.base.db import atomic
from undersigned.base.text import is_one_line
from undersigned.delivery.models import Message
from undersigned.delivery.outbox import is_address
from undersigned.identity.code import new_code
from undersigned.identity.expected import Expected
from undersigned.identity.policy import IdentityPolicy
from undersigned.sealing.pdf.text import is_drawable

from . import audit, search
from .actor import Actor
from .drafts import locked_draft
from .errors import Invalid
from .models import Envelope, Recipient, Sitting
from .policy import Policy

NAME_MAX = 200
NATIONAL_ID_MAX = 64
KEY_MAX = 100
_LONGEST = {
    "dialog_title": 500,
    "dialog_message": 10_000,
    "sign_text": 10_000,
    "return_url_done": 2000,
    "return_url_declined": 2000,
    "return_url_later": 2000,
}
"""Characters."""


@dataclass(frozen=True)
class NewRecipient:
    """A person. `phone` in E.164 or None; `phone_as_given` is echoed by dialects that must.

    `code`: who brings the code, "sms" (needs the phone), "sender", or "none" for no code; None leaves it to the envelope's policy, and a
    code goes by SMS where there is a phone.
    """

    name: str
    email: str
    phone: str | None = None
    phone_as_given: str | None = None
    language: str | None = None
    kind: Recipient.Kind = Recipient.Kind.SIGNER
    code: Literal["sms", "sender", "none"] | None = None
    identity: IdentityPolicy | None = None
    """Instead of `code` and the envelope's policy."""
    channels: tuple[Literal["email", "sms"], ...] = ("email",)
    """How they are invited; "sms" needs the phone. Empty: by nobody here."""
    national_id: str | None = None
    """As the sender wrote it; compared only where `identity` says so."""
    name_later: bool = False
    """The name may be missing: whoever identifies the person tells it, or they tell it themselves."""
    nameless: bool = False
    """Name and address may both be missing: the sender brings the link to the person, and asks them to prove who they are."""
    key: str | None = None
    """The dialect's own for this person, unique in the envelope, up to 100 characters; None: a number."""
    expires_at: datetime | None = None
    """Their time ends then, where the policy's `past_expires` says so."""
    dialog_title: str = ""
    dialog_message: str = ""
    sign_text: str = ""
    """What they agree to, in the sender's words."""
    return_url_done: str = ""
    return_url_declined: str = ""
    return_url_later: str = ""
    expected: Expected | None = None
    """What a provider must say of them, and hints for it."""
    surname: str = ""
    user: int | None = None
    """Row id of the user whom this is."""
    wire: Mapping[str, Any] = field(default_factory=dict)
    """The dialect's own; nothing personal."""
    sealed: str | None = None
    """JSON with what is personal in the dialect's own."""


def add_recipient(actor: Actor, envelope_id: int, new: NewRecipient) -> Recipient:
    """Add a person to a draft; a code is made at once where one is asked for.

    Raises Invalid (name, email, phone), Conflict (already_sent, not_last), NotFound.
    """
    with atomic():
        envelope = locked_draft(envelope_id)
        at = now(envelope.organization.clock_offset)
        recipient = put(actor, envelope, new, at, _next_position(envelope), _next_key(envelope))
        search.add(envelope, people=[recipient])
    return recipient


def put(
    by: Actor | Sitting, envelope: Envelope, new: NewRecipient, at: datetime, position: int, key: str
) -> Recipient:
    """The row of a person in a locked envelope, to be made findable by the caller. Raises Invalid (name, email, phone, national_id)."""
    recipient = Recipient(envelope=envelope, key=key, position=position, created_at=at)
    describe(recipient, new)
    recipient.save(force_insert=True)
    audit.append(envelope, "recipient_added", at, by=by, recipient=recipient, phone=new.phone)
    return recipient


def describe(recipient: Recipient, new: NewRecipient) -> None:
    """Put what is said of a person onto their row of a locked envelope, unsaved. Raises Invalid (name, email, phone)."""
    envelope = recipient.envelope
    policy = Policy.model_validate(envelope.policy)
    name, email = new.name.strip(), new.email.strip()
    faults = faults_of(new)
    if policy.unique_names and email and "email" not in faults:
        others = envelope.recipients.exclude(pk=recipient.pk)
        if others.filter(email__iexact=email).exists():
            faults["email"] = ["already_used"]
    if faults:
        raise Invalid(faults)
    identity = _identity(policy, new)
    if "code" not in identity.methods:
        recipient.code = None
    elif recipient.code is None:
        recipient.code = new_code()
    recipient.surname, recipient.user_id = new.surname.strip(), new.user
    recipient.kind, recipient.name, recipient.email = new.kind, name or None, email or None
    recipient.phone, recipient.phone_as_given = new.phone or "", new.phone_as_given
    recipient.language = new.language or envelope.language
    recipient.channels, recipient.national_id = list(new.channels), new.national_id
    recipient.expires_at, recipient.sign_text = new.expires_at, new.sign_text
    recipient.dialog_title, recipient.dialog_message = new.dialog_title, new.dialog_message
    recipient.return_url_done = new.return_url_done
    recipient.return_url_declined, recipient.return_url_later = new.return_url_declined, new.return_url_later
    recipient.claims = new.expected.model_dump_json() if new.expected is not None else None
    recipient.wire, recipient.wire_sealed = dict(new.wire), new.sealed
    recipient.identity_policy = identity.model_dump(mode="json", exclude_defaults=True)


def _identity(policy: Policy, new: NewRecipient) -> IdentityPolicy:
    """People who do not sign need no code."""
    if new.identity is not None:
        return new.identity
    if new.kind != Recipient.Kind.SIGNER or new.code == "none":
        return IdentityPolicy()
    if new.code is not None:
        return IdentityPolicy(methods=("link", "code"), code_by=new.code)
    if "code" not in policy.identity:
        return IdentityPolicy(methods=policy.identity)
    return IdentityPolicy(methods=policy.identity, code_by="sms" if new.phone else "sender")


def faults_of(new: NewRecipient) -> dict[str, list[str]]:
    """All that is wrong with a person as such: name, email, phone, national_id, key, texts that are too long; empty when nothing is."""
    name, email = new.name.strip(), new.email.strip()
    faults: dict[str, list[str]] = {}
    if not name:
        faults |= {} if new.name_later or new.nameless else {"name": ["required"]}
    elif not _is_name(name):
        faults["name"] = ["invalid"]
    if not email:
        faults |= {} if new.nameless else {"email": ["required"]}
    elif not is_mail_address(email):
        faults["email"] = ["invalid"]
    if new.phone and not is_address(Message.Channel.SMS, new.phone):
        faults["phone"] = ["invalid"]
    elif (new.code == "sms" or "sms" in new.channels) and not new.phone:
        faults["phone"] = ["required"]
    if (surname := new.surname.strip()) and not _is_name(surname):
        faults["surname"] = ["invalid"]
    number = new.national_id
    if number is not None and not (0 < len(number) <= NATIONAL_ID_MAX and is_one_line(number)):
        faults["national_id"] = ["invalid"]
    if new.key is not None and not 0 < len(new.key) <= KEY_MAX:
        faults["key"] = ["invalid"]
    for label, most in _LONGEST.items():
        if len(getattr(new, label)) > most:
            faults[label] = ["too_long"]
    return faults


def is_mail_address(text: str) -> bool:
    """Is it an address to which mail can be sent? Quoted local parts are valid and cannot be sent to safely."""
    try:
        validate_email(text)
    except ValidationError:
        return False
    return is_address(Message.Channel.EMAIL, text)


def _is_name(text: str) -> bool:
    return len(text) <= NAME_MAX and is_one_line(text) and is_drawable(text)


def _next_position(envelope: Envelope) -> int:
    last = envelope.recipients.order_by("-position").values_list("position", flat=True).first()
    return (last or 0) + 1


def _next_key(envelope: Envelope) -> str:
    """Not the position: people of a draft change places and leave."""
    keys = envelope.recipients.values_list("key", flat=True)
    return str(max((int(k) for k in keys if k.isdecimal()), default=0) + 1)
