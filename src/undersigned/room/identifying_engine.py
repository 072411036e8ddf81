"""Proving who somebody is, on the real core."""

from __future__ import annotations

from contextlib import suppress
from math import ceil

from undersigned.accounts.limits import LimitReached
from undersigned.base.clock import now
from undersigned.envelopes.enter_one_time_code import enter_one_time_code
from undersigned.envelopes.errors import CodeLocked, Conflict, NotFound, WrongCode, WrongPerson
from undersigned.envelopes.models import Sitting
from undersigned.envelopes.proofs import choose_way
from undersigned.envelopes.prove_identity import begin_sign_in, prove_identity, ways
from undersigned.envelopes.send_one_time_code import send_one_time_code
from undersigned.identity.errors import SignInFailed
from undersigned.identity.oidc import Answer
from undersigned.identity.one_time_code import TooSoon

from .gateway import CodeResult, Gone, Visit, Wait
from .identifying import Departure, Identification, Returned
from .sittings import or_gone, sitting_of

_ENDS = {
    "cancelled": Identification.CANCELLED,
    "untrusted": Identification.UNTRUSTED,
    "over": Identification.OVER,
}


class IdentifyingEngine:
    """Implements `identifying.Identifying`."""

    def send_one_time_code(self, visit: Visit) -> bool:
        try:
            with or_gone():
                send_one_time_code(sitting_of(visit))
        except TooSoon as e:
            raise Wait(max(1, ceil((e.again_at - now()).total_seconds()))) from e
        except Conflict as e:
            return e.code != "no_address"
        return True

    def enter_one_time_code(self, visit: Visit, code: str) -> CodeResult:
        sitting = sitting_of(visit)
        try:
            with or_gone():
                enter_one_time_code(sitting, code)
        except WrongCode as e:
            return CodeResult(False, e.tries_left)
        except Conflict:
            return CodeResult(False, 0)
        send_if_asked(sitting)
        return CodeResult(True)

    def choose_way(self, visit: Visit, way: str) -> None:
        sitting = sitting_of(visit)
        try:
            choose_way(sitting, way)
        except NotFound as e:
            raise LookupError from e
        except Conflict as e:
            raise Gone from e
        send_if_asked(sitting)

    def depart(self, visit: Visit, provider: str, language: str) -> Departure | Identification:
        try:
            return Departure(*begin_sign_in(sitting_of(visit), provider, language))
        except SignInFailed as e:
            return _ENDS.get(e.code, Identification.UNAVAILABLE)
        except CodeLocked:
            return Identification.LOCKED
        except Conflict as e:
            raise Gone from e  # the room says how things stand
        except NotFound as e:
            raise LookupError from e

    def arrive(self, visit: Visit, returned: Returned) -> Identification:
        sitting = sitting_of(visit)
        answer = Answer(returned.state, returned.code, returned.error, returned.issuer)
        try:
            with or_gone():
                prove_identity(sitting, answer)
        except SignInFailed as e:
            return _ENDS.get(e.code, Identification.UNAVAILABLE)
        except WrongPerson:
            return Identification.WRONG_PERSON
        except CodeLocked:
            return Identification.LOCKED
        except Conflict as e:
            raise Gone from e
        send_if_asked(sitting)
        return Identification.DONE

    def provider_logo(self, visit: Visit, provider: str) -> bytes:
        for found in ways(sitting_of(visit).recipient):
            if found.key == provider and found.logo is not None:
                return bytes(found.logo)
        raise LookupError


def send_if_asked(sitting: Sitting) -> None:
    """Where a one-time code is what comes next, it is on its way when the page asks for it; what hinders it, the page says."""
    with suppress(Conflict, NotFound, LimitReached, TooSoon):
        send_one_time_code(sitting)
