"""The gateway in memory: enough of a core to walk through every page. It keeps what it was asked, for the tests to look at."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from html import escape
from typing import BinaryIO

from PIL import Image, ImageDraw, ImageFont

from undersigned.accounts.limits import LimitReached
from undersigned.room.documents import Document, FileAnswer, Page, Place, TextLine
from undersigned.room.gateway import (
    Client,
    Code,
    CodeResult,
    Opened,
    Outcome,
    Person,
    Room,
    Signing,
    SignRequest,
    State,
    Visit,
    Wait,
)
from undersigned.room.identifying import Asked, Way, WayKind
from undersigned.room.looks import Appearance, AppearanceKind, Kept, Rejected
from undersigned.room.pads import Pad, PhonePad
from undersigned.room.parts import (
    Act,
    Box,
    Faulty,
    FieldKind,
    FormField,
    Hand,
    NewPerson,
    NotTaken,
    Option,
    Part,
)
from undersigned.room.tray import Clause, Task, TaskState
from undersigned.room.wallet import OwnKey, Wallet

TOKEN = "nV3kQ2p8wLx7Tt5yZr9c"
ROOM_ID = "r7Jk29sLq0"
SECRET = "cookie-secret-41c9"
CODE = "NSZX7G"
PAD = "k7mq2xvd9tpwab"
A4 = Page(595.28, 841.89)
PLACES = (Place(1, 2, 12, 60, 38, 9.5), Place(2, 2, 12, 70, 38, 9.5))
NOW = datetime(2026, 5, 1, 11, 2, tzinfo=UTC)

WORDS = [
    "This lease is made between Board Oy and the tenant named below.",
    "1. The landlord lets the rooms at Main Street 1 to the tenant.",
    "2. The lease begins on 1 June 2026 and runs until notice is given.",
    "3. The rent is 1,240 euros a month, due on the second working day.",
    "4. The tenant keeps the rooms in good order and reports damage.",
    "5. Notice is given in writing, one month before the lease shall end.",
    "6. Pets are welcome as long as the neighbours are at peace with them.",
]


def room(state: State = State.LINK, **changes: object) -> Room:
    """A lease with house rules, from Anna Virtanen of Board Oy to Matti Meikäläinen."""
    known = Room(
        id=ROOM_ID,
        state=state,
        sender="Anna Virtanen",
        organization="Board Oy",
        title="Lease, Main Street 1",
        recipient="Matti Meikäläinen",
        documents=(
            Document("d1", "Lease.pdf", "v1", (A4,) * 4, 183_221),
            Document("d2", "House rules.pdf", "v1", (A4,) * 2, 61_004),
        ),
        people=(
            Person("Sofia Korhonen", signed_at=NOW),
            Person("Matti Meikäläinen", me=True),
            Person("Anna Virtanen"),
        ),
        message="Dear Matti, here is the lease as we discussed it. Please sign by Sunday.",
        time_zone="Europe/Helsinki",
        due_at=datetime(2026, 5, 3, 20, 59, tzinfo=UTC),
        code=Code(),
        identified_by="identified by a code",
        revision="7",
        digest="9f" * 32,
        copy_to="m…@e….fi",
        idle_left=1800,
        sender_mail="anna@board.example",
    )
    return replace(known, **changes)  # type: ignore[arg-type]


FORM = (
    FormField(1, FieldKind.TEXT, "Address", required=True, max_length=40, boxes=(Box(1, 12, 30, 50, 3),)),
    FormField(2, FieldKind.MULTILINE, "Remarks", boxes=(Box(1, 12, 36, 70, 8),)),
    FormField(
        3,
        FieldKind.CHECKBOX,
        "Heating included",
        options=(Option("Yes", "Yes"),),
        boxes=(Box(1, 12, 46, 3, 2, "Yes"),),
    ),
    FormField(
        4,
        FieldKind.RADIO,
        "Rent is paid",
        required=True,
        options=(Option("m", "each month"), Option("q", "each quarter")),
        boxes=(Box(1, 12, 52, 3, 2, "m"), Box(1, 40, 52, 3, 2, "q")),
    ),
    FormField(
        5,
        FieldKind.CHOICE,
        "Floor",
        options=(Option("1", "First"), Option("2", "Second")),
        boxes=(Box(1, 12, 58, 20, 3),),
    ),
    FormField(
        6, FieldKind.TEXT, "Contract number", value="4711", read_only=True, boxes=(Box(1, 60, 58, 20, 3),)
    ),
)


WAYS = (
    Way("nbid", "Bank of the North", provider="bank"),
    Way("scid-otp", "m…@e….fi", kind=WayKind.MAIL),
    Way("scid-sms", "67", kind=WayKind.SMS),
    Way("", "", kind=WayKind.DRAW),
)


def three(*, form: bool = True) -> tuple[Document, ...]:
    """Terms to read, a form to fill in and sign, a lease to sign."""
    return (
        Document(
            "d1",
            "Terms.pdf",
            "v1",
            (A4,) * 2,
            61_004,
            caption="Terms of the house",
            parts=(Part(Act.VIEW),),
            to_seal=False,
        ),
        Document(
            "d2",
            "Application.pdf",
            "v1",
            (A4,),
            31_004,
            caption="Your application",
            parts=(Part(Act.FILL), Part(Act.SIGN, line="I apply.")) if form else (Part(Act.UPLOAD),),
            form=FORM if form else (),
        ),
        Document(
            "d3", "Lease.pdf", "v1", (A4,) * 2, 183_221, parts=(Part(Act.SIGN, line="I rent the rooms."),)
        ),
    )


def texts() -> tuple[FormField, ...]:
    """Texts that the sender asks for at places of their own choice."""
    return (
        FormField(1, FieldKind.TEXT, "Place of birth", required=True, boxes=(Box(1, 12, 30, 50, 3),)),
        FormField(2, FieldKind.TEXT, "Remarks", boxes=(Box(1, 12, 36, 70, 3),)),
    )


CLAUSES = (
    Clause(1, "The buyer pays within 14 days.", 1, 10, 62, 60, 6),
    Clause(2, "Disputes are heard in Turku,\nand nowhere else.", 2),
)


def tray_documents() -> tuple[Document, ...]:
    """A sale and its annex, to be signed one at a time."""
    return (
        Document(
            "1",
            "Sale.pdf",
            "v1",
            (A4,) * 2,
            183_221,
            parts=(Part(Act.SIGN),),
            revision="11",
            digest="1a" * 32,
        ),
        Document(
            "2", "Annex.pdf", "v1", (A4,), 61_004, parts=(Part(Act.SIGN),), revision="12", digest="2b" * 32
        ),
    )


def tray_tasks() -> tuple[Task, ...]:
    """The sale, with two clauses; the annex, which may be left out; the sale once more, when others have signed."""
    return (
        Task(1, 1, Act.SIGN, TaskState.OPEN, "As the buyer", clauses=CLAUSES),
        Task(2, 2, Act.SIGN, TaskState.OPEN, skippable=True),
        Task(3, 1, Act.SIGN, TaskState.LATER, "As the treasurer"),
    )


def tray(state: State = State.READ, **changes: object) -> Room:
    """The room of somebody who deals with each thing by itself."""
    known: dict[str, object] = {"documents": tray_documents(), "tasks": tray_tasks(), "revision": "11-12"}
    return room(state, **(known | {"places": ()} | changes))


KEYS = (
    OwnKey("k-1", "My certificate", "Board CA", datetime(2030, 5, 1, tzinfo=UTC)),
    OwnKey("k-2", "My old certificate", "Old CA", datetime(2024, 5, 1, tzinfo=UTC), expired=True),
)


@dataclass
class FakeGateway:
    """`room` is the truth; tests replace it to reach a state."""

    room: Room = field(default_factory=room)
    opened: list[Client] = field(default_factory=list)
    looked: int = 0
    appearance: Appearance | None = None
    declined: list[str] = field(default_factory=list)
    signed: dict[str, SignRequest] = field(default_factory=dict)
    sign_calls: int = 0
    resent: int = 0
    images: list[tuple[str, int, int]] = field(default_factory=list)
    next_signing: Signing | None = None
    asked: int = 0
    shades: list[int] = field(default_factory=list)
    phone: str = ""
    brought: list[tuple[str, int, bool]] = field(default_factory=list)
    handed: list[tuple[Hand, NewPerson]] = field(default_factory=list)
    postponed: int = 0
    chosen: list[str] = field(default_factory=list)
    closed: bool = False
    left_out: list[tuple[int, str]] = field(default_factory=list)
    taken_up: list[int] = field(default_factory=list)
    passwords: int = 0

    def look(self, token: str) -> Room | None:
        self.looked += 1
        return replace(self.room, id="") if token == TOKEN else None

    def open_link(self, token: str, client: Client) -> Opened | None:
        if token != TOKEN or self.closed:
            return None
        self.opened.append(client)
        if self.room.state is State.LINK:
            self.room = replace(self.room, state=State.CODE)
        return Opened(ROOM_ID, SECRET)

    def resend_from_link(self, token: str, client: Client) -> None:
        self.resent += 1

    def resend(self, visit: Visit) -> None:
        self.resent += 1

    def find(self, visit: Visit) -> Room | None:
        return self.room if (visit.room_id, visit.secret) == (ROOM_ID, SECRET) else None

    def glance(self, visit: Visit) -> Room | None:
        return self.find(visit)

    def ask(self, visit: Visit) -> Room | None:
        self.asked += 1
        return self.room if (visit.room_id, visit.secret) == (ROOM_ID, SECRET) else None

    def still_shown(self, visit: Visit, revision: str, digest: str) -> bool:
        shown = {(d.revision, d.digest) for d in self.room.documents if d.revision}
        return (revision, digest) in shown | {(self.room.revision, self.room.digest)}

    def reopen(self, visit: Visit) -> None:
        self.room = replace(self.room, state=State.CODE)

    def enter_code(self, visit: Visit, code: str) -> CodeResult:
        hint = self.room.code
        if self.room.state is State.CODE and code == CODE:
            self.room = replace(self.room, state=State.READ)
            return CodeResult(True)
        left = hint.tries_left - 1
        locked = None if left else datetime.now(UTC) + timedelta(minutes=15)
        self.room = replace(
            self.room,
            code=replace(hint, tries_left=left, locked_until=locked),
            state=self.room.state if left else State.LOCKED,
        )
        return CodeResult(False, left)

    def send_code(self, visit: Visit) -> None:
        now = datetime.now(UTC)
        if self.room.code.resend_at and self.room.code.resend_at > now:
            raise Wait(int((self.room.code.resend_at - now).total_seconds()) + 1)
        self.resent += 1
        self.room = replace(self.room, code=replace(self.room.code, resend_at=now + timedelta(seconds=60)))

    def keep_signature(self, visit: Visit, appearance: Appearance) -> None:
        if appearance.image:
            try:
                with Image.open(io.BytesIO(appearance.image)) as image:
                    width, height = image.size
            except OSError as e:
                raise Rejected("not_picture") from e
            if width < 100 or height < 40:
                raise Rejected("too_small")
        if "ꙮ" in appearance.name:
            raise Rejected("missing_glyph", "ꙮ")
        self.appearance = appearance
        self.room = replace(self.room, kept=Kept(appearance.kind, str(len(self.signed) + 1)))

    def kept_picture(self, visit: Visit) -> tuple[str, bytes]:
        look = self.appearance
        if look is None:
            raise LookupError
        match look.kind:
            case AppearanceKind.UPLOADED:
                return "image/png", look.image
            case AppearanceKind.TYPED:
                return "image/svg+xml", self.typed_picture(visit, look.name, look.hand)
        box = f"0 0 {look.width} {look.height}"
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" width="{look.width}" height="{look.height}"><path d="{look.path}"/></svg>'
        return "image/svg+xml", svg.encode()

    def typed_picture(self, visit: Visit, name: str, hand: str) -> bytes:
        if "ꙮ" in name:
            raise Rejected("missing_glyph", "ꙮ")
        text = f'<text x="150" y="52" text-anchor="middle" font-size="34" font-style="italic" font-family="serif" fill="#10243f">{escape(name)}</text>'
        return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 80" width="300" height="80">{text}</svg>'.encode()

    def cleaned_picture(self, visit: Visit, image: bytes, shade: int) -> bytes:
        self.shades.append(shade)
        try:
            with Image.open(io.BytesIO(image)) as opened:
                out = io.BytesIO()
                opened.convert("RGBA").save(out, "PNG")
        except OSError as e:
            raise Rejected("not_picture") from e
        return out.getvalue()

    def offer_pad(self, visit: Visit) -> None:
        self.phone = ""
        self.room = replace(self.room, pad=Pad(PAD, "47"))

    def find_pad(self, token: str, secret: str) -> PhonePad | None:
        pad = self.room.pad
        if pad is None or token != pad.token:
            return None
        mine = bool(self.phone) and secret == self.phone
        return PhonePad(pad.digits, self.room.language, mine=mine, taken=pad.taken and not mine)

    def begin_pad(self, token: str) -> str | None:
        if self.room.pad is None or self.room.pad.taken:
            return None
        self.phone = "phone-secret"
        self.room = replace(self.room, pad=replace(self.room.pad, taken=True))
        return self.phone

    def draw_on_pad(self, token: str, secret: str, appearance: Appearance) -> None:
        self.appearance = appearance
        self.room = replace(self.room, pad=None, kept=Kept("drawn", "phone"))

    def sign(self, visit: Visit, request: SignRequest) -> Signing:
        self.sign_calls += 1
        if self.next_signing:
            return self.next_signing
        if request.request_key in self.signed:
            return Signing(Outcome.SIGNED)
        shown = {(self.room.revision, self.room.digest)} | {
            (d.revision, d.digest) for d in self.room.documents if d.revision
        }
        if (request.revision, request.digest) not in shown:
            return Signing(Outcome.MOVED)
        self.signed[request.request_key] = request
        if request.task:
            self._settled(request.task, TaskState.DONE)
            return Signing(Outcome.SIGNED)
        people = tuple(replace(p, signed_at=NOW) if p.me else p for p in self.room.people)
        self.room = replace(self.room, state=State.SIGNED, signed_at=NOW, people=people)
        return Signing(Outcome.SIGNED)

    def decline(self, visit: Visit, reason: str, task: int = 0) -> None:
        if task:
            self.left_out.append((task, reason))
            if self.room.tasks[task - 1].skippable:
                self._settled(task, TaskState.LEFT_OUT)
                return
        self.declined.append(reason)
        self.room = replace(self.room, state=State.DECLINED)

    def _page(self, document: str, version: str, page: int) -> Document:
        for known in self.room.documents:
            if (known.id, known.version) == (document, version) and 1 <= page <= len(known.pages):
                return known
        raise LookupError

    def page_image(self, visit: Visit, document: str, version: str, page: int, width: int) -> bytes:
        known = self._page(document, version, page)
        self.images.append((document, page, width))
        size = known.pages[page - 1]
        image = Image.new("L", (width, round(width * size.height / size.width)), 255)
        draw = ImageDraw.Draw(image)
        unit = width / 100
        draw.text(
            (10 * unit, 8 * unit),
            known.name.removesuffix(".pdf"),
            fill=20,
            font=ImageFont.load_default(4 * unit),
        )
        for n, line in enumerate(WORDS):
            draw.text(
                (10 * unit, (20 + 5 * n) * unit), line, fill=40, font=ImageFont.load_default(2.4 * unit)
            )
        out = io.BytesIO()
        image.save(out, "JPEG", quality=80)
        return out.getvalue()

    def page_text(self, visit: Visit, document: str, version: str, page: int) -> list[TextLine]:
        known = self._page(document, version, page)
        if known.id == "scan":
            return []
        ratio = known.pages[page - 1].width / known.pages[page - 1].height
        return [TextLine(text, 10, (20 + 5 * n) * ratio, 75, 2.4 * ratio) for n, text in enumerate(WORDS)]

    def unsigned_file(self, visit: Visit, document: str) -> FileAnswer:
        return FileAnswer([b"%PDF-1.7 ", b"unsigned"], 17)

    def original_file(self, visit: Visit, document: str) -> FileAnswer:
        if next(d for d in self.room.documents if d.id == document).original is None:
            raise LookupError
        return FileAnswer([b"PK"], 2, "application/zip")

    def sealed_file(self, visit: Visit, document: str) -> FileAnswer:
        if not all(d.sealed for d in self.room.documents):
            raise LookupError
        return FileAnswer([b"%PDF-1.7 ", b"sealed"], 15)

    def choose_way(self, visit: Visit, way: str) -> None:
        self.chosen.append(way)
        self.room = replace(self.room, asked=Asked.NOTHING)

    # --- each thing by itself ------------------------------------------------------------------------
    def _settled(self, task: int, state: TaskState) -> None:
        tasks = list(self.room.tasks)
        tasks[task - 1] = replace(tasks[task - 1], state=state, settled_at=NOW)
        left = [t for t in tasks if not t.settled]
        where = State.READ if any(t.open for t in left) else State.NOT_YOUR_TURN if left else State.SIGNED
        self.room = replace(self.room, tasks=tuple(tasks), state=where, signed_at=None if left else NOW)

    def take_up(self, visit: Visit, task: int) -> None:
        self.taken_up.append(task)
        one = self.room.tasks[task - 1]
        places = (Place(one.document, 1, 12, 80, 38, 9.5),) if one.act is Act.SIGN else ()
        self.room = replace(
            self.room, on_table=task, places=places, may_decline=True, skippable=one.skippable
        )

    def go_on(self, visit: Visit) -> int:
        following = self.room.next_task
        if following is None:
            return 0
        self.take_up(visit, following.number)
        return following.number

    def enter_password(self, visit: Visit, password: str) -> bool:
        self.passwords += 1
        if self.passwords > 3:
            raise LimitReached(840)
        if password != "correct horse":
            return False
        self.room = replace(self.room, wallet=Wallet(open=True, keys=KEYS))
        return True

    def choose_key(self, visit: Visit, key: str) -> None:
        assert self.room.wallet is not None
        self.room = replace(self.room, wallet=replace(self.room.wallet, chosen=key))

    # --- several documents, each with what is asked ----------------------------------------------
    def _settle(self, document: int, act: Act, **changes: object) -> None:
        documents = list(self.room.documents)
        known = documents[document - 1]
        parts = tuple(replace(p, done=True) if p.act is act else p for p in known.parts)
        documents[document - 1] = replace(known, parts=parts, **changes)  # type: ignore[arg-type]
        self.room = replace(self.room, documents=tuple(documents))
        if not self.room.signs and all(d.done for d in documents):
            self.room = replace(self.room, state=State.SIGNED, signed_at=NOW)

    def view(self, visit: Visit, document: int) -> None:
        self._settle(document, Act.VIEW)

    def bring(self, visit: Visit, document: int, name: str, stream: BinaryIO, picture: bool) -> None:
        content = stream.read()
        if not picture and not content.startswith(b"%PDF-"):
            raise NotTaken("This is not a PDF.")
        self.brought.append((name, len(content), picture))
        self._settle(document, Act.UPLOAD, name=name, pages=(A4,), version="v2")

    def fill(self, visit: Visit, document: int, values: Mapping[int, str]) -> None:
        documents = list(self.room.documents)
        known = documents[document - 1]
        faults = {
            str(f.number): "too_long"
            for f in known.form
            if f.max_length and len(values.get(f.number, "")) > f.max_length
        }
        form = tuple(
            replace(f, value=values[f.number]) if f.number in values and str(f.number) not in faults else f
            for f in known.form
        )
        documents[document - 1] = replace(known, form=form)
        self.room = replace(self.room, documents=tuple(documents))
        if faults:
            raise Faulty(faults)

    def finish(self, visit: Visit, document: int) -> None:
        missing = {str(f.number): "required" for f in self.room.documents[document - 1].form if f.missing}
        if missing:
            raise Faulty(missing)
        self._settle(document, Act.FILL)
        for task in self.room.tasks:
            if (task.document, task.act) == (document, Act.FILL):
                self._settled(task.number, TaskState.DONE)

    def forward(self, visit: Visit, hand: Hand, person: NewPerson) -> None:
        if person.phone == "12":
            raise Faulty({"phone": "invalid"})
        self.handed.append((hand, person))
        self.room = (
            replace(self.room, state=State.HANDED_ON, handed_to=person.name)
            if hand is Hand.OTHER
            else replace(self.room, forwarded=person.name, may_forward=False)
        )

    def postpone(self, visit: Visit) -> None:
        self.postponed += 1
