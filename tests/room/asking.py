"""What tests with Django's client share."""

from __future__ import annotations

import re

from django.http import HttpResponse

from .fake_gateway import ROOM_ID, TOKEN

LINK = f"/room/l/{TOKEN}"
ROOM = f"/room/{ROOM_ID}"
DRAWN = "M0.0 0.0Q100 20.5 200 0L200 60C1 2 3 4 5.5 6Z"


def html(response: HttpResponse) -> str:
    return response.content.decode()


def heading(response: HttpResponse) -> str:
    return re.findall(r"<h1[^>]*>(.*?)</h1>", html(response), re.S)[0].strip()


def title(response: HttpResponse) -> str:
    return re.findall(r"<title>(.*?)</title>", html(response), re.S)[0]


def hidden(response: HttpResponse) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)"', html(response)))
