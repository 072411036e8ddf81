"""Add a person to a draft."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from undersigned.base.clock import now
from undersigned.base.db import atomic
from undersigned.base.text import is_one_line
from undersigned.delivery.models import Message
from undersigned.delivery.outbox import is_address
from undersigned.identity.code import new_code
from undersigned.sealing.pdf.text import is_drawable

from . import audit
from .actor import Actor
from .drafts import locked_draft
from .errors import Invalid
from .models import Envelope, Recipient
from .policy import Policy

NAME_MAX = 200


@dataclass(frozen=True)
class NewRecipient:
    """A signer. `phone` in E.164 or None; `phone_as_given` is echoed by dialects that must."""

    name: str
    email: str
    phone: str | None = None
    phone_as_given: str | None = None
    language: str | None = None


def add_recipient(actor: Actor, envelope_id: int, new: NewRecipient) -> Recipient:
    """Add a signer to a draft; a code is made at once where the policy asks for one.

    Raises Invalid (name, email, phone), Conflict (already_sent, not_last), NotFound.
    """
    name, email = new.name.strip(), new.email.strip()
    faults = _faults(name, email, new.phone)
    with atomic():
        envelope = locked_draft(envelope_id)
        policy = Policy.model_validate(envelope.policy)
        if (
            policy.unique_names
            and "email" not in faults
            and envelope.recipients.filter(email__iexact=email).exists()
        ):
            faults["email"] = ["already_used"]
        if faults:
            raise Invalid(faults)
        at = now(envelope.organization.clock_offset)
        position = _next_position(envelope)
        recipient = Recipient.objects.create(
            envelope=envelope,
            key=str(position),
            position=position,
            name=name,
            email=email,
            phone=new.phone or "",
            phone_as_given=new.phone_as_given,
            language=new.language or envelope.language,
            channels=["email", *(["sms"] if new.phone else [])],
            identity_policy={"methods": list(policy.identity)},
            code=new_code() if "code" in policy.identity else None,
            created_at=at,
        )
        audit.append(envelope, "recipient_added", at, by=actor, recipient=recipient, phone=new.phone)
    return recipient


def _faults(name: str, email: str, phone: str | None) -> dict[str, list[str]]:
    faults: dict[str, list[str]] = {}
    if not name:
        faults["name"] = ["required"]
    elif len(name) > NAME_MAX or not is_one_line(name) or not is_drawable(name):
        faults["name"] = ["invalid"]
    if not email:
        faults["email"] = ["required"]
    else:
        try:
            validate_email(email)
        except ValidationError:
            faults["email"] = ["invalid"]
        # Quoted local parts are valid and cannot be sent to safely.
        if not is_address(Message.Channel.EMAIL, email):
            faults["email"] = ["invalid"]
    if phone and not is_address(Message.Channel.SMS, phone):
        faults["phone"] = ["invalid"]
    return faults


def _next_position(envelope: Envelope) -> int:
    last = envelope.recipients.order_by("-position").values_list("position", flat=True).first()
    return (last or 0) + 1
