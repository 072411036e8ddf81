"""What a later revision changed on the pages, for people: which pages, and what there. Runs in the bounded process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyhanko.pdf_utils.reader import PdfFileReader

PAGES_MAX = 5000
_DEPTH_MAX = 50
Page = tuple[bytes, list[bytes], list[bytes]]
"""What a page is made of: content, notes laid over it, form fields."""


def between(reader: PdfFileReader, number: int) -> dict[str, Any]:
    """What revision `number` (1 is the first after the original) changed: `change` (content, notes, fields, pages or "") and `pages`."""
    try:
        before, after = (_pages(reader.get_historical_resolver(n)) for n in (number - 1, number))
    except Exception:  # noqa: BLE001 - whatever a hostile page tree makes of it: then nothing is said about pages
        return {"change": "", "pages": []}
    if len(before) != len(after):
        return {"change": "pages", "pages": []}
    for index, word in enumerate(("content", "notes", "fields")):
        pages = [n for n, (a, b) in enumerate(zip(before, after, strict=True), 1) if a[index] != b[index]]
        if pages:
            return {"change": word, "pages": pages}
    return {"change": "", "pages": []}


def _pages(resolver: Any) -> list[Page]:
    return [_page(page) for page in _walk(resolver.root["/Pages"], 0)]


def _walk(node: Any, depth: int) -> Iterator[Any]:
    if depth > _DEPTH_MAX:
        raise ValueError("the page tree is too deep")
    for count, kid in enumerate(node["/Kids"]):
        if count > PAGES_MAX:
            raise ValueError("too many pages")
        kid = kid.get_object()  # noqa: PLW2901 - a reference or the thing itself
        if "/Kids" in kid:
            yield from _walk(kid, depth + 1)
        else:
            yield kid


def _page(page: Any) -> Page:
    contents: Any = page["/Contents"] if "/Contents" in page else []  # noqa: SIM401 - get() does not follow references
    streams: list[Any] = list(contents) if isinstance(contents, list) else [contents]
    content = b"\0".join(s.get_object().encoded_data for s in streams)
    listed: Any = page["/Annots"] if "/Annots" in page else []  # noqa: SIM401
    annotations = [a.get_object() for a in listed]
    fields = [_written(a) for a in annotations if _is(a, "/Widget")]
    return content, [_written(a) for a in annotations if not _is(a, "/Widget")], fields


def _is(annotation: Any, subtype: str) -> bool:
    return bool("/Subtype" in annotation and annotation["/Subtype"] == subtype)


def _written(annotation: Any) -> bytes:
    """The annotation as it stands in the file, without following its references."""
    return repr(sorted((str(k), repr(annotation.raw_get(k))) for k in annotation)).encode()
