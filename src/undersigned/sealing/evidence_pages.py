"""The pages of the evidence, for people: summary, documents, people, timeline, how to check it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from fpdf import FPDF
from fpdf.enums import MethodReturnValue, TextDirection, WrapMode

from .evidence_words import answer, event, method, proof_note, state
from .pdf import text

_A4 = (595.28, 841.89)
_MARGIN = 52.0
_WIDTH = _A4[0] - 2 * _MARGIN
_BOTTOM = _A4[1] - 64.0
_LABEL = 118.0
_INK, _MUTED, _LINE, _FILL, _ACCENT = (
    (22, 25, 29),
    (82, 92, 104),
    (214, 219, 226),
    (244, 246, 249),
    (16, 36, 63),
)
_WARN = (138, 75, 0)


@dataclass(frozen=True)
class Block:
    """One thing on the page: `kind` is title, heading, name, text, note, warning, facts or events. `rows`: of the last two; a title has what stands over it."""

    kind: str
    text: str = ""
    rows: tuple[tuple[str, ...], ...] = field(default=())

    def texts(self) -> list[str]:
        return [self.text, *(cell for row in self.rows for cell in row)]


def draw(record: dict[str, Any], target: Path) -> str:
    """Write the pages to `target`, in English; gives the title. Raises text.MissingGlyph."""
    envelope = record["envelope"]
    with translation.override("en"):
        title = text.clean(_("Evidence: {title}").format(title=envelope["title"]))
        foot = text.clean(_("Evidence of {id}").format(id=envelope["id"]))
        blocks = [*_summary(record), *_documents(record), *_people(record), *_timeline(record), *_how(record)]
        write(blocks, title, foot, target)
    return title


def write(blocks: list[Block], title: str, foot: str, target: Path) -> None:
    """Lay `blocks` out on pages in the active language, with `foot` under each. Raises text.MissingGlyph."""
    page_of = _("Page {page} of {pages}")
    with text.document(
        [title, foot, page_of, *(t for b in blocks for t in b.texts())], _A4, bold=True
    ) as pdf:
        # The sentences' own direction, also where one begins with a name of the other.
        direction = "rtl" if translation.get_language_bidi() else "ltr"
        pdf.set_text_shaping(True, direction=direction)
        pdf.set_title(title)
        pdf.set_creator("Undersigned")
        sheet = Sheet(pdf)
        for block in blocks:
            sheet.put(block)
        sheet.feet(foot, page_of)
        pdf.output(str(target))


def moment(value: str | None) -> str:
    """A time of the record (ISO 8601, UTC) to the second, the way that reads the same everywhere."""
    if not value:
        return "-"
    return f"{datetime.fromisoformat(value):%Y-%m-%d %H:%M:%S} UTC"


def _summary(record: dict[str, Any]) -> list[Block]:
    envelope, people = record["envelope"], record["people"]
    signed = sum(1 for s in {s["recipient"] for s in record["signatures"]})
    authority = envelope.get("timestamp_authority") or ""
    if authority == "built-in":
        authority = _(
            "Built into this installation: its time is the server's own clock, not an independent authority's"
        )
    rows = [
        (_("Process"), str(envelope["id"])),
        (_("Organisation"), envelope.get("organization") or "-"),
        (_("Sent by"), envelope.get("sender") or "-"),
        (_("Reference"), envelope.get("reference") or ""),
        (_("Created"), moment(envelope.get("created_at"))),
        (_("Sent"), moment(envelope.get("sent_at"))),
        (_("Everybody agreed"), moment(envelope.get("agreed_at"))),
        (_("Signers"), _("{signed} of {people} signed").format(signed=signed, people=len(people))),
        (_("Documents"), str(len(record["documents"]))),
        (_("Time confirmed by"), authority or "-"),
    ]
    blocks = [Block("title", envelope["title"], ((_("Evidence"),),))]
    if envelope.get("sandbox"):
        blocks.append(Block("warning", _("Made in a sandbox, for testing. It proves nothing.")))
    return [*blocks, Block("facts", rows=tuple((a, b) for a, b in rows if b))]


def _documents(record: dict[str, Any]) -> list[Block]:
    names = {p["id"]: p["name"] for p in record["people"]}
    kinds = {
        "original": _("As uploaded"),
        "prepared": _("Made ready for signing"),
        "signed": _("Signed"),
        "result": _("Sealed for one person"),
        "sealed": _("Sealed and closed"),
    }
    blocks = [
        Block("heading", _("Documents")),
        Block(
            "note",
            _(
                "Each state of a document and its SHA-256 digest. A file is the one meant here when its digest is the same."
            ),
        ),
    ]
    for document in record["documents"]:
        rows = []
        for version in document["versions"]:
            kind = kinds.get(version["kind"], version["kind"])
            if version["kind"] == "prepared" and document.get("format") == "statement":
                kind = _("Page for the signatures")
            if version["kind"] == "prepared" and document.get("format") == "declaration":
                kind = _("Page that names what is signed")
            if version.get("signed_by") in names:
                kind = _("Signed by {name}").format(name=names[version["signed_by"]])
            rows.append((kind, version["sha256"]))
        blocks += [Block("name", document["title"]), Block("facts", rows=tuple(rows))]
        if document.get("format") == "cades":
            container = document["container"]
            blocks.append(
                Block(
                    "note",
                    _(
                        "The signatures lie beside the PDF, in the container “{name}” ({type}). Each covers the PDF as it was made ready for "
                        "signing, which is “{pdf}” in the container; what proves the certificates was added to the signatures when it was sealed."
                    ).format(name=container["name"], type=container["media_type"], pdf=container["holds"]),
                )
            )
        if document.get("format") == "statement":
            blocks.append(
                Block(
                    "note",
                    _(
                        "This file was not changed. People signed a page that names it by its digest: “{type}”, {size} bytes."
                    ).format(type=document["file"]["media_type"], size=document["file"]["size"]),
                )
            )
    return blocks


def _people(record: dict[str, Any]) -> list[Block]:
    blocks = [Block("heading", _("People"))]
    names = {p["id"]: p["name"] or "-" for p in record["people"]}
    given: dict[Any, list[dict[str, Any]]] = {}
    for signature in record["signatures"]:
        given.setdefault(signature["recipient"], []).append(signature)
    for person in record["people"]:
        rows = [
            (pgettext("of a signer", "State"), state(person["state"])),
            (_("Reached at"), ", ".join(filter(None, [person.get("email"), person.get("phone")])) or "-"),
            (_("Invited"), moment(person.get("invited_at"))),
            (_("Opened"), moment(person.get("opened_at"))),
            (_("Signed"), moment(person.get("signed_at"))),
        ]
        warnings = []
        for proof in person.get("proofs") or []:
            said = [
                method(proof["method"]),
                proof.get("asked_as"),
                proof.get("provider"),
                proof.get("level"),
                proof.get("name"),
                moment(proof.get("at")),
            ]
            where = [proof.get("ip"), proof.get("agent")]
            to_sign = proof.get("moment") == "sign"
            proved = _("Proved who they are, to sign") if to_sign else _("Proved who they are")
            rows.append((proved, " · ".join(str(s) for s in said if s)))
            rows.append((_("From"), " · ".join(str(w) for w in where if w) or "-"))
            if proof.get("known_to_sender"):
                warnings.append(Block("warning", proof_note(proof["method"])))
        for consent in person.get("consents") or []:
            rows += _consent(consent)
        rows += [
            (_("Handed on"), f"{names.get(handed['to'], '-')} · {moment(handed['at'])}")
            for handed in person.get("handed_on") or []
        ]
        rows += [(_("Certificate"), _certificate(s)) for s in given.get(person["id"], [])]
        issuers = {s["issuer"] for s in given.get(person["id"], []) if not s.get("proven", True)}
        unasked = _(
            "Whether the certificate issued by “{issuer}” was withdrawn could not be asked: this file does not prove that it still stood (level B-T)."
        )
        warnings = warnings[:1] + [Block("warning", unasked.format(issuer=i)) for i in sorted(issuers)]
        blocks += [Block("name", person["name"] or "-"), Block("facts", rows=tuple(rows)), *warnings]
    return blocks


def _certificate(signature: dict[str, Any]) -> str:
    """Its number, and with a key of the person's own whom it names and who issued it."""
    said = f"{signature['serial']} ({signature['level']})"
    match signature.get("key"):
        case "server":
            own = _("of the account “{name}”, whose key lies on this server, issued by “{issuer}”")
        case "pkcs12":
            own = _("of “{name}”, brought along, issued by “{issuer}”")
        case _:
            return said
    return f"{said}, {own.format(name=signature['subject'], issuer=signature['issuer'])}"


def _consent(consent: dict[str, Any]) -> list[tuple[str, str]]:
    documents = consent.get("shown") or []
    shown = "; ".join(f"{s['title']} ({s['sha256'][:16]}…)" for s in documents)
    files = [s["file"] for s in documents if s.get("file")]
    return [
        (_("Was shown"), shown or "-"),
        *((_("Could read"), f"{f['name']} ({f['sha256'][:16]}…)") for f in files),
        (_("Pages seen"), answer(consent.get("pages_seen"))),
        (_("Agreed to"), consent["text"]),
        (_("Agreed"), moment(consent.get("at"))),
    ]


def _timeline(record: dict[str, Any]) -> list[Block]:
    rows = [
        (str(e["seq"]), moment(e["at"]), event(e["kind"], e.get("detail") or {}), e["hash"][:16])
        for e in record["audit"]
    ]
    about = _(
        "Each line carries a hash over itself and the line before, so that none can be changed, added or left out unnoticed. "
        "The hashes in full are in the record inside this file."
    )
    return [Block("heading", _("What happened")), Block("note", about), Block("events", rows=tuple(rows))]


def _example(record: dict[str, Any]) -> str:
    """A signed file as it may be called."""
    return (
        "document.asice"
        if record["documents"][:1] and record["documents"][0].get("format") == "cades"
        else "document.pdf"
    )


def _how(record: dict[str, Any]) -> list[Block]:
    return [
        Block("heading", _("How to check it")),
        Block(
            "text",
            _(
                "This file is sealed and time-stamped: any PDF reader that knows signatures shows whether it was changed. It holds the whole "
                "record as data in the attachment evidence.json. With Undersigned installed, this checks the record, the chain and the "
                "signed files, without asking any server:"
            ),
        ),
        Block("text", f"undersigned verify {_example(record)} evidence.pdf"),
        Block(
            "note",
            _(
                "The certificates lead to this root. Compare its SHA-256 fingerprint with what the organisation publishes."
            ),
        ),
        Block("facts", rows=tuple((_("Root"), f) for f in record["root_fingerprints"])),
    ]


class Sheet:
    """Puts blocks on pages, one under the other."""

    def __init__(self, pdf: FPDF) -> None:
        self._pdf = pdf
        self._shaping = pdf.text_shaping
        self._y = 0.0
        self._new_page()

    def _new_page(self) -> None:
        self._pdf.add_page()
        self._y = _MARGIN

    def _need(self, height: float) -> None:
        if self._y + height > _BOTTOM:
            self._new_page()

    def _font(self, size: float, color: tuple[int, int, int] = _INK, *, bold: bool = False) -> None:
        self._pdf.set_font("sans", "B" if bold else "", size)
        self._pdf.set_text_color(*color)

    def _shape(self, words: str) -> None:
        """Have `words` shaped, but for small ASCII from left to right: kerning is all that it would get, for most of a page's time."""
        ltr = self._shaping is None or self._shaping["direction"] != TextDirection.RTL
        plain = ltr and words.isascii() and self._pdf.font_size_pt <= 10
        self._pdf.text_shaping = None if plain else self._shaping

    def _lines(self, words: str, width: float, *, digest: bool = False) -> list[str]:
        words = text.clean(words)
        self._shape(words)
        if self._pdf.get_string_width(words) <= width:  # one look; wrapping measures each sign of its own
            return [words]
        lines = self._pdf.multi_cell(
            width,
            12,
            words,
            dry_run=True,
            output=MethodReturnValue.LINES,
            wrapmode=WrapMode.CHAR if digest else WrapMode.WORD,
        )
        assert isinstance(lines, list)
        return lines or [""]

    def _write(self, lines: list[str], x: float, y: float, width: float, height: float) -> None:
        for number, line in enumerate(lines):
            self._pdf.set_xy(x, y + number * height)
            self._shape(line)
            self._pdf.cell(width, height, line)

    def put(self, block: Block) -> None:
        """Draw one block, on a new page where it does not fit."""
        kinds: dict[str, Callable[[Block], None]] = {
            "title": self._title,
            "facts": self._facts,
            "events": self._events,
        }
        kinds.get(block.kind, self._paragraph)(block)

    def _title(self, block: Block) -> None:
        self._pdf.set_fill_color(*_ACCENT)
        self._pdf.rect(0, 0, _A4[0], 6, style="F")
        self._font(9, _MUTED, bold=True)
        self._write([block.rows[0][0]], _MARGIN, self._y, _WIDTH, 12)
        self._y += 18
        self._font(20, bold=True)
        lines = self._lines(block.text, _WIDTH)
        self._write(lines, _MARGIN, self._y, _WIDTH, 26)
        self._y += 26 * len(lines) + 12

    def _paragraph(self, block: Block) -> None:
        size, height, color, before, after, keep = {
            "heading": (14.0, 19.0, _ACCENT, 22.0, 6.0, 110.0),
            "name": (10.5, 15.0, _INK, 10.0, 3.0, 80.0),
            "note": (8.5, 12.0, _MUTED, 0.0, 6.0, 30.0),
            "warning": (9.0, 13.0, _WARN, 4.0, 6.0, 0.0),
        }.get(block.kind, (9.5, 14.0, _INK, 2.0, 5.0, 0.0))
        self._font(size, color, bold=block.kind in ("heading", "name", "warning"))
        lines = self._lines(block.text, _WIDTH)
        if self._y > _MARGIN:
            self._y += before
        self._need(height * len(lines) + keep)
        self._font(size, color, bold=block.kind in ("heading", "name", "warning"))
        self._write(lines, _MARGIN, self._y, _WIDTH, height)
        self._y += height * len(lines) + after

    def _facts(self, block: Block) -> None:
        for label, value in block.rows:
            self._font(8.5)
            digest = len(value) == 64 and value.isalnum()
            lines = self._lines(value, _WIDTH - _LABEL - 12, digest=digest)
            labels = self._lines(label, _LABEL - 12)
            rows = max(len(lines), len(labels))
            self._need(12 * rows + 6)
            self._pdf.set_draw_color(*_LINE)
            self._pdf.set_line_width(0.5)
            self._pdf.line(_MARGIN, self._y, _MARGIN + _WIDTH, self._y)
            self._font(8.5, _MUTED)
            self._write(labels, _MARGIN, self._y + 3, _LABEL - 12, 12)
            self._font(8.5)
            self._write(lines, _MARGIN + _LABEL, self._y + 3, _WIDTH - _LABEL, 12)
            self._y += 12 * rows + 6
        self._y += 4

    def _events(self, block: Block) -> None:
        columns = (0.0, 26.0, 138.0, _WIDTH - 92.0)
        for number, (seq, at, what, digest) in enumerate(block.rows):
            self._font(8)
            lines = self._lines(what, columns[3] - columns[2] - 10)
            height = 11 * len(lines) + 5
            self._need(height)
            if number % 2 == 0:
                self._pdf.set_fill_color(*_FILL)
                self._pdf.rect(_MARGIN - 4, self._y, _WIDTH + 8, height, style="F")
            self._font(8, _MUTED)
            self._write([seq], _MARGIN + columns[0], self._y + 2.5, 24, 11)
            self._write([at], _MARGIN + columns[1], self._y + 2.5, 110, 11)
            self._write([digest], _MARGIN + columns[3], self._y + 2.5, 92, 11)
            self._font(8)
            self._write(lines, _MARGIN + columns[2], self._y + 2.5, columns[3] - columns[2], 11)
            self._y += height

    def feet(self, foot: str, page_of: str) -> None:
        """What stands under every page; at the end, when their number is known."""
        pages = self._pdf.pages_count
        for number in range(1, pages + 1):
            self._pdf.page = number
            # fpdf2 writes the font only when it differs from the last one used, which was on another page.
            self._font(7, bold=True)
            self._font(8, _MUTED)
            self._write([foot], _MARGIN, _A4[1] - 40, _WIDTH, 12)
            right = page_of.format(page=number, pages=pages)
            self._shape(right)
            self._write([right], _A4[0] - _MARGIN - self._pdf.get_string_width(right), _A4[1] - 40, 100, 12)
