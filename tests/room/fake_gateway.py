"""The gateway in memory: enough of a core to walk through every page. It keeps what it was asked, for the tests to look at."""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from html import escape

from PIL import Image, ImageDraw, ImageFont

from undersigned.room.gateway import (
    Appearance,
    AppearanceKind,
    Client,
    Code,
    CodeResult,
    Document,
    FileAnswer,
    Kept,
    Opened,
    Outcome,
    Page,
    Person,
    Rejected,
    Room,
    Signing,
    SignRequest,
    State,
    TextLine,
    Visit,
    Wait,
)

TOKEN = "nV3kQ2p8wLx7Tt5yZr9c"
ROOM_ID = "r7Jk29sLq0"
SECRET = "cookie-secret-41c9"
CODE = "NSZX7G"
A4 = Page(595.28, 841.89)
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
        sender_mail="anna@board.example",
    )
    return replace(known, **changes)  # type: ignore[arg-type]


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

    def look(self, token: str) -> Room | None:
        self.looked += 1
        return replace(self.room, id="") if token == TOKEN else None

    def open_link(self, token: str, client: Client) -> Opened | None:
        if token != TOKEN:
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

    def sign(self, visit: Visit, request: SignRequest) -> Signing:
        self.sign_calls += 1
        if self.next_signing:
            return self.next_signing
        if request.request_key in self.signed:
            return Signing(Outcome.SIGNED)
        if (request.revision, request.digest) != (self.room.revision, self.room.digest):
            return Signing(Outcome.MOVED)
        self.signed[request.request_key] = request
        people = tuple(replace(p, signed_at=NOW) if p.me else p for p in self.room.people)
        self.room = replace(self.room, state=State.SIGNED, signed_at=NOW, people=people)
        return Signing(Outcome.SIGNED)

    def decline(self, visit: Visit, reason: str) -> None:
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

    def sealed_file(self, visit: Visit, document: str) -> FileAnswer:
        if not all(d.sealed for d in self.room.documents):
            raise LookupError
        return FileAnswer([b"%PDF-1.7 ", b"sealed"], 15)
