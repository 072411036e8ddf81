"""PDFs with forms for tests."""

from __future__ import annotations

import io
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, String

from .pdfs import make_pdf

READ_ONLY, REQUIRED, MULTILINE, COMB = 1, 2, 1 << 12, 1 << 24
RADIO, PUSH, COMBO, EDITABLE, MULTIPLE = 1 << 15, 1 << 16, 1 << 17, 1 << 18, 1 << 21


def make_form(*, rotation: int = 0, signature: bool = False, xfa: bool = False) -> bytes:
    """One page with a field of every kind: an application for insurance."""
    pdf = pikepdf.open(io.BytesIO(make_pdf(text="Application for insurance")))
    page = pdf.pages[0]
    page.obj.MediaBox = Array([0, 0, 600, 800])
    if rotation:
        page.obj.Rotate = rotation
    form = _Form(pdf)
    form.text("person.name", (60, 700, 300, 720), Ff=REQUIRED, TU=String("Your name"))
    form.text("remarks", (60, 600, 300, 680), Ff=MULTILINE)
    form.text("account", (60, 560, 240, 580), Ff=COMB, MaxLen=6)
    form.text("policy", (320, 700, 540, 720), Ff=READ_ONLY, V=String("P-1"), DV=String("P-1"))
    form.text("secret", (320, 600, 540, 620), F=2)
    form.button("smoker", [(60, 520, 76, 536, "Yes")])
    form.button("cover", [(100, 520, 116, 536, "small"), (140, 520, 156, 536, "large")], Ff=RADIO | REQUIRED)
    options = Array([Array([String("fi"), String("Finland")]), Array([String("no"), String("Norge")])])
    form.choice("country", (60, 480, 300, 500), Ff=COMBO, Opt=options, V=String("no"))
    form.choice("extras", (60, 420, 300, 470), Ff=MULTIPLE, Opt=Array([String("boat"), String("dog")]))
    form.choice("town", (320, 480, 540, 500), Ff=COMBO | EDITABLE, Opt=Array([String("Oslo")]))
    form.add(Dictionary(FT=Name.Btn, T=String("send"), Ff=PUSH), (320, 420, 400, 440))
    if signature:
        form.add(Dictionary(FT=Name.Sig, T=String("here")), (320, 300, 540, 360))
    if xfa:
        form.root.XFA = pdf.make_stream(b"<xdp/>")
    return form.saved()


class _Form:
    def __init__(self, pdf: pikepdf.Pdf) -> None:
        self.pdf = pdf
        self.page = pdf.pages[0].obj
        self.page.Annots = Array()
        helvetica = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
        self.root = pdf.make_indirect(
            Dictionary(
                Fields=Array(),
                DA=String("/Helv 0 Tf 0 g"),
                DR=Dictionary(Font=Dictionary(Helv=pdf.make_indirect(helvetica))),
            )
        )
        pdf.Root.AcroForm = self.root

    def add(self, node: Dictionary, box: tuple[float, ...], *, parent: Any = None) -> Any:
        node.Type, node.Subtype, node.Rect = Name.Annot, Name.Widget, Array(list(box))
        node.F = node.get("/F", 4)
        made = self.pdf.make_indirect(node)
        if parent is None:
            self.root.Fields.append(made)
        else:
            made.Parent = parent
            parent.Kids.append(made)
        self.page.Annots.append(made)
        return made

    def text(self, name: str, box: tuple[float, ...], **keys: Any) -> None:
        self.add(Dictionary(FT=Name.Tx, T=String(name), **keys), box)

    def choice(self, name: str, box: tuple[float, ...], **keys: Any) -> None:
        self.add(Dictionary(FT=Name.Ch, T=String(name), **keys), box)

    def button(self, name: str, boxes: list[tuple[Any, ...]], **keys: Any) -> None:
        parent = self.pdf.make_indirect(Dictionary(FT=Name.Btn, T=String(name), Kids=Array(), **keys))
        self.root.Fields.append(parent)
        for x1, y1, x2, y2, state in boxes:
            on = self.pdf.make_stream(b"2 2 12 12 re f", Type=Name.XObject, Subtype=Name.Form)
            off = self.pdf.make_stream(b"", Type=Name.XObject, Subtype=Name.Form)
            on.BBox = off.BBox = Array([0, 0, x2 - x1, y2 - y1])
            looks = Dictionary({f"/{state}": on, "/Off": off})
            self.add(Dictionary(AP=Dictionary(N=looks), AS=Name.Off), (x1, y1, x2, y2), parent=parent)

    def saved(self) -> bytes:
        target = io.BytesIO()
        self.pdf.save(target)
        return target.getvalue()
