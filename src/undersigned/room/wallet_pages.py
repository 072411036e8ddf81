"""Sign with: a key of one's own that is kept here, once its user has entered their password; or without one."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from undersigned.accounts.limits import LimitReached, refused

from . import gateway, limits
from .forms import KeyForm, PasswordForm
from .gateway import Room, State, Visit
from .pages import in_room, show, to


@sensitive_post_parameters("password")
@in_room(State.READ)
@require_http_methods(["GET", "HEAD", "POST"])
def wallet(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """The password while the wallet is closed, then what lies in it."""
    if room.wallet is None:
        return to("home", room.id)
    return _choose(request, who, room) if room.wallet.open else _open(request, who, room)


def _open(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    bound = request.method == "POST"
    form = PasswordForm(request.POST if bound else None)
    if bound and form.is_valid():
        limits.code(request)
        try:
            if gateway.current().enter_password(who, form.cleaned_data["password"]):
                return to("wallet", room.id)
        except LimitReached as e:
            text = ngettext(
                "Too many tries. Please wait %(n)s minute and try again.",
                "Too many tries. Please wait %(n)s minutes and try again.",
                e.minutes,
            )
            form.add_error("password", text % {"n": e.minutes})
            return refused(_page(request, room, form, 429), e)
        form.add_error("password", _("That password is not right."))
    return _page(request, room, form, 422 if bound else 200)


def _page(request: HttpRequest, room: Room, form: PasswordForm, status: int) -> HttpResponse:
    heading = _("Sign with a certificate of your own")
    return show(request, "wallet_password", room, heading, status=status, step=3, form=form)


def _choose(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    assert room.wallet is not None
    bound = request.method == "POST"
    form = KeyForm(
        request.POST if bound else None, keys=room.wallet.keys, initial={"key": room.wallet.chosen}
    )
    if bound and form.is_valid():
        try:
            gateway.current().choose_key(who, form.cleaned_data["key"])
        except gateway.Gone:
            raise
        except LookupError:
            return to("wallet", room.id)  # it has gone meanwhile; what is left is shown
        return to("sign", room.id)
    return show(request, "wallet", room, _("Sign with"), status=422 if bound else 200, step=3, form=form)
