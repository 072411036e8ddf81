"""Put several PDFs together into one, with files embedded in it (ISO 32000-2, 14.13). Runs in the bounded process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, OutlineItem, String

from undersigned.base.bounded import Refusal
from undersigned.files.inspection import bound_qpdf

from .filling import flatten_widgets
from .increments import lay_out


def append(source: str | None, target: str, files: list[str]) -> dict[str, Any]:
    """Write the pages of `source` (None: none) and of `files` after them to `target`, signatures' pictures as page content.

    Gives the number of pages before each file, and in all. Streams pass from file to file; none is held.
    """
    bound_qpdf()
    starts = []
    opened = []
    try:
        with pikepdf.open(source) if source else pikepdf.new() as pdf:
            for path in files:
                part = pikepdf.open(path, suppress_warnings=True)
                opened.append(part)
                flatten_widgets(part)
                starts.append(len(pdf.pages))
                pdf.pages.extend(part.pages)
            pages = len(pdf.pages)
            pdf.save(target, compress_streams=False, deterministic_id=True)
    except (pikepdf.PdfError, ValueError, TypeError, KeyError, AttributeError, RuntimeError) as e:
        raise Refusal("broken", f"{type(e).__name__}: {e}"[:300]) from e
    finally:
        for part in opened:
            part.close()
    return {"starts": starts, "pages": pages}


def finish(
    source: str, target: str, title: str, outline: list[list[Any]], streams: str, files: list[dict[str, Any]], field: str
) -> dict[str, Any]:  # fmt: skip
    """Write `source` with an outline, files embedded and associated, and an empty invisible signature field to `target`.

    `outline`: title and page (from 0). `streams`: a PDF whose catalog has the embedded files' streams under /Files, in the order of
    `files` (name, description, relationship, media_type).
    """
    bound_qpdf()
    bound = Path(target + ".bound")
    try:
        with pikepdf.open(source) as pdf, pikepdf.open(streams) as store:
            with pdf.open_outline() as tree:
                tree.root.extend(OutlineItem(name, page) for name, page in outline)
            specs = []
            for about, stream in zip(files, list(store.Root.Files), strict=True):
                stream.Subtype = Name(f"/{about['media_type']}")
                embedded = pdf.copy_foreign(stream)
                specs.append(
                    pdf.make_indirect(
                        Dictionary(
                            Type=Name.Filespec,
                            F=String(about["name"]),
                            UF=String(about["name"]),
                            Desc=String(about["description"]),
                            AFRelationship=Name(f"/{about['relationship']}"),
                            EF=Dictionary(F=embedded, UF=embedded),
                        )
                    )
                )
            pdf.Root.AF = Array(specs)
            named = sorted(zip((a["name"] for a in files), specs, strict=True), key=lambda p: p[0].encode())
            tree_of_names = Array([part for name, spec in named for part in (String(name), spec)])
            pdf.Root.Names = Dictionary(EmbeddedFiles=pdf.make_indirect(Dictionary(Names=tree_of_names)))
            pdf.Root.PageMode = Name.UseOutlines
            pdf.docinfo["/Title"] = title
            pdf.docinfo["/Creator"] = "Undersigned"
            pdf.save(bound, compress_streams=False, deterministic_id=True)
        return lay_out(str(bound), target, rewrite=False, page=None, widgets=[{"name": field}])
    finally:
        bound.unlink(missing_ok=True)


def embedded_pdfs(path: str, folder: str, most: int) -> list[list[str]]:
    """Write the PDFs from which the file was made, as it says, into `folder`, `most` at most; gives name and path of each."""
    bound_qpdf()
    found: list[list[str]] = []
    try:
        with pikepdf.open(path, suppress_warnings=True) as pdf:
            for name in sorted(pdf.attachments.keys()):
                if len(found) >= most:
                    break
                if pdf.attachments[name].obj.get("/AFRelationship") != Name.Source:
                    continue
                data = pdf.attachments[name].get_file().read_bytes()
                if data[:5] == b"%PDF-":
                    target = Path(folder, str(len(found)))
                    target.write_bytes(data)
                    found.append([name.encode("utf-8", "replace").decode()[:255], str(target)])
    except (pikepdf.PdfError, ValueError, TypeError, KeyError, AttributeError, RuntimeError) as e:
        raise Refusal("broken", f"{type(e).__name__}: {e}"[:300]) from e
    return found
