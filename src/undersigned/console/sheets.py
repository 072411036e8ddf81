"""Rows as CSV (RFC 4180) and as an Excel sheet (ISO/IEC 29500), neither ever whole in memory.

What people typed never runs (`files.sheets`).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from undersigned.files.sheets import quoted, sheet_title, text_cell

from .report import Cell, Report, plain_time

ROWS_MAX = 1_048_576
"""Rows that a sheet can hold; what is more goes onto the next."""


class _Line:
    """A file that gives back what is written to it."""

    def write(self, line: str) -> str:
        return line


def as_csv(report: Report) -> Iterator[bytes]:
    """UTF-8 with the mark that Excel needs to see it; times in ISO 8601, UTC."""
    writer = csv.writer(_Line())
    yield "\ufeff".encode()
    yield _bytes(writer.writerow([quoted(h) for h in report.heads]))
    pieces: list[str] = []
    for row in report.rows:
        pieces.append(writer.writerow([_plain(cell) for cell in row]))
        if len(pieces) == 200:
            yield _bytes("".join(pieces))
            pieces.clear()
    yield _bytes("".join(pieces))


def _bytes(line: Any) -> bytes:
    return str(line).encode(errors="replace")


def _plain(cell: Cell) -> str | int | float:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return f"{plain_time(cell).isoformat()}Z"
    if isinstance(cell, date):
        return cell.isoformat()
    return quoted(cell) if isinstance(cell, str) else cell


def write_xlsx(report: Report, target: Path, title: str) -> None:
    """One sheet, more when it is full; heads in bold and kept in sight, times as times (UTC), dates as dates."""
    book = Workbook(write_only=True)
    sheet: Any = None
    number = room = 0
    for row in report.rows if report.heads else ():
        if room == 0:
            number += 1
            sheet, room = _sheet(book, report, title, number), ROWS_MAX - 1
        sheet.append([_cell(sheet, cell) for cell in row])
        room -= 1
    if sheet is None:
        _sheet(book, report, title, 1)
    book.save(target)


def _sheet(book: Any, report: Report, title: str, number: int) -> Any:
    name = sheet_title(title)
    sheet = book.create_sheet(f"{name} {number}" if number > 1 else name)
    sheet.freeze_panes = "A2"
    for index in range(1, len(report.heads) + 1):
        sheet.column_dimensions[get_column_letter(index)].width = 22
    heads = [_cell(sheet, head) for head in report.heads]
    for head in heads:
        if head is not None:
            head.font = Font(bold=True)
    sheet.append(heads)
    return sheet


def _cell(sheet: Any, value: Cell) -> Any:
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        cell = WriteOnlyCell(sheet, plain_time(value))
        cell.number_format = "yyyy-mm-dd hh:mm:ss"
        return cell
    if isinstance(value, date):
        cell = WriteOnlyCell(sheet, value)
        cell.number_format = "yyyy-mm-dd"
        return cell
    if not isinstance(value, str):
        return WriteOnlyCell(sheet, value)
    return text_cell(sheet, value)
