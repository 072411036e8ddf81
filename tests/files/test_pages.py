"""Pictures, texts and sizes of pages, and the cache."""

from __future__ import annotations

import contextlib
import io
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import fpdf
import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, String
from PIL import Image

from tests.files import hostile
from tests.pdfs import make_pdf
from undersigned.accounts.models import Organization
from undersigned.files import cache, pages, storage, store
from undersigned.files.models import Blob, File


@pytest.fixture(autouse=True)
def _data(tmp_path: Path, settings) -> None:
    settings.DATA_DIR = tmp_path
    settings.STORAGE_URL = (tmp_path / "files").as_uri()


def saved(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "x.pdf"
    path.write_bytes(content)
    return path


def picture_of(path: Path, page: int = 1, width: int = 1000) -> Image.Image:
    return Image.open(io.BytesIO(pages.render_page(path, page, width)))


def with_square(rotate: int = 0) -> bytes:
    """A page of 200 x 300 points, turned, with a red square of 50 points in what is its upper left corner before turning."""
    page = (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 300] /Rotate %d /Resources << >> /Contents 4 0 R >>"
        % rotate
    )
    content = hostile.stream(b"1 0 0 rg 0 250 50 50 re f", b"")
    return hostile.with_tree({2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", 3: page, 4: content})


@pytest.mark.parametrize("width", pages.WIDTHS)
def test_a_picture_is_as_wide_as_asked(tmp_path: Path, width: int) -> None:
    picture = picture_of(saved(tmp_path, make_pdf(2)), 2, width)
    assert picture.format == "JPEG"
    assert picture.width == width
    assert picture.height == pytest.approx(width * 841.89 / 595.28, abs=1)


def test_other_widths_and_pages_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, make_pdf(2))
    with pytest.raises(ValueError, match="999"):
        pages.render_page(path, 1, 999)
    for page in (0, 3, -1):
        with pytest.raises(pages.CannotDraw) as caught:
            pages.render_page(path, page, 600)
        assert caught.value.code == "no_such_page"
        with pytest.raises(pages.CannotDraw):
            pages.page_text(path, page)


@pytest.mark.parametrize(("rotate", "corner"), [(0, (0, 0)), (90, (1, 0)), (180, (1, 1)), (270, (0, 1))])
def test_rotation(tmp_path: Path, rotate: int, corner: tuple[int, int]) -> None:
    path = saved(tmp_path, with_square(rotate))
    picture = picture_of(path, width=600)
    for x in (0, 1):
        for y in (0, 1):
            red, green, _ = picture.getpixel((20 + x * (picture.width - 40), 20 + y * (picture.height - 40)))
            assert (red > 200, green < 60) == (True, (x, y) == corner)
    assert pages.page_sizes(path) == [(200.0, 300.0) if rotate % 180 == 0 else (300.0, 200.0)]


def test_form_fields_and_annotations_are_drawn(tmp_path: Path) -> None:
    """What a file's own fields show is part of what is signed."""
    with pikepdf.open(io.BytesIO(with_square())) as pdf:
        look = pdf.make_stream(b"0 0 1 rg 0 0 50 50 re f")
        look.Type, look.Subtype, look.BBox = Name.XObject, Name.Form, Array([0, 0, 50, 50])
        common = {"/Type": Name.Annot, "/AP": Dictionary(N=look), "/F": 4}
        field = Dictionary({**common, "/Subtype": Name.Widget, "/Rect": Array([100, 0, 150, 50])})
        field.FT, field.T, field.V = Name.Tx, String("a"), String("b")
        stamp = Dictionary({**common, "/Subtype": Name.Stamp, "/Rect": Array([0, 0, 50, 50])})
        field, stamp = pdf.make_indirect(field), pdf.make_indirect(stamp)
        pdf.pages[0].obj.Annots = Array([field, stamp])
        pdf.Root.AcroForm = Dictionary(Fields=Array([field]))
        out = io.BytesIO()
        pdf.save(out)
    picture = picture_of(saved(tmp_path, out.getvalue()), width=600)
    for x in (75, 375):  # three pixels a point
        red, _, blue = picture.getpixel((x, 825))
        assert (red < 60, blue > 200) == (True, True)


def test_text_comes_by_lines_with_their_places(tmp_path: Path) -> None:
    path = saved(tmp_path, make_pdf(2, "First line\nSecond line"))
    lines = pages.page_text(path, 2)
    assert [line.text for line in lines] == ["First line", "Second line", "Page 2 of 2"]
    tops = [line.top for line in lines]
    assert tops == sorted(tops)
    # The letters are really there: ink inside the box, none right of it.
    picture = picture_of(path, 2).convert("L")
    for line in lines:
        left, top = line.left * picture.width / 100, line.top * picture.height / 100
        right, bottom = left + line.width * picture.width / 100, top + line.height * picture.height / 100
        assert picture.crop((round(left), round(top), round(right), round(bottom))).getextrema()[0] < 128
        assert (
            picture.crop((round(right) + 2, round(top), picture.width, round(bottom))).getextrema()[0] > 200
        )


def test_text_of_a_turned_page_lies_where_it_is_seen(tmp_path: Path) -> None:
    with pikepdf.open(io.BytesIO(make_pdf(1, "Heading"))) as pdf:
        pdf.pages[0].obj.Rotate = 90
        out = io.BytesIO()
        pdf.save(out)
    line = pages.page_text(saved(tmp_path, out.getvalue()), 1)[0]
    assert line.left > 90, "the upper edge is now the right edge"
    assert line.height > line.width


def test_columns_are_apart_and_hyphens_end_lines(tmp_path: Path) -> None:
    pdf = fpdf.FPDF()
    pdf.add_page()
    pdf.set_font("helvetica", size=12)
    pdf.cell(w=120, text="left")
    pdf.cell(text="right", new_x="LMARGIN", new_y="NEXT")
    pdf.cell(text="hy-", new_x="LMARGIN", new_y="NEXT")
    pdf.cell(text="phen")
    path = saved(tmp_path, bytes(pdf.output()))
    assert [line.text for line in pages.page_text(path, 1)] == ["left", "right", "hy-", "phen"]


def test_a_scan_has_no_text(tmp_path: Path) -> None:
    assert pages.page_text(saved(tmp_path, with_square()), 1) == []


@pytest.mark.adversarial
def test_bombs_and_monsters_cannot_hurt(tmp_path: Path) -> None:
    with pytest.raises(pages.CannotDraw):
        pages.render_page(saved(tmp_path, b"not a PDF"), 1, 600)
    with pytest.raises(pages.CannotDraw):
        pages.page_sizes(saved(tmp_path, hostile.lying_count(2_000_000_000)[:-40]))
    tall = hostile.with_tree(
        {2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", 3: hostile.PAGE.replace(b"200 200", b"2 900000")}
    )
    picture = picture_of(saved(tmp_path, tall), width=2400)
    assert picture.height <= 10_000
    with contextlib.suppress(pages.CannotDraw):  # drawn or not, depending on the memory there is
        pages.render_page(saved(tmp_path, hostile.flate_bomb_in_page()), 1, 600)
    assert pages.page_sizes(saved(tmp_path, make_pdf(1)))  # and the next call works
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.fixture
def blob(tmp_path: Path, db) -> Blob:
    organization = Organization.objects.create(slug="acme", name="Acme")
    with store.receive(io.BytesIO(make_pdf(2, "Cached"))) as received:
        file = store.store_pdf(organization, received, "a.pdf", kind=File.Kind.VERSION)
    assert file.blob is not None
    return file.blob


def test_pictures_and_texts_come_from_the_cache_the_second_time(blob: Blob) -> None:
    picture, lines, sizes = pages.picture(blob, 1, 600), pages.text(blob, 1), pages.sizes(blob)
    assert Image.open(io.BytesIO(picture)).width == 600
    assert lines[0].text == "Cached"
    assert len(sizes) == 2
    storage.delete(blob.storage_key)  # nothing is left to be drawn from
    assert (pages.picture(blob, 1, 600), pages.text(blob, 1), pages.sizes(blob)) == (picture, lines, sizes)
    with pytest.raises(storage.Damaged):
        pages.picture(blob, 2, 600)
    cache.drop(blob.storage_key)
    with pytest.raises(storage.Damaged):
        pages.picture(blob, 1, 600)


def test_a_swept_blob_leaves_no_picture(blob: Blob, tmp_path: Path) -> None:
    from undersigned.base import clock

    pages.picture(blob, 1, 600)
    store.erase_file(File.objects.get(), clock.now())
    Blob.objects.update(staged_at=clock.now() - 2 * store.SPARED)
    assert store.delete_unreferenced() == 1
    assert [p for p in (tmp_path / "cache").rglob("*") if p.is_file()] == []


def test_trim_takes_the_old_and_then_the_least_used(tmp_path: Path) -> None:
    now = time.time()
    for name, used, made in (
        ("ancient", now, now - 9 * 86400),
        ("unused", now - 500, now - 900),
        ("used", now - 10, now - 900),
    ):
        path = tmp_path / "cache" / "1" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(1000))
        os.utime(path, (used, made))
    cache.trim(max_bytes=1500)
    assert cache.get("1/used") is not None
    assert cache.get("1/unused") is None
    assert cache.get("1/ancient") is None


def test_putting_reading_and_trimming_at_once_is_safe(tmp_path: Path) -> None:
    def work(number: int) -> None:
        for turn in range(40):
            made = storage.new_temporary()
            made.write_bytes(b"x" * 1000)
            key = f"1/{turn % 3}/{number % 2}"
            cache.put(key, made)
            assert cache.get(key) in (None, b"x" * 1000)
            if turn % 4 == 0:
                cache.trim(max_bytes=2000)
            if turn % 10 == 0:
                cache.drop(f"1/{turn % 3}")
            made.unlink(missing_ok=True)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_form_fields_stand_where_the_picture_shows_them(tmp_path: Path, turned: int) -> None:
    """The field covers the red square, whichever way the page is turned."""
    with pikepdf.open(io.BytesIO(with_square(turned))) as pdf:
        widget = Dictionary(
            Type=Name.Annot, Subtype=Name.Widget, FT=Name.Sig, T=String("Signature1"), Rect=[0, 250, 50, 300]
        )
        hidden = Dictionary(
            Type=Name.Annot, Subtype=Name.Widget, FT=Name.Sig, T=String("None"), Rect=[0, 0, 0, 0]
        )
        fields = Array([pdf.make_indirect(widget), pdf.make_indirect(hidden)])
        pdf.pages[0].obj.Annots = fields
        pdf.Root.AcroForm = Dictionary(Fields=fields)
        pdf.save(tmp_path / "x.pdf")
    found = pages.page_widgets(tmp_path / "x.pdf")
    assert list(found) == ["Signature1"]
    box = found["Signature1"]
    picture = picture_of(tmp_path / "x.pdf", 1, 600)
    red = [
        (x * 100 / picture.width, y * 100 / picture.height)
        for x in range(0, picture.width, 5)
        for y in range(0, picture.height, 5)
        if picture.getpixel((x, y))[0] > 200 and picture.getpixel((x, y))[1] < 60
    ]
    assert box.left == pytest.approx(min(x for x, _ in red), abs=1.5)
    assert box.top == pytest.approx(min(y for _, y in red), abs=1.5)
    assert box.left + box.width == pytest.approx(max(x for x, _ in red), abs=1.5)
    assert box.top + box.height == pytest.approx(max(y for _, y in red), abs=1.5)
    assert box.page == 1
