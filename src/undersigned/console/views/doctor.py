"""Is all well? The findings of `undersigned doctor`, for operators."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from undersigned.console import doctor, scope, words
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.errors import NotFound


@require_http_methods(["GET", "HEAD", "POST"])
@scope.page
def page(request: HttpRequest, actor: Actor) -> HttpResponse:
    """A GET asks; a POST looks, since it writes and deletes a file and may send a mail."""
    if not actor.user.is_operator:
        raise NotFound
    found = []
    if request.method == "POST":
        found = [
            (f, words.level(f.level))
            for f in doctor.examine(actor.user.email if "mail" in request.POST else "")
        ]
    # What is wrong first
    found.sort(key=lambda pair: words.LEVELS.index(pair[0].level))
    well = bool(found) and all(f.level == "ok" for f, _ in found)
    return render(request, "console/doctor.html", {"tab": "attention", "found": found, "well": well})
