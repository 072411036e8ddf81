"""The form in a PDF (AcroForm): which fields a person can fill in, what each takes, where it stands.

Signature fields and push buttons are left out. Files are read in a bounded process.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from undersigned.base import bounded

from .intake import Refused, of_a_dead_child

LIMITS = bounded.Limits(memory=1 << 30, cpu=10, wall=20.0, file_size=1 << 20)
Kind = Literal["text", "multiline", "checkbox", "radio", "choice"]
Fault = Literal["required", "too_long", "not_an_option", "read_only"]
_OFF = {"", "off", "false", "no", "0"}
_ON = {"on", "true", "yes", "1"}


class Option(BaseModel):
    """What can be chosen: `value` is what is stored, `label` what is shown."""

    model_config = ConfigDict(frozen=True)
    value: str
    label: str


class Place(BaseModel):
    """A box of a field: page (from 1), percent of the page as shown from its upper left; of a button also the option it stands for."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)
    page: int
    x: float
    y: float
    w: float
    h: float
    option: str = ""


class FormField(BaseModel):
    """A field of a form, by its full name.

    Values are text: of a checkbox or radio button the chosen option's value, empty for off; of several choices one a line.
    """

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)
    name: str
    kind: Kind
    label: str
    options: tuple[Option, ...] = ()
    editable: bool = False
    """A choice that takes other words too."""
    multiple: bool = False
    """Several may be chosen."""
    max_length: int | None = Field(default=None, gt=0)
    """Most characters."""
    comb: bool = False
    """One cell a character."""
    read_only: bool = False
    required: bool = False
    value: str = ""
    default: str = ""
    boxes: tuple[Place, ...] = ()
    """Where it shows; a field without any is hidden, and only the sender can fill it."""

    @property
    def page(self) -> int | None:
        """Page (from 1) of its first box."""
        return self.boxes[0].page if self.boxes else None

    @property
    def hidden(self) -> bool:
        """Nobody sees it on a page."""
        return not self.boxes

    def normal(self, value: str) -> str:
        """`value` as it is stored: an option may be named by its label, a checkbox by true, yes, on, 1 and their opposites."""
        value = value.replace("\r\n", "\n").replace("\r", "\n")
        if self.kind in ("checkbox", "radio"):
            return self._state(value.strip())
        if self.kind == "choice":
            chosen = value.split("\n") if self.multiple else [value]
            return "\n".join(self._option(c) for c in chosen if c)
        return value if self.kind == "multiline" else " ".join(value.split("\n"))

    def fault(self, value: str) -> Fault | None:
        """What keeps `value` (see `normal`) from being stored, None when nothing does. An empty one is never at fault here."""
        value = self.normal(value)
        if not value:
            return None
        known = {o.value for o in self.options}
        if self.kind in ("checkbox", "radio"):
            return None if value in known else "not_an_option"
        if self.kind == "choice":
            chosen = value.split("\n")
            good = self.editable or all(c in known for c in chosen)
            return None if good and (self.multiple or len(chosen) == 1) else "not_an_option"
        limit = self.max_length or 20_000
        return "too_long" if len(value) > limit else None

    def _state(self, value: str) -> str:
        by_label = {o.label: o.value for o in reversed(self.options)}
        if any(o.value == value for o in self.options):
            return value
        if value in by_label:
            return by_label[value]
        if value.lower() in _OFF:
            return ""
        if self.kind == "checkbox" and value.lower() in _ON and self.options:
            return self.options[0].value
        return value

    def _option(self, value: str) -> str:
        if any(o.value == value for o in self.options):
            return value
        return next((o.value for o in self.options if o.label == value), value)


_FIELDS = TypeAdapter(list[FormField])


def fields_of(path: Path) -> list[FormField]:
    """The fields of the form in the PDF at `path`, in its order; empty when there is none. Takes about 10 ms.

    Raises `intake.Refused`: xfa, signed_form (the file is signed already), too_complex, timeout, broken, encrypted.
    """
    try:
        answer = bounded.run("undersigned.files.acroform:read", LIMITS, path=str(path.absolute()))
    except bounded.Refusal as e:
        raise Refused(e.code, e.detail) from e
    except bounded.BoundedError as e:
        raise Refused(of_a_dead_child(e), str(e)) from e
    # The child has parsed hostile bytes, so its answer is checked like any other input.
    return _FIELDS.validate_python(answer)
