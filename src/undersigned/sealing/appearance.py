"""How a signature looks: drawn, typed or uploaded, with name and time under it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fpdf import FPDF
from fpdf.drawing import PaintedPath

from undersigned.base import bounded
from undersigned.files.storage import temporary_file

from .pdf import text
from .pdf.text import Segment

PATH_MAX = 30_000
"""Characters of a drawn signature's path data."""
IMAGE_MAX = 5 * 1024 * 1024
WIDTH, HEIGHT = 226.0, 80.0
"""Points of a visible signature; the widget's box has the same proportion."""
_INK = (16, 36, 63)
_CAPTION = 24.0
_NUMBERS = {"M": 2, "L": 2, "Q": 4, "C": 6, "Z": 0}
_TOKEN = re.compile(r"([MLQCZ])|(-?\d{1,5}(?:\.\d{1,2})?)|[\s,]+")


class UnusableLook(Exception):
    """The look cannot be used. `code`: not_path, too_large, too_small, not_picture, missing_glyph (`detail`: the sign)."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code, self.detail = code, detail


@dataclass(frozen=True)
class Appearance:
    """`path` for drawn (SVG path data), `name` and `hand` for typed, `image` (a cleaned PNG) for uploaded."""

    kind: Literal["drawn", "typed", "uploaded"]
    path: str = ""
    name: str = ""
    hand: str = ""
    image: Path | None = None


def parse_path(data: str) -> list[Segment]:
    """Path data in the grammar M L Q C Z with absolute numbers. Raises UnusableLook: not_path, too_large, too_small."""
    if len(data) > PATH_MAX:
        raise UnusableLook("too_large")
    tokens: list[str] = []
    end = 0
    for match in _TOKEN.finditer(data):
        if match.start() != end:
            raise UnusableLook("not_path")
        end = match.end()
        if match.group().strip(" ,\t\r\n"):
            tokens.append(match.group())
    if end != len(data) or not tokens or tokens[0] != "M":
        raise UnusableLook("not_path")
    segments = _segments(tokens)
    left, top, right, bottom = _box(segments)
    if max(right - left, bottom - top) < 10:
        raise UnusableLook("too_small")
    return segments


def _segments(tokens: list[str]) -> list[Segment]:
    segments: list[Segment] = []
    position = 0
    command = ""
    while position < len(tokens):
        if tokens[position] in _NUMBERS:
            command = tokens[position]
            position += 1
        elif command in ("", "Z"):
            raise UnusableLook("not_path")
        count = _NUMBERS[command]
        numbers = tokens[position : position + count]
        if len(numbers) != count or any(n in _NUMBERS for n in numbers):
            raise UnusableLook("not_path")
        segments.append((command, tuple(float(n) for n in numbers)))
        position += count
    return segments


def _box(segments: Sequence[Segment]) -> tuple[float, float, float, float]:
    xs = [c for _, numbers in segments for c in numbers[0::2]] or [0.0]
    ys = [c for _, numbers in segments for c in numbers[1::2]] or [0.0]
    return min(xs), min(ys), max(xs), max(ys)


def typed_outline(name: str, hand: str) -> tuple[list[Segment], tuple[float, float, float, float]]:
    """A typed signature as a path with its box. Raises UnusableLook: missing_glyph, too_small (nothing to draw)."""
    try:
        segments, box = text.outline(name, hand)
    except text.MissingGlyph as e:
        raise UnusableLook("missing_glyph", e.char) from e
    except KeyError as e:
        raise UnusableLook("missing_glyph", hand) from e
    if not segments:
        raise UnusableLook("too_small")
    return segments, box


def path_svg(data: str) -> bytes:
    """A drawn signature as an SVG picture. Raises UnusableLook."""
    segments = parse_path(data)
    return _svg(segments, _box(segments))


def typed_svg(name: str, hand: str) -> bytes:
    """A typed signature as an SVG picture, from the outlines that go into the PDF. Raises UnusableLook."""
    return _svg(*typed_outline(name, hand))


def _svg(segments: Sequence[Segment], box: tuple[float, float, float, float]) -> bytes:
    """The path as an SVG picture, trimmed with a small margin."""
    left, top, right, bottom = box
    margin = max(right - left, bottom - top) * 0.02 + 1
    view = f"{left - margin:.1f} {top - margin:.1f} {right - left + 2 * margin:.1f} {bottom - top + 2 * margin:.1f}"
    data = " ".join(
        command + " ".join(f"{n:.1f}" for n in numbers) for command, numbers in _explicit(segments)
    )
    size = f'width="{right - left + 2 * margin:.0f}" height="{bottom - top + 2 * margin:.0f}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{view}" {size}><path fill="#10243f" d="{data}"/></svg>'.encode()


def _explicit(segments: Sequence[Segment]) -> list[Segment]:
    """Font outlines join several quadratic curves with implied points between the controls; a path must name them."""
    explicit: list[Segment] = []
    for command, numbers in segments:
        if command != "Q" or len(numbers) == 4:
            explicit.append((command, numbers))
            continue
        points = list(zip(numbers[0::2], numbers[1::2], strict=True))
        for i, (x, y) in enumerate(points[:-1]):
            end = (
                points[-1]
                if i == len(points) - 2
                else ((x + points[i + 1][0]) / 2, (y + points[i + 1][1]) / 2)
            )
            explicit.append(("Q", (x, y, *end)))
    return explicit


def clean_image(data: bytes, shade: int = 0) -> bytes:
    """An uploaded picture as a PNG of at most 1200 x 400 without metadata and paper.

    `shade`: how much counts as ink, from -100 (lighter) to 100 (darker). Raises UnusableLook: too_large, too_small, not_picture.
    """
    if len(data) > IMAGE_MAX:
        raise UnusableLook("too_large")
    with temporary_file(".img") as source, temporary_file(".png") as target:
        source.write_bytes(data)
        try:
            bounded.run(
                "undersigned.sealing.pdf.picture:clean",
                bounded.Limits(memory=1 << 30, cpu=10, wall=20, file_size=4 << 20),
                source=str(source),
                target=str(target),
                shade=max(-100, min(100, shade)),
            )
        except bounded.Refusal as e:
            raise UnusableLook(e.code) from e
        except bounded.BoundedError as e:
            raise UnusableLook("not_picture") from e
        return target.read_bytes()


def write_stamp(target: Path, appearance: Appearance, caption: Sequence[str]) -> None:
    """The signature's picture as a one-page PDF of WIDTH x HEIGHT points. Raises UnusableLook, text.MissingGlyph."""
    lines = [text.clean(line) for line in caption]
    with text.document(lines, (WIDTH, HEIGHT)) as pdf:
        pdf.add_page()
        area = (4.0, 2.0, WIDTH - 8.0, HEIGHT - _CAPTION - 6.0)
        if appearance.kind == "uploaded" and appearance.image is not None:
            pdf.image(str(appearance.image), *area, keep_aspect_ratio=True)
        elif appearance.kind == "drawn":
            segments = parse_path(appearance.path)
            _draw(pdf, segments, _box(segments), area)
        else:
            segments, box = typed_outline(appearance.name, appearance.hand)
            _draw(pdf, segments, box, area)
        pdf.set_draw_color(120, 130, 145)
        pdf.set_line_width(0.5)
        pdf.line(2, HEIGHT - _CAPTION - 2, WIDTH - 2, HEIGHT - _CAPTION - 2)
        pdf.set_text_color(40, 46, 56)
        for number, line in enumerate(lines[:2]):
            size = 8.5 if number == 0 else 7.0
            pdf.set_font_size(size)
            while pdf.get_string_width(line) > WIDTH - 8 and size > 4:
                size -= 0.5
                pdf.set_font_size(size)
            pdf.set_xy(4, HEIGHT - _CAPTION + number * 11)
            pdf.cell(WIDTH - 8, 11, line)
        pdf.output(str(target))


def _draw(
    pdf: FPDF,
    segments: Sequence[Segment],
    box: tuple[float, float, float, float],
    area: tuple[float, float, float, float],
) -> None:
    """Fill the path, fitted into `area` (x, y, width, height), standing on its lower edge."""
    left, top, right, bottom = box
    width, height = max(right - left, 1.0), max(bottom - top, 1.0)
    scale = min(area[2] / width, area[3] / height, 0.6)
    dx, dy = area[0] - left * scale, area[1] + (area[3] - height * scale) / 2 - top * scale
    path = PaintedPath()
    path.style.fill_color = f"#{_INK[0]:02x}{_INK[1]:02x}{_INK[2]:02x}"
    path.style.stroke_color = None
    path.style.auto_close = True
    for command, numbers in _explicit(segments):
        points = [n * scale + (dx if i % 2 == 0 else dy) for i, n in enumerate(numbers)]
        match command:
            case "M":
                path.move_to(*points)
            case "L":
                path.line_to(*points)
            case "Q":
                path.quadratic_curve_to(*points)
            case "C":
                path.curve_to(*points)
            case "Z":
                path.close()
    with pdf.drawing_context() as drawing:
        drawing.add_item(
            path, clone=False
        )  # a deep copy of all that is in it would take longer than all else here
