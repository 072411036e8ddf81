"""A signer chooses the key of their own with which they sign, or none."""

from __future__ import annotations

from uuid import UUID

from . import appearance, wallet
from .errors import Conflict, NotFound
from .models import Sitting


def choose_identity(sitting: Sitting, pub: UUID | None) -> None:
    """Sign with the key `pub` from now on, in this sitting; None: with a one-time key. A look that was kept with the key is taken.

    Raises NotFound (not one of the user's, or the wallet is closed), Conflict: not_identified, expired.
    """
    if sitting.identified_at is None or sitting.ended_at is not None:
        raise Conflict("not_identified")
    chosen = next((k for k in wallet.keys(sitting) if k.pub == pub), None)
    if pub is not None and chosen is None:
        raise NotFound
    if chosen is not None and wallet.has_expired(chosen):
        raise Conflict("expired")
    sitting.identity = chosen
    Sitting.objects.filter(pk=sitting.pk).update(identity=chosen)
    appearance.take_from(sitting)
