"""What is signed here, in the eyes of three readers: pdfsig, qpdf and pyHanko."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from PIL import Image, ImageDraw
from pyhanko.pdf_utils.reader import PdfFileReader

from tests.sealing.conftest import prepare, request, seal
from undersigned.sealing import reserved
from undersigned.sealing.appearance import Appearance, UnusableLook, clean_image, parse_path, typed_svg
from undersigned.sealing.authority import root_certificates
from undersigned.sealing.errors import TimestampUnavailable
from undersigned.sealing.pdf.text import MissingGlyph
from undersigned.sealing.sign import sign_pdf
from undersigned.sealing.verify import verify_pdf

pytestmark = [pytest.mark.django_db]

NAMES = {
    "latin": "Åsa Öberg-Łukasiewicz",
    "greek": "Ελένη Παπαδοπούλου",
    "cyrillic": "Сергей Щёголев",
    "arabic": "محمد عبد الله",
    "devanagari": "क्षितिज श्रीवास्तव",
    "chinese": "王小明",
    "japanese": "山田 さくら",
    "korean": "김민수",
    "hebrew": "שרה כהן",
    "bengali": "সুমিত্রা সেন",
    "tamil": "கமலா",
    "thai": "สมชาย ใจดี",
}


def _tool(*command: str | Path) -> str:
    if shutil.which(str(command[0])) is None:
        pytest.skip(f"{command[0]} is not installed")
    return subprocess.run(command, capture_output=True, check=False).stdout.decode("utf-8", "replace")


def test_every_reader_accepts_every_stage(stages: list[Path]) -> None:
    for stage, signatures in zip(stages, (0, 1, 2, 3), strict=True):
        verdicts = re.findall(r"Signature Validation: (.*)", _tool("pdfsig", "-nocert", stage))
        assert verdicts[:signatures] == ["Signature is Valid."] * signatures
        assert "No syntax or stream encoding errors found" in _tool("qpdf", "--check", stage)


def test_earlier_signatures_stay_valid_and_later_revisions_only_fill_in(stages: list[Path]) -> None:
    report = verify_pdf(stages[-1], root_certificates())
    assert report.verdict == "valid"
    found = {s.field.partition("-")[0]: (s.verdict, s.level, s.modification) for s in report.signatures}
    assert found["Signature1"] == ("valid", "B-LTA", "FORM_FILLING")
    assert found["Signature2"] == ("valid", "B-LTA", "FORM_FILLING")
    assert found["Seal"] == ("valid", "B-LTA", "LTA_UPDATES")
    assert {s.sub_indication for s in report.signers} == {None}
    assert {s.indication for s in report.signers} == {"TOTAL_PASSED"}


def test_no_page_changes_after_the_first_signature(stages: list[Path]) -> None:
    """Page content is what `prepare` laid down; each signature adds its own widget's picture and nothing else."""
    contents = []
    for stage in stages:
        with pikepdf.open(stage) as pdf:
            contents.append([b"".join(c.read_bytes() for c in _streams(page)) for page in pdf.pages])
    assert all(c == contents[0] for c in contents[1:])


def _streams(page: pikepdf.Page) -> list[pikepdf.Object]:
    contents = page.obj.Contents
    return list(contents) if isinstance(contents, pikepdf.Array) else [contents]


def test_each_stage_only_adds_bytes(stages: list[Path]) -> None:
    for before, after in pairwise(stages):
        assert after.read_bytes().startswith(before.read_bytes())


def test_sealing_leaves_one_revision_for_the_seal_and_one_that_closes(stages: list[Path]) -> None:
    with stages[2].open("rb") as two, stages[3].open("rb") as sealed:
        assert PdfFileReader(sealed).total_revisions == PdfFileReader(two).total_revisions + 2


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
def test_names_in_any_script_are_printed(tmp_path: Path, name: str) -> None:
    prepared = prepare(tmp_path, [name])
    signed = tmp_path / "signed.pdf"
    sign_pdf(prepared, signed, request(prepared, 1, name, "noto"))
    document = pypdfium2.PdfDocument(signed)
    page = document[len(document) - 1]
    text = page.get_textpage().get_text_range()
    wanted = {c for c in name if c.isalpha()}
    if not any(
        name == NAMES[s] for s in ("arabic", "devanagari", "bengali", "tamil")
    ):  # glyphs stand for several letters
        assert wanted <= set(text)
    document.init_forms()
    ink = page.render(scale=2, may_draw_forms=True).to_pil().convert("L")
    assert sum(ink.histogram()[:128]) > 2000
    document.close()


def test_a_sign_that_no_font_has_is_refused_not_boxed(tmp_path: Path) -> None:
    with pytest.raises(MissingGlyph):
        prepare(tmp_path, ["Anna \U00012000"])
    with pytest.raises(UnusableLook) as e:
        typed_svg("Anna \U00012000", "caveat")
    assert e.value.code == "missing_glyph"


def test_a_file_that_arrives_signed_keeps_its_signature_and_gets_no_page(
    tmp_path: Path, stages: list[Path]
) -> None:
    source = stages[1].read_bytes()
    folder = tmp_path / "again"
    folder.mkdir()
    prepared = prepare(folder, ["Second Signer"], source, signed=True)
    assert prepared.read_bytes().startswith(source)
    signed = folder / "signed.pdf"
    asked = request(prepared, 1, "Second Signer")
    sign_pdf(prepared, signed, type(asked)(asked.field, asked.subject, asked.not_after))
    sealed = seal(signed)
    report = verify_pdf(sealed, root_certificates())
    assert report.verdict == "valid"
    assert [s.signer.name for s in report.signers] == ["Anna Virtanen", "Second Signer", "Board Oy"]
    assert len(pikepdf.open(sealed).pages) == len(pikepdf.open(stages[1]).pages)


def test_without_a_timestamp_nothing_is_written(tmp_path: Path, settings: object) -> None:
    prepared = prepare(tmp_path, ["Anna"])
    settings.TIMESTAMP_AUTHORITY = ""  # type: ignore[attr-defined]
    with pytest.raises(TimestampUnavailable):
        sign_pdf(prepared, tmp_path / "out.pdf", request(prepared, 1, "Anna"))
    with pytest.raises(TimestampUnavailable):
        seal(prepared)
    assert not (tmp_path / "out.pdf").exists()


def test_a_child_that_lies_about_what_it_wrote_gets_no_signature(tmp_path: Path) -> None:
    source, target = tmp_path / "a", tmp_path / "b"
    source.write_bytes(b"original bytes")
    region = {"start": 20, "end": 30}
    for content in (
        b"0riginal bytes" + b"x" * 6 + b"<00000000>",
        b"original bytes" + b"x" * 6 + b"<00001000>",
        b"original bytes",
    ):
        target.write_bytes(content)
        with pytest.raises(ValueError, match=r"earlier bytes|not empty|not in the added"):
            reserved.digest(source, target, region)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "L 1 1",
        "M 1",
        "M 1 1 L 2",
        "M 1 1 X",
        "M 1 1 L 2 2 <script>",
        "M 1e9 1",
        "M 1 1 L " + "9 " * 20000,
    ],
)
def test_only_plain_paths_are_drawn(path: str) -> None:
    with pytest.raises(UnusableLook):
        parse_path(path)


def test_drawn_and_uploaded_looks_are_printed(tmp_path: Path) -> None:
    picture = Image.new("RGB", (800, 300), (235, 230, 220))
    ImageDraw.Draw(picture).line([(50, 200), (300, 60), (500, 240), (750, 80)], fill=(20, 30, 90), width=14)
    photo = tmp_path / "photo.jpg"
    picture.save(photo, exif=b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x00")
    cleaned = tmp_path / "cleaned.png"
    cleaned.write_bytes(clean_image(photo.read_bytes()))
    with Image.open(cleaned) as image:
        assert image.mode == "RGBA"
        assert image.width <= 1200
        assert not image.getexif()
        corner = image.getpixel((0, image.height - 1))
        assert isinstance(corner, tuple)
    looks = [
        Appearance("drawn", path="M 10 80 Q 60 10 120 60 L 125 64 Q 62 16 14 84 Z"),
        Appearance("uploaded", image=cleaned),
    ]
    for look in looks:
        prepared = prepare(tmp_path, ["Anna Virtanen"])
        out = tmp_path / f"{look.kind}.pdf"
        asked = request(prepared, 1, "Anna Virtanen")
        sign_pdf(prepared, out, type(asked)(asked.field, asked.subject, asked.not_after, look, asked.caption))
        assert verify_pdf(out, root_certificates()).signers[0].intact


@pytest.mark.parametrize(
    "data", [b"", b"not a picture", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7"]
)
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(UnusableLook) as e:
        clean_image(data)
    assert e.value.code == "not_picture"


def test_a_certificate_says_who_and_how(stages: list[Path]) -> None:
    one = verify_pdf(stages[-1], root_certificates()).signers[0]
    assert (one.signer.name, one.identified_by) == ("Anna Virtanen", "sms-code")
    assert one.confirmed_at is not None


def test_an_upload_is_turned_upright_and_as_dark_as_asked() -> None:
    photo = Image.new("L", (200, 400), 230)
    ImageDraw.Draw(photo).line([(100, 40), (100, 360)], fill=60, width=8)
    ImageDraw.Draw(photo).line([(110, 40), (110, 360)], fill=150, width=8)  # faint beside it
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held on its side
    out = io.BytesIO()
    photo.save(out, "JPEG", quality=95, exif=exif)

    def ink(shade: int) -> tuple[tuple[int, int], int]:
        with Image.open(io.BytesIO(clean_image(out.getvalue(), shade))) as cleaned:
            return cleaned.size, sum(
                n for level, n in enumerate(cleaned.getchannel("A").histogram()) if level > 128
            )

    (width, height), as_it_is = ink(0)
    assert width > 3 * height
    assert ink(-60)[1] <= as_it_is <= ink(60)[1]
    assert ink(-60)[1] < 0.8 * ink(60)[1]
