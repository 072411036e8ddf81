"""The part of `forms` that runs in the bounded process: walks the form of a PDF (ISO 32000-2, 12.7).

Runs without settings, database or secrets. Everything is counted and cut, for a file may lie about anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pikepdf

from undersigned.base.bounded import Refusal

from .drawing import turned_point
from .inspection import MAX_DEPTH, bound_qpdf

MAX_FIELDS = 2_000
MAX_WIDGETS = 5_000
MAX_NODES = 20_000
MAX_OPTIONS = 20_000
"""Of all fields together."""
NAME_MAX, LABEL_MAX, OPTION_MAX, VALUE_MAX = 500, 500, 500, 20_000
"""Characters."""
READ_ONLY, REQUIRED = 1 << 0, 1 << 1
MULTILINE, PASSWORD, FILE_SELECT, COMB = 1 << 12, 1 << 13, 1 << 20, 1 << 24
RADIO, PUSH_BUTTON = 1 << 15, 1 << 16
COMBO, EDITABLE, MULTIPLE = 1 << 17, 1 << 18, 1 << 21
HIDDEN, NO_VIEW = 1 << 1, 1 << 5
_FONT_SIZE = re.compile(r"([\d.]{1,12})\s+Tf\b")
_COLOR = re.compile(r"((?:[\d.]{1,12}\s+){1,4})(g|rg|k)\b")


@dataclass
class Box:
    """A widget: the annotation, its page (from 0; None: on no page), and the state of its own that switches it on."""

    annotation: Any
    page: int | None
    on: str = ""


@dataclass
class Leaf:
    """A form field with what it inherits. `kind`: text, multiline, checkbox, radio, choice."""

    name: str
    node: Any
    kind: str
    flags: int
    inherited: dict[str, Any]
    boxes: list[Box] = field(default_factory=list)


def read(path: str) -> list[dict[str, Any]]:
    """Every field as `forms.FormField` has it. Raises Refusal: xfa, signed_form, too_complex, broken."""
    bound_qpdf()
    try:
        with pikepdf.open(path, suppress_warnings=True) as pdf:
            budget = [MAX_OPTIONS]
            return [_described(pdf, leaf, budget) for leaf in leaves(pdf)]
    except pikepdf.PasswordError as e:
        raise Refusal("encrypted") from e
    except (
        pikepdf.PdfError,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        RuntimeError,
        IndexError,
        ArithmeticError,
    ) as e:
        raise Refusal("broken", f"form: {type(e).__name__}: {e}"[:300]) from e


def leaves(pdf: pikepdf.Pdf) -> list[Leaf]:
    """Fields a person fills in, in the form's order; no signatures, no push buttons. Two fields of one name are one (12.7.4.2)."""
    form = pdf.Root.get("/AcroForm")
    if not isinstance(form, pikepdf.Dictionary):
        return []
    if "/XFA" in form:
        raise Refusal("xfa")
    pages = _pages_of_widgets(pdf)
    found: dict[str, Leaf] = {}
    base = {k: form[k] for k in ("/DA", "/Q") if k in form}
    for node, name, inherited in _walk(form.get("/Fields"), pdf):
        kind, flags = _kind(inherited, base)
        if kind == "signature":
            if inherited.get("/V") is not None:
                raise Refusal("signed_form")
        elif kind and name:
            leaf = found.setdefault(name, Leaf(name, node, kind, flags, base | inherited))
            if leaf.kind == kind:
                leaf.boxes += _boxes(node, kind, pages)
    if len(found) > MAX_FIELDS or sum(len(leaf.boxes) for leaf in found.values()) > MAX_WIDGETS:
        raise Refusal("too_complex", f"{len(found)} form fields")
    for leaf in found.values():
        if leaf.kind == "checkbox" and len({b.on for b in leaf.boxes}) > 1:
            leaf.kind = "radio"  # boxes of one name and different values exclude each other
    return list(found.values())


def text_of(value: Any, most: int = VALUE_MAX) -> str:
    """A string, name or stream as text without control characters but line ends; arrays line by line; cut at `most`."""
    if isinstance(value, pikepdf.Array):
        return "\n".join(text_of(v, most) for v in list(value)[:1000])[:most]
    if isinstance(value, pikepdf.Stream):
        text = bytes(value.read_bytes()[: 4 * most]).decode("utf-8", "replace")
    elif isinstance(value, pikepdf.Name):
        return name_of(value)[:most]
    elif isinstance(value, str | pikepdf.String):
        text = str(value)
    else:
        return ""
    text = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode()
    return "".join(c for c in text[:most] if c == "\n" or c.isprintable())


def name_of(value: Any) -> str:
    """A PDF name without its slash."""
    return str(value)[1:].encode("utf-8", "replace").decode()


def default_look(leaf: Leaf) -> tuple[float, list[float]]:
    """Font size in points (0: chosen to fit) and colour (grey, RGB or CMYK, 0 to 1) of a field's default appearance (12.7.4.3)."""
    written = text_of(leaf.inherited.get("/DA"), 500)
    size, color = _FONT_SIZE.search(written), _COLOR.search(written)
    parts = [min(max(_number(n), 0.0), 1.0) for n in color[1].split()] if color else [0.0]
    known = {"g": 1, "rg": 3, "k": 4}[color[2]] if color else 1
    return (
        min(max(_number(size[1]), 0.0), 200.0) if size else 0.0,
        parts if len(parts) == known else [0.0],
    )


def maximum(leaf: Leaf) -> int | None:
    """Most characters of a text, None for no limit."""
    limit = leaf.inherited.get("/MaxLen")
    return int(limit) if isinstance(limit, int) and 0 < limit <= VALUE_MAX else None


def is_comb(leaf: Leaf) -> bool:
    """One cell a character (12.7.5.3): only with a limit, and on one line."""
    return leaf.kind == "text" and bool(leaf.flags & COMB) and maximum(leaf) is not None


def options(leaf: Leaf) -> list[tuple[str, str]]:
    """Value and label of what can be chosen."""
    given = leaf.inherited.get("/Opt")
    listed = list(given)[:MAX_OPTIONS] if isinstance(given, pikepdf.Array) else []
    if leaf.kind == "choice":
        pairs = []
        for option in listed:
            both = list(option)[:2] if isinstance(option, pikepdf.Array) else [option]
            texts = [text_of(b, OPTION_MAX) for b in both]
            if texts:
                pairs.append((texts[0], texts[-1]))
        return pairs
    if leaf.kind not in ("checkbox", "radio"):
        return []
    found: dict[str, str] = {}
    for number, box in enumerate(leaf.boxes):
        export = text_of(listed[number], OPTION_MAX) if number < len(listed) else ""
        found.setdefault(box.on, export or box.on)
    return list(found.items())


def _kind(inherited: dict[str, Any], base: dict[str, Any]) -> tuple[str | None, int]:
    flags = inherited.get("/Ff")
    flags = int(flags) if isinstance(flags, int) else 0
    match str(inherited.get("/FT", "")):
        case "/Sig":
            return "signature", flags
        case "/Tx" if not flags & FILE_SELECT:
            return "multiline" if flags & MULTILINE and not flags & PASSWORD else "text", flags
        case "/Ch":
            return "choice", flags
        case "/Btn" if not flags & PUSH_BUTTON:
            return "radio" if flags & RADIO else "checkbox", flags
    return None, flags


_INHERITED = ("/FT", "/Ff", "/V", "/DV", "/MaxLen", "/Opt", "/DA", "/Q", "/TU")


def _walk(top: Any, pdf: pikepdf.Pdf) -> Iterator[tuple[Any, str, dict[str, Any]]]:
    """Terminal fields with their full name and what they inherit. Loops end: no node twice."""
    seen: set[tuple[int, int]] = set()
    steps = 0
    waiting: list[tuple[Any, str, dict[str, Any], int]] = [
        (node, "", {}, 0) for node in reversed(_nodes(top))
    ]
    while waiting:
        node, prefix, inherited, depth = waiting.pop()
        steps += 1
        if steps > MAX_NODES or depth > MAX_DEPTH:
            raise Refusal("too_complex", "form")
        if not isinstance(node, pikepdf.Dictionary) or (node.is_indirect and node.objgen in seen):
            continue
        seen.add(node.objgen)
        inherited = inherited | {k: node[k] for k in _INHERITED if k in node}
        own = text_of(node.get("/T"), NAME_MAX).replace("\n", " ")
        name = ".".join(part for part in (prefix, own) if part)
        if len(name) > NAME_MAX:
            raise Refusal("too_complex", "name of a form field")
        children = [k for k in _nodes(node.get("/Kids")) if isinstance(k, pikepdf.Dictionary) and "/T" in k]
        if children:
            waiting += [(child, name, inherited, depth + 1) for child in reversed(children)]
        else:
            yield node, name, inherited


def _nodes(array: Any) -> list[Any]:
    if not isinstance(array, pikepdf.Array):
        return []
    if len(array) > MAX_NODES:
        raise Refusal("too_complex", "form")
    return list(array)


def _pages_of_widgets(pdf: pikepdf.Pdf) -> dict[tuple[int, int], int]:
    """The page (from 0) of each annotation: where it is listed, whatever its own /P says."""
    found: dict[tuple[int, int], int] = {}
    for number, page in enumerate(pdf.pages):
        annotations = page.obj.get("/Annots")
        for annotation in annotations if isinstance(annotations, pikepdf.Array) else []:
            if isinstance(annotation, pikepdf.Dictionary) and annotation.is_indirect:
                found.setdefault(annotation.objgen, number)
    return found


def _boxes(node: Any, kind: str, pages: dict[tuple[int, int], int]) -> list[Box]:
    kids = [k for k in _nodes(node.get("/Kids")) if isinstance(k, pikepdf.Dictionary)]
    widgets = kids or ([node] if "/Rect" in node else [])
    buttons = kind in ("checkbox", "radio")
    return [
        Box(w, pages.get(w.objgen), _on_state(w, number) if buttons else "")
        for number, w in enumerate(widgets)
    ]


def _on_state(widget: Any, number: int) -> str:
    """The name of the appearance that is not Off (12.7.5.2.3); one without any is called by its number."""
    looks = widget.get("/AP")
    normal = looks.get("/N") if isinstance(looks, pikepdf.Dictionary) else None
    if isinstance(normal, pikepdf.Dictionary) and not isinstance(normal, pikepdf.Stream):
        for name in normal.keys():  # noqa: SIM118 - a PDF dictionary iterates otherwise
            if name != "/Off":
                return name_of(name)[:OPTION_MAX]
    state = widget.get("/AS")
    if isinstance(state, pikepdf.Name) and state != pikepdf.Name.Off:
        return name_of(state)[:OPTION_MAX]
    return "Yes" if number == 0 else str(number)


def _described(pdf: pikepdf.Pdf, leaf: Leaf, budget: list[int]) -> dict[str, Any]:
    choices = options(leaf)
    budget[0] -= len(choices)
    if budget[0] < 0:
        raise Refusal("too_complex", f"more than {MAX_OPTIONS} options")
    places = [p for b in leaf.boxes if (p := _place(pdf, b)) is not None]
    return {
        "name": leaf.name,
        "kind": leaf.kind,
        "label": text_of(leaf.inherited.get("/TU"), LABEL_MAX).replace("\n", " ").strip() or leaf.name,
        "options": [{"value": value, "label": label} for value, label in choices],
        "editable": leaf.kind == "choice" and bool(leaf.flags & EDITABLE and leaf.flags & COMBO),
        "multiple": leaf.kind == "choice" and bool(leaf.flags & MULTIPLE and not leaf.flags & COMBO),
        "max_length": maximum(leaf) if leaf.kind in ("text", "multiline") else None,
        "comb": is_comb(leaf),
        "read_only": bool(leaf.flags & READ_ONLY),
        "required": bool(leaf.flags & REQUIRED),
        "value": value_of(leaf, "/V"),
        "default": value_of(leaf, "/DV"),
        "boxes": places,
    }


def value_of(leaf: Leaf, key: str) -> str:
    """Current (`/V`) or default (`/DV`) value as text; of several choices, one a line; empty for a box that is off."""
    value = leaf.inherited.get(key)
    if leaf.kind in ("checkbox", "radio"):
        state = name_of(value) if isinstance(value, pikepdf.Name) else ""
        return state[:OPTION_MAX] if state != "Off" and any(b.on == state for b in leaf.boxes) else ""
    text = text_of(value)
    return text if leaf.kind in ("multiline", "choice") else text.replace("\n", " ")


def _place(pdf: pikepdf.Pdf, box: Box) -> dict[str, Any] | None:
    """Where a widget shows, in percent of the page as shown from its upper left; None for one that nobody sees."""
    flags = box.annotation.get("/F")
    if box.page is None or (isinstance(flags, int) and flags & (HIDDEN | NO_VIEW)):
        return None
    page = pdf.pages[box.page]
    x1, y1, x2, y2 = (float(n) for n in page.cropbox)
    left, bottom, across, down = min(x1, x2), min(y1, y2), abs(x2 - x1), abs(y2 - y1)
    ax, ay, bx, by = (float(n) for n in box.annotation.Rect)
    corners = [((x - left) / across, (y - bottom) / down) for x, y in ((ax, ay), (bx, by))]
    turn = int(page.rotation) % 360
    (sx, sy), (tx, ty) = (turned_point(x, y, turn) for x, y in corners)
    x, y, right, below = (
        min(max(100 * v, 0.0), 100.0) for v in (min(sx, tx), min(sy, ty), max(sx, tx), max(sy, ty))
    )
    if right <= x or below <= y:
        return None
    numbers = {"x": x, "y": y, "w": right - x, "h": below - y}
    return {"page": box.page + 1, "option": box.on, **{k: round(v, 3) for k, v in numbers.items()}}


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
