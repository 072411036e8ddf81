"""The address that identity providers send people back to: one for all, so that it is registered once.

It decides nothing and reads no cookie (those of a room or of the console do not come here): the word in front of the state says behind
which door the sign-in was begun, and the answer goes there as it came. That door checks that it is the same browser.
"""

from __future__ import annotations

import re
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from undersigned.public import errors

_ROOM = re.compile(r"room\.([0-9a-f]{24})\.[A-Za-z0-9_-]{43}")
_CONSOLE = re.compile(r"console\.([1-9][0-9]{0,17})\.[A-Za-z0-9_-]{43}")
_CARRIED = ("state", "code", "error", "iss")


@require_GET
@never_cache
def identified(request: HttpRequest) -> HttpResponseBase:
    """Send the browser on, with what the provider said."""
    state = request.GET.get("state", "")
    carried = urlencode({name: request.GET[name] for name in _CARRIED if name in request.GET})
    if room := _ROOM.fullmatch(state):
        return HttpResponseRedirect(f"{reverse('room:identified', args=[room[1]])}?{carried}")
    if console := _CONSOLE.fullmatch(state):
        return HttpResponseRedirect(f"{reverse('console:provider-tested', args=[int(console[1])])}?{carried}")
    return errors.page(request, 404)
