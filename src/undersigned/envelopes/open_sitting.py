"""A person opens their link: one sitting a browser, found again by the secret in its cookie."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

from undersigned.base.clock import now
from undersigned.base.db import atomic
from undersigned.base.vault import keyed_hash

from . import audit, links
from .errors import NotFound
from .locks import lock_envelope
from .models import EnvelopeState, IdentityProof, Recipient, Sitting
from .policy import Policy

IDLE = timedelta(minutes=30)
TOUCH = timedelta(seconds=60)
"""`last_seen` is written at most this often."""


@dataclass(frozen=True)
class OpenedSitting:
    """`secret` goes into the browser's cookie and nowhere else."""

    sitting: Sitting
    secret: str


def open_sitting(token: str, ip: str, agent: str) -> OpenedSitting:
    """Trade a link's token for a sitting. The first opening is recorded on the recipient; erased envelopes are not found.

    Raises NotFound for unknown, revoked and malformed tokens alike.
    """
    link = links.find(token)
    if link is None or link.recipient.envelope.state == EnvelopeState.DRAFT:
        raise NotFound
    secret = secrets.token_urlsafe(32)
    with atomic():
        envelope = lock_envelope(link.recipient.envelope_id)
        at = now(envelope.organization.clock_offset)
        recipient = Recipient.objects.select_for_update().get(pk=link.recipient_id)
        sitting = Sitting.objects.create(
            recipient=recipient,
            pub=secrets.token_hex(12),
            secret_hash=_hash(secret),
            started_at=at,
            last_seen=at,
            ip=ip[:45],
            agent="".join(c for c in agent if c.isprintable())[:500],
        )
        policy = Policy.model_validate(envelope.policy)
        IdentityProof.objects.create(
            recipient=recipient, sitting=sitting, method="link", provider="email", at=at
        )
        if policy.identity == ("link",):
            sitting.identified_at = at
            sitting.save(update_fields=["identified_at"])
        if recipient.opened_at is None:
            recipient.opened_at = at
            recipient.save(update_fields=["opened_at"])
        audit.append(envelope, "opened", at, by=sitting)
    return OpenedSitting(sitting, secret)


def find_sitting(pub: str, secret: str) -> Sitting | None:
    """The sitting that `secret` (from the cookie) opens; keeps it awake. None when they do not belong together."""
    sitting = (
        Sitting.objects.filter(pub=pub, secret_hash=_hash(secret))
        .select_related(
            "recipient__envelope__organization",
            "recipient__envelope__owner_user",
            "recipient__envelope__collection",
        )
        .first()
    )
    if sitting is None:
        return None
    at = now(sitting.recipient.envelope.organization.clock_offset)
    if sitting.ended_at is None:
        if at - sitting.last_seen > IDLE:
            sitting.ended_at, sitting.appearance, sitting.identified_at = sitting.last_seen + IDLE, None, None
            sitting.save(update_fields=["ended_at", "appearance", "identified_at"])
        elif at - sitting.last_seen > TOUCH:
            Sitting.objects.filter(pk=sitting.pk).update(last_seen=at)
    return sitting


def reopen_sitting(sitting: Sitting) -> None:
    """After a pause of over 30 minutes: the same sitting again, identification asked anew."""
    with atomic():
        envelope = lock_envelope(sitting.recipient.envelope_id)
        at = now(envelope.organization.clock_offset)
        policy = Policy.model_validate(envelope.policy)
        identified = at if policy.identity == ("link",) else None
        Sitting.objects.filter(pk=sitting.pk).update(ended_at=None, last_seen=at, identified_at=identified)
        audit.append(envelope, "reopened", at, by=sitting)


def _hash(secret: str) -> bytes:
    return keyed_hash(secret, "sitting")
