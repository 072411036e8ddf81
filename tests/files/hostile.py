"""Files that attack, lie or are broken; each function gives the bytes of one."""

from __future__ import annotations

import io
import zlib
from functools import cache

import pikepdf
from pikepdf import Array, Dictionary, Name, String

from tests.pdfs import make_pdf

PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Resources << >> >>"


def raw_pdf(objects: dict[int, bytes], version: bytes = b"1.7") -> bytes:
    """A PDF with a correct cross-reference table over hand-written objects; object 1 is the catalog."""
    out = bytearray(b"%PDF-" + version + b"\n%\xe2\xe3\xcf\xd3\n")
    offsets = {}
    for number, body in objects.items():
        offsets[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    size = max(objects) + 1
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % size
    for number in range(1, size):
        entry = b"%010d 00000 n \n" % offsets[number] if number in offsets else b"0000000000 00000 f \n"
        out += entry
    return bytes(out + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, start))


def stream(data: bytes, extra: bytes) -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), extra, data)


@cache
def zeros(megabytes: int) -> bytes:
    """So many MiB of zeros, deflated (to half a percent of it)."""
    engine = zlib.compressobj(1)
    return b"".join(engine.compress(bytes(1 << 20)) for _ in range(megabytes)) + engine.flush()


def with_tree(tree: dict[int, bytes], catalog: bytes = b"<< /Type /Catalog /Pages 2 0 R >>") -> bytes:
    return raw_pdf({1: catalog} | tree)


def one_page(extra: bytes = b"") -> dict[int, bytes]:
    return {
        2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        3: PAGE.replace(b" >>", b" %s >>" % extra, 1) if extra else PAGE,
    }


def flate_bomb_in_page() -> bytes:
    """200 MiB of page content in 1 MB."""
    content = {4: stream(zeros(200), b"/Filter /FlateDecode")}
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Resources << >> /Contents 4 0 R >>"
    return with_tree({2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", 3: page} | content)


def catalog_in_object_stream(padding: int, twice: bool = False) -> bytes:
    """A sound file whose catalog lies in an object stream with `padding` MiB of blanks; `twice` compresses that again, to some kB."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", PAGE]
    head = b"".join(b"%d %d " % (n, sum(len(o) + 1 for o in objects[: n - 1])) for n in (1, 2, 3))
    engine = zlib.compressobj(1)
    packed = engine.compress(head + b" ".join(objects))
    packed += b"".join(engine.compress(b" " * (1 << 20)) for _ in range(padding)) + engine.flush()
    filters = b"/Filter /FlateDecode"
    if twice:
        packed, filters = zlib.compress(packed, 9), b"/Filter [/FlateDecode /FlateDecode]"
    out = bytearray(b"%PDF-1.7\n")
    holder = len(out)
    out += (
        b"4 0 obj\n" + stream(packed, b"/Type /ObjStm /N 3 /First %d " % len(head) + filters) + b"\nendobj\n"
    )
    table = len(out)
    rows = [(0, 0, 65535), (2, 4, 0), (2, 4, 1), (2, 4, 2), (1, holder, 0), (1, table, 0)]
    data = b"".join(bytes([kind]) + a.to_bytes(4, "big") + b.to_bytes(2, "big") for kind, a, b in rows)
    out += b"5 0 obj\n" + stream(data, b"/Type /XRef /Size 6 /W [1 4 2] /Root 1 0 R") + b"\nendobj\n"
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % table)


def deep_page_tree(depth: int = 50_000) -> bytes:
    tree = {
        n: b"<< /Type /Pages /Parent %d 0 R /Kids [%d 0 R] /Count 1 >>" % (n - 1, n + 1)
        for n in range(2, depth + 2)
    }
    return with_tree(tree | {depth + 2: PAGE.replace(b"2 0 R", b"%d 0 R" % (depth + 1), 1)})


def page_tree_loop() -> bytes:
    return with_tree({2: b"<< /Type /Pages /Kids [3 0 R 2 0 R] /Count 2 >>", 3: PAGE})


def lying_count(count: int = 2_000_000_000) -> bytes:
    return with_tree({2: b"<< /Type /Pages /Kids [3 0 R] /Count %d >>" % count, 3: PAGE})


def deep_nesting(depth: int = 5_000) -> bytes:
    return with_tree(one_page(), b"<< /Type /Catalog /Pages 2 0 R /X " + b"[" * depth + b"]" * depth + b" >>")


def many_objects(count: int) -> bytes:
    return with_tree(one_page() | dict.fromkeys(range(4, count + 1), b"null"))


def field_loop() -> bytes:
    field = b"<< /T (a) /FT /Tx /Kids [4 0 R 5 0 R] >>"
    catalog = b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [4 0 R] >> >>"
    return with_tree(one_page() | {4: field, 5: field}, catalog)


def encrypted(user: str = "", owner: str = "owner") -> bytes:
    return _changed(lambda pdf: None, encryption=pikepdf.Encryption(user=user, owner=owner))


def with_open_action(kind: str) -> bytes:
    def change(pdf: pikepdf.Pdf) -> None:
        pdf.Root.OpenAction = Dictionary(S=Name("/" + kind), JS=String("app.alert(1)"), F=String("calc.exe"))

    return _changed(change)


def with_chained_action() -> bytes:
    """Turns to a page on opening, then, chained to that, runs a script."""

    def change(pdf: pikepdf.Pdf) -> None:
        script = Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))
        pdf.Root.OpenAction = Dictionary(
            S=Name.GoTo, D=Array([pdf.pages[0].obj, Name.Fit]), Next=Array([script])
        )

    return _changed(change)


def with_named_script() -> bytes:
    def change(pdf: pikepdf.Pdf) -> None:
        script = Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))
        pdf.Root.Names = Dictionary(JavaScript=Dictionary(Names=Array([String("a"), script])))

    return _changed(change)


def with_annotation(event: str, kind: str) -> bytes:
    """A link with an action on `event`: "A" for a click, else the name of an additional action."""

    def change(pdf: pikepdf.Pdf) -> None:
        action = Dictionary(S=Name("/" + kind), JS=String("1"), F=String("calc.exe"))
        link = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([0, 0, 9, 9]))
        if event == "A":
            link.A = action
        else:
            link.AA = Dictionary({"/" + event: action})
        pdf.pages[0].obj.Annots = pdf.make_indirect(Array([pdf.make_indirect(link)]))

    return _changed(change)


def with_page_event() -> bytes:
    def change(pdf: pikepdf.Pdf) -> None:
        pdf.pages[0].obj.AA = Dictionary(O=Dictionary(S=Name.Hide, T=String("field")))

    return _changed(change)


def with_outline_launch() -> bytes:
    def change(pdf: pikepdf.Pdf) -> None:
        item = pdf.make_indirect(
            Dictionary(Title=String("x"), A=Dictionary(S=Name.Launch, F=String("calc.exe")))
        )
        pdf.Root.Outlines = pdf.make_indirect(Dictionary(First=item, Last=item, Count=1))

    return _changed(change)


def with_xfa() -> bytes:
    def change(pdf: pikepdf.Pdf) -> None:
        pdf.Root.AcroForm = Dictionary(Fields=Array([]), XFA=pdf.make_stream(b"<xdp/>"))

    return _changed(change)


def with_hidden_layer() -> bytes:
    def change(pdf: pikepdf.Pdf) -> None:
        layer = pdf.make_indirect(Dictionary(Type=Name.OCG, Name=String("hidden")))
        pdf.Root.OCProperties = Dictionary(OCGs=Array([layer]), D=Dictionary(OFF=Array([layer])))

    return _changed(change)


def with_attachment() -> bytes:
    def change(pdf: pikepdf.Pdf) -> None:
        pdf.attachments["invoice.xml"] = b"<invoice/>"

    return _changed(change)


def _changed(change, **save) -> bytes:
    with pikepdf.open(io.BytesIO(make_pdf())) as pdf:
        change(pdf)
        out = io.BytesIO()
        pdf.save(out, **save)
    return out.getvalue()
