"""A user who signs by itself does so when its turn comes: a service account that seals what passes it, with its own key where it has one.

Nobody looked at anything, so the consent is marked automatic and the proof says how it came about.
"""

from __future__ import annotations

import secrets

from django.utils import translation
from django.utils.translation import gettext as _

from undersigned.base import languages
from undersigned.base.clock import now
from undersigned.base.db import atomic
from undersigned.base.vault import keyed_hash
from undersigned.sealing.models import SigningIdentity

from . import appearance, focus, shown
from .appearance import Look
from .errors import Conflict, NotFound
from .models import (
    Assignment,
    AssignmentState,
    Field,
    IdentityProof,
    RecipientState,
    Sitting,
)
from .open_sitting import again
from .sign import SignRequest, sign
from .wallet import has_expired

HAND = "caveat"


def auto_sign(assignment_id: int) -> None:
    """Sign for a user who signs by itself, if it is still asked. Repeatable.

    Raises `sealing.errors.TimestampUnavailable`, `files.scan.ScannerUnavailable`, Conflict (busy, preparing): later.
    """
    assignment = (
        Assignment.objects.filter(
            pk=assignment_id,
            state=AssignmentState.OPEN,
            recipient__state=RecipientState.ACTIVE,
            recipient__user__automatic=True,
            recipient__user__disabled_at=None,
        )
        .select_related("envelope__organization", "recipient__user")
        .first()
    )
    if assignment is None:
        return
    sitting = _sitting(assignment)
    recipient = sitting.recipient
    if not appearance.take_from(sitting):
        appearance.keep(sitting, Look("typed", name=recipient.full_name or str(recipient.user), hand=HAND))
    sitting = again(sitting)
    clauses = list(Field.objects.filter(assignment=assignment, kind=Field.Kind.CLAUSE).order_by("pk"))
    seen = shown.current(recipient, focus.document_on_table(sitting))
    with translation.override(languages.spoken(recipient.language)):
        words = _("Signed automatically by the service account; nobody looked at the document.")
    request = SignRequest(
        "\n".join([words, *(c.label for c in clauses)]),
        recipient.language,
        seen.revision,
        seen.digest,
        f"automatic {assignment.pk} {assignment.round}",
        frozenset(c.pk for c in clauses),
        automatic=True,
    )
    try:
        sign(sitting, request)
    except NotFound:
        return
    except Conflict as e:
        if e.code in ("busy", "preparing", "moved"):
            raise
    finally:
        Sitting.objects.filter(pk=sitting.pk).update(
            ended_at=now(assignment.envelope.organization.clock_offset), appearance=None
        )


def _sitting(assignment: Assignment) -> Sitting:
    """A sitting without a browser: nobody has its secret."""
    recipient = assignment.recipient
    at = now(assignment.envelope.organization.clock_offset)
    identities = SigningIdentity.objects.filter(user=recipient.user_id, removed_at=None).order_by("-pk")
    with atomic():
        sitting = Sitting.objects.create(
            recipient=recipient,
            pub=secrets.token_hex(12),
            secret_hash=keyed_hash(secrets.token_urlsafe(32), "sitting"),
            started_at=at,
            last_seen=at,
            identified_at=at,
            focus=assignment,
            identity=next((key for key in identities if not has_expired(key)), None),
            agent="automatic",
        )
        IdentityProof.objects.create(
            recipient=recipient, sitting=sitting, method="automatic", provider=str(recipient.user), at=at
        )
    return sitting
