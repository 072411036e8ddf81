"""Is this PDF fit to be signed? Asked of every PDF that comes in, in a bounded process; the strictest of three readers wins.

qpdf (which fills and flattens), pyHanko (which signs) and pdfium (which draws) each open the file. One refusal refuses it, and so does
a different number of pages or signatures: two programs that disagree about a file would show the signer something else than is signed.

For the same reason files are refused whose looks a program inside them, or the viewer, may change without touching the signed bytes
(hide-and-replace "shadow attacks"): XFA forms, actions that run by themselves on opening, printing or turning a page (JavaScript,
submit, hide, switch layers…), and actions that start a program. What only reacts to a reader's typing or clicking, and layers that
are switched off, is common in honest forms and plans; it is reported in the facts and not refused.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, ConfigDict

from undersigned.base import bounded

MAX_PAGES = 2_000
MAX_OBJECTS = 300_000
LIMITS = bounded.Limits(memory=1 << 30, cpu=10, wall=20.0, file_size=1 << 20)
PICTURE_LIMITS = bounded.Limits(memory=2 << 30, cpu=15, wall=30.0, file_size=64 << 20)

REASONS: dict[str, Promise | str] = {
    "not_pdf": _("This is not a PDF."),
    "empty": _("The file is empty."),
    "not_picture": _("This picture cannot be read; bring a photo as JPEG, PNG or WebP."),
    "encrypted": _("The PDF has a password; remove it and try again."),
    "broken": _("The PDF is damaged; save or print it to a new PDF and try again."),
    "too_many_pages": _("The PDF has more than 2,000 pages; split it and try again."),
    "too_complex": _("The PDF is too complex to be checked; print it to a new PDF and try again."),
    "too_large": _("The file is too large."),
    "timeout": _("Checking the PDF took too long; print it to a new PDF and try again."),
    "active_content": _(
        "The PDF contains a program that can change what it shows; print it to a new PDF and try again."
    ),
    "signed_form": _(
        "The PDF is signed already, so its form can no longer be filled in; bring the form as it was before it was signed."
    ),
    "xfa": _(
        "The PDF is an XFA form, which other programs show differently; print it to a new PDF and try again."
    ),
}


class Refused(Exception):
    """The file is not taken. `code` is a key of REASONS, `detail` is English for the log."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code if code in REASONS else "broken"
        self.detail = detail

    @property
    def sentence(self) -> str:
        """What to tell the person, in their language."""
        return str(REASONS[self.code])


class PdfFacts(BaseModel):
    """What the check found."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)
    version: str
    sizes: list[tuple[float, float]]
    """Width and height of each page as shown (crop box, after /Rotate), in points (1/72 inch)."""
    rotations: list[int]
    """/Rotate of each page: 0, 90, 180 or 270 degrees; already applied in `sizes`."""
    signatures: int
    """Filled signature fields, document timestamps included."""
    signature_fields: int
    """All signature fields, empty ones included."""
    certification: Literal[1, 2, 3] | None
    """DocMDP level of a certified file (ISO 32000-2, 12.8.2.2); 1 forbids every further change, so every further signature."""
    has_form: bool
    scripts: bool
    """JavaScript that reacts to typing or clicking."""
    layers: bool
    hidden_layers: bool
    attachments: int

    @property
    def pages(self) -> int:
        return len(self.sizes)

    @property
    def signed(self) -> bool:
        return self.signatures > 0


def check(path: Path, max_pages: int = MAX_PAGES) -> PdfFacts:
    """Facts of the PDF at `path`. Raises Refused. Takes about 30 ms for 20 pages; the time at most is `LIMITS.wall`."""
    if path.stat().st_size > settings.MAX_UPLOAD_BYTES:
        raise Refused("too_large", f"{path.stat().st_size} bytes")
    with path.open("rb") as file:
        # ISO 32000-2, 7.5.2: the header is the first line. Looser readers let other file types pose as a PDF.
        if file.read(5) != b"%PDF-":
            raise Refused("not_pdf")
    try:
        answer = bounded.run(
            "undersigned.files.inspection:inspect",
            LIMITS,
            path=str(path.absolute()),
            max_pages=max_pages,
            max_objects=MAX_OBJECTS,
        )
    except bounded.Refusal as e:
        raise Refused(e.code, e.detail) from e
    except bounded.BoundedError as e:
        raise Refused(of_a_dead_child(e), str(e)) from e
    # The child has parsed hostile bytes, so its answer is checked like any other input.
    return PdfFacts.model_validate(answer)


def of_a_dead_child(error: bounded.BoundedError) -> str:
    """Code of a refusal. A child that is killed used up its processor time, or its parser gave up for want of memory."""
    return "timeout" if error.reason == "timeout" else "too_complex"
