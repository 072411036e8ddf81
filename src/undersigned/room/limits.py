"""How often one address, link or sitting may do what costs something or could be guessed. Each raises `accounts.limits.LimitReached`.

Addresses get generous numbers, since a whole company may stand behind one. What protects a single signer is in the core: five wrong codes
lock, and messages are repeated once a minute and ten times a day.
"""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest

from undersigned.accounts.limits import client_address, take

TEN_MINUTES = timedelta(minutes=10)


def opening(request: HttpRequest, token: str) -> None:
    """Opening a link, known or not: each opening is a row and an event in the audit trail."""
    take("room.open", client_address(request), 60, TEN_MINUTES)
    take("room.open.link", token, 30, TEN_MINUTES)


def code(request: HttpRequest) -> None:
    """Entering a code, right or wrong: nobody walks from signer to signer with four guesses each."""
    take("room.code", client_address(request), 60, TEN_MINUTES)


def identification(request: HttpRequest) -> None:
    """Leaving for a provider of identification, and coming back: each asks another server."""
    take("room.identify", client_address(request), 60, TEN_MINUTES)


def sending(request: HttpRequest) -> None:
    """Asking for the link or the code once more."""
    take("room.send", client_address(request), 20, TEN_MINUTES)


def look(room_id: str) -> None:
    """Keeping a signature's look: pictures are drawn and cut out in a process of their own."""
    take("room.look", room_id, 30, TEN_MINUTES)


def upload(room_id: str) -> None:
    """Adding a file: each is scanned and checked in a process of its own."""
    take("room.upload", room_id, 20, TEN_MINUTES)


def forwarding(room_id: str) -> None:
    """Naming somebody who should sign."""
    take("room.forward", room_id, 20, TEN_MINUTES)


def pad(request: HttpRequest) -> None:
    """A phone that draws: begins, and sends what it drew."""
    take("room.pad", client_address(request), 60, TEN_MINUTES)


def preview(room_id: str) -> None:
    """Drawing a typed name while it is being typed, or cleaning a picture while its ink is chosen."""
    take("room.preview", room_id, 20, timedelta(minutes=1))
