"""Where each thing is dealt with by itself: what waits for a person, in order, and what is on the table. Plain values, and the part of
the gateway that takes it up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from .parts import Act

if TYPE_CHECKING:
    from .gateway import Visit


class TaskState(StrEnum):
    OPEN = "open"  # can be done now
    PREPARING = "preparing"  # its pages are being made ready
    LATER = "later"  # others must do their part first
    DONE = "done"
    LEFT_OUT = "left_out"
    OVER = "over"  # refused, or too late


@dataclass(frozen=True)
class Clause:
    """A text that must be accepted with a signature. `number` (from 1, of its task) names it in forms; its place is in percent of the page,
    without width where it is marked nowhere."""

    number: int
    text: str
    page: int
    left: float = 0
    top: float = 0
    width: float = 0
    height: float = 0


@dataclass(frozen=True)
class Task:
    """One thing that is asked of this person. `number` (from 1, in order) names it in addresses; `document` as listed."""

    number: int
    document: int
    act: Act
    state: TaskState
    caption: str = ""  # why it is asked: "As the buyer"
    description: str = ""
    skippable: bool = False  # it may be left out, and the others go on
    clauses: tuple[Clause, ...] = ()
    settled_at: datetime | None = None
    return_url: str = ""  # where the sender wants the person afterwards

    @property
    def open(self) -> bool:
        return self.state is TaskState.OPEN

    @property
    def settled(self) -> bool:
        """Nothing is left to be done with it."""
        return self.state not in (TaskState.OPEN, TaskState.PREPARING, TaskState.LATER)


class Trays(Protocol):
    """Part of `gateway.Gateway`. LookupError for a task that is not this person's."""

    def take_up(self, visit: Visit, task: int) -> None:
        """Put a task on the table."""

    def go_on(self, visit: Visit) -> int:
        """Put on the table what can be done next; its number, 0 when there is nothing now."""
