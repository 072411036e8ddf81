"""Fill in the form of a PDF and flatten it: what is signed afterwards are pages that nobody can fill in differently.

Values are drawn here, in any script we have a sign for; the file is only touched in the bounded process.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from fpdf import FPDF
from fpdf.enums import Align, MethodReturnValue
from pydantic import BaseModel, ConfigDict, TypeAdapter

from undersigned.base import bounded
from undersigned.files.forms import FormField, fields_of
from undersigned.files.intake import Refused, of_a_dead_child
from undersigned.files.storage import temporary_file

from .pdf import text
from .prepare import A4, MARGIN, Place

LIMITS = bounded.Limits(memory=1 << 30, cpu=30, wall=60.0, file_size=512 << 20)
LARGEST, SMALLEST = 12.0, 4.0
"""Points of text whose size the form leaves to us, and the least to which any is made to fit."""
_EDGE = 2.0


class _Field(BaseModel):
    """As `pdf.filling.layout` has it."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)
    name: str
    kind: Literal["text", "multiline", "checkbox", "radio", "choice"]
    lines: bool
    value: str
    label: str
    options: list[tuple[str, str]]
    size: float
    color: list[float]
    align: Literal[0, 1, 2]
    cells: int | None
    drawn: bool
    boxes: list[tuple[float, float] | None]

    def typed(self, value: str) -> list[str]:
        """What of a value somebody wrote, rather than chose or found there."""
        options = {v for v, _ in self.options}
        return [] if value == self.value else [v for v in value.split("\n") if v not in options]

    def shown(self, value: str) -> str:
        """What is read on the page: options by their labels; line ends only where there are lines."""
        labels = dict(reversed(self.options))
        if self.kind == "choice":
            value = "\n".join(labels.get(v, v) for v in value.split("\n"))
        return value if self.lines else value.replace("\n", ", ")


_FIELDS = TypeAdapter(list[_Field])


@dataclass
class _Ink:
    """What is drawn: for each box its page, and texts too long for their boxes, which go on pages of their own."""

    pictures: list[dict[str, object]] = field(default_factory=list)
    pages: int = 0
    long: list[tuple[str, str]] = field(default_factory=list)


def can_print(form: FormField, value: str) -> bool:
    """Can `value` be printed in this field? To be asked when somebody enters it: afterwards nobody is there to be told."""
    options = {o.value for o in form.options}
    return all(text.prints_as_entered(line) for line in form.normal(value).split("\n") if line not in options)


def fill_pdf(source: Path, target: Path, values: Mapping[str, str]) -> int:
    """Write the PDF with `values` (by full field name, as `FormField.normal`) filled in and its form flattened; returns its number of pages.

    Fields without a value keep their own. A text that does not fit its box in 4 points is printed in full on a page at the end. Raises
    `files.intake.Refused` (xfa, signed_form, broken, too_complex, timeout), text.MissingGlyph for what somebody entered (of what came with
    the file such a sign is printed as U+FFFD), ValueError for a value that a field cannot take, KeyError for a field that is not there.
    """
    known = {f.name: f for f in fields_of(source)}
    for name, value in values.items():
        # What the file itself says may break its own rules.
        if value != known[name].value and (fault := known[name].fault(value)):
            raise ValueError(f"{name}: {fault}")
    given = {name: known[name].normal(value) for name, value in values.items()}
    try:
        answer = bounded.run("undersigned.sealing.pdf.filling:layout", LIMITS, source=str(source.absolute()))
        fields = _FIELDS.validate_python(answer)
        texts = [f for f in fields if f.kind not in ("checkbox", "radio")]
        text.require_glyphs(*(part for f in texts for part in f.typed(given.get(f.name, f.value))))
        with temporary_file(".pdf") as ink:
            drawn = _draw(ink, texts, given)
            done = bounded.run(
                "undersigned.sealing.pdf.filling:flatten",
                LIMITS,
                source=str(source.absolute()),
                target=str(target.absolute()),
                ink=str(ink) if drawn.pages else None,
                states={
                    f.name: given.get(f.name, f.value) for f in fields if f.kind in ("checkbox", "radio")
                },
                pictures=drawn.pictures,
                more=drawn.pages - sum(p["page"] is not None for p in drawn.pictures),
            )
    except bounded.Refusal as e:
        raise Refused(e.code, e.detail) from e
    except bounded.BoundedError as e:
        raise Refused(of_a_dead_child(e), str(e)) from e
    return int(done["pages"])


@dataclass(frozen=True)
class PlacedText:
    """What somebody wrote, at a place on a page; `label` names it where it is too long for its place."""

    label: str
    value: str
    place: Place


def write_texts(
    source: Path, target: Path, sizes: Sequence[tuple[float, float]], texts: Sequence[PlacedText]
) -> int:
    """Write the PDF with `texts` as page content; returns its number of pages. A text that does not fit its place in 4 points is printed
    in full on a page at the end. `sizes`: of the pages as shown, in points. Raises `files.intake.Refused`, text.MissingGlyph.
    """
    fields = []
    for number, one in enumerate(texts):
        width, height = sizes[one.place.page - 1]
        box = (max(1.0, one.place.w * width / 100), max(1.0, one.place.h * height / 100))
        fields.append(
            _Field(
                name=str(number),
                kind="multiline",
                lines=True,
                value="",
                label=one.label,
                options=[],
                size=0,
                color=[0.0],
                align=0,
                cells=None,
                drawn=False,
                boxes=[box],
            )
        )
    text.require_glyphs(*(part for one in texts for part in one.value.split("\n")))
    try:
        with temporary_file(".pdf") as ink:
            drawn = _draw(ink, fields, {str(n): one.value for n, one in enumerate(texts)})
            pictures = [
                {
                    "page": picture["page"],
                    "on": (place := texts[int(str(picture["name"]))].place).page - 1,
                    "place": [place.x, place.y, place.x + place.w, place.y + place.h],
                }
                for picture in drawn.pictures
                if picture["page"] is not None
            ]
            done = bounded.run(
                "undersigned.sealing.pdf.filling:overlay",
                LIMITS,
                source=str(source.absolute()),
                target=str(target.absolute()),
                ink=str(ink) if drawn.pages else None,
                pictures=pictures,
                more=drawn.pages - len(pictures),
            )
    except bounded.Refusal as e:
        raise Refused(e.code, e.detail) from e
    except bounded.BoundedError as e:
        raise Refused(of_a_dead_child(e), str(e)) from e
    return int(done["pages"])


def _draw(target: Path, fields: list[_Field], given: Mapping[str, str]) -> _Ink:
    """One page a box, as large as it; then those of long texts."""
    ink = _Ink()
    wanted = {f.name: f.shown(given.get(f.name, f.value)) for f in fields}
    said = [part for f in fields for part in (*wanted[f.name].split("\n"), f.label)]
    with text.document([*said, "[]…0123456789"], A4, bold=True) as pdf:
        for one in fields:
            if one.drawn and given.get(one.name, one.value) == one.value:
                continue  # the file's own picture of it is right
            for number, box in enumerate(one.boxes):
                if box is None:
                    continue
                lines = [text.clean(line) for line in wanted[one.name].split("\n")]
                page = None
                if any(lines):
                    page, ink.pages = ink.pages, ink.pages + 1
                    pdf.add_page(format=box)
                    _in_box(pdf, one, box, lines, ink)
                ink.pictures.append({"name": one.name, "box": number, "page": page})
        if ink.long:
            ink.pages += _long_texts(pdf, ink.long)
        if ink.pages:
            pdf.output(str(target))
    return ink


def _in_box(pdf: FPDF, one: _Field, box: tuple[float, float], lines: list[str], ink: _Ink) -> None:
    pdf.set_text_color(*_rgb(one.color))
    if one.cells:
        _comb(pdf, one, box, lines[0])
        return
    align = _align(one.align, " ".join(lines))
    room = max(box[0] - 2 * _EDGE, 1.0)
    size = one.size or (LARGEST if one.lines else min(LARGEST, box[1] * 0.7))
    while size > SMALLEST and not _fits(pdf, lines, size, room, box[1], several=one.lines):
        size = max(size - 0.5, SMALLEST)
    if not _fits(pdf, lines, size, room, box[1], several=one.lines):
        ink.long.append((one.label, "\n".join(lines)))
        lines = _cut(pdf, lines, f"… [{len(ink.long)}]", room, box[1], several=one.lines)
    pdf.set_font("sans", size=size)
    if one.lines:
        pdf.set_xy(_EDGE, _EDGE)
        pdf.multi_cell(room, size * 1.2, "\n".join(lines), align=align)
    else:
        pdf.set_xy(_EDGE, 0)
        pdf.cell(room, box[1], lines[0], align=align)


def _fits(pdf: FPDF, lines: list[str], size: float, room: float, height: float, *, several: bool) -> bool:
    if sum(map(len, lines)) > _most(size, room, height, several=several):
        return False
    pdf.set_font("sans", size=size)
    if not several:
        return bool(pdf.get_string_width(lines[0]) <= room)
    needed = pdf.multi_cell(room, size * 1.2, "\n".join(lines), dry_run=True, output=MethodReturnValue.HEIGHT)
    assert isinstance(needed, float | int)
    return needed <= height - _EDGE


def _most(size: float, room: float, height: float, *, several: bool) -> int:
    """More characters than can fit: measuring a long text takes a while."""
    return int(room / (0.15 * size) * (height / size if several else 1)) + 10


def _cut(pdf: FPDF, lines: list[str], mark: str, room: float, height: float, *, several: bool) -> list[str]:
    """As much of a long text as fits, with `mark` at its end."""
    whole = "\n".join(lines)
    least, most = 0, min(len(whole), _most(SMALLEST, room, height, several=several))
    while least < most:
        middle = (least + most + 1) // 2
        kept = (whole[:middle] + mark).split("\n")
        if _fits(pdf, kept, SMALLEST, room, height, several=several):
            least = middle
        else:
            most = middle - 1
    return (whole[:least] + mark).split("\n")


def _comb(pdf: FPDF, one: _Field, box: tuple[float, float], line: str) -> None:
    cells = one.cells or 1
    wide = box[0] / cells
    size = one.size or min(LARGEST, box[1] * 0.7)
    while size > SMALLEST and not all(_fits(pdf, [c], size, wide, box[1], several=False) for c in line):
        size = max(size - 0.5, SMALLEST)
    pdf.set_font("sans", size=size)
    first = {0: 0, 1: (cells - len(line)) // 2, 2: cells - len(line)}[one.align]
    for number, char in enumerate(line[:cells]):
        pdf.set_xy((first + number) * wide, 0)
        pdf.cell(wide, box[1], char, align=Align.C)


def _long_texts(pdf: FPDF, texts: list[tuple[str, str]]) -> int:
    """Pages at the end with each text in full, under the number that stands in its box."""
    first = pdf.page
    pdf.set_text_color(22, 25, 29)
    pdf.set_margin(MARGIN)
    pdf.set_auto_page_break(True, MARGIN)
    pdf.add_page(format=A4)
    for number, (label, whole) in enumerate(texts, start=1):
        pdf.set_font("sans", "B", 11)
        pdf.multi_cell(0, 16, f"[{number}] {text.clean(label)}", new_x="LMARGIN", new_y="NEXT")
        pdf.set_font("sans", size=10)
        pdf.multi_cell(0, 14, whole, align=_align(0, whole), new_x="LMARGIN", new_y="NEXT")
        pdf.ln(10)
    return int(pdf.page - first)


def _align(wanted: int, line: str) -> Align:
    """As the form says; on the right where it says nothing and the text runs that way."""
    strong = next(
        (unicodedata.bidirectional(c) for c in line if unicodedata.bidirectional(c) in "L R AL"), "L"
    )
    return (Align.R if strong in ("R", "AL") else Align.L, Align.C, Align.R)[wanted]


def _rgb(color: list[float]) -> tuple[int, int, int]:
    if len(color) == 4:
        cyan, magenta, yellow, black = color
        color = [(1 - part) * (1 - black) for part in (cyan, magenta, yellow)]
    red, green, blue = color * 3 if len(color) == 1 else color
    return round(red * 255), round(green * 255), round(blue * 255)
