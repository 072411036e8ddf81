"""Reading a JSON object or a query member by member, with every fault noted under its path and none thrown before the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any


class Fields:
    """One object with the path that leads to it; `faults` is shared by all that are reached from it.

    Every reader gives the value, or its default when the member is absent, null or faulty.
    """

    def __init__(
        self, data: Mapping[str, Any], path: str = "", faults: dict[str, list[str]] | None = None
    ) -> None:
        self.data = data
        self.path = path
        self.faults: dict[str, list[str]] = {} if faults is None else faults

    def at(self, name: str) -> str:
        """The path of a member: `participants.0.handle`."""
        return f"{self.path}{name}"

    def fault(self, name: str, sentence: str) -> None:
        """Note what is wrong with a member; said once."""
        said = self.faults.setdefault(self.at(name), [])
        if sentence not in said:
            said.append(sentence)

    def has(self, name: str) -> bool:
        """Was the member sent, be it null?"""
        return name in self.data

    def text(self, name: str, *, required: bool | str = False, most: int | None = None) -> str:
        """A string of at most `most` characters; empty when there is none. `required`: what is said when it is missing, True: "Required"."""
        value = self.data.get(name)
        if value is None or value == "":
            self._missing(name, required)
            return ""
        if not isinstance(value, str):
            self.fault(name, "Must be a string")
            return ""
        if not _storable(value):
            self.fault(name, "Contains characters that are not text")
            return ""
        if most is not None and len(value) > most:
            self.fault(name, f"At most {most} characters")
            return ""
        return value

    def choice(self, name: str, allowed: Sequence[str], *, required: bool | str = False) -> str:
        """One of `allowed`; empty when there is none."""
        value = self.text(name, required=required)
        if value and value not in allowed:
            self.fault(name, f"Not one of {', '.join(allowed)}")
            return ""
        return value

    def boolean(self, name: str, *, default: bool = False) -> bool:
        """true or false; also as text in any case."""
        value = self.data.get(name)
        if isinstance(value, str) and value.strip().lower() in ("true", "false"):
            return value.strip().lower() == "true"
        if value is None or value == "":
            return default
        if not isinstance(value, bool):
            self.fault(name, "Must be true or false")
            return default
        return value

    def integer(self, name: str, *, least: int, most: int) -> int | None:
        """A whole number between `least` and `most`; None when there is none."""
        value = self.data.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            self.fault(name, "Must be a whole number")
            return None
        if not least <= value <= most:
            self.fault(name, f"Must be between {least} and {most}")
            return None
        return value

    def texts(self, name: str, *, required: bool | str = False, most: int = 1000) -> list[str]:
        """An array of non-empty strings; faulty ones are left out."""
        found = []
        for index, value in self._items(name, required=required, most=most):
            if isinstance(value, str) and value and _storable(value):
                found.append(value)
            else:
                self.fault(f"{name}.{index}", "Must be a non-empty string")
        return found

    def objects(
        self, name: str, *, required: bool | str = False, filled: bool = False, most: int = 1000
    ) -> Iterator[Fields]:
        """The objects of an array, each to be read in turn; `filled`: it may be missing and, when it is there, may not be empty."""
        for index, value in self._items(name, required=required, filled=filled, most=most):
            if isinstance(value, dict):
                yield Fields(value, f"{self.path}{name}.{index}.", self.faults)
            else:
                self.fault(f"{name}.{index}", "Must be an object")

    def object(self, name: str) -> Fields | None:
        """An object; None when there is none."""
        value = self.data.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.fault(name, "Must be an object")
            return None
        return Fields(value, f"{self.path}{name}.", self.faults)

    def _items(
        self, name: str, *, required: bool | str, filled: bool = False, most: int
    ) -> Iterator[tuple[int, Any]]:
        value = self.data.get(name)
        if value is None:
            self._missing(name, required)
            return
        if not isinstance(value, list):
            self.fault(name, "Must be an array")
        elif (required or filled) and not value:
            self.fault(name, required if isinstance(required, str) else "At least one is required")
        elif len(value) > most:
            self.fault(name, f"At most {most}")
        else:
            yield from enumerate(value)

    def _missing(self, name: str, required: bool | str) -> None:
        if required:
            self.fault(name, required if isinstance(required, str) else "Required")


def _storable(value: str) -> bool:
    """JSON can spell NUL and lone surrogates, which no database takes."""
    return "\x00" not in value and not any("\ud800" <= c <= "\udfff" for c in value)
