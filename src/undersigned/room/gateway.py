"""What the signing room needs from the core: one protocol, plain values, no models.

`app` registers the implementation with `use`. Values hold only what a signer may see: no addresses or numbers of other
people, no codes, no internal ids. Times are aware datetimes; sizes of pages are in PDF points; places are percent.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from .documents import Document, FileAnswer, Place, TextLine
from .identifying import Asked, Identifying, OneTime, Way
from .looks import Kept, Look, Looks
from .pads import Pad, Pads
from .parts import Act, Parts, ReturnUrls
from .tray import Task, TaskState, Trays
from .wallet import Wallet, Wallets


class State(StrEnum):
    """Where one signer stands; it decides which page they see."""

    LINK = "link"  # may be opened; nothing has been asked yet
    CODE = "code"  # opened; the code is asked
    ONE_TIME = "one_time"  # opened; a code is sent now and asked
    IDENTIFY = "identify"  # opened; a provider must say who it is
    LOCKED = "locked"  # too many failed tries, until Room.code.locked_until
    READ = "read"  # may read and sign
    VIEW = "view"  # may read; nothing is asked of them
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
    HANDED_ON = "handed_on"  # this person handed their part on to Room.handed_to
    SIGN_IN_OVER = "sign_in_over"  # the link was good for a moment and one use, and that is over
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
class Room:
    """Everything a page shows. With `protected`, title, files and people stay unseen until the person has proved who they are."""

    id: str  # of the sitting; empty while only the link is known
    state: State
    sender: str
    organization: str
    title: str
    recipient: str
    viewer: bool = False  # reads or gets a copy, and signs nothing
    documents: tuple[Document, ...] = ()
    people: tuple[Person, ...] = ()
    places: tuple[Place, ...] = ()
    ahead: int = 0  # people who sign before this one and have not yet
    message: str = ""
    language: str = "en"
    time_zone: str = "UTC"
    due_at: datetime | None = None
    overdue: bool = False
    ended_at: datetime | None = None  # expired, superseded, removed, cancelled
    signed_at: datetime | None = None
    code: Code = field(default_factory=Code)
    asked: Asked = Asked.NOTHING  # what must be proved next: before reading, or (state READ) before signing
    one_time: OneTime = field(default_factory=OneTime)
    ways: tuple[Way, ...] = ()
    identified_by: str = ""  # in words: "code by SMS to the number ending 67"
    consent_text: str = ""  # the sender's own, word for word; empty: ours
    revision: str = ""  # of what is shown; goes back with the signature
    digest: str = ""  # SHA-256 hex over the documents shown
    kept: Kept | None = None
    pad: Pad | None = None
    idle_left: int = 0  # seconds until the sitting ends by itself
    copy_to: str = ""  # masked address that gets the sealed copy
    sender_mail: str = ""  # where "Write to {sender}" leads; empty: no such link
    may_ask: bool = False  # there is a discussion that this person may take part in
    may_decline: bool = True
    reason_required: bool = False
    goes_on: bool = False  # the others go on when this person refuses
    skippable: bool = False  # refusing leaves out this signature only
    protected: bool = False
    sandbox: bool = False  # a test organisation: the pages say so
    dialog_title: str = ""  # the sender's words before anything is read
    dialog_message: str = ""
    return_urls: ReturnUrls = field(default_factory=ReturnUrls)
    may_forward: bool = False
    forwarded: str = ""  # name of the one who signs after this person, by their own wish
    handed_to: str = ""
    written_to: bool = True  # messages of ours reach this person
    look: Look = Look.CHOOSE
    tasks: tuple[Task, ...] = ()  # each thing that is asked, where each is dealt with by itself
    on_table: int = 0  # number of the one that was taken up
    when_complete: str = ""  # where the sender wants whoever's act completes it all
    wallet: Wallet | None = None  # the person may have keys of their own here

    @property
    def one_by_one(self) -> bool:
        """Whether each thing is dealt with by itself."""
        return bool(self.tasks)

    @property
    def table(self) -> Task | None:
        """What is on the table, as long as it can be done."""
        task = self.task(self.on_table)
        return task if task is not None and task.open else None

    def task(self, number: int) -> Task | None:
        """The task with this number."""
        return self.tasks[number - 1] if 1 <= number <= len(self.tasks) else None

    @property
    def tasks_done(self) -> int:
        """How many are settled."""
        return sum(task.settled for task in self.tasks)

    @property
    def left_out(self) -> bool:
        """Whether all signatures that were asked of this person were left out."""
        signing = [task for task in self.tasks if task.act is Act.SIGN]
        return bool(signing) and all(task.state is TaskState.LEFT_OUT for task in signing)

    @property
    def places_revision(self) -> str:
        """Changes with what `places` says, for the address of their stylesheet; short, however many documents there are."""
        table = self.table
        said = self.revision if table is None else self.documents[table.document - 1].revision
        return hashlib.sha256(f"{said} {self.on_table}".encode()).hexdigest()[:16]

    @property
    def next_task(self) -> Task | None:
        """What can be done next: forms before signatures, then in order."""
        return min(
            (task for task in self.tasks if task.open),
            key=lambda t: (t.act is Act.SIGN, t.number),
            default=None,
        )

    @property
    def in_parts(self) -> bool:
        """Whether more is asked than to read all and sign."""
        return any(p.act is not Act.SIGN for document in self.documents for p in document.parts)

    @property
    def signs(self) -> bool:
        """Whether a signature is asked of this person at all."""
        return not self.in_parts or any(document.to_sign for document in self.documents)

    @property
    def done_count(self) -> int:
        """Documents with which nothing is left to be done but to sign them."""
        return sum(document.prepared for document in self.documents)

    def next_document(self, after: int = 0) -> int:
        """Number of the document with which to go on, of those that follow first; 0 when only signing is left."""
        numbered = list(enumerate(self.documents, 1))
        ahead = (n for n, document in numbered if n > after and not document.prepared)
        return next(ahead, 0) or next((n for n, document in numbered if document.open), 0)

    @property
    def only_signing(self) -> bool:
        """Whether only the signature is left, however much of the documents was looked at."""
        return self.signs and not any(document.open for document in self.documents)

    @property
    def waits(self) -> bool:
        """Whether pages are being made ready that this person will sign."""
        return any(document.waits for document in self.documents)

    @property
    def hides_content(self) -> bool:
        """Whether title, files and people must not be shown yet."""
        return self.protected and self.state in (
            State.LINK,
            State.CODE,
            State.ONE_TIME,
            State.IDENTIFY,
            State.LOCKED,
        )

    @property
    def asker(self) -> str:
        """Who asks: the sender, or the organisation alone while the sender must not be named."""
        return self.organization if self.hides_content else self.sender

    @property
    def who_signs(self) -> int:
        """How many people sign, this one included."""
        return len(self.people)

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


class Wait(Exception):
    """Too early to ask again; `seconds` until one may."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


@dataclass(frozen=True)
class SignRequest:
    """What the person agreed to. A repeated `request_key` must give the first result again."""

    consent_text: str
    language: str  # that the page was in
    revision: str
    digest: str
    request_key: str
    task: int = 0
    """Number of the one signature that is meant, where each is dealt with by itself."""
    accepted: frozenset[int] = frozenset()
    """Numbers of the clauses that the person accepted."""


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
    INFECTED = "infected"  # a file did not pass the virus scan
    BUSY = "busy"  # others sign at this moment
    OWN_KEY = "own_key"  # the chosen key cannot be used any more


@dataclass(frozen=True)
class Signing:
    outcome: Outcome
    reason: Reason | None = None


class Gone(LookupError):
    """The sitting has ended, or all of it has been erased, since `find`; the room then says how things stand."""


class Withheld(Exception):
    """A file is not handed out now; `reason` is NO_SCAN or INFECTED."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class Gateway(Identifying, Looks, Pads, Parts, Trays, Wallets, Protocol):
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

    def ask(self, visit: Visit) -> Room | None:
        """As `find`, for a page that only asks how things stand: time without the person goes on."""

    def glance(self, visit: Visit) -> Room | None:
        """As `find`, for what pages load (pictures, text): nothing but `id`, `state` and the words of the frame is filled in."""

    def still_shown(self, visit: Visit, revision: str, digest: str) -> bool:
        """Whether a page that showed this may still be signed; others' signatures do not matter."""

    def reopen(self, visit: Visit) -> None:
        """After SITTING_OVER: start again in the same sitting, with the code asked anew."""

    def resend(self, visit: Visit) -> None:
        """As `resend_from_link`, from inside the room."""

    def enter_code(self, visit: Visit, code: str) -> CodeResult:
        """Compare a code (upper case, no blanks). While locked even the right one is wrong."""

    def send_code(self, visit: Visit) -> None:
        """Send a new code by SMS. Raises Wait when the last one is too young."""

    def sign(self, visit: Visit, request: SignRequest) -> Signing:
        """Sign all documents shown, or none."""

    def decline(self, visit: Visit, reason: str, task: int = 0) -> None:
        """Refuse; where each thing is dealt with by itself, this task, which may leave it out only. A repetition has no effect."""

    def page_image(self, visit: Visit, document: str, version: str, page: int, width: int) -> bytes:
        """JPEG of a page (from 1) in `width` pixels. Raises LookupError."""

    def page_text(self, visit: Visit, document: str, version: str, page: int) -> list[TextLine]:
        """Lines in reading order; empty for a scan. Raises LookupError."""

    def unsigned_file(self, visit: Visit, document: str) -> FileAnswer:
        """The PDF as it was shown. Raises LookupError, Withheld."""

    def original_file(self, visit: Visit, document: str) -> FileAnswer:
        """The file that a document's pages are about, as it came. Raises LookupError."""

    def sealed_file(self, visit: Visit, document: str) -> FileAnswer:
        """The sealed PDF. Raises LookupError while it is not ready, Withheld."""


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
