"""What a message's text is made of. Checked when it is posted, so that no value can break a header or a text later."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from undersigned.base.text import is_one_line


def one_line(value: str) -> str:
    """`value`, when it is one line. Raises ValueError for CR, LF and every other line break or control character."""
    if not is_one_line(value):
        raise ValueError("line breaks and control characters are not allowed")
    return value.strip()


def _paragraphs(value: str) -> str:
    """Line breaks become LF and other control characters blanks: this stands in bodies only, where they break nothing."""
    value = "\n".join(value.splitlines())
    value = "".join(c if c == "\n" or is_one_line(c) else " " for c in value).strip()
    return value if len(value) <= PARAGRAPHS_LIMIT else value[: PARAGRAPHS_LIMIT - 1] + "…"


def _whole(value: str) -> str:
    """As `_paragraphs`, all of it."""
    value = "\n".join(value.splitlines())
    return "".join(c if c == "\n" or is_one_line(c) else " " for c in value).strip()


@cache
def _zones() -> frozenset[str]:
    """Asked once: each time it is, the whole folder of zones is read, 10 ms a message."""
    return frozenset(available_timezones())


def _zone(value: str) -> str:
    if value not in _zones():
        raise ValueError("not an IANA time zone")
    return value


Line = Annotated[str, Field(max_length=1000), AfterValidator(one_line)]
Paragraphs = Annotated[str, AfterValidator(_paragraphs)]
Whole = Annotated[str, AfterValidator(_whole)]
PARAGRAPHS_LIMIT = 5000
"""Characters of somebody's own words that a mail carries; the room shows them in full."""


class FileRef(BaseModel):
    """A stored file to attach: the name it gets in the mail and the id of its `files.File` row."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: Line
    file: int


class Pair(BaseModel):
    """A file that was not changed, and the page with the signatures on it, by their names."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    file: Line
    page: Line


class Style(BaseModel):
    """How a mail in the sender's own words looks; each part is left out when empty. `button`: the label of a button that leads to what
    the mail is about, `link_text`: what stands above the same address written out."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    logo_url: Line = ""
    button: Line = ""
    link_text: Line = ""
    footer: Whole = ""


class OwnWords(BaseModel):
    """A message as the sender wrote it, its variables (`${…}`) not put in yet. `sender`: a name for From, or an address."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    subject: Line = ""
    body: Whole = ""
    sender: Line = ""
    style: Style = Style()


class Params(BaseModel):
    """Values of the texts; each purpose uses those it needs. Never in here: links, codes, national ids, other people's addresses."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Line = ""
    """Who reads it; the mail's first line."""
    role: Literal["signer", "viewer", "copy", "sender", "member"] = "signer"
    sender: Line = ""
    """Who asks, by name."""
    organization: Line = ""
    """The name to show instead of the organisation's own."""
    sender_email: Line = ""
    """Reply-To."""
    title: Line = ""
    documents: int = Field(1, ge=1)
    due_at: datetime | None = None
    at: datetime | None = None
    """When what the message tells about happened."""
    time_zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    """IANA zone in which dates are written."""
    message: Paragraphs = ""
    """The sender's own words; shown as a quotation, as given."""
    code_apart: bool = False
    """The sender hands over an access code by another way."""
    methods: tuple[Line, ...] = ()
    """Ways to identify oneself, by name."""
    person: Line = ""
    """Who refused."""
    reason: Paragraphs = ""
    signed: int = 0
    signers: int = 0
    files: tuple[FileRef, ...] = ()
    pairs: tuple[Pair, ...] = ()
    """Files that were signed by a page about them."""
    own: OwnWords | None = None
    """Of purpose "own_words": all that is said."""
