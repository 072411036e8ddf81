"""The signer's cookie: one a link, bound to its room's path, so that two open links never mix."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from undersigned.accounts.limits import client_address

from .gateway import Client, Opened, Visit

COOKIE = "room"
ROOM_PATH = "/room"


def client(request: HttpRequest) -> Client:
    """Address and browser of the caller."""
    return Client(ip=client_address(request), agent=request.META.get("HTTP_USER_AGENT", "")[:500])


def visit(request: HttpRequest, room_id: str) -> Visit:
    """The visit that the cookie claims; the gateway decides whether it is true."""
    return Visit(room_id, request.COOKIES.get(COOKIE, ""), client(request))


def forget(response: HttpResponseBase, room_id: str) -> None:
    """Take the cookie back: this browser is out of the room."""
    response.delete_cookie(COOKIE, path=f"{ROOM_PATH}/{room_id}", samesite="Lax")


def remember(response: HttpResponse, opened: Opened) -> None:
    """Set the cookie of a new sitting. It ends with the browser; the server ends the sitting earlier when idle."""
    response.set_cookie(
        COOKIE,
        opened.secret,
        path=f"{ROOM_PATH}/{opened.room_id}",
        secure=settings.PUBLIC_URL.startswith("https://"),
        httponly=True,
        samesite="Lax",
    )


HEARD = "heard"


def heard(request: HttpRequest) -> bool:
    """Whether this browser has shown the sender's words that come before the documents, and the person went on."""
    return HEARD in request.COOKIES


def hear(response: HttpResponse, room_id: str) -> None:
    """They went on; they are not shown again in this browser until it is closed."""
    response.set_cookie(
        HEARD,
        "1",
        path=f"{ROOM_PATH}/{room_id}",
        secure=settings.PUBLIC_URL.startswith("https://"),
        httponly=True,
        samesite="Lax",
    )
