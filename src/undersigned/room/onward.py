"""To where the sender wants the person after their last act here: a redirect at once, and what a page needs so that browsers follow it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect, JsonResponse

SCRIPT = "X-Room-Script"
"""Header of our own scripts. A browser does not tell a script where a foreign redirect leads, so they are told in JSON."""
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", re.IGNORECASE)


def origin(url: str) -> str:
    """Scheme, host and port of an address on the web, in ASCII; empty for anything that is none."""
    if re.search(r"[\x00-\x20\x7f;,'\"<>\\]", url):
        return ""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").encode("idna").decode("ascii"), parts.port
    except ValueError:  # UnicodeError is one
        return ""
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host):
        return ""
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "")


def onward(request: HttpRequest, url: str) -> HttpResponseBase | None:
    """303 to `url`; None where it leads nowhere, and a page of ours comes instead."""
    if not origin(url):
        return None
    if SCRIPT in request.headers:
        return JsonResponse({"go": url})
    response = HttpResponseRedirect(url)
    response.status_code = 303
    return response


def host(url: str) -> str:
    """The host, for people."""
    return urlsplit(url).hostname or "" if origin(url) else ""
