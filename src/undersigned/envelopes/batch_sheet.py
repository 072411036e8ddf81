"""What a sheet says about the envelopes that are to be made of a template, one a row: people, texts, title, tags, until when.

Columns are found by their names in the first row, in any order and without regard to case:

- `<part>.name`, `.surname`, `.email`, `.phone`, `.userUUID`: who takes a part of the template ("Buyer.email"); with the id of a user, or the
  address of exactly one, the rest may be empty;
- `title`, `tags` (separated by commas, semicolons or bars), `expiresAt` (ISO 8601; a day alone ends with the day, UTC);
- any other: what text fields of that name say.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time

from django.db.models import QuerySet
from django.db.models.functions import Lower

from undersigned.accounts.models import Organization, User
from undersigned.delivery.models import Message
from undersigned.delivery.outbox import is_address
from undersigned.files.sheets import Sheet

from . import draft_content, text_field
from .copies import Copy
from .draft_content import DraftContent
from .models import Envelope
from .plan import PlannedDocument, plan_of
from .roles import Player, key_of, open_parts, parts, text_names, unknown

PARTS = {"name": "name", "surname": "surname", "email": "email", "phone": "phone", "useruuid": "user"}
OWN = {"title": "title", "tags": "tags", "expiresat": "expires_at"}
_TAGS = re.compile(r"[,;|]")


@dataclass(frozen=True)
class CellFault:
    """What is wrong with a cell: row as the file counts them (the head is 1), what its column is called, and a code."""

    row: int
    column: str
    code: str


class BadSheet(Exception):
    """Nothing was made. `faults` in the order of the sheet."""

    def __init__(self, faults: Sequence[CellFault]) -> None:
        super().__init__(faults)
        self.faults = tuple(faults)


@dataclass(frozen=True)
class Row:
    """One envelope to be made."""

    number: int
    copy: Copy


@dataclass(frozen=True)
class Rows:
    """What a sheet says, and which of its columns say nothing that the template knows."""

    rows: tuple[Row, ...]
    unused: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Column:
    index: int
    heading: str
    part: str = ""
    """The part whose `what` it says; "" for a column of the envelope (`what` in OWN's values) or of a text field."""
    what: str = ""


@dataclass
class _Reading:
    organization: Organization
    documents: tuple[PlannedDocument, ...]
    at: datetime
    publish: bool
    faults: list[CellFault] = field(default_factory=list)

    def fault(self, row: int, column: str, code: str) -> None:
        self.faults.append(CellFault(row, column, code))


def headings(template: Envelope) -> list[str]:
    """The columns of a sheet for this template, as they are best written."""
    documents = plan_of(template).documents or ()
    found = [f"{part}.{what}" for part in _named(documents) for what in ("name", "surname", "email", "phone")]
    return [*found, *text_names(documents), "title", "expiresAt"]


def sample_row(template: Envelope) -> list[str]:
    """Something to be overwritten below `headings`."""
    given = {
        "name": "Maria",
        "surname": "Rossi",
        "email": "maria.rossi@example.com",
        "phone": "+393331234567",
    }
    return [
        given.get(heading.rpartition(".")[2], "") if "." in heading else template.title * (heading == "title")
        for heading in headings(template)
    ]


def _named(documents: Sequence[PlannedDocument]) -> list[str]:
    """Parts that are nobody's yet, else all that have a name."""
    return [p for p in open_parts(documents) if p] or parts(documents)


def read_rows(template: Envelope, sheet: Sheet, at: datetime, *, publish: bool) -> Rows:
    """What the sheet says. `publish`: every part must be somebody's. Raises BadSheet with all that is wrong; empty rows required."""
    reading = _Reading(template.organization, plan_of(template).documents or (), at, publish)
    columns, unused = _columns(reading, sheet.head)
    if reading.faults:
        raise BadSheet(reading.faults)
    if not sheet.rows:
        raise BadSheet([CellFault(2, sheet.head[0], "required")])
    users = _Users(reading.organization, columns, sheet)
    rows = [Row(number, _copy(reading, columns, number, cells, users)) for number, cells in sheet.rows]
    if reading.faults:
        raise BadSheet(reading.faults)
    return Rows(tuple(rows), tuple(unused))


def _columns(reading: _Reading, head: Sequence[str]) -> tuple[list[_Column], list[str]]:
    columns: list[_Column] = []
    unused: list[str] = []
    seen: set[str] = set()
    texts = {key_of(name) for name in text_names(reading.documents)}
    for index, heading in enumerate(head):
        key = key_of(heading)
        if not key:
            reading.fault(1, letters(index), "required")
            continue
        if key in seen:
            reading.fault(1, heading, "already_used")
        seen.add(key)
        part, dot, what = key.rpartition(".")
        if key in texts:
            columns.append(_Column(index, heading))
        elif dot and what.strip() in PARTS:
            if unknown(reading.documents, [part]):
                reading.fault(1, heading, "unknown_role")
            columns.append(_Column(index, heading, part.strip(), PARTS[what.strip()]))
        elif key in OWN:
            columns.append(_Column(index, heading, "", OWN[key]))
        else:
            unused.append(heading)
    return columns, unused


def letters(index: int) -> str:
    """As spreadsheet programs name a column: A, B … AA."""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


class _Users:
    """Accounts that the sheet names, found by two queries a few hundred names. Of several with one address none is meant."""

    def __init__(self, organization: Organization, columns: Sequence[_Column], sheet: Sheet) -> None:
        def cells(what: str) -> set[str]:
            found = [c.index for c in columns if c.what == what and c.part]
            return {row[index] for _, row in sheet.rows for index in found if row[index]}

        ids = {pub for text in cells("user") if (pub := _uuid(text)) is not None}
        active = User.objects.filter(organization=organization, disabled_at=None).alias(mail=Lower("email"))
        self.by_id = {u.pub: u for u in _found(active, "pub__in", ids)}
        self.by_mail: dict[str, User | None] = {}
        for user in _found(active, "mail__in", {mail.lower() for mail in cells("email")}):
            mail = user.email.lower()
            self.by_mail[mail] = None if mail in self.by_mail else user


def _found(users: QuerySet[User], condition: str, values: Collection[object]) -> list[User]:
    """In portions that every database takes."""
    wanted = sorted(values, key=str)
    found: dict[int, User] = {}
    for start in range(0, len(wanted), 500):
        found |= {u.pk: u for u in users.filter(**{condition: wanted[start : start + 500]})}
    return list(found.values())


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _copy(
    reading: _Reading, columns: Sequence[_Column], number: int, cells: Sequence[str], users: _Users
) -> Copy:
    own: dict[str, tuple[str, str]] = {}
    people: dict[str, dict[str, tuple[str, str]]] = {}
    values: dict[str, str] = {}
    for column in columns:
        text = cells[column.index]
        if column.part:
            people.setdefault(column.part, {})[column.what] = (column.heading, text)
        elif column.what:
            own[column.what] = (column.heading, text)
        elif text:
            values[column.heading] = text
            if fault := text_field.entered(text)[0]:
                reading.fault(number, column.heading, fault)
    players = {}
    for part, said in people.items():
        if any(text for _, text in said.values()):
            players[part] = _player(reading, number, said, users)
    if reading.publish:
        _all_taken(reading, number, people, players)
    return Copy(
        title=_title(reading, number, own) or None,
        tags=_tag_words(reading, number, own),
        expires_at=_expires_at(reading, number, own),
        players=players,
        values=values,
    )


def _player(reading: _Reading, number: int, said: Mapping[str, tuple[str, str]], users: _Users) -> Player:
    texts = {what: text for what, (_, text) in said.items()}
    user = None
    if given := texts.get("user"):
        user = users.by_id.get(_uuid(given) or uuid.UUID(int=0))
        if user is None:
            reading.fault(number, said["user"][0], "unknown")
            return Player()
    else:
        user = users.by_mail.get(texts.get("email", "").lower())
    player = Player(
        name=texts.get("name", ""),
        surname=texts.get("surname", ""),
        email=texts.get("email", ""),
        phone=re.sub(r"[\s()./-]", "", texts.get("phone", "")),
        user=user,
    )
    heading = next(iter(said.values()))[0].rpartition(".")[0]
    faults = player.faults()
    if player.phone and not is_address(Message.Channel.SMS, player.phone):
        faults["phone"] = ["invalid"]  # a number that came as a number has lost its plus
    for what, codes in faults.items():
        column = said[what][0] if what in said else f"{heading}.{what}"
        reading.fault(number, column, codes[0])
    return player


def _all_taken(
    reading: _Reading,
    number: int,
    people: Mapping[str, Mapping[str, tuple[str, str]]],
    players: Mapping[str, Player],
) -> None:
    for part in open_parts(reading.documents):
        if key_of(part) in players:
            continue
        said = people.get(key_of(part), {})
        column = next(iter(said.values()))[0] if said else f"{part}.email"
        reading.fault(number, said["email"][0] if "email" in said else column, "required")


def _title(reading: _Reading, number: int, own: Mapping[str, tuple[str, str]]) -> str:
    heading, text = own.get("title", ("", ""))
    for codes in draft_content.faults_of(DraftContent(text or "-")).values():
        reading.fault(number, heading, codes[0])
    return text


def _tag_words(reading: _Reading, number: int, own: Mapping[str, tuple[str, str]]) -> tuple[str, ...] | None:
    heading, text = own.get("tags", ("", ""))
    words = tuple(word.strip() for word in _TAGS.split(text) if word.strip())
    for codes in draft_content.faults_of(DraftContent("-", tags=words)).values():
        reading.fault(number, heading, codes[0])
        break
    return words or None


def _expires_at(reading: _Reading, number: int, own: Mapping[str, tuple[str, str]]) -> datetime | None:
    heading, text = own.get("expires_at", ("", ""))
    if not text:
        return None
    try:
        if len(text) == 10:
            moment = datetime.combine(date.fromisoformat(text), time(23, 59, 59), UTC)
        else:
            moment = datetime.fromisoformat(text)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except ValueError:
        reading.fault(number, heading, "invalid")
        return None
    if moment <= reading.at:
        reading.fault(number, heading, "past")
    return moment.astimezone(UTC)
