"""Text in any script: which font has which sign, small fonts cut for a text, outlines for typed signatures."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

import uharfbuzz as hb
from fpdf import FPDF
from fpdf.bidi import BidiParagraph
from fpdf.fonts import TTFFont

from undersigned.base.text import is_one_line

# Name, wheel, file in it. The first font that has a sign draws it. Noto Sans CJK JP holds all of Han, kana and hangul.
_FONTS = {
    "sans": ("fontpkg_noto_sans", "files/NotoSans[wdth,wght].ttf"),
    "arabic": ("fontpkg_noto_sans_arabic", "files/NotoSansArabic[wdth,wght].ttf"),
    "devanagari": ("fontpkg_noto_sans_devanagari", "files/NotoSansDevanagari[wdth,wght].ttf"),
    "thai": ("fontpkg_noto_sans_thai", "files/NotoSansThai[wdth,wght].ttf"),
    "hebrew": ("fontpkg_heebo", "files/Heebo[wght].ttf"),
    "bengali": ("fontpkg_hind_siliguri", "files/HindSiliguri-Regular.ttf"),
    "tamil": ("fontpkg_noto_sans_tamil", "files/NotoSansTamil[wdth,wght].ttf"),
    "telugu": ("fontpkg_noto_sans_telugu", "files/NotoSansTelugu[wdth,wght].ttf"),
    "cjk": ("noto_cjk_sans_jp_regular", "NotoSansCJKjp-Regular.otf"),
}
_HAND_FONTS = {
    "caveat": ("fontpkg_caveat", "files/Caveat[wght].ttf"),
    "dancing-script": ("fontpkg_dancing_script", "files/DancingScript[wght].ttf"),
    "kalam": ("fontpkg_kalam", "files/Kalam-Regular.ttf"),
    "amiri": ("fontpkg_amiri", "files/Amiri-Italic.ttf"),
}
HANDS = ("caveat", "dancing-script", "kalam", "noto")
"""Hands offered for typed signatures. A script that a hand lacks is drawn in Kalam, Amiri or Noto instead."""
REPLACEMENT = "\ufffd"
_JOINERS = frozenset("\u200c\u200d")


class MissingGlyph(Exception):
    """No font here can draw `char`."""

    def __init__(self, char: str) -> None:
        super().__init__(f"U+{ord(char):04X}")
        self.char = char


@cache
def _path(name: str) -> Path:
    package, file = (_FONTS | _HAND_FONTS)[name]
    return Path(str(files(package).joinpath(file)))


@cache
def _face(name: str) -> hb.Face:
    return hb.Face(hb.Blob.from_file_path(str(_path(name))))


@cache
def _has(name: str) -> frozenset[int]:
    return frozenset(_face(name).unicodes)


def _is_indic_or_joiner(char: str) -> bool:
    # Noto Sans has some Devanagari; conjuncts need one font for the whole word, joiners included.
    return "\u0900" <= char <= "\u097f" or char in _JOINERS


def _font_of(char: str, order: Iterable[str]) -> str:
    for name in order:
        if ord(char) in _has(name) and not (name == "sans" and _is_indic_or_joiner(char)):
            return name
    raise MissingGlyph(char)


def _line(text: str) -> str:
    """One line: composed (NFC), control and formatting signs dropped except joiners, blanks collapsed."""
    text = unicodedata.normalize("NFC", text)
    kept = "".join(
        " " if c.isspace() else c
        for c in text
        if c in _JOINERS or c.isspace() or unicodedata.category(c) not in ("Cc", "Cf")
    )
    return " ".join(kept.split())


def clean(text: str) -> str:
    """One line as it is printed: see `_line`; a sign that no font here has becomes U+FFFD, which every reader knows as just that."""
    return "".join(c if _is_drawable(c) else REPLACEMENT for c in _line(text))


@lru_cache(maxsize=4096)
def _is_drawable(char: str) -> bool:
    try:
        _font_of(char, _FONTS)
    except MissingGlyph:
        return False
    return True


def is_drawable(text: str) -> bool:
    """Whether every sign of `text` can be printed: a name that cannot must not reach a signature."""
    return all(_is_drawable(c) for c in _line(text))


def prints_as_entered(line: str) -> bool:
    """Whether a line that somebody enters is printed as they read it: every sign can be, and none hides or turns round others."""
    return is_one_line(line.replace("\t", " ")) and is_drawable(line)


def require_glyphs(*texts: str) -> None:
    """Raise MissingGlyph for the first sign that none of the fonts has."""
    for char in sorted(set("".join(_line(t) for t in texts))):
        _font_of(char, _FONTS)


def _cut(name: str, chars: set[str], weight: int) -> bytes:
    """The font reduced to `chars` and what shaping makes of them, at one weight. Milliseconds, also for 45,000 glyphs."""
    face = _face(name)
    order = hb.SubsetInput()
    order.sets(hb.SubsetInputSets.UNICODE).update({ord(c) for c in chars})
    if face.has_var_data:
        order.pin_all_axes_to_default(face)
        order.pin_axis_location(face, "wght", float(weight))
    subset = hb.subset(face, order)
    return bytes(subset.blob.data)


@contextmanager
def document(texts: Iterable[str], size: tuple[float, float], *, bold: bool = False) -> Iterator[FPDF]:
    """An empty PDF, in points, that can draw `texts` (cleaned) with the family "sans", regular and, if asked, bold.

    To be output inside the `with`. Raises MissingGlyph.
    """
    wanted: dict[str, set[str]] = {"sans": set(" -.,:;…0123456789")}
    for char in {c for text in texts for c in clean(text)}:
        wanted.setdefault(_font_of(char, _FONTS), set()).add(char)
    pdf = FPDF(unit="pt", format=size)
    pdf.set_auto_page_break(False)
    pdf.set_margin(0)
    pdf.c_margin = 0
    with TemporaryDirectory() as folder:
        for name, chars in wanted.items():
            for style, weight in (("", 400), ("B", 700)) if bold else (("", 400),):
                path = Path(folder, f"{name}{style}.{'otf' if name == 'cjk' else 'ttf'}")
                path.write_bytes(_cut(name, chars | {" "} | (set() if name == "sans" else _JOINERS), weight))
                pdf.add_font(name, style, path)
                # Boxes are as they were: else each outline is read and written anew, a third of the time that a page takes.
                font = pdf.fonts[f"{name}{style}"]
                assert isinstance(font, TTFFont)
                font.ttfont.recalcBBoxes = False
        pdf.set_text_shaping(True)
        pdf.set_fallback_fonts([name for name in wanted if name != "sans"], exact_match=False)
        pdf.set_font("sans", size=10)
        yield pdf  # fpdf2 opens the font files again while it writes


Segment = tuple[str, tuple[float, ...]]
"""A path command M, L, Q, C or Z with its absolute coordinates, y downwards."""


def outline(text: str, hand: str) -> tuple[list[Segment], tuple[float, float, float, float]]:
    """`text` shaped in `hand` as one path, 100 units to the em, and its box (left, top, right, bottom). Raises MissingGlyph, KeyError."""
    if hand not in HANDS:
        raise KeyError(hand)
    order = [*([] if hand == "noto" else [hand, "kalam", "amiri"]), *_FONTS]
    segments: list[Segment] = []
    pen_x = 0.0
    for fragment in BidiParagraph(_line(text)).get_bidi_fragments():
        for name, run in _runs(fragment[0], order, rtl=fragment[1].name == "RTL"):
            pen_x = _draw_run(name, run, fragment[1].name == "RTL", pen_x, segments)
    xs = [c for _, numbers in segments for c in numbers[0::2]] or [0.0]
    ys = [c for _, numbers in segments for c in numbers[1::2]] or [0.0]
    return segments, (min(xs), min(ys), max(xs), max(ys))


def _runs(text: str, order: list[str], *, rtl: bool) -> list[tuple[str, str]]:
    runs: list[tuple[str, str]] = []
    for char in text:
        last = runs[-1] if runs else None
        # Signs that the running font has stay in it, so that words keep their spaces, marks and joiners.
        if last and ord(char) in _has(last[0]) and (not char.isalpha() or last[0] == _font_of(char, order)):
            runs[-1] = (last[0], last[1] + char)
        else:
            runs.append((_font_of(char, order), char))
    return runs[::-1] if rtl else runs


def _draw_run(name: str, text: str, rtl: bool, pen_x: float, into: list[Segment]) -> float:
    font = hb.Font(_face(name))
    scale = 100.0 / _face(name).upem
    buffer = hb.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    buffer.direction = "rtl" if rtl else "ltr"
    hb.shape(font, buffer)
    for info, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
        if info.codepoint == 0:
            raise MissingGlyph(text[info.cluster])
        pen = _Pen(pen_x + position.x_offset * scale, -position.y_offset * scale, scale, into)
        font.draw_glyph_with_pen(info.codepoint, pen)
        pen_x += position.x_advance * scale
    return pen_x


class _Pen:
    """fontTools' pen protocol, as uharfbuzz calls it."""

    def __init__(self, x: float, y: float, scale: float, into: list[Segment]) -> None:
        self._x, self._y, self._scale, self._into = x, y, scale, into

    def _add(self, command: str, *points: tuple[float, float]) -> None:
        self._into.append(
            (
                command,
                tuple(v for x, y in points for v in (self._x + x * self._scale, self._y - y * self._scale)),
            )
        )

    def moveTo(self, p: tuple[float, float]) -> None:  # noqa: N802
        self._add("M", p)

    def lineTo(self, p: tuple[float, float]) -> None:  # noqa: N802
        self._add("L", p)

    def qCurveTo(self, *points: tuple[float, float]) -> None:  # noqa: N802
        self._add("Q", *points)

    def curveTo(self, *points: tuple[float, float]) -> None:  # noqa: N802
        self._add("C", *points)

    def closePath(self) -> None:  # noqa: N802
        self._add("Z")

    def endPath(self) -> None:  # noqa: N802
        pass
