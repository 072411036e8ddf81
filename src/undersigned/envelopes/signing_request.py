"""What the certificate and the visible signature say about a signer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.utils import translation
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from undersigned.base.clock import add_months, now
from undersigned.sealing.appearance import Appearance
from undersigned.sealing.authority import Subject
from undersigned.sealing.sign import SignRequest

from .models import Assignment, Envelope, Field, IdentityProof, Sitting


def pdf_request(
    sitting: Sitting, assignment: Assignment, appearance: Appearance, at: datetime
) -> SignRequest:
    """The signature that `assignment` asks for; an invisible field gets no picture."""
    recipient = sitting.recipient
    field = Field.objects.get(assignment=assignment, kind=Field.Kind.SIGNATURE)
    with translation.override(recipient.language):
        moment = _("%(date)s, %(time)s UTC") % {
            "date": date_format(localtime(at, UTC), "DATE_FORMAT"),
            "time": f"{at.astimezone(UTC):%H:%M}",
        }
    return SignRequest(
        field=field.key,
        subject=Subject(
            name=recipient.full_name,
            given_name=recipient.name if recipient.surname and recipient.name else "",
            surname=recipient.surname,
            reference=f"{recipient.envelope_id}-{recipient.pk}",
            identified_by=_identified_by(sitting),
        ),
        not_after=certificate_end(recipient.envelope),
        appearance=None if field.invisible else appearance,
        caption=(recipient.full_name, moment),
    )


def certificate_end(envelope: Envelope) -> datetime:
    """A signer's certificate outlives the closing timestamp: 60 days after the due date, or 13 months from now without one.

    Real time: certificates know no test clock.
    """
    real = now()
    return max(envelope.due_at, real) + timedelta(days=60) if envelope.due_at else add_months(real, 13)


def _identified_by(sitting: Sitting) -> str:
    """A word of `sealing.authority.POLICIES` for the strongest proof of this sitting."""
    proofs = {(p.method, p.provider) for p in IdentityProof.objects.filter(sitting=sitting)}
    if ("code", "sms") in proofs:
        return "sms-code"
    if any(method == "code" for method, _provider in proofs):
        return "sender-code"
    return "link"
