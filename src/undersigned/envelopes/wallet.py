"""Keys of one's own with which a person may sign: those of the user whom the recipient is, once they proved to be that user.

A link proves possession of a message only, so it opens no stored key; the user's password does (`prove_password`), for this sitting.
"""

from __future__ import annotations

from undersigned.accounts.models import User
from undersigned.base.clock import now
from undersigned.sealing.models import SigningIdentity

from . import proofs
from .errors import Conflict
from .models import Recipient, Sitting


def owner(recipient: Recipient) -> User | None:
    """The user whose keys may be offered; None where there are none, and where the sender says how it is signed."""
    user = recipient.user
    if user is None or not user.is_active or user.kind != User.Kind.PERSON or recipient.identity.sign_ways:
        return None
    return user if SigningIdentity.objects.filter(user=user, removed_at=None).exists() else None


def is_open(sitting: Sitting) -> bool:
    """Has the person proved to be the user, since the sitting was opened (or opened again)?"""
    return sitting.ended_at is None and "password" in proofs.passed(sitting)


def keys(sitting: Sitting) -> list[SigningIdentity]:
    """What lies in the open wallet, also what has expired; nothing while it is closed."""
    user = owner(sitting.recipient)
    if user is None or not is_open(sitting):
        return []
    return list(SigningIdentity.objects.filter(user=user, removed_at=None))


def has_expired(key: SigningIdentity) -> bool:
    """Real time: certificates know no test clock."""
    return key.not_after <= now()


def key_to_sign_with(sitting: Sitting) -> SigningIdentity | None:
    """The key that the person chose, or with which a user signs by itself; None: a one-time key.

    Raises Conflict (identity) when they chose one that they may not use any more: taken away, expired, or not proved anew after a pause.
    """
    if sitting.identity_id is None:
        return None
    user, chosen = sitting.recipient.user, SigningIdentity.objects.filter(pk=sitting.identity_id).first()
    by_itself = user is not None and user.automatic and "automatic" in proofs.passed(sitting)
    theirs = chosen is not None and user is not None and chosen.user_id == user.pk and user.is_active
    if chosen is None or not theirs or not (by_itself or is_open(sitting)):
        raise Conflict("identity")
    if chosen.removed_at is not None or has_expired(chosen):
        raise Conflict("identity")
    return chosen
