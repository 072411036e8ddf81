"""What every message of an envelope says of it, and how it becomes a row of the outbox."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from django.utils import translation
from django.utils.translation import gettext

from undersigned.base import languages
from undersigned.delivery.models import Message
from undersigned.delivery.outbox import Draft, post
from undersigned.delivery.params import Params
from undersigned.identity import providers

from .models import Envelope, Recipient
from .ways import ways_to_open

_ROLES: dict[Recipient.Kind, Literal["signer", "viewer", "copy"]] = {
    Recipient.Kind.SIGNER: "signer",
    Recipient.Kind.VIEWER: "viewer",
    Recipient.Kind.COPY: "copy",
}


def asking_params(envelope: Envelope, recipient: Recipient, at: datetime) -> Params:
    """For who is asked to do something: also the sender's message."""
    if recipient.identity.protects:
        return people_params(envelope, recipient, at)
    apart = recipient.code is not None and not recipient.code_by_sms
    return people_params(envelope, recipient, at).model_copy(
        update={"code_apart": apart, "message": envelope.description}
    )


def people_params(envelope: Envelope, recipient: Recipient, at: datetime) -> Params:
    """For a person of the envelope."""
    if recipient.identity.protects:
        # Nothing of the request is in the message's row, so no text, preview or log can let it out.
        return Params(
            role=_ROLES[Recipient.Kind(recipient.kind)],
            organization=_shown_organization(envelope),
            at=at,
            due_at=envelope.due_at,
            methods=_method_names(recipient),
        )
    return Params(
        name=recipient.full_name,
        role=_ROLES[Recipient.Kind(recipient.kind)],
        sender=envelope.creator_name,
        organization=_shown_organization(envelope),
        sender_email=envelope.owner_user.email,
        title=envelope.title,
        documents=max(1, envelope.documents.filter(removed_at=None).count()),
        due_at=envelope.due_at,
        at=at,
    )


def _shown_organization(envelope: Envelope) -> str:
    """Empty where the organisation goes by its own name."""
    return envelope.company_name if envelope.company_name != envelope.organization.name else ""


def _method_names(recipient: Recipient) -> tuple[str, ...]:
    """What the person will be asked for, in their language."""
    with translation.override(languages.spoken(recipient.language)):
        words = {
            "code": gettext("a code"),
            "mail_code": gettext("a code by mail"),
            "sms_code": gettext("a code by SMS"),
        }
        names: list[str] = []
        for method in recipient.methods:
            if method == "strong":
                ways = providers.allowed(recipient.envelope.organization, recipient.identity)
                names.append(" / ".join(p.name for p in ways) or gettext("an electronic identity"))
            elif method in words:
                names.append(words[method])
        if offered := ways_to_open(recipient):
            names.append(" / ".join(w.provider.name if w.provider else words[w.method] for w in offered))
    return tuple(names)


def owner_params(envelope: Envelope, at: datetime) -> Params:
    """For who owns the envelope."""
    return Params(
        name=envelope.owner_user.full_name,
        role="sender",
        sender=envelope.creator_name,
        organization=_shown_organization(envelope),
        title=envelope.title,
        documents=max(1, envelope.documents.filter(removed_at=None).count()),
        due_at=envelope.due_at,
        at=at,
        signed=envelope.signed_count,
        signers=envelope.signer_count,
    )


def mail(
    envelope: Envelope,
    recipient: Recipient | None,
    purpose: str,
    params: Params,
    *,
    key: str,
    still_if: str = "",
) -> Message:
    """Queue a letter."""
    return post(letter(envelope, recipient, purpose, params, key=key, still_if=still_if))


def letter(
    envelope: Envelope,
    recipient: Recipient | None,
    purpose: str,
    params: Params,
    *,
    key: str,
    still_if: str = "",
) -> Draft:
    """A mail to a person of the envelope, or to its owner, in their language."""
    owner = envelope.owner_user
    return Draft(
        organization=envelope.organization,
        envelope_id=envelope.pk,
        recipient_id=recipient.pk if recipient else None,
        user=None if recipient else owner,
        purpose=purpose,
        channel=Message.Channel.EMAIL,
        address=recipient.email if recipient else owner.email,
        params=params,
        language=recipient.language if recipient else (owner.language or envelope.language),
        dedup_key=key,
        still_if=still_if,
    )
