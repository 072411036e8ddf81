"""The part of `store.store_picture_as_pdf` that runs in the bounded process: a picture, as a phone takes it, on one page of a PDF.

Runs without settings, database or secrets. The picture is drawn anew: nothing of the file that came in is in the PDF but its looks.
"""

from __future__ import annotations

import io
from typing import Any

from undersigned.base.bounded import Refusal

FORMATS = ("JPEG", "PNG", "WEBP")
PIXELS_MAX = 120_000_000
SIDE_MAX = 2600
"""Pixels of the longer side: 220 to the inch on A4, so that small print stays readable."""
QUALITY = 82
A4 = (595.28, 841.89)
MARGIN = 18.0
"""Points."""


def to_pdf(source: str, target: str) -> list[int]:
    """Write the picture at `source` as a one-page PDF; gives the pixels [width, height] that it has there. Raises Refusal "not_picture"."""
    import pikepdf
    from pikepdf import Array, Dictionary, Name
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = PIXELS_MAX
    try:
        with Image.open(source, formats=FORMATS) as opened:
            if opened.width * opened.height > PIXELS_MAX:
                raise Refusal("not_picture", f"{opened.width} x {opened.height}")
            opened.draft("RGB", (SIDE_MAX, SIDE_MAX))  # a JPEG is read in half its size where that is enough
            picture = _upright(opened, ImageOps)
    except Refusal:
        raise
    except (OSError, ValueError, SyntaxError, TypeError, Image.DecompressionBombError, EOFError) as e:
        raise Refusal("not_picture", f"{type(e).__name__}: {e}"[:300]) from e
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=QUALITY)
    width, height = picture.size
    across, down = A4 if height >= width else A4[::-1]
    scale = min((across - 2 * MARGIN) / width, (down - 2 * MARGIN) / height)
    w, h = width * scale, height * scale
    with pikepdf.new() as pdf:
        image = pdf.make_stream(
            data.getvalue(),
            Type=Name.XObject,
            Subtype=Name.Image,
            Width=width,
            Height=height,
            ColorSpace=Name.DeviceRGB,
            BitsPerComponent=8,
            Filter=Name.DCTDecode,
        )
        content = f"q {w:.2f} 0 0 {h:.2f} {(across - w) / 2:.2f} {(down - h) / 2:.2f} cm /Photo Do Q"
        page = Dictionary(
            Type=Name.Page,
            MediaBox=Array([0, 0, round(across, 2), round(down, 2)]),
            Resources=Dictionary(XObject=Dictionary(Photo=image)),
            Contents=pdf.make_stream(content.encode()),
        )
        pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
        pdf.save(target, deterministic_id=True)
    return [width, height]


def _upright(opened: Any, image_ops: Any) -> Any:
    """Turned as its EXIF says, on white paper, no larger than need be."""
    from PIL import Image

    picture = image_ops.exif_transpose(opened)
    if picture.mode in ("RGBA", "LA", "P", "PA"):
        inked = picture.convert("RGBA")
        picture = Image.new("RGB", inked.size, (255, 255, 255))
        picture.paste(inked, mask=inked.getchannel("A"))
    else:
        picture = picture.convert("RGB")
    picture.thumbnail((SIDE_MAX, SIDE_MAX))
    picture.info = {}  # places, names and comments travel there
    return picture
