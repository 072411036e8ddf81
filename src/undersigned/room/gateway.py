"""What the signing room needs from the core: one protocol, plain values, no models.

`app` registers the implementation with `use`. Values hold only what a signer may see: no addresses or numbers of other
people, no codes, no internal ids. Times are aware datetimes; sizes of pages are in PDF points; places are percent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class State(StrEnum):
    """Where one signer stands; it decides which page they see."""

    LINK = "link"  # may be opened; nothing has been asked yet
    CODE = "code"  # opened; the code is asked
    LOCKED = "locked"  # too many wrong codes, until Room.code.locked_until
    READ = "read"  # may read and sign
    PREPARING = "preparing"  # pages are being made; the page asks again by itself
    SIGNED = "signed"  # this person has signed, others have not
    COMPLETED = "completed"  # everybody has signed; the sealed files may still be on their way
    DECLINED = "declined"  # this person has refused
    STOPPED = "stopped"  # somebody else has refused
    EXPIRED = "expired"
    SUPERSEDED = "superseded"  # a newer version exists
    CANCELLED = "cancelled"
    ON_HOLD = "on_hold"
    NOT_YOUR_TURN = "not_your_turn"
    REMOVED = "removed"  # erased
    SITTING_OVER = "sitting_over"  # idle too long; may be opened again


@dataclass(frozen=True)
class Client:
    """Who is calling, for the audit trail."""

    ip: str
    agent: str


@dataclass(frozen=True)
class Visit:
    """One browser in one sitting: the id in the address, the secret in the cookie."""

    room_id: str
    secret: str
    client: Client


@dataclass(frozen=True)
class Page:
    """Size of one page as pictured (after rotation), in points."""

    width: float
    height: float


@dataclass(frozen=True)
class Document:
    """A file to read. `id` is opaque and URL safe; `version` changes whenever the bytes do."""

    id: str
    name: str
    version: str
    pages: tuple[Page, ...]
    size: int  # bytes
    sealed: bool = False  # the sealed file can be had


@dataclass(frozen=True)
class Person:
    """One of those who sign, as the others may see them."""

    name: str
    signed_at: datetime | None = None
    declined: bool = False
    me: bool = False


@dataclass(frozen=True)
class Code:
    """How the code comes. `ending`: last digits of the phone number, for SMS only."""

    by_sms: bool = False
    ending: str = ""
    length: int = 6
    tries_left: int = 5
    locked_until: datetime | None = None
    resend_at: datetime | None = None  # SMS: earliest time of the next one


@dataclass(frozen=True)
class Kept:
    """The signature's look, kept for this sitting. `revision` changes with it, for the picture's address."""

    kind: str  # drawn, typed, uploaded
    revision: str


@dataclass(frozen=True)
class Room:
    """Everything a page shows. With `protected`, title and files stay unseen until the code is right."""

    id: str  # of the sitting; empty while only the link is known
    state: State
    sender: str
    organization: str
    title: str
    recipient: str
    documents: tuple[Document, ...] = ()
    people: tuple[Person, ...] = ()
    message: str = ""
    language: str = "en"
    time_zone: str = "UTC"
    due_at: datetime | None = None
    overdue: bool = False
    ended_at: datetime | None = None  # expired, superseded, removed, cancelled
    signed_at: datetime | None = None
    code: Code = field(default_factory=Code)
    identified_by: str = ""  # in words: "code by SMS to the number ending 67"
    consent_text: str = ""  # the sender's own, word for word; empty: ours
    revision: str = ""  # of what is shown; goes back with the signature
    digest: str = ""  # SHA-256 hex over the documents shown
    kept: Kept | None = None
    copy_to: str = ""  # masked address that gets the sealed copy
    sender_mail: str = ""  # where "Write to {sender}" leads; empty: no such link
    may_decline: bool = True
    reason_required: bool = False
    skippable: bool = False  # refusing leaves out this signature only
    protected: bool = False
    sandbox: bool = False  # a test organisation: the pages say so

    @property
    def hides_content(self) -> bool:
        """Whether title, files and people must not be shown yet."""
        return self.protected and self.state in (State.LINK, State.CODE, State.LOCKED)

    @property
    def asker(self) -> str:
        """Who asks: the sender, or the organisation alone while the sender must not be named."""
        return self.organization if self.hides_content else self.sender

    @property
    def page_count(self) -> int:
        return sum(len(d.pages) for d in self.documents)


@dataclass(frozen=True)
class Opened:
    """A new sitting: `secret` goes into the cookie of `/room/{room_id}`."""

    room_id: str
    secret: str


@dataclass(frozen=True)
class CodeResult:
    right: bool
    tries_left: int = 0


class AppearanceKind(StrEnum):
    DRAWN = "drawn"
    TYPED = "typed"
    UPLOADED = "uploaded"


@dataclass(frozen=True)
class Appearance:
    """How the signature shall look; only the part of its kind is set.

    `path`: SVG path data (M L Q C Z, absolute, one decimal, filled, at most 30 kB), trimmed to start at 0,0;
    `width`, `height` its box in the same units. `name`, `hand` (see `HANDS`) for typed. `image`: the uploaded bytes.
    """

    kind: AppearanceKind
    path: str = ""
    width: float = 0
    height: float = 0
    name: str = ""
    hand: str = ""
    image: bytes = b""


HANDS = ("caveat", "dancing-script", "kalam", "noto")
"""Names of the hands a typed signature can have; the last one prints any script."""


class Rejected(Exception):
    """A look that cannot be used. `code`: not_picture, too_large, too_small, missing_glyph (`detail`: the sign)."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code, self.detail = code, detail


class Wait(Exception):
    """Too early to ask again; `seconds` until one may."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


@dataclass(frozen=True)
class SignRequest:
    """What the person agreed to. A repeated `request_key` must give the first result again."""

    consent_text: str
    revision: str
    digest: str
    request_key: str


class Outcome(StrEnum):
    SIGNED = "signed"
    MOVED = "moved"  # the documents are no longer those shown
    NOT_SIGNED = "not_signed"  # refused; see Signing.reason
    NOT_READY = "not_ready"  # a service is missing; see Signing.reason


class Reason(StrEnum):
    TURN_ENDED = "turn_ended"
    EXPIRED = "expired"
    NO_TIME = "no_time"  # no trusted time
    NO_SCAN = "no_scan"  # files could not be checked
    BUSY = "busy"  # others sign at this moment


@dataclass(frozen=True)
class Signing:
    outcome: Outcome
    reason: Reason | None = None


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


class Gone(LookupError):
    """The sitting has ended, or all of it has been erased, since `find`; the room then says how things stand."""


class Gateway(Protocol):
    """The core as the room sees it. Unknown, foreign and malformed all give None (or LookupError for files).

    Everything that takes a Visit, except `find`, may raise Gone.
    """

    def look(self, token: str) -> Room | None:
        """What the link leads to. Changes nothing and records nothing: mail scanners open links."""

    def open_link(self, token: str, client: Client) -> Opened | None:
        """Start a sitting, in any state that has something to show."""

    def resend_from_link(self, token: str, client: Client) -> None:
        """Superseded: send the newer link to the address on file. Unknown tokens are ignored; Wait when too often."""

    def find(self, visit: Visit) -> Room | None:
        """The room of a sitting; keeps it awake. None when id and secret do not belong together."""

    def reopen(self, visit: Visit) -> None:
        """After SITTING_OVER: start again in the same sitting, with the code asked anew."""

    def resend(self, visit: Visit) -> None:
        """As `resend_from_link`, from inside the room."""

    def enter_code(self, visit: Visit, code: str) -> CodeResult:
        """Compare a code (upper case, no blanks). While locked even the right one is wrong."""

    def send_code(self, visit: Visit) -> None:
        """Send a new code by SMS. Raises Wait when the last one is too young."""

    def keep_signature(self, visit: Visit, appearance: Appearance) -> None:
        """Keep the look for this sitting. Raises Rejected."""

    def kept_picture(self, visit: Visit) -> tuple[str, bytes]:
        """Media type (image/svg+xml or image/png) and bytes of the kept look. Raises LookupError without one."""

    def typed_picture(self, visit: Visit, name: str, hand: str) -> bytes:
        """SVG of a typed signature, drawn by the code that draws it in the PDF. Raises Rejected."""

    def sign(self, visit: Visit, request: SignRequest) -> Signing:
        """Sign all documents shown, or none."""

    def decline(self, visit: Visit, reason: str) -> None:
        """Refuse. A repetition has no effect."""

    def page_image(self, visit: Visit, document: str, version: str, page: int, width: int) -> bytes:
        """JPEG of a page (from 1) in `width` pixels. Raises LookupError."""

    def page_text(self, visit: Visit, document: str, version: str, page: int) -> list[TextLine]:
        """Lines in reading order; empty for a scan. Raises LookupError."""

    def unsigned_file(self, visit: Visit, document: str) -> FileAnswer:
        """The PDF as it was shown. Raises LookupError."""

    def sealed_file(self, visit: Visit, document: str) -> FileAnswer:
        """The sealed PDF. Raises LookupError while it is not ready."""


_gateway: Gateway | None = None


def use(gateway: Gateway) -> None:
    """Register the implementation; called once at start."""
    global _gateway
    _gateway = gateway


def current() -> Gateway:
    """The registered implementation."""
    if _gateway is None:
        raise RuntimeError("No gateway is registered for the signing room")
    return _gateway
