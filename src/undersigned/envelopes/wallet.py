"""Keys of their own with which a person may sign: those of the user whom the recipient is, once they proved to be that user.

A link proves possession of a message only, so it opens no stored key; the user's password does (`prove_password`), for this sitting.
"""

from __future__ import annotations

from undersigned.accounts.models import User
from undersigned.sealing.identities import is_valid
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
    """Can it be signed with no more?"""
    return not is_valid(key)


def key_to_sign_with(sitting: Sitting) -> SigningIdentity | None:
    """The key that the person chose; None: they sign without one.

    Raises Conflict (identity) when they chose one that they may not use any more: taken away, expired, or not proved anew after a pause.
    """
    if sitting.identity_id is None:
        return None
    mine = _of_who_signs_alone(sitting) if "automatic" in proofs.passed(sitting) else keys(sitting)
    chosen = next((k for k in mine if k.pk == sitting.identity_id), None)
    if chosen is None or has_expired(chosen):
        raise Conflict("identity")
    return chosen


def _of_who_signs_alone(sitting: Sitting) -> list[SigningIdentity]:
    """Of a user who signs by itself: nobody is there to open a wallet."""
    return list(SigningIdentity.objects.filter(user=sitting.recipient.user_id, removed_at=None))
