"""The look of a signature, kept encrypted on the sitting until it ends."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from undersigned.base.db import atomic
from undersigned.files.scan import read_clean
from undersigned.files.storage import temporary_file
from undersigned.sealing.appearance import (
    Appearance,
    UnusableLook,
    clean_image,
    parse_path,
    path_svg,
    typed_svg,
)

from .models import Sitting

__all__ = ["Look", "UnusableLook", "cleaned_picture", "drawn_for", "keep", "kept", "picture", "typed_picture"]
NAME_MAX = 100


@dataclass(frozen=True)
class Look:
    """As it came: `path` for drawn, `name` and `hand` for typed, `image` (as uploaded) and `shade` for uploaded."""

    kind: str
    path: str = ""
    name: str = ""
    hand: str = ""
    image: bytes = b""
    shade: int = 0


def keep(sitting: Sitting, look: Look) -> None:
    """Check the look and keep it for this sitting. Raises UnusableLook; Sitting.DoesNotExist when it was erased meanwhile."""
    kept: dict[str, str] = {"kind": look.kind}
    match look.kind:
        case "drawn":
            parse_path(look.path)
            kept["path"] = look.path
        case "typed":
            name = look.name.strip()[:NAME_MAX]
            typed_svg(name, look.hand)
            kept |= {"name": name, "hand": look.hand}
        case "uploaded":
            kept["image"] = base64.b64encode(clean_image(look.image, look.shade)).decode()
        case _:
            raise UnusableLook("not_path")
    sitting.appearance = json.dumps(kept)
    with atomic():
        if not Sitting.objects.filter(pk=sitting.pk).update(appearance=sitting.appearance):
            raise Sitting.DoesNotExist


def take_from(sitting: Sitting) -> bool:
    """Keep the look that lies with the key which the sitting signs with; False where there is none.

    Raises `files.scan.Infected`, `files.scan.ScannerUnavailable`.
    """
    file = sitting.identity.appearance if sitting.identity is not None else None
    if file is None or file.blob is None:
        return False
    image = b"".join(read_clean(file.blob))
    look = {"kind": "uploaded", "image": base64.b64encode(image).decode()}  # cleaned when it was brought
    sitting.appearance = json.dumps(look)
    Sitting.objects.filter(pk=sitting.pk).update(appearance=sitting.appearance)
    return True


def kept(sitting: Sitting) -> tuple[str, str] | None:
    """Kind of the kept look and a word that changes with it."""
    if not sitting.appearance:
        return None
    return json.loads(sitting.appearance)["kind"], hashlib.sha256(sitting.appearance.encode()).hexdigest()[
        :12
    ]


def typed_name(sitting: Sitting) -> str:
    """What the person typed as their signature; empty when they drew or uploaded one."""
    name: str = json.loads(sitting.appearance or "{}").get("name", "")
    return name


def picture(appearance: str) -> tuple[str, bytes]:
    """Media type and bytes of a kept look."""
    look: dict[str, Any] = json.loads(appearance)
    match look["kind"]:
        case "uploaded":
            return "image/png", base64.b64decode(look["image"])
        case "typed":
            return "image/svg+xml", typed_svg(look["name"], look["hand"])
    return "image/svg+xml", path_svg(look["path"])


def typed_picture(name: str, hand: str) -> bytes:
    """SVG preview of a typed signature. Raises UnusableLook."""
    return typed_svg(name[:NAME_MAX], hand)


def cleaned_picture(image: bytes, shade: int) -> bytes:
    """PNG preview of an uploaded signature, `shade` from -100 (lighter) to 100 (darker). Raises UnusableLook."""
    return clean_image(image, shade)


@contextmanager
def drawn_for(sitting: Sitting) -> Iterator[Appearance]:
    """The kept look as the PDF wants it; an uploaded picture lies in a temporary file meanwhile."""
    look: dict[str, Any] = json.loads(sitting.appearance or "{}")
    with temporary_file(".png") as image:
        path: Path | None = None
        if look["kind"] == "uploaded":
            image.write_bytes(base64.b64decode(look["image"]))
            path = image
        yield Appearance(look["kind"], look.get("path", ""), look.get("name", ""), look.get("hand", ""), path)
