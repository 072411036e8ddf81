"""The part of the intake check that runs in the bounded process: three readers and the walk for active content.

Runs without settings, database or secrets. See `intake` for what is refused and why.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from undersigned.base.bounded import Refusal

FLATE_MAX = 64 << 20
"""Most bytes that one compressed stream may unfold to while it is inspected."""
CONTENT_MAX = 512 << 20
"""Most bytes of page content, unfolded, in one file."""
MAX_STEPS = 200_000
"""Most annotations, fields, outline items and actions that are looked at."""
MAX_DEPTH = 100
QUIET = {"/GoTo", "/Named"}
"""Actions that may run by themselves: they turn to a page and change nothing."""


def inspect(path: str, max_pages: int, max_objects: int) -> dict[str, Any]:
    """Facts (see `intake.PdfFacts`) of the PDF at `path`. Raises Refusal with a code of `intake.REASONS`."""
    facts, pages = _by_qpdf(Path(path), max_pages, max_objects)
    signatures, count = _by_pyhanko(Path(path))
    sizes = sizes_by_pdfium(Path(path), max_pages)
    if not pages == count == len(sizes):
        raise Refusal("broken", f"pages: qpdf {pages}, pyHanko {count}, pdfium {len(sizes)}")
    if signatures != facts["signatures"]:
        raise Refusal("broken", f"signatures: qpdf {facts['signatures']}, pyHanko {signatures}")
    return facts | {"sizes": sizes}


def bound_qpdf() -> None:
    """Set the limits within which qpdf unfolds and parses, for this process."""
    import pikepdf

    pikepdf.settings.set_qpdf_limits(
        flate_max_memory=FLATE_MAX,
        run_length_max_memory=FLATE_MAX,
        png_max_memory=FLATE_MAX,
        tiff_max_memory=FLATE_MAX,
        dct_max_memory=FLATE_MAX,
        max_stream_filters=4,
        parser_max_nesting=MAX_DEPTH,
        doc_max_warnings=100,
    )


def _by_qpdf(path: Path, max_pages: int, max_objects: int) -> tuple[dict[str, Any], int]:
    import pikepdf

    bound_qpdf()
    try:
        with pikepdf.open(path, suppress_warnings=True) as pdf:
            if pdf.is_encrypted:
                raise Refusal("encrypted")
            if len(pdf.objects) > max_objects:
                raise Refusal("too_complex", f"{len(pdf.objects)} objects")
            pages = len(pdf.pages)  # walks the tree; never /Count
            if pages == 0:
                raise Refusal("broken", "no page")
            if pages > max_pages:
                raise Refusal("too_many_pages", str(pages))
            _unfold_contents(pdf)
            rotations = [page.rotation for page in pdf.pages]
            return _Walk(pdf).facts() | {"version": pdf.pdf_version, "rotations": rotations}, pages
    except pikepdf.PasswordError as e:
        raise Refusal("encrypted") from e
    except (pikepdf.PdfError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as e:
        raise Refusal("broken", f"qpdf: {type(e).__name__}: {e}"[:300]) from e
    except RuntimeError as e:  # qpdf's limits and inner errors
        raise Refusal(
            "too_complex" if "limit" in str(e) or "memory" in str(e) else "broken", f"qpdf: {e}"[:300]
        ) from e


def _unfold_contents(pdf: Any) -> None:
    """Refuse pages whose content cannot be unfolded within bounds: nobody could look at them either."""
    import pikepdf

    seen: set[tuple[int, int]] = set()
    total = 0
    for number, page in enumerate(pdf.pages, 1):
        contents = page.obj.get("/Contents", [])
        for part in contents if isinstance(contents, pikepdf.Array) else [contents]:
            if not isinstance(part, pikepdf.Stream) or part.objgen in seen:
                continue
            seen.add(part.objgen)
            try:
                total += len(part.read_bytes())
            except pikepdf.PdfError as e:
                raise Refusal("too_complex", f"content of page {number}: {e}"[:300]) from e
            if total > CONTENT_MAX:
                raise Refusal("too_complex", f"over {CONTENT_MAX} bytes of page content")


def _by_pyhanko(path: Path) -> tuple[int, int]:
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.fields import enumerate_sig_fields

    try:
        with path.open("rb") as file:
            reader = PdfFileReader(file, strict=False)
            if reader.encrypted:
                raise Refusal("encrypted")
            signatures = sum(1 for _ in enumerate_sig_fields(reader, filled_status=True))
            return signatures, int(reader.root["/Pages"]["/Count"])
    except Refusal:
        raise
    except (
        PdfError,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        IndexError,
        OSError,
        RecursionError,
    ) as e:
        code = "too_complex" if type(e).__name__ == "PdfDecodeLimitError" else "broken"
        raise Refusal(code, f"pyHanko: {type(e).__name__}: {e}"[:300]) from e


def sizes_by_pdfium(path: Path, max_pages: int) -> list[list[float]]:
    """Width and height of each page in points as shown: crop box, rotated. Raises Refusal."""
    import pypdfium2

    try:
        with pypdfium2.PdfDocument(path) as pdf:
            if len(pdf) > max_pages:
                raise Refusal("broken", f"pdfium: {len(pdf)} pages")
            # By index: loading a page would interpret all of its content.
            sizes = [[round(side, 3) for side in pdf.get_page_size(index)] for index in range(len(pdf))]
    except pypdfium2.PdfiumError as e:
        raise Refusal("broken", f"pdfium: {e}"[:300]) from e
    for width, height in sizes:
        if not (0 < width < 1e6 and 0 < height < 1e6):
            raise Refusal("broken", f"a page measures {width} x {height}")
    return sizes


class _Walk:
    """One walk through everything in an open document that acts, is signed or can be hidden."""

    def __init__(self, pdf: Any) -> None:
        self.pdf = pdf
        self.steps = 0
        self.seen: set[tuple[int, int]] = set()
        self.by_itself: set[str] = set()
        self.by_reader: set[str] = set()

    def facts(self) -> dict[str, Any]:
        root = self.pdf.Root
        form = root.get("/AcroForm")
        if form is not None and "/XFA" in form:
            raise Refusal("xfa")
        signatures = fields = 0
        for field, kind, value in self._fields(
            form.get("/Fields") if form is not None else None, 0, None, None
        ):
            self._events(field, at_opening=False)
            if kind == "/Sig":
                fields += 1
                signatures += value is not None
        self._actions()
        if loud := self.by_itself - QUIET:
            raise Refusal("active_content", f"runs by itself: {', '.join(sorted(loud))}")
        if "/Launch" in self.by_reader:
            raise Refusal("active_content", "starts a program")
        layers = root.get("/OCProperties")
        return {
            "signatures": signatures,
            "signature_fields": fields,
            "certification": self._certification(),
            "has_form": form is not None and len(form.get("/Fields", [])) > 0,
            "scripts": "/JavaScript" in self.by_reader,
            "layers": layers is not None,
            "hidden_layers": layers is not None and _hides(layers),
            "attachments": len(self.pdf.attachments),
        }

    def _actions(self) -> None:
        root = self.pdf.Root
        self._action(root.get("/OpenAction"), self.by_itself)
        self._events(root, at_opening=True)
        if "/JavaScript" in root.get("/Names", {}):
            self.by_itself.add("/JavaScript")
        for page in self.pdf.pages:
            self._events(page.obj, at_opening=True)
            for annotation in page.obj.get("/Annots", []):
                self._step()
                if _is_dictionary(annotation):
                    self._action(annotation.get("/A"), self.by_reader)
                    self._events(annotation, at_opening=False)
        self._outline(root.get("/Outlines", {}).get("/First"))

    def _outline(self, first: Any) -> None:
        waiting = [first]
        while waiting:
            item = waiting.pop()
            if _is_dictionary(item) and self._fresh(item):
                self._action(item.get("/A"), self.by_reader)
                waiting += [item.get("/Next"), item.get("/First")]

    def _events(self, owner: Any, *, at_opening: bool) -> None:
        """Additional actions (ISO 32000-2, 12.6.3). Of an annotation, those that begin with P come with the page: nobody clicks."""
        events = owner.get("/AA")
        if not _is_dictionary(events):
            return
        for name in events.keys():  # noqa: SIM118 - a PDF dictionary iterates otherwise
            runs_by_itself = at_opening or name in {"/PO", "/PC", "/PV", "/PI"}
            self._action(events[name], self.by_itself if runs_by_itself else self.by_reader)

    def _action(self, action: Any, into: set[str]) -> None:
        """Note the kind of an action and of those chained to it; a destination (array or name) is no action."""
        import pikepdf

        waiting = [action]
        for _ in range(MAX_DEPTH):
            if not waiting:
                return
            self._step()
            action = waiting.pop()
            if isinstance(action, pikepdf.Array):
                waiting += [a for a in action if _is_dictionary(a)][:MAX_DEPTH]
            elif _is_dictionary(action):
                into.add(str(action.get("/S", "/GoTo")))
                waiting.append(action.get("/Next"))
        raise Refusal("too_complex", "chain of actions")

    def _fields(
        self, fields: Any, depth: int, kind: str | None, value: Any
    ) -> Iterator[tuple[Any, str | None, Any]]:
        """Terminal form fields with their type and value, both inherited (ISO 32000-2, 12.7.4)."""
        if fields is None:
            return
        if depth > MAX_DEPTH:
            raise Refusal("too_complex", "fields nested too deeply")
        for field in fields:
            if not _is_dictionary(field) or not self._fresh(field):
                continue
            own_kind = str(field["/FT"]) if "/FT" in field else kind
            own_value = field.get("/V", value)
            children = [k for k in field.get("/Kids", []) if _is_dictionary(k) and "/T" in k]
            if children:
                self._events(field, at_opening=False)
                yield from self._fields(children, depth + 1, own_kind, own_value)
            else:
                yield field, own_kind, own_value

    def _certification(self) -> int | None:
        signature = self.pdf.Root.get("/Perms", {}).get("/DocMDP")
        if signature is None:
            return None
        for reference in signature.get("/Reference", []):
            if reference.get("/TransformMethod") == "/DocMDP":
                level = int(reference.get("/TransformParams", {}).get("/P", 2))
                return level if level in {1, 2, 3} else 1
        return 2

    def _fresh(self, thing: Any) -> bool:
        """Whether `thing` is met for the first time; loops end here."""
        self._step()
        if thing.is_indirect:
            if thing.objgen in self.seen:
                return False
            self.seen.add(thing.objgen)
        return True

    def _step(self) -> None:
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise Refusal("too_complex", f"more than {MAX_STEPS} annotations, fields and actions")


def _is_dictionary(thing: Any) -> bool:
    import pikepdf

    return isinstance(thing, pikepdf.Dictionary)


def _hides(layers: Any) -> bool:
    """Whether some optional content is off by default, or switches by itself between screen, print and export (8.11.4)."""
    default = layers.get("/D", {})
    return (
        default.get("/BaseState", "/ON") == "/OFF"
        or len(default.get("/OFF", [])) > 0
        or len(default.get("/AS", [])) > 0
    )
