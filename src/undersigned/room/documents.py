"""Documents as the room shows them: plain values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .parts import Act, FormField, Part


@dataclass(frozen=True)
class Page:
    """Size of one page as pictured (after rotation), in points."""

    width: float
    height: float


@dataclass(frozen=True)
class Original:
    """A file that is signed by a page about it; it is read where it can be opened, not here. `size` in bytes."""

    media_type: str
    size: int


@dataclass(frozen=True)
class Document:
    """A file to read. `id` is opaque and URL safe; `version` changes whenever the bytes do."""

    id: str
    name: str
    version: str
    pages: tuple[Page, ...]
    size: int  # bytes
    sealed: bool = False  # the sealed file can be had
    seen: int = 0  # pages that this signer's browser has shown
    original: Original | None = None  # the pages are about this file
    signed_name: str = ""  # of the file with the signatures, where it is not the document's
    container: bool = False  # the file with the signatures holds the PDF and, beside it, them
    caption: str = ""  # what the sender says that it is
    parts: tuple[Part, ...] = ()  # what is asked of this person with it, in the order in which it is done
    form: tuple[FormField, ...] = ()
    to_seal: bool = True  # somebody signs it, so that in the end it is sealed
    waits: bool = False  # its pages are being made ready to be signed
    revision: str = ""  # as `Room.revision` and `digest`, of this document alone
    digest: str = ""

    @property
    def open(self) -> Part | None:
        """What is to be done next with it, before anything is signed."""
        return next((part for part in self.parts if not part.done and part.act is not Act.SIGN), None)

    @property
    def prepared(self) -> bool:
        """Nothing is left to be done with it but to sign it; what is signed has been looked at."""
        unread = self.to_sign and self.to_read and not (self.seen or self.done or self.waits)
        return self.open is None and not unread

    @property
    def done(self) -> bool:
        """Nothing is left to be done with it."""
        return all(part.done for part in self.parts)

    @property
    def to_sign(self) -> bool:
        """Whether the person's signature belongs under it."""
        return any(part.act is Act.SIGN for part in self.parts)

    @property
    def to_read(self) -> bool:
        """Whether there is something to be read, here or as a file."""
        return bool(self.pages or self.original)


@dataclass(frozen=True)
class Place:
    """Where this person's signature goes: document (from 1, as listed), page, and box in percent from the left and top."""

    document: int
    page: int
    left: float
    top: float
    width: float
    height: float
    required: bool = True


@dataclass(frozen=True)
class TextLine:
    """A line of text as it stands on the page; places in percent of the page."""

    text: str
    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class FileAnswer:
    """A file on its way to the browser."""

    chunks: Iterable[bytes]
    size: int
    media_type: str = "application/pdf"
