"""Forms filled in and flattened, read back by other programs."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from pikepdf import Array, Dictionary, Name, String

from tests.forms import make_form
from undersigned.files import intake
from undersigned.files.forms import fields_of
from undersigned.files.intake import Refused
from undersigned.sealing.fill import fill_pdf
from undersigned.sealing.pdf.text import MissingGlyph


def filled(folder: Path, values: dict[str, str], data: bytes | None = None) -> Path:
    source, target = folder / "form.pdf", folder / "filled.pdf"
    source.write_bytes(data or make_form())
    assert fill_pdf(source, target, values) == intake.check(target).pages
    return target


def words(path: Path) -> str:
    """As poppler reads it; a broken line is still a line."""
    done = subprocess.run(
        ["pdftotext", "-layout", str(path), "-"], check=True, capture_output=True, text=True
    )
    return " ".join(done.stdout.split())


def test_what_was_filled_in_is_page_content_and_the_form_is_gone(tmp_path: Path) -> None:
    path = filled(
        tmp_path,
        {
            "person.name": "Anna Virtanen",
            "remarks": "First line\nSecond line, which is so long that it must be broken into two",
            "account": "12AB",
            "smoker": "Yes",
            "cover": "large",
            "country": "fi",
            "extras": "boat\ndog",
            "town": "Bergen",
        },
    )
    said = words(path)
    for part in (
        "Anna Virtanen",
        "First line",
        "Second line",
        "into two",
        "Finland",
        "boat",
        "dog",
        "Bergen",
        "P-1",
    ):
        assert part in said, part
    assert "Norge" not in said  # the value that the file came with
    assert fields_of(path) == []
    subprocess.run(["qpdf", "--check", str(path)], check=True, capture_output=True)
    with pikepdf.open(path) as pdf:
        assert "/AcroForm" not in pdf.Root
        assert all("/Annots" not in page.obj for page in pdf.pages)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("greek", "Αθήνα Παπαδοπούλου"),
        ("cyrillic", "Анна Каренина"),
        ("cjk", "山田太郎"),
        ("accents", "Þórður Ørsted Ångström"),
    ],
)
def test_any_script_prints(tmp_path: Path, name: str, text: str) -> None:
    path = filled(tmp_path, {"person.name": text, "remarks": f"{text}\n{text}"})
    assert words(path).count(text) == 3, name


def test_arabic_is_shaped_and_runs_from_the_right(tmp_path: Path) -> None:
    path = filled(tmp_path, {"person.name": "محمد علي"})
    left, right = _ink(path, (0.10, 0.30)), _ink(path, (0.31, 0.50))
    assert right > left == 0  # short, and at the right end of its box


def _ink(path: Path, across: tuple[float, float]) -> int:
    """Dark pixels in a strip of the name's box (shares of the page's width)."""
    with pypdfium2.PdfDocument(path) as pdf:
        image = pdf[0].render(scale=2).to_pil().convert("L")
    width, height = image.size
    strip = image.crop(
        (int(across[0] * width), int(0.1 * height), int(across[1] * width), int(0.125 * height))
    )
    return sum(strip.histogram()[:128])


@pytest.mark.parametrize(("value", "inked"), [("", (0, 0)), ("small", (1, 0)), ("large", (0, 1))])
def test_a_radio_button_shows_the_choice(tmp_path: Path, value: str, inked: tuple[int, int]) -> None:
    path = filled(tmp_path, {"cover": value})
    found = []
    with pypdfium2.PdfDocument(path) as pdf:
        image = pdf[0].render(scale=2).to_pil().convert("L")
    for x in (100, 140):
        box = image.crop((2 * x, 2 * (800 - 536), 2 * (x + 16), 2 * (800 - 520)))
        found.append(int(sum(box.histogram()[:128]) > 50))
    assert tuple(found) == inked


def test_a_button_without_a_picture_of_its_own_gets_one(tmp_path: Path) -> None:
    with pikepdf.open(io.BytesIO(make_form())) as pdf:
        for annotation in pdf.pages[0].obj.Annots:
            if "/AP" in annotation:
                del annotation["/AP"]
        bare = io.BytesIO()
        pdf.save(bare)
    path = filled(tmp_path, {"smoker": "Yes"}, bare.getvalue())
    with pypdfium2.PdfDocument(path) as pdf:
        image = pdf[0].render(scale=2).to_pil().convert("L")
    assert sum(image.crop((120, 528, 152, 560)).histogram()[:128]) > 20


def test_a_text_too_long_for_its_box_is_printed_in_full_at_the_end(tmp_path: Path) -> None:
    long = " ".join(f"word{n}" for n in range(1500))
    path = filled(tmp_path, {"remarks": long, "person.name": "Anna"})
    said = words(path)
    assert intake.check(path).pages >= 2
    assert all(f"word{n}" in said for n in range(1500))
    assert said.count("[1]") == 2


def test_a_comb_has_one_cell_a_character(tmp_path: Path) -> None:
    path = filled(tmp_path, {"account": "KBXYQW"})
    with pypdfium2.PdfDocument(path) as pdf:
        page = pdf[0].get_textpage()
        boxes = {page.get_text_range(n, 1): page.get_charbox(n) for n in range(page.count_chars())}
        middles = [(boxes[c][0] + boxes[c][2]) / 2 for c in "KBXYQW" if c in boxes]
    assert [round((m - 60 - 15) / 30) for m in middles] == list(range(6))


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_turned_fields_are_readable_on_turned_pages(tmp_path: Path, turn: int) -> None:
    with pikepdf.open(io.BytesIO(make_form(rotation=turn))) as pdf:
        for annotation in pdf.pages[0].obj.Annots:
            annotation.MK = Dictionary(R=turn, BG=Array([0.9]), BC=Array([1, 0, 0]))
            if annotation.get("/T") == "remarks":  # a square, so that turning changes nothing about its size
                annotation.Rect = Array([60, 600, 140, 680])
        turned = io.BytesIO()
        pdf.save(turned)
    path = filled(tmp_path, {"remarks": "Readable"}, turned.getvalue())
    assert "Readable" in words(path)


def test_fields_that_were_not_named_keep_what_they_had(tmp_path: Path) -> None:
    said = words(filled(tmp_path, {"person.name": "Anna"}))
    assert "P-1" in said
    assert "Norge" in said


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"account": "1234567"}, ValueError),
        ({"nobody": "x"}, KeyError),
        ({"person.name": "\U0001f600"}, MissingGlyph),
    ],
)
def test_values_that_cannot_be_printed_are_refused(
    tmp_path: Path, values: dict[str, str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        filled(tmp_path, values)


def test_what_came_with_the_file_is_taken_as_it_is(tmp_path: Path) -> None:
    with pikepdf.open(io.BytesIO(make_form())) as pdf:
        for field in pdf.Root.AcroForm.Fields:
            if field.get("/T") == "account":
                field.V = String("longer than 6 \U0001f600")
            if field.get("/T") == "country":
                field.V = String("nowhere")
        odd = io.BytesIO()
        pdf.save(odd)
    source = tmp_path / "odd.pdf"
    source.write_bytes(odd.getvalue())
    own = {f.name: f.value for f in fields_of(source)}
    assert "nowhere" in words(filled(tmp_path, own, odd.getvalue()))


def test_xfa_and_signed_forms_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused) as xfa:
        filled(tmp_path, {}, make_form(xfa=True))
    assert xfa.value.code == "xfa"
    with pikepdf.open(io.BytesIO(make_form(signature=True))) as pdf:
        for field in pdf.Root.AcroForm.Fields:
            if field.get("/FT") == Name.Sig:
                field.V = pdf.make_indirect(Dictionary(Type=Name.Sig, Contents=String("x")))
        signed = io.BytesIO()
        pdf.save(signed)
    with pytest.raises(Refused) as refused:
        filled(tmp_path, {}, signed.getvalue())
    assert refused.value.code == "signed_form"
