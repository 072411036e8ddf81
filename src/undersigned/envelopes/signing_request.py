"""What the certificate and the visible signature say about a signer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.utils import translation
from django.utils.formats import date_format
from django.utils.timezone import localtime

from undersigned.base import languages
from undersigned.base.clock import add_months, now
from undersigned.sealing import identities
from undersigned.sealing.appearance import Appearance
from undersigned.sealing.authority import Subject
from undersigned.sealing.pdf.text import is_drawable
from undersigned.sealing.sign import SignRequest

from . import proofs, wallet
from .models import Assignment, Envelope, Field, Sitting
from .policy import Policy

LONGEST = timedelta(days=1090)
"""The authority of signers is replaced while it has 1095 days left (`sealing.authority`)."""


def signature_request(
    sitting: Sitting, assignment: Assignment, appearance: Appearance | None, at: datetime
) -> SignRequest:
    """The signature that `assignment` asks for, with the key that the person chose; an invisible field gets no picture.

    Raises Conflict (identity): the key can be used no more.
    """
    recipient = sitting.recipient
    (field,) = (f for f in assignment.fields.all() if f.kind == Field.Kind.SIGNATURE)
    with translation.override(languages.spoken(recipient.language)):
        moment = f"{date_format(localtime(at, UTC), 'DATETIME_FORMAT')} UTC"
    named = proofs.signing_name(sitting)
    own = wallet.key_to_sign_with(sitting)
    end = certificate_end(recipient.envelope)
    return SignRequest(
        field=field.key,
        subject=Subject(
            name=named.name or recipient.key,  # one whom nobody named drew: a certificate names somebody
            given_name=named.given_name,
            surname=named.family_name,
            reference=f"{recipient.envelope_id}-{recipient.pk}",
            identified_by=proofs.strongest(sitting),
        ),
        not_after=end,
        signer=identities.signer_of(own, end) if own is not None else None,
        appearance=None if field.invisible else appearance,
        caption=(named.name if is_drawable(named.name) else recipient.full_name, moment),
    )


def certificate_end(envelope: Envelope) -> datetime:
    """A signer's certificate outlives the closing timestamp: 60 days after a due date that ends signing, else 13 months from now; but it
    ends within its authority's own time, however far the due date lies.

    Real time: certificates know no test clock.
    """
    real = now()
    return min(_wanted_end(envelope, real), real + LONGEST)


def _wanted_end(envelope: Envelope, real: datetime) -> datetime:
    if envelope.due_at and Policy.model_validate(envelope.policy).past_due == "refuse":
        return max(envelope.due_at, real) + timedelta(days=60)
    return add_months(max(envelope.due_at or real, real), 13)
