"""A person opens their link: one sitting a browser, found again by the secret in its cookie."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from undersigned.base.clock import now
from undersigned.base.db import atomic, one_or_none
from undersigned.base.vault import keyed_hash

from . import audit, links, notify, proofs
from .errors import NotFound, RunOut
from .locks import lock_envelope
from .models import (
    AccessLink,
    Envelope,
    EnvelopeState,
    IdentityProof,
    NotificationPlan,
    Recipient,
    Sitting,
)
from .policy import Policy
from .signer import removed
from .ways import note_what_is_missing

IDLE = timedelta(minutes=30)
TOUCH = timedelta(seconds=60)
"""`last_seen` is written at most this often."""


@dataclass(frozen=True)
class OpenedSitting:
    """`secret` goes into the browser's cookie and nowhere else."""

    sitting: Sitting
    secret: str


def open_sitting(token: str, ip: str, agent: str) -> OpenedSitting:
    """Trade a link's token for a sitting. The first opening is recorded on the recipient; removed envelopes are not found.

    An artifact is used up. Raises NotFound for unknown, revoked and malformed tokens alike; RunOut (`links.run_out`).
    """
    link = links.find(token)
    if link is None or link.recipient.envelope.state == EnvelopeState.DRAFT:
        raise NotFound
    secret = secrets.token_urlsafe(32)
    with atomic():
        envelope = lock_envelope(link.recipient.envelope_id)
        if removed(envelope):
            raise NotFound
        at = now(envelope.organization.clock_offset)
        recipient = Recipient.objects.select_for_update().get(pk=link.recipient_id)
        _use(link, at)
        sitting = Sitting.objects.create(
            recipient=recipient,
            pub=secrets.token_hex(12),
            secret_hash=_hash(secret),
            started_at=at,
            last_seen=at,
            focus=link.assignment,
            ip=ip[:45],
            agent="".join(c for c in agent if c.isprintable())[:500],
        )
        _prove_link(envelope, sitting, at, by_sender=_sender_has(link, envelope))
        if proofs.asked(sitting) is None:
            sitting.identified_at = at
            sitting.save(update_fields=["identified_at"])
        if recipient.opened_at is None:
            recipient.opened_at = at
            recipient.save(update_fields=["opened_at"])
            notify.happened(envelope, NotificationPlan.Trigger.STARTED, at, recipient=recipient)
        audit.append(envelope, "opened", at, by=sitting)
    recipient.envelope = envelope
    note_what_is_missing(recipient)
    return OpenedSitting(sitting, secret)


def _use(link: AccessLink, at: datetime) -> None:
    """Asked again under the lock: of two who open at once, one finds an artifact used, and a link may be revoked meanwhile."""
    link.refresh_from_db(fields=["used_at", "revoked_at"])
    if links.run_out(link, at):
        raise RunOut
    if link.revoked_at is not None:
        raise NotFound
    if link.purpose == AccessLink.Purpose.ARTIFACT:
        link.used_at = at
        link.save(update_fields=["used_at"])


def _sender_has(link: AccessLink, envelope: Envelope) -> bool:
    """Is it the sender who brings the link to the person, or can the sender's program read it?"""
    policy = Policy.model_validate(envelope.policy)
    told = policy.secret_known_to_sender and link.purpose == AccessLink.Purpose.TICKET
    return told or not policy.invitation


def _prove_link(envelope: Envelope, sitting: Sitting, at: datetime, *, by_sender: bool) -> None:
    """Who has the link; also the sender, where they have it too."""
    IdentityProof.objects.create(
        recipient=sitting.recipient,
        sitting=sitting,
        method="link",
        provider="sender" if by_sender else "email",
        known_to_sender=by_sender,
        at=at,
    )


def find_sitting(pub: str, secret: str, *, awake: bool = True) -> Sitting | None:
    """The sitting that `secret` (from the cookie) opens; keeps it awake unless a page only asks how things stand.

    None when they do not belong together.
    """
    sitting = one_or_none(_with_envelope().filter(pub=pub, secret_hash=_hash(secret)))
    return _ended_when_idle(sitting, awake=awake) if sitting is not None else None


def find_sitting_of_pad(pad_hash: bytes) -> Sitting | None:
    """The identified sitting for which a phone may draw; as long as somebody draws, it is awake."""
    sitting = one_or_none(_with_envelope().filter(pad_hash=pad_hash))
    if sitting is None:
        return None
    sitting = _ended_when_idle(sitting, awake=True)
    return sitting if sitting.ended_at is None and sitting.identified_at is not None else None


def again(sitting: Sitting) -> Sitting:
    """The sitting, its person and their envelope as they are now; on the table is what the caller saw there."""
    fresh = _with_envelope().get(pk=sitting.pk)
    fresh.focus = sitting.focus
    return fresh


def _with_envelope() -> QuerySet[Sitting]:
    return Sitting.objects.select_related(
        "recipient__envelope__organization",
        "recipient__envelope__owner_user",
        "recipient__envelope__collection",
    )


def _ended_when_idle(sitting: Sitting, *, awake: bool) -> Sitting:
    at = now(sitting.recipient.envelope.organization.clock_offset)
    if sitting.ended_at is None:
        if at - sitting.last_seen > IDLE:
            sitting.ended_at, sitting.appearance, sitting.identified_at = sitting.last_seen + IDLE, None, None
            sitting.identity = None
            sitting.save(update_fields=["ended_at", "appearance", "identified_at", "identity"])
        elif awake and at - sitting.last_seen > TOUCH:
            sitting.last_seen = at
            Sitting.objects.filter(pk=sitting.pk).update(last_seen=at)
    return sitting


def idle_left(sitting: Sitting) -> int:
    """Seconds until the sitting ends unless the person does something; 0 when it has ended."""
    if sitting.ended_at is not None:
        return 0
    at = now(sitting.recipient.envelope.organization.clock_offset)
    return max(0, int((sitting.last_seen + IDLE - at).total_seconds()))


def reopen_sitting(sitting: Sitting) -> None:
    """After a pause of over 30 minutes: the same sitting again, identification asked anew."""
    with atomic():
        envelope = lock_envelope(sitting.recipient.envelope_id)
        at = now(envelope.organization.clock_offset)
        # All that was proved before the pause counts no more.
        by_sender = IdentityProof.objects.filter(
            sitting=sitting, method="link", known_to_sender=True
        ).exists()
        _prove_link(envelope, sitting, at, by_sender=by_sender)
        sitting.identified_at = None
        identified = at if proofs.asked(sitting) is None else None
        Sitting.objects.filter(pk=sitting.pk).update(ended_at=None, last_seen=at, identified_at=identified)
        audit.append(envelope, "reopened", at, by=sitting)


def _hash(secret: str) -> bytes:
    return keyed_hash(secret, "sitting")
