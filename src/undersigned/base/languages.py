"""Which language somebody is spoken to in."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation

_NEAR = {"no": "nb", "nn": "nb"}
"""Codes of languages that we do not write, to the one that their readers read."""


def supported(wanted: str) -> str | None:
    """The language of ours that answers `wanted` (BCP 47, any case: `de-AT` to `de`, `no` to `nb`), or None."""
    first = wanted.lower().partition("-")[0]
    try:
        return translation.get_supported_language_variant(_NEAR.get(first, wanted.lower()))
    except LookupError:
        return None


def spoken(wanted: str) -> str:
    """As `supported`, with English for those that we do not speak."""
    return supported(wanted) or settings.LANGUAGE_CODE


def chosen(request: HttpRequest) -> str | None:
    """What the reader chose on a page in this browser (Django's `set_language`), or None."""
    return supported(request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, ""))
