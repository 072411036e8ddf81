"""Fill in and flatten a form (ISO 32000-2, 12.7): afterwards the values are page content and no form is left. Runs in the bounded process."""

from __future__ import annotations

from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name

from undersigned.base.bounded import Refusal
from undersigned.files import acroform
from undersigned.files.inspection import bound_qpdf

from . import placing

SIDE_MAX = 14_400.0
"""Points."""
_UPRIGHT = {90: (0, 1, -1, 0, 1, 0), 180: (-1, 0, 0, -1, 1, 1), 270: (0, -1, 1, 0, 0, 1)}
"""How a turned widget's picture comes to stand in its box (12.5.6.19, /R): a matrix, its last two in shares of the box."""


def layout(source: str) -> list[dict[str, Any]]:
    """What is to be drawn for each field: kind, own value, options, font size, colour, alignment, and its boxes' width and height in
    points as the text runs; `drawn` when the file holds a picture of the own value. Raises Refusal as `acroform.read`, no_form."""
    bound_qpdf()
    try:
        with pikepdf.open(source, suppress_warnings=True) as pdf:
            fields = [_layout(pdf, leaf) for leaf in acroform.leaves(pdf)]
    except (pikepdf.PdfError, ValueError, TypeError, KeyError, AttributeError, RuntimeError, IndexError) as e:
        raise Refusal("broken", f"form: {type(e).__name__}: {e}"[:300]) from e
    return fields


def _layout(pdf: pikepdf.Pdf, leaf: acroform.Leaf) -> dict[str, Any]:
    size, color = acroform.default_look(leaf)
    align = leaf.inherited.get("/Q")
    sides = [_sides(box) for box in leaf.boxes]
    return {
        "name": leaf.name,
        "kind": leaf.kind,
        "lines": leaf.kind == "multiline"
        or (leaf.kind == "choice" and not leaf.flags & acroform.COMBO),
        "value": acroform.value_of(leaf, "/V"),
        "label": acroform.text_of(leaf.inherited.get("/TU"), 200).replace("\n", " ") or leaf.name,
        "options": acroform.options(leaf),
        "size": size,
        "color": color,
        "align": align if align in (1, 2) else 0,
        "cells": acroform.maximum(leaf) if acroform.is_comb(leaf) else None,
        "drawn": not _needs_pictures(pdf) and all(_picture(b.annotation) is not None for b in leaf.boxes),
        "boxes": [list(s) if box.page is not None else None for box, s in zip(leaf.boxes, sides, strict=True)],
    }  # fmt: skip


def flatten(
    source: str,
    target: str,
    ink: str | None,
    states: dict[str, str],
    pictures: list[dict[str, Any]],
    more: int,
) -> dict[str, Any]:
    """Write `source` with its fields' pictures as page content to `target`; gives the number of pages.

    `states`: of buttons, the state each shows. `pictures`: name, box (its number) and `page`, the page of `ink` (from 0) that is drawn in
    it, or None for nothing. The last `more` pages of `ink` go to the end of the file.
    """
    bound_qpdf()
    with pikepdf.open(source, suppress_warnings=True) as pdf:
        leaves = {leaf.name: leaf for leaf in acroform.leaves(pdf)}
        for name, state in states.items():
            for box in leaves[name].boxes:
                _switch(pdf, leaves[name], box, on=bool(state) and box.on == state)
        drawn = pikepdf.open(ink) if ink else None
        for picture in pictures:
            widget = leaves[picture["name"]].boxes[picture["box"]].annotation
            page = drawn.pages[picture["page"]] if drawn and picture["page"] is not None else None
            _draw(pdf, widget, page)
        flatten_widgets(pdf)
        if drawn and more:
            pdf.pages.extend(list(drawn.pages)[-more:])
        pages = len(pdf.pages)
        pdf.save(target, object_stream_mode=pikepdf.ObjectStreamMode.preserve)
        if drawn:
            drawn.close()
    return {"pages": pages}


def overlay(
    source: str, target: str, ink: str | None, pictures: list[dict[str, Any]], more: int
) -> dict[str, Any]:
    """Lay pages of `ink` over places of `source`; gives the number of pages.

    `pictures`: `page` of `ink`, the page it goes `on` (both from 0), and its `place`, as `placing.box` takes it. The last `more` pages of
    `ink` go to the end of the file. Raises Refusal (broken).
    """
    bound_qpdf()
    try:
        with pikepdf.open(source, suppress_warnings=True) as pdf:
            drawn = pikepdf.open(ink) if ink else None
            for picture in pictures:
                page = pdf.pages[picture["on"]]
                page.flatten_rotation()
                assert drawn is not None
                page.add_overlay(
                    drawn.pages[picture["page"]], pikepdf.Rectangle(*placing.box(page, picture["place"]))
                )
            if drawn and more:
                pdf.pages.extend(list(drawn.pages)[-more:])
            pages = len(pdf.pages)
            pdf.save(target, object_stream_mode=pikepdf.ObjectStreamMode.preserve)
            if drawn:
                drawn.close()
    except (pikepdf.PdfError, ValueError, TypeError, KeyError, IndexError) as e:
        raise Refusal("broken", f"text: {type(e).__name__}: {e}"[:300]) from e
    return {"pages": pages}


def flatten_widgets(pdf: pikepdf.Pdf) -> None:
    """Make form fields, signatures among them, page content; no form is left. What people wrote on a page, and links, are no form."""
    form = pdf.Root.get("/AcroForm")
    if isinstance(form, Dictionary) and "/NeedAppearances" in form:
        del form["/NeedAppearances"]
    others: list[list[Any]] = []
    for page in pdf.pages:
        listed = page.obj.get("/Annots")
        annotations = list(listed) if isinstance(listed, Array) else []
        others.append([a for a in annotations if not _is_widget(a)])
        page.obj.Annots = Array([a for a in annotations if _is_widget(a)])
    pdf.flatten_annotations("all")
    for page, kept in zip(pdf.pages, others, strict=True):
        if kept:
            page.obj.Annots = Array(kept)
        elif "/Annots" in page.obj:
            del page.obj["/Annots"]
    if "/AcroForm" in pdf.Root:
        del pdf.Root["/AcroForm"]


def _is_widget(annotation: Any) -> bool:
    return isinstance(annotation, Dictionary) and annotation.get("/Subtype") == Name.Widget


def _needs_pictures(pdf: pikepdf.Pdf) -> bool:
    return pdf.Root.AcroForm.get("/NeedAppearances", False) is True


def _picture(widget: Any) -> Any:
    looks = widget.get("/AP")
    normal = looks.get("/N") if isinstance(looks, Dictionary) else None
    return normal if isinstance(normal, pikepdf.Stream) else None


def _turn(widget: Any) -> int:
    about = widget.get("/MK")
    turn = about.get("/R") if isinstance(about, Dictionary) else 0
    return turn % 360 if isinstance(turn, int) and turn % 90 == 0 else 0


def _sides(box: acroform.Box) -> tuple[float, float]:
    """Width and height as the text runs."""
    rect = box.annotation.get("/Rect")
    if not isinstance(rect, Array) or len(rect) != 4:
        return (1.0, 1.0)
    x1, y1, x2, y2 = (float(n) for n in rect)
    w, h = (min(max(s, 1.0), SIDE_MAX) for s in (abs(x2 - x1), abs(y2 - y1)))
    return (h, w) if _turn(box.annotation) in (90, 270) else (w, h)


def _draw(pdf: pikepdf.Pdf, widget: Any, page: pikepdf.Page | None) -> None:
    """Give a widget our picture: its own background and border, and the text's page."""
    w, h = _sides(acroform.Box(widget, None))
    turn = _turn(widget)
    content = _ground(widget, w, h)
    resources = Dictionary()
    if page is not None:
        resources.XObject = Dictionary(Ink=pdf.copy_foreign(page.as_form_xobject()))
        content += b" q /Ink Do Q"
    stream = pdf.make_stream(content, Type=Name.XObject, Subtype=Name.Form, Resources=resources)
    stream.BBox = Array([0, 0, w, h])
    if turn in _UPRIGHT:
        a, b, c, d, e, f = _UPRIGHT[turn]
        across, up = (h, w) if turn in (90, 270) else (w, h)
        stream.Matrix = Array([a, b, c, d, e * across, f * up])
    widget.AP = Dictionary(N=stream)
    if "/AS" in widget:
        del widget["/AS"]


def _ground(widget: Any, w: float, h: float) -> bytes:
    about = widget.get("/MK")
    if not isinstance(about, Dictionary):
        return b""
    fill, line = _color(about.get("/BG"), "g rg k"), _color(about.get("/BC"), "G RG K")
    parts = [f"q {fill} 0 0 {w:.2f} {h:.2f} re f Q"] if fill else []
    if line:
        parts.append(f"q {line} 1 w 0.5 0.5 {w - 1:.2f} {h - 1:.2f} re S Q")
    return " ".join(parts).encode()


def _color(value: Any, operators: str) -> str:
    if not isinstance(value, Array) or len(value) not in (1, 3, 4):
        return ""
    parts = [min(max(float(n), 0.0), 1.0) for n in value]
    operator = dict(zip((1, 3, 4), operators.split(), strict=True))[len(parts)]
    return " ".join(f"{n:.3f}" for n in parts) + f" {operator}"


def _switch(pdf: pikepdf.Pdf, leaf: acroform.Leaf, box: acroform.Box, *, on: bool) -> None:
    """Show a button on or off. Where the file has no picture of it, a tick or a dot is drawn."""
    widget, state = box.annotation, Name(f"/{box.on}") if on else Name.Off
    looks = widget.get("/AP")
    normal = looks.get("/N") if isinstance(looks, Dictionary) else None
    has = isinstance(normal, Dictionary) and not isinstance(normal, pikepdf.Stream) and state in normal
    if has:
        widget.AS = state
        return
    w, h = _sides(box)
    mark = _mark(leaf.kind, w, h) if on else b""
    picture = pdf.make_stream(_ground(widget, w, h) + mark, Type=Name.XObject, Subtype=Name.Form)
    picture.BBox = Array([0, 0, w, h])
    widget.AP = Dictionary(N=picture)
    if "/AS" in widget:
        del widget["/AS"]


def _mark(kind: str, w: float, h: float) -> bytes:
    side = min(w, h)
    x, y = (w - side) / 2, (h - side) / 2
    if kind == "radio":  # a stroke of no length with round ends is a dot
        return f" q 0 g 0 G 1 J {side * 0.5:.2f} w {w / 2:.2f} {h / 2:.2f} m {w / 2:.2f} {h / 2:.2f} l S Q".encode()
    points = [(x + side * px, y + side * py) for px, py in ((0.2, 0.5), (0.42, 0.25), (0.8, 0.78))]
    (ax, ay), (bx, by), (cx, cy) = points
    return (
        f" q 0 G {side * 0.12:.2f} w {ax:.2f} {ay:.2f} m {bx:.2f} {by:.2f} l {cx:.2f} {cy:.2f} l S Q".encode()
    )
