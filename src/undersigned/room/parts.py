"""What is asked of a person with each document, and handing their part on: plain values, and the part of the gateway that takes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, BinaryIO, Protocol

if TYPE_CHECKING:
    from .gateway import Visit


class Act(StrEnum):
    """What is to be done with a document."""

    VIEW = "view"
    UPLOAD = "upload"
    FILL = "fill"
    SIGN = "sign"


@dataclass(frozen=True)
class Part:
    """One thing asked of this person with one document. `line`: what the sender has them agree to about it."""

    act: Act
    done: bool = False
    line: str = ""


class FieldKind(StrEnum):
    TEXT = "text"
    MULTILINE = "multiline"
    CHECKBOX = "checkbox"
    RADIO = "radio"
    CHOICE = "choice"


@dataclass(frozen=True)
class Option:
    """What can be chosen: `value` is kept, `label` is shown."""

    value: str
    label: str


@dataclass(frozen=True)
class Box:
    """Where a field stands: page (from 1), percent from the left and top; of a button also the option that it is for."""

    page: int
    left: float
    top: float
    width: float
    height: float
    option: str = ""


@dataclass(frozen=True)
class FormField:
    """A field of the form in a document. `number` (from 1, in its order) names it in addresses and forms.

    `value` is text: of a checkbox or radio button the chosen option's value, empty for off; of several choices one a line.
    """

    number: int
    kind: FieldKind
    label: str
    value: str = ""
    options: tuple[Option, ...] = ()
    multiple: bool = False
    editable: bool = False  # a choice that takes other words too
    required: bool = False
    read_only: bool = False
    max_length: int | None = None
    boxes: tuple[Box, ...] = ()
    hidden: bool = False  # nobody sees it; only the sender can fill it in

    @property
    def missing(self) -> bool:
        """Must still be filled in."""
        return self.required and not self.read_only and not self.hidden and not self.value.strip()


class Hand(StrEnum):
    """Who signs, of somebody who may hand their part on; the values stand in forms."""

    ME = "me"
    OTHER = "other"
    BOTH = "both"


@dataclass(frozen=True)
class NewPerson:
    """Who gets the part. `phone` may be empty."""

    name: str
    email: str
    phone: str = ""


@dataclass(frozen=True)
class ReturnUrls:
    """Where the sender's own pages go on, variables put in; empty where nothing was given."""

    done: str = ""
    declined: str = ""
    later: str = ""


class NotTaken(Exception):
    """A file is not taken: `text` says why, in the reader's language."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class Faulty(Exception):
    """Values of a form are not taken: by the field's number a word (required, too_long, not_an_option), by a person's field `invalid`."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(dict(faults))
        self.faults = dict(faults)


class Parts(Protocol):
    """Part of `gateway.Gateway`. `document` is its number as listed (from 1); LookupError for one that is not this person's.

    What somebody else has settled meanwhile, or what is over, has no effect; the page that follows says how things stand.
    """

    def view(self, visit: Visit, document: int) -> None:
        """The person says that they have read it."""

    def bring(self, visit: Visit, document: int, name: str, stream: BinaryIO, picture: bool) -> None:
        """Add the file that is asked for; a `picture` becomes a page. Raises NotTaken."""

    def fill(self, visit: Visit, document: int, values: Mapping[int, str]) -> None:
        """Keep values of some fields, by number. Raises Faulty; the good ones are kept then."""

    def finish(self, visit: Visit, document: int) -> None:
        """Everything is filled in. Raises Faulty when something required is missing."""

    def forward(self, visit: Visit, hand: Hand, person: NewPerson) -> None:
        """Hand the part on. Raises Faulty."""

    def postpone(self, visit: Visit) -> None:
        """The person finishes another time."""
