"""Who should sign? The page on which somebody hands their part on."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from . import gateway, limits
from .gateway import Room, State, Visit
from .pages import in_room, show, to
from .part_forms import ForwardForm
from .parts import Faulty, Hand


@in_room(State.READ)
@require_http_methods(["GET", "HEAD", "POST"])
def forward(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """Three choices; with the first one nothing happens."""
    if not room.may_forward:
        return to("home", room.id)
    bound = request.method == "POST"
    form = ForwardForm(request.POST if bound else None)
    if bound and form.is_valid():
        if form.hand is Hand.ME:
            return to("home", room.id)
        limits.forwarding(room.id)
        try:
            gateway.current().forward(who, form.hand, form.person)
        except Faulty as e:
            words = form.faults()
            for name in e.faults:
                form.add_error(
                    name if name in words else None, words.get(name, _("That is not possible now."))
                )
        else:
            return to("home", room.id)
    return show(request, "forward", room, _("Who should sign?"), status=422 if bound else 200, form=form)
