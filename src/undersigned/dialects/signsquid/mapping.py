"""Between the core's rows and Signsquid's words. Every table is total: each state of the core has a word."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.db.models import Prefetch

from undersigned.base.clock import iso_ms
from undersigned.delivery.models import Message
from undersigned.envelopes.models import Collection, Envelope, EnvelopeState, Recipient, RecipientState

from . import wire

_VERSION: dict[EnvelopeState, wire.VersionStatus] = {
    EnvelopeState.DRAFT: "NotPublished",
    EnvelopeState.OFFERED: "NotPublished",
    EnvelopeState.FETCHING: "NotPublished",
    EnvelopeState.SENT: "WaitingForSignatoryAction",
    EnvelopeState.SEALING: "Agreed",
    EnvelopeState.COMPLETED: "Agreed",
    EnvelopeState.DECLINED: "Refused",
    # No use case of this dialect leads to the states below (port.py).
    EnvelopeState.EXPIRED: "WaitingForSignatoryAction",
    EnvelopeState.ON_HOLD: "WaitingForSignatoryAction",
    EnvelopeState.CANCELLED: "Refused",
    EnvelopeState.FAILED: "Refused",
}
_SIGNATORY: dict[RecipientState, wire.SignatoryStatus] = {
    RecipientState.ACTIVE: "WaitingForSignatoryAction",
    RecipientState.DONE: "Agreed",
    RecipientState.DECLINED: "Refused",
    RecipientState.EXPIRED: "WaitingForSignatoryAction",
    RecipientState.FORWARDED: "Refused",
    RecipientState.REMOVED: "Refused",
}
_SMS: dict[Message.State, wire.SmsStatus] = {
    Message.State.QUEUED: "Pending",
    Message.State.SENT: "Sent",
    Message.State.FAILED: "Failed",
    Message.State.DROPPED: "Failed",  # it was not sent and will not be
}

GIVEN_MAX = 60
_NOT_DIALLED = re.compile(r"[ .()\-]")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


def contract(collection: Collection) -> wire.Contract:
    """The contract with all its versions; three queries, however many there are."""
    found = versions(collection.envelopes.filter(deleted_at=None).order_by("position"))
    last = found[-1][0]
    return wire.Contract(
        id=collection.pub,
        name=collection.title,
        versions=[version for _, version in found],
        agreed=iso_ms(last.agreed_at) if last.agreed_at else None,
        status=version_status(last),
    )


def versions(envelopes: Iterable[Envelope]) -> list[tuple[Envelope, wire.Version]]:
    """Envelopes (a queryset) with their version objects, in order."""
    signers = Recipient.objects.filter(kind=Recipient.Kind.SIGNER).order_by("position")
    rows = list(envelopes.prefetch_related(Prefetch("recipients", signers)))  # type: ignore[attr-defined]
    codes = Message.objects.filter(
        envelope_id__in=[e.pk for e in rows], purpose="signer_code", channel=Message.Channel.SMS
    ).order_by("pk")
    sms = dict(codes.values_list("recipient_id", "state"))
    return [
        (
            envelope,
            wire.Version(
                signatories=[_signatory(r, sms.get(r.pk)) for r in envelope.recipients.all()],
                published=envelope.sent_at is not None,
                expires=iso_ms(envelope.due_at or envelope.created_at),
                status=version_status(envelope),
            ),
        )
        for envelope in rows
    ]


def version_status(envelope: Envelope) -> wire.VersionStatus:
    """A newer version wins over whatever became of this one."""
    if envelope.superseded_at is not None:
        return "NewVersionAvailable"
    if envelope.agreed_at is not None:  # final, even while the seal is being made
        return "Agreed"
    return _VERSION[EnvelopeState(envelope.state)]


def e164(given: str) -> str | None:
    """A `mobilePhone` in E.164; None when there is none. What cannot be read is `wire.UNREADABLE`.

    "Make sure to include the country code when the number is not located within Canada or United States."
    """
    if not given.strip():
        return None
    if len(given) > GIVEN_MAX:
        return wire.UNREADABLE
    dialled = _NOT_DIALLED.sub("", given.strip())
    if dialled.startswith("00"):
        dialled = "+" + dialled[2:]
    elif not dialled.startswith("+"):
        if len(dialled) == 10:
            dialled = "+1" + dialled
        elif len(dialled) == 11 and dialled.startswith("1"):
            dialled = "+" + dialled
        else:
            return wire.UNREADABLE
    return dialled if _E164.fullmatch(dialled) else wire.UNREADABLE


def _signatory(recipient: Recipient, sms: str | None) -> wire.Signatory:
    return wire.Signatory(
        name=recipient.full_name,
        email=recipient.email or "",
        code=recipient.code or "",
        status=_SIGNATORY[RecipientState(recipient.state)],
        mobilePhone=recipient.phone_as_given,
        smsStatus=_SMS[Message.State(sms)] if sms else None,
    )
