"""A signer proves themselves with the code that the sender gave them."""

from __future__ import annotations

from undersigned.base.clock import now
from undersigned.base.db import atomic
from undersigned.identity import code as codes

from . import audit, proofs
from .errors import CodeLocked, Conflict, WrongCode
from .locks import lock_envelope
from .models import Recipient, Sitting
from .policy import knows_code


def enter_code(sitting: Sitting, given: str) -> None:
    """Compare; failures are counted on the recipient, over all their sittings, and commit even though they raise.

    Raises WrongCode, CodeLocked (after five failures, for 15 minutes; then the right code fails too), Conflict (no_code).
    """
    failure: WrongCode | CodeLocked | None = None
    with atomic():
        envelope = lock_envelope(sitting.recipient.envelope_id)
        recipient = Recipient.objects.select_for_update().get(pk=sitting.recipient_id)
        at = now(envelope.organization.clock_offset)
        if recipient.code is None:
            raise Conflict("no_code")
        if recipient.code_locked_until is not None and at < recipient.code_locked_until:
            raise CodeLocked(recipient.code_locked_until)
        if codes.matches(given, recipient.code):
            recipient.code_failures, recipient.code_locked_until = 0, None
            proofs.record(
                envelope,
                sitting,
                "code",
                at,
                provider="sms" if recipient.code_by_sms else "sender",
                known_to_sender=knows_code(envelope, recipient),
            )
        else:
            recipient.code_failures, locked = codes.after_failure(recipient.code_failures, at)
            recipient.code_locked_until = locked
            audit.append(envelope, "code_locked" if locked else "code_wrong", at, by=sitting)
            failure = CodeLocked(locked) if locked else WrongCode(codes.TRIES - recipient.code_failures)
        recipient.save(update_fields=["code_failures", "code_locked_until"])
    if failure is not None:
        raise failure
