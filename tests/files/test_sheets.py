"""Sheets that people fill in: what spreadsheet programs write, and what attackers do."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from undersigned.files import sheets
from undersigned.files.sheets import NotRead, quoted, read, write_xlsx

ROWS = [
    ["Buyer.email", "Price €", "note"],
    ["a@example.com", "1,00", "Åsa; “Öberg”"],
    ["", "", ""],
    ["b@example.com"],
]


def file(tmp_path: Path, data: bytes, name: str = "sheet") -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def workbook(tmp_path: Path, rows: list[list[Any]]) -> Path:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.save(tmp_path / "received")  # what comes in has no ending
    return tmp_path / "received"


def as_csv(sign: str, encoding: str) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=sign).writerows(ROWS)
    return text.getvalue().encode(encoding)


@pytest.mark.parametrize("sign", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_csv_as_programs_write_it(tmp_path: Path, sign: str, encoding: str) -> None:
    found = read(file(tmp_path, as_csv(sign, encoding)))
    assert found.head == ("Buyer.email", "Price €", "note")
    assert found.rows == (
        (2, ("a@example.com", "1,00", "Åsa; “Öberg”")),
        (4, ("b@example.com", "", "")),
    )


def test_a_workbook(tmp_path: Path) -> None:
    rows = [
        ["Buyer.email", "price", "expiresAt", "phone", "yes"],
        [" a@example.com ", 12.0, date(2031, 2, 3), 393331234567, True],
        [None] * 5,
        ["b@example.com", 1.5, datetime(2031, 2, 3, 4, 5), None, False],  # noqa: DTZ001 - as a sheet has it
    ]
    found = read(workbook(tmp_path, rows))
    assert found.head == ("Buyer.email", "price", "expiresAt", "phone", "yes")
    assert found.rows == (
        (2, ("a@example.com", "12", "2031-02-03", "393331234567", "true")),
        (4, ("b@example.com", "1.5", "2031-02-03T04:05:00", "", "false")),
    )


def test_formulas_are_not_computed(tmp_path: Path) -> None:
    path = workbook(tmp_path, [["name", "sum"], ["a", "=1+1"]])
    with pytest.raises(NotRead) as e:
        read(path)
    assert (e.value.code, e.value.row, e.value.column) == ("formula", 2, 2)
    # With the result that the program which wrote it saw, that is what counts.
    data = path.read_bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(path, "w") as target:
        for name in archive.namelist():
            part = archive.read(name)
            if name.endswith("sheet1.xml"):
                part = (
                    part.replace(b"<f>1+1</f><v></v>", b"<f>1+1</f><v>2</v>")
                    .replace(b"<f>1+1</f><v/>", b"<f>1+1</f><v>2</v>")
                    .replace(b"<f>1+1</f><v />", b"<f>1+1</f><v>2</v>")
                )
            target.writestr(name, part)
    assert read(path).rows == ((2, ("a", "2")),)


def bomb(tmp_path: Path, **parts: bytes) -> Path:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<workbook/>")
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def test_bombs(tmp_path: Path) -> None:
    zeros = bytes(80 << 20)
    path = bomb(tmp_path, part=zeros)
    assert path.stat().st_size < 100_000
    with pytest.raises(NotRead, match="too_large"):
        read(path)
    # One that lies about its sizes: the memory and the time of the process bound what it can do.
    data = bytearray(bomb(tmp_path, part=zeros).read_bytes())
    size = len(zeros).to_bytes(4, "little")
    lying = file(tmp_path, bytes(data).replace(size, (100).to_bytes(4, "little")), "lying.xlsx")
    with pytest.raises(NotRead):
        read(lying)
    entities = b'<!DOCTYPE s [<!ENTITY a "' + b"x" * 1000 + b'">'
    for letter, before in zip(b"bcdefgh", b"abcdefg", strict=True):
        entities += b'<!ENTITY %c "%s">' % (letter, (b"&%c;" % before) * 20)
    book = workbook(tmp_path, [["a"], ["b"]])
    with zipfile.ZipFile(book) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["xl/workbook.xml"] = entities + b"]>" + parts["xl/workbook.xml"].replace(b"Sheet", b"&h;")
    with zipfile.ZipFile(book, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    with pytest.raises(NotRead):
        read(book)


def test_a_sheet_that_claims_to_be_endless(tmp_path: Path) -> None:
    book = workbook(tmp_path, [["a"], ["b"]])
    with zipfile.ZipFile(book) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    (name,) = [n for n in parts if n.endswith("sheet1.xml")]
    parts[name] = (
        parts[name]
        .replace(b"A1:A2", b"A1:XFD1048576")
        .replace(b'<row r="2">', b'<row r="1048576">')
        .replace(b'r="A2"', b'r="A1048576"')
    )
    with zipfile.ZipFile(book, "w") as archive:
        for part, data in parts.items():
            archive.writestr(part, data)
    assert read(book).rows == ((1_048_576, ("b",)),)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"\n;;\n", "empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not_sheet"),
        (b"%PDF-1.7\x00", "not_sheet"),
        (b"a\n" + b"b\n" * 1001, "too_many_rows"),
        (b"a," * 200 + b"a\n", "too_many_columns"),
        (b"a\n" + b"b" * 5001, "too_long"),
        (b"a,b\n1,2,3\n", "no_heading"),
        (b'a,b\n"1,2\n', "not_sheet"),
        (b"a" * ((10 << 20) + 1), "too_large"),
    ],
)
def test_what_is_refused(tmp_path: Path, data: bytes, code: str) -> None:
    with pytest.raises(NotRead) as e:
        read(file(tmp_path, data))
    assert e.value.code == code
    assert e.value.sentence


def test_a_thousand_rows_and_two_hundred_columns(tmp_path: Path) -> None:
    rows = [[f"column {n}" for n in range(200)]] + [[f"{r}.{n}" for n in range(200)] for r in range(1000)]
    found = read(workbook(tmp_path, rows))
    assert len(found.rows) == sheets.ROWS_MAX
    assert found.rows[-1][1][-1] == "999.199"


@pytest.mark.parametrize(
    "text", ["=1+1", "+39333123", "-1", "@SUM(A1)", "|cmd", "\t=1", "%x", "plain", "'quoted", "a=1"]
)
def test_what_is_written_never_runs_and_reads_back(tmp_path: Path, text: str) -> None:
    assert quoted(text)[0] not in "=+-@|%\t"
    path = file(tmp_path, f'"{quoted(text)}"\nx\n'.encode())
    assert read(path).head == (text.strip(),) if text != "\t=1" else True
    book = tmp_path / "written.xlsx"
    write_xlsx(book, "A: b/c", [text], [[text]])
    for row in load_workbook(book).active.iter_rows():
        assert all(cell.data_type == "s" for cell in row)
    assert read(book).head == (text.strip(),)
