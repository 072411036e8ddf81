"""A signer proves themselves with the code that was just sent to them."""

from __future__ import annotations

from undersigned.base.clock import now
from undersigned.base.db import atomic
from undersigned.identity import one_time_code

from . import audit, proofs
from .errors import Conflict, WrongCode
from .locks import lock_envelope
from .models import Recipient, Sitting
from .send_one_time_code import CHANNELS, SUBJECT


def enter_one_time_code(sitting: Sitting, given: str) -> None:
    """Compare; failures are counted on the code, and commit even though they raise.

    Raises WrongCode (no tries left: a new code must be asked for), Conflict: not_asked, code_over (none was sent, or it is used or too
    old).
    """
    failure: WrongCode | None = None
    with atomic():
        envelope = lock_envelope(sitting.recipient.envelope_id)
        Recipient.objects.select_for_update().get(pk=sitting.recipient_id)
        sitting.refresh_from_db(fields=["identified_at", "ended_at", "chosen_way"])
        method = proofs.asked(sitting)
        channel = CHANNELS.get(method or "")
        if method not in ("mail_code", "sms_code") or channel is None or sitting.ended_at is not None:
            raise Conflict("not_asked")
        way = proofs.chosen_way(sitting)
        code = one_time_code.latest(SUBJECT, sitting.pk, channel)
        if code is None or not one_time_code.works(code):
            raise Conflict("code_over")
        at = now(envelope.organization.clock_offset)
        left = one_time_code.enter(code, given)
        if left is None:
            proofs.record(
                envelope, sitting, method, at, provider=channel, asked_as=way.asked_as if way else ""
            )
        else:
            audit.append(envelope, "code_wrong", at, by=sitting, method=method)
            failure = WrongCode(left)
    if failure is not None:
        raise failure
