"""The look of a signature on the real core."""

from __future__ import annotations

from undersigned.envelopes import appearance as looks

from .gateway import Visit
from .looks import Appearance, Rejected
from .sittings import identified, or_gone


class LookEngine:
    """Implements `looks.Looks`."""

    def keep_signature(self, visit: Visit, appearance: Appearance) -> None:
        look = looks.Look(
            str(appearance.kind),
            appearance.path,
            appearance.name,
            appearance.hand,
            appearance.image,
            appearance.shade,
        )
        try:
            with or_gone():
                looks.keep(identified(visit), look)
        except looks.UnusableLook as e:
            raise Rejected(e.code, e.detail) from e

    def kept_picture(self, visit: Visit) -> tuple[str, bytes]:
        sitting = identified(visit)
        if sitting.appearance is None:
            raise LookupError
        return looks.picture(sitting.appearance)

    def typed_picture(self, visit: Visit, name: str, hand: str) -> bytes:
        identified(visit)
        try:
            return looks.typed_picture(name, hand)
        except looks.UnusableLook as e:
            raise Rejected(e.code, e.detail) from e

    def cleaned_picture(self, visit: Visit, image: bytes, shade: int) -> bytes:
        identified(visit)
        try:
            return looks.cleaned_picture(image, shade)
        except looks.UnusableLook as e:
            raise Rejected(e.code, e.detail) from e
