"""The part of reading a sheet that runs in the bounded process: somebody's CSV or XLSX as rows of text. Without settings, database or secrets."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from undersigned.base.bounded import Refusal

UNFOLDED_MAX = 64 << 20
"""Bytes that all parts of a workbook may have together, unfolded."""
PARTS_MAX = 500
CELLS_SCANNED_MAX = 2_000_000
"""Cells that are looked at, blank ones too: a sheet may say that it goes to the last row and column of all."""
_SIGNS = ",;\t"


def read(path: str, rows: int, columns: int, characters: int) -> dict[str, Any]:
    """`{"head": [text], "rows": [[number, [text]]]}`: the first row that is not blank, then those below it that are not blank, each with
    its number in the file (from 1) and a text for each column of the head.

    Raises Refusal: not_sheet, empty, too_many_rows, too_many_columns, too_large, formula (detail: its cell), too_long (detail: its cell).
    """
    lines = _xlsx(Path(path)) if zipfile.is_zipfile(path) else _csv(Path(path))
    head: list[str] = []
    found: list[tuple[int, list[str]]] = []
    for number, cells in lines:
        texts = [cell.strip() for cell in cells]
        while texts and not texts[-1]:
            texts.pop()
        if not texts:
            continue
        for column, text in enumerate(texts, start=1):
            if len(text) > characters:
                raise Refusal("too_long", f"{number}:{column}")
        if not head:
            head = texts
            if len(head) > columns:
                raise Refusal("too_many_columns")
            continue
        if len(found) == rows:
            raise Refusal("too_many_rows")
        if len(texts) > len(head):
            raise Refusal("no_heading", f"{number}:{len(head) + 1}")
        found.append((number, texts + [""] * (len(head) - len(texts))))
    if not head:
        raise Refusal("empty")
    return {"head": head, "rows": found}


def _csv(path: Path) -> Iterator[tuple[int, list[str]]]:
    """RFC 4180, or with semicolons or tabs, as spreadsheet programs write it in many countries; UTF-8, else Latin 1 as Windows has it."""
    raw = path.read_bytes()
    if b"\x00" in raw and raw[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        raise Refusal("not_sheet")
    text = _decoded(raw)
    first = next((line for line in text.splitlines() if line.strip()), "")
    sign = max(_SIGNS, key=lambda s: _outside_quotes(first, s))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=sign, strict=True)
    try:
        yield from enumerate(reader, start=1)  # as a spreadsheet program counts: a cell may hold line breaks
    except csv.Error as e:
        raise Refusal("not_sheet", str(e)) from e


def _decoded(raw: bytes) -> str:
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        names: tuple[str, ...] = ("utf-16",)
    else:
        names = ("utf-8-sig", "cp1252", "latin-1")
    for name in names:
        try:
            return raw.decode(name)
        except UnicodeDecodeError:
            continue
    raise Refusal("not_sheet")


def _outside_quotes(line: str, sign: str) -> int:
    return sum(piece.count(sign) for piece in line.split('"')[::2])


def _xlsx(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The first sheet of a workbook (ISO/IEC 29500). Formulas are not computed: what the program that wrote it last saw counts."""
    from openpyxl import load_workbook

    _refuse_bomb(path)
    try:
        formulas = _formulas(path) if _has_formulas(path) else set()
        with path.open("rb") as file:  # by its name openpyxl would refuse it
            shown = load_workbook(file, read_only=True, data_only=True, keep_links=False)
            for number, row in _rows(shown.worksheets[0]):
                for column, cell in enumerate(row, start=1):
                    if cell.value is None and (number, column) in formulas:
                        raise Refusal("formula", f"{number}:{column}")  # else it would read as an empty cell
                yield number, [_text(cell.value) for cell in row]
    except Refusal:
        raise
    except Exception as e:
        raise Refusal("not_sheet", f"{type(e).__name__}: {e}") from e


def _rows(sheet: Any) -> Iterator[tuple[int, Any]]:
    sheet.reset_dimensions()  # what a sheet says of its own size is not believed
    scanned = 0
    for number, row in enumerate(sheet.iter_rows(), start=1):
        scanned += len(row) + 1
        if scanned > CELLS_SCANNED_MAX:
            raise Refusal("too_large")
        yield number, row


def _has_formulas(path: Path) -> bool:
    """Looking for their elements spares most sheets a second reading."""
    with zipfile.ZipFile(path) as archive:
        names = [n for n in archive.namelist() if n.startswith("xl/worksheets/") and n.endswith(".xml")]
        return any(re.search(rb"<(\w+:)?f[\s/>]", archive.read(name)) for name in names)


def _formulas(path: Path) -> set[tuple[int, int]]:
    """Row and column of the cells that hold one."""
    from openpyxl import load_workbook

    with path.open("rb") as file:
        written = load_workbook(file, read_only=True, data_only=False, keep_links=False)
        return {
            (number, column)
            for number, row in _rows(written.worksheets[0])
            for column, cell in enumerate(row, start=1)
            if cell.data_type == "f"
        }


def _refuse_bomb(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            if not any(p.filename == "xl/workbook.xml" for p in parts):
                raise Refusal("not_sheet")
            # Sizes are what the archive says of itself; the memory of this process bounds what is not true.
            if len(parts) > PARTS_MAX or sum(p.file_size for p in parts) > UNFOLDED_MAX:
                raise Refusal("too_large")
    except (zipfile.BadZipFile, OSError, ValueError) as e:
        raise Refusal("not_sheet", str(e)) from e


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep="T")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)
