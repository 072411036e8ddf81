"""Reads a `$filter` into a condition on rows.

The vendor shows the language by examples only (`name == "Milk" or surname == "Bread"`, `title==Sample Template`); this is what we read:

    expression = conjunction *( "or" conjunction )
    conjunction = negation *( "and" negation )
    negation = [ "not" ] ( "(" expression ")" / comparison )
    comparison = member ( "==" / "!=" / ">" / ">=" / "<" / "<=" / "=like=" ) value / member "=in=" "(" value *( "," value ) ")"
    value = "…" / '…' / bare text up to " and ", " or ", ")" or the end

What may be asked for is a table of members; nothing else reaches the database.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NoReturn, cast

from django.db.models import Q

from .query_fields import BadValue, Given, Member, Operator

LENGTH_MAX = 2000
DEPTH_MAX = 10
TERMS_MAX = 50
"""Values that are compared."""

Table = Mapping[str, Member]
"""What a list can be filtered and sorted by: members as they are called on the wire."""
_MEMBER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*")
_OPERATOR = re.compile(r"==|!=|>=|<=|>|<|=in=|=like=")
_WORD = re.compile(r"(and|or|not)(?=[\s(]|$)", re.IGNORECASE)
_QUOTED = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'", re.DOTALL)
_BARE_ENDS = re.compile(r"\s+(?:and|or)(?=[\s(]|$)|\)|$", re.IGNORECASE)
_LISTED_ENDS = re.compile(r"[,)]|$")


class BadFilter(Exception):
    """Cannot be read; the argument says why, in words for the caller."""


def parse(text: str, table: Table) -> Q:
    """The condition; all rows for an empty text. Raises BadFilter."""
    # The vendor's own example holds the option's name once more.
    text = text.strip().removeprefix("$filter=")
    if len(text) > LENGTH_MAX:
        raise BadFilter(f"Longer than {LENGTH_MAX} characters")
    return _Reader(text, table).whole() if text else Q()


class _Reader:
    def __init__(self, text: str, table: Table) -> None:
        self.text = text
        self.table = table
        self.at = 0
        self.terms = 0

    def whole(self) -> Q:
        found = self._expression(0)
        if self.at < len(self.text):
            self._fail("the end")
        return found

    def _expression(self, depth: int) -> Q:
        if depth > DEPTH_MAX:
            raise BadFilter(f"More than {DEPTH_MAX} parentheses in one another")
        found = self._conjunction(depth)
        while self._word("or"):
            found |= self._conjunction(depth)
        return found

    def _conjunction(self, depth: int) -> Q:
        found = self._negation(depth)
        while self._word("and"):
            found &= self._negation(depth)
        return found

    def _negation(self, depth: int) -> Q:
        negated = self._word("not")
        if self._sign("("):
            found = self._expression(depth + 1)
            if not self._sign(")"):
                self._fail(")")
        else:
            found = self._comparison()
        return ~found if negated else found

    def _comparison(self) -> Q:
        name = self._match(_MEMBER, "a member")[0]
        operator = self._match(_OPERATOR, "an operator such as ==")[0]
        member, keys = self._member(name)
        try:
            if operator == "=in=":
                found = Q(pk__in=[])
                for value in self._values():
                    found |= member.compare("==", value, keys)
                return found
            value = self._value(_BARE_ENDS)
            if operator == "!=":
                return ~member.compare("==", value, keys)
            return member.compare(cast("Operator", operator), value, keys)
        except BadValue as e:
            raise BadFilter(f"{name}: {e}") from e

    def _member(self, name: str) -> tuple[Member, list[str]]:
        """The table's member with the longest matching name, and what follows it."""
        parts = name.split(".")
        for length in range(len(parts), 0, -1):
            found = self.table.get(".".join(parts[:length]))
            if found is not None and (length == len(parts) or found.has_members):
                return found, parts[length:]
        raise BadFilter(f"There is no member {name}")

    def _values(self) -> list[Given]:
        if not self._sign("("):
            self._fail("(")
        found = [self._value(_LISTED_ENDS)]
        while self._sign(","):
            found.append(self._value(_LISTED_ENDS))
        if not self._sign(")"):
            self._fail(")")
        return found

    def _value(self, ends: re.Pattern[str]) -> Given:
        self.terms += 1
        if self.terms > TERMS_MAX:
            raise BadFilter(f"More than {TERMS_MAX} values")
        self._blanks()
        if match := _QUOTED.match(self.text, self.at):
            self.at = match.end()
            inner = match[1] if match[1] is not None else match[2]
            return Given(re.sub(r"\\(.)", r"\1", inner, flags=re.DOTALL), bare=False)
        end = ends.search(self.text, self.at)
        assert end is not None  # the end of the text matches
        bare = self.text[self.at : end.start()].strip()
        if not bare or bare[0] in "\"'":
            self._fail("a value")
        self.at = end.start()
        return Given(bare, bare=True)

    def _match(self, pattern: re.Pattern[str], wanted: str) -> re.Match[str]:
        self._blanks()
        match = pattern.match(self.text, self.at)
        if match is None:
            self._fail(wanted)
        self.at = match.end()
        return match

    def _word(self, word: str) -> bool:
        self._blanks()
        match = _WORD.match(self.text, self.at)
        if match is None or match[1].lower() != word:
            return False
        self.at = match.end()
        return True

    def _sign(self, sign: str) -> bool:
        self._blanks()
        if not self.text.startswith(sign, self.at):
            return False
        self.at += 1
        return True

    def _blanks(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    def _fail(self, wanted: str) -> NoReturn:
        raise BadFilter(f"Expected {wanted} at character {self.at + 1}")
