"""A signer proves to be the user of this server whom the sender named, with that user's password."""

from __future__ import annotations

from datetime import timedelta

from undersigned.accounts import limits
from undersigned.base.clock import now
from undersigned.base.db import atomic

from . import audit, proofs, wallet
from .errors import Conflict, WrongPassword
from .locks import lock_envelope
from .models import Sitting

TRIES = 10
"""Wrong or right, of one recipient in a quarter of an hour."""
QUARTER = timedelta(minutes=15)
ACCOUNT_TRIES = 100
"""Of one account in an hour, by any way in; high, so that nobody locks a person out by guessing."""


def prove_password(sitting: Sitting, given: str) -> None:
    """Compare; the wallet is open then, until the sitting ends. A repetition has no effect.

    Raises WrongPassword, `accounts.limits.LimitReached`, Conflict: not_identified, no_wallet (there is nothing that it would open).
    """
    if sitting.identified_at is None or sitting.ended_at is not None:
        raise Conflict("not_identified")
    user = wallet.owner(sitting.recipient)
    if user is None:
        raise Conflict("no_wallet")
    if wallet.is_open(sitting):
        return
    limits.take("signer.password", str(sitting.recipient_id), TRIES, QUARTER)
    limits.take("login.account", str(user).lower(), ACCOUNT_TRIES, timedelta(hours=1))
    right = user.check_password(given)
    with atomic():
        envelope = lock_envelope(sitting.recipient.envelope_id)
        at = now(envelope.organization.clock_offset)
        if right:
            proofs.record(envelope, sitting, "password", at, provider="account")
        else:
            audit.append(envelope, "password_wrong", at, by=sitting)
    if not right:
        raise WrongPassword
    limits.clear("signer.password", str(sitting.recipient_id))
