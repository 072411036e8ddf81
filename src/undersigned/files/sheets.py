"""Sheets that people fill in: CSV or XLSX, read as rows of text in a bounded process, and written so that what is typed never runs.

Spreadsheet programs take a text that begins with =, +, - or @ for a formula (CWE-1236). In CSV such a text gets an apostrophe before it,
which is taken off again when it is read; in a workbook its cell is marked as text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from pydantic import BaseModel, ConfigDict

from undersigned.base import bounded

CELL_MAX = 32_767
"""Characters that a cell can hold."""
ROWS_MAX = 1_000
"""Below the head."""
COLUMNS_MAX = 200
CHARACTERS_MAX = 5_000
"""Of a cell that is read."""
FILE_MAX = 10 << 20
"""Bytes."""
LIMITS = bounded.Limits(memory=1 << 30, cpu=30, wall=60.0, file_size=1 << 20)
_FORMULA = re.compile(r"^[\s\x00]*[=+\-@|%]|^[\t\r\n]")
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

REASONS: dict[str, Promise | str] = {
    "not_sheet": _("This is neither a CSV file nor an Excel workbook (.xlsx)."),
    "empty": _("The sheet is empty."),
    "too_many_rows": _("The sheet has more than 1,000 rows below its head; split it and try again."),
    "too_many_columns": _("The sheet has more than 200 columns."),
    "too_large": _("The file is too large."),
    "timeout": _("Reading the sheet took too long; save it as CSV and try again."),
    "no_heading": _("A cell stands beside the last column that has a name in the first row."),
    "formula": _("A formula has no result; open the sheet in a spreadsheet program and save it again."),
    "too_long": _("A cell holds more than 5,000 characters."),
}


class NotRead(Exception):
    """The sheet is not taken. `code` is a key of REASONS; `row` and `column` (from 1) where one cell is to blame, else None."""

    def __init__(self, code: str, row: int | None = None, column: int | None = None) -> None:
        super().__init__(code, row, column)
        self.code = code if code in REASONS else "not_sheet"
        self.row = row
        self.column = column

    @property
    def sentence(self) -> str:
        """What to tell the person, in their language."""
        return str(REASONS[self.code])


class Sheet(BaseModel):
    """`head`: what the columns are called. `rows`: number in the file (from 1) and a text for each column."""

    model_config = ConfigDict(frozen=True)

    head: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def read(path: Path, rows: int = ROWS_MAX) -> Sheet:
    """The first sheet of the CSV or XLSX at `path`. Raises NotRead."""
    if path.stat().st_size > FILE_MAX:
        raise NotRead("too_large")
    try:
        answer = bounded.run(
            "undersigned.files.sheet_reader:read",
            LIMITS,
            path=str(path.absolute()),
            rows=rows,
            columns=COLUMNS_MAX,
            characters=CHARACTERS_MAX,
        )
    except bounded.Refusal as e:
        row, _sign, column = e.detail.partition(":")
        if row.isdecimal() and column.isdecimal():
            raise NotRead(e.code, int(row), int(column)) from e
        raise NotRead(e.code) from e
    except bounded.BoundedError as e:
        raise NotRead("timeout" if e.reason == "timeout" else "too_large") from e
    sheet = Sheet.model_validate(
        answer
    )  # the child has parsed hostile bytes: its answer is input like any other
    return Sheet(
        head=tuple(map(_unquoted, sheet.head)),
        rows=tuple((number, tuple(map(_unquoted, cells))) for number, cells in sheet.rows),
    )


def quoted(text: str) -> str:
    """For a cell of a CSV file: never a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def _unquoted(text: str) -> str:
    return text[1:] if text.startswith("'") and _FORMULA.match(text[1:]) else text


def text_cell(sheet: Any, text: str) -> Any:
    """A cell of a write-only workbook that holds `text` as text; None for an empty one."""
    if not text:
        return None
    cell = WriteOnlyCell(sheet, _NOT_IN_XML.sub("\ufffd", text)[:CELL_MAX])
    cell.data_type = "s"  # else what begins with = becomes a formula
    return cell


def write_xlsx(target: Path, title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A workbook to be filled in: one sheet of text, its head in bold and kept in sight."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(sheet_title(title))
    sheet.freeze_panes = "A2"
    for index in range(1, len(head) + 1):
        sheet.column_dimensions[get_column_letter(index)].width = 22
        # Telephone numbers and dates stay as they are typed.
        sheet.column_dimensions[get_column_letter(index)].number_format = "@"
    cells = [text_cell(sheet, name) for name in head]
    for cell in cells:
        if cell is not None:
            cell.font = Font(bold=True)
    sheet.append(cells)
    for row in rows:
        sheet.append([text_cell(sheet, text) for text in row])
    book.save(target)


def sheet_title(title: str) -> str:
    """As a workbook may call a sheet."""
    return re.sub(r"[\[\]:*?/\\]", " ", _NOT_IN_XML.sub(" ", title))[:25].strip("' ") or "Sheet"
