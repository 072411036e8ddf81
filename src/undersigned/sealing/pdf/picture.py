"""Uploaded signatures: decoded, turned, freed of paper and metadata. Runs in the bounded process."""

from __future__ import annotations

from PIL import Image, ImageOps, UnidentifiedImageError

from undersigned.base.bounded import Refusal

SIZE = (1200, 400)
SMALLEST, LARGEST = (100, 40), 6000


def clean(source: str, target: str, shade: int = 0) -> dict[str, int]:
    """Write the picture's ink as a transparent PNG; gives width and height. Refusal: not_picture, too_small, too_large.

    `shade` moves the line between ink and paper, from -100 (lighter) to 100 (darker).
    """
    try:
        with Image.open(source, formats=("PNG", "JPEG", "WEBP")) as opened:
            if opened.width < SMALLEST[0] or opened.height < SMALLEST[1]:
                raise Refusal("too_small")
            if max(opened.size) > LARGEST:
                raise Refusal("too_large")
            picture = ImageOps.exif_transpose(opened).convert("RGBA")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as e:
        raise Refusal("not_picture", str(e)) from e
    white = Image.new("RGBA", picture.size, "white")
    grey = ImageOps.autocontrast(Image.alpha_composite(white, picture).convert("L"))
    threshold = max(10, min(250, _otsu(grey.histogram()) + shade))
    soft = 40
    # Darker than the paper is ink; a soft edge keeps the strokes smooth.
    ink = grey.point(
        [
            255 if v <= threshold - soft else 0 if v >= threshold else int(255 * (threshold - v) / soft)
            for v in range(256)
        ]
    )
    box = ink.getbbox()
    if box is None:
        raise Refusal("too_small")
    ink = ink.crop(box)
    ink.thumbnail(SIZE)
    out = Image.new("RGBA", ink.size, (16, 36, 63, 0))
    out.putalpha(ink)
    out.save(target, "PNG", optimize=True)
    return {"width": out.width, "height": out.height}


def _otsu(histogram: list[int]) -> int:
    """The grey level that best parts ink from paper (Otsu 1979: greatest variance between the two)."""
    total, weighted = sum(histogram), sum(v * n for v, n in enumerate(histogram))
    best, first, last, count, dark = 0.0, 127, 127, 0, 0
    for value, number in enumerate(histogram):
        count += number
        dark += value * number
        if count in (0, total):
            continue
        spread = count * (total - count) * (dark / count - (weighted - dark) / (total - count)) ** 2
        if spread > best:
            best, first, last = spread, value, value
        elif spread == best:
            last = value  # nothing is of these greys: the line is drawn in their middle
    return min((first + last) // 2 + 20, 250)
