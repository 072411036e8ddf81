"""Invitation links. The token is derived from the master key when a message is rendered; the database keeps only its hash."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db.models import Q

from undersigned.base.db import one_or_none
from undersigned.base.vault import keyed_hash

from .models import AccessLink, Assignment, Recipient


def token(recipient: Recipient) -> str:
    """The link's secret: 43 characters of base64url. Changes with `link_version`, which revokes the former link."""
    secret = keyed_hash(f"{recipient.pk}.{recipient.link_version}", "invitation link")
    return base64.urlsafe_b64encode(secret).rstrip(b"=").decode()


def url(recipient: Recipient) -> str:
    """The address that is sent to the recipient and shown to nobody else."""
    return f"{settings.PUBLIC_URL}/room/l/{token(recipient)}"


def issue(recipient: Recipient, now: datetime) -> AccessLink:
    """Make the recipient's link valid; a repetition gives the same one."""
    link, _ = AccessLink.objects.get_or_create(
        lookup_hash=keyed_hash(token(recipient), "access link"),
        defaults={"recipient": recipient, "purpose": AccessLink.Purpose.INVITE, "created_at": now},
    )
    return link


def issue_tickets(assignments: Iterable[Assignment], now: datetime) -> None:
    """A link of its own for each signature that is asked for; of several places of one the first has it. The value is kept, encrypted,
    since the sender's program may read it."""
    rows = []
    for assignment in assignments:
        if assignment.action == Assignment.Action.SIGN and assignment.place == 1:
            ticket = str(uuid.uuid4())
            rows.append(
                AccessLink(
                    recipient=assignment.recipient,
                    assignment=assignment,
                    purpose=AccessLink.Purpose.TICKET,
                    lookup_hash=keyed_hash(ticket, "access link"),
                    value=ticket,
                    created_at=now,
                )
            )
    AccessLink.objects.bulk_create(rows)


def ticket_url(ticket: str) -> str:
    """Where a ticket leads to its signature."""
    return f"{settings.PUBLIC_URL}/std/{ticket}/signature"


def find(given: str) -> AccessLink | None:
    """The live link with this token; None for unknown, revoked and malformed alike.

    An artifact is found also when it is no longer good (`run_out` says it), so that the person can be told.
    """
    if not 20 <= len(given) <= 100:
        return None
    return one_or_none(
        AccessLink.objects.filter(lookup_hash=keyed_hash(given, "access link"))
        .filter(Q(revoked_at=None) | Q(purpose=AccessLink.Purpose.ARTIFACT))
        .select_related(
            "recipient__envelope__organization",
            "recipient__envelope__owner_user",
            "recipient__envelope__collection",
        )
    )


def run_out(link: AccessLink, at: datetime) -> bool:
    """Does the link not open, because an artifact is asked for and this is none, or none that is still good?"""
    if link.purpose != AccessLink.Purpose.ARTIFACT:
        return link.recipient.identity.artifact
    over = link.expires_at is not None and link.expires_at <= at
    return over or link.used_at is not None or link.revoked_at is not None


def revoke(recipient: Recipient, now: datetime) -> None:
    """None of the person's links opens any more; the next that is issued has another token. Saved here."""
    recipient.link_version += 1
    recipient.save(update_fields=["link_version"])
    AccessLink.objects.filter(recipient=recipient, revoked_at=None).update(revoked_at=now)
