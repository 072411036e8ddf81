"""The words of a statement page, in the envelope's language."""

from __future__ import annotations

from django.utils import translation
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from undersigned.base import languages
from undersigned.envelopes.models import Document
from undersigned.files import kinds
from undersigned.files.models import Blob
from undersigned.sealing.prepare import Widget
from undersigned.sealing.statement import StatementPlan, StatementWords


def statement_plan(document: Document, blob: Blob, widgets: list[Widget], language: str) -> StatementPlan:
    """What the page says of a document's file."""
    with translation.override(languages.spoken(language)):
        words = StatementWords(
            heading=_("Signatures on a file"),
            about=_(
                "Those who sign below sign the file that is named here. It stays as it came; this page belongs to it by its digest. "
                "Each signature is a digital signature of its own, with a trusted time."
            ),
            facts=(
                (_("File"), document.title),
                (pgettext("of a file", "Type"), f"{kinds.in_words(blob.media_type)} ({blob.media_type})"),
                (_("Size"), size_in_words(blob.size)),
            ),
            digest="SHA-256",
            compare=_(
                "A file is the one meant here when its SHA-256 is the same. Many programs compute it, such as sha256sum, shasum -a 256 "
                "or certutil -hashfile."
            ),
        )
    return StatementPlan(document.title, blob.sha256, widgets, words)


def size_in_words(size: int) -> str:
    """`1.4 MB, 1,412,331 bytes`, in the active language."""
    exact = ngettext("{n} byte", "{n} bytes", size).format(n=number_format(size, 0, force_grouping=True))
    if size < 1000:
        return exact
    value, unit = (size / 1e6, "MB") if size >= 1e6 else (size / 1e3, "kB")
    return f"{number_format(value, 1)} {unit}, {exact}"
