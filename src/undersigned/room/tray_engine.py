"""What is on the table, and signing with a key of one's own, on the real core."""

from __future__ import annotations

from uuid import UUID

from undersigned.envelopes import focus
from undersigned.envelopes.choose_identity import choose_identity
from undersigned.envelopes.errors import Conflict, NotFound, WrongPassword
from undersigned.envelopes.models import Assignment, Sitting
from undersigned.envelopes.prove_password import prove_password

from .gateway import Gone, Visit
from .sittings import identified, or_gone, reading
from .tray_values import asked_of, clause_rows, number_on_table


class TrayEngine:
    """Implements `tray.Trays` and `wallet.Wallets`."""

    def take_up(self, visit: Visit, task: int) -> None:
        sitting = reading(visit)
        focus.take_up(sitting, numbered(sitting, task).pk)

    def go_on(self, visit: Visit) -> int:
        sitting = reading(visit)
        following = focus.next_open(sitting)
        if following is None:
            return 0
        focus.take_up(sitting, following.pk)
        return number_on_table(sitting, asked_of(sitting.recipient))

    def enter_password(self, visit: Visit, password: str) -> bool:
        sitting = identified(visit)
        try:
            with or_gone():
                prove_password(sitting, password)
        except WrongPassword:
            return False
        except Conflict as e:
            raise Gone from e  # the room says how things stand
        return True

    def choose_key(self, visit: Visit, key: str) -> None:
        sitting = identified(visit)
        try:
            choose_identity(sitting, UUID(key) if key else None)
        except (ValueError, NotFound) as e:
            raise LookupError from e
        except Conflict as e:
            raise (LookupError if e.code == "expired" else Gone) from e


def numbered(sitting: Sitting, task: int) -> Assignment:
    """What is asked under this number. Raises LookupError."""
    asked = asked_of(sitting.recipient)
    if not 1 <= task <= len(asked):
        raise LookupError
    return asked[task - 1]


def is_on_table(sitting: Sitting, task: int) -> bool:
    """Is this what was taken up last? Without number where nothing is dealt with by itself."""
    return not task or number_on_table(sitting, asked_of(sitting.recipient)) == task


def accepted_rows(sitting: Sitting, task: int, numbers: frozenset[int]) -> frozenset[int]:
    """Row ids of the clauses of a task by their numbers."""
    if not numbers:
        return frozenset()
    clauses = clause_rows(numbered(sitting, task).pk)
    return frozenset(field.pk for n, field in enumerate(clauses, 1) if n in numbers)
