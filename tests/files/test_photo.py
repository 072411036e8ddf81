"""Photos that become PDFs of one page."""

from __future__ import annotations

import io
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image

from undersigned.accounts.models import Organization
from undersigned.files import storage, store
from undersigned.files.intake import Refused
from undersigned.files.models import Blob, File

pytestmark = [pytest.mark.django_db]
ORIENTATION = 0x0112


def photo(kind: str, size: tuple[int, int] = (400, 200), *, turned: int = 1, alpha: bool = False) -> bytes:
    """Red on the left, green on the right."""
    image = Image.new("RGBA" if alpha else "RGB", size, (255, 0, 0, 0) if alpha else (255, 0, 0))
    image.paste((0, 255, 0), (size[0] // 2, 0, size[0], size[1]))
    exif = Image.Exif()
    exif[ORIENTATION] = turned
    target = io.BytesIO()
    image.save(target, kind, exif=exif)
    return target.getvalue()


def brought(data: bytes, name: str = "IMG_1.jpg") -> File:
    organization, _ = Organization.objects.get_or_create(slug="acme", name="Acme")
    with store.receive(io.BytesIO(data)) as received:
        return store.store_picture_as_pdf(organization, received, name)


def shown(file: File) -> Image.Image:
    assert file.blob is not None
    with storage.local_path(file.blob) as path, pypdfium2.PdfDocument(path) as pdf:
        assert len(pdf) == 1
        return pdf[0].render(scale=1).to_pil().convert("RGB")


def color(image: Image.Image, x: float, y: float) -> str:
    red, green, blue = image.getpixel((int(x * image.width), int(y * image.height)))  # type: ignore[misc]
    if min(red, green, blue) > 200:
        return "white"
    return "red" if red > green else "green"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_each_format_a_phone_takes(kind: str) -> None:
    file = brought(photo(kind))
    image = shown(file)
    assert (file.name, file.pages) == ("IMG_1.pdf", 1)
    assert image.width > image.height  # as the photo lies
    assert (color(image, 0.2, 0.5), color(image, 0.8, 0.5)) == ("red", "green")


def test_it_stands_as_the_phone_was_held() -> None:
    image = shown(brought(photo("JPEG", turned=6)))  # turned a quarter to the right
    assert image.height > image.width
    assert (color(image, 0.5, 0.25), color(image, 0.5, 0.75)) == ("red", "green")


def test_transparent_parts_are_paper() -> None:
    image = shown(brought(photo("PNG", alpha=True), "scan"))
    assert (color(image, 0.2, 0.5), color(image, 0.8, 0.5)) == ("white", "green")


def test_a_large_photo_becomes_smaller_and_keeps_nothing_of_its_file() -> None:
    data = photo("JPEG", (4000, 3000))
    data = data[:2] + b"\xff\xfe\x00\x0bsecret at" + data[2:]  # a comment, as places and names travel
    file = brought(data)
    assert file.blob is not None
    content = b"".join(storage.read(file.blob))
    assert b"secret at" not in content
    assert b"/Width 2600" in content


@pytest.mark.parametrize(
    "data", [b"GIF89a", b"\xff\xd8\xff" + b"x" * 100, photo("PNG")[:200], b"%PDF-1.7 not a picture"]
)
def test_what_is_no_picture_is_refused_and_not_kept(data: bytes) -> None:
    with pytest.raises(Refused) as refused:
        brought(data)
    assert refused.value.code == "not_picture"
    assert not Blob.objects.exists()


def test_a_picture_of_too_many_pixels_is_refused(tmp_path: Path) -> None:
    small = Image.new("1", (20_000, 8_000))
    target = tmp_path / "bomb.png"
    small.save(target)
    with pytest.raises(Refused) as refused:
        brought(target.read_bytes())
    assert refused.value.code == "not_picture"
