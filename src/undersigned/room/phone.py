"""Draw on your phone: the page with the QR code beside the document, and the page on the phone, which can do nothing else."""

from __future__ import annotations

import io

import segno
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from undersigned.base import languages

from . import gateway, limits
from .forms import PadForm, rejected
from .gateway import Room, State, Visit
from .looks import Rejected
from .pads import PhonePad
from .pages import in_room, show, to, uncached
from .session import ROOM_PATH

COOKIE = "pad"


@in_room(State.READ)
@require_http_methods(["GET", "HEAD", "POST"])
def phone(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """Shows the QR code while a phone may draw; when it has, leads on. POST makes an address."""
    if request.method == "POST":
        limits.look(room.id)
        gateway.current().offer_pad(who)
        return to("phone", room.id)
    if room.pad is None:
        return to("sign" if room.kept and room.kept.kind == "drawn" else "signature", room.id)
    return show(request, "phone", room, _("Draw on your phone"), step=3, address=_address(room.pad.token))


@in_room(State.READ)
@require_GET
def code(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """The QR code with the pad's address."""
    if room.pad is None:
        return HttpResponse(status=404)
    out = io.BytesIO()
    segno.make_qr(_address(room.pad.token), error="m").save(out, kind="svg", scale=8, border=2, light="#fff")
    return HttpResponse(out.getvalue(), content_type="image/svg+xml")


def _address(token: str) -> str:
    return f"{settings.PUBLIC_URL}{ROOM_PATH}/p/{token}"


@uncached
@require_http_methods(["GET", "HEAD", "POST"])
def pad(request: HttpRequest, token: str) -> HttpResponseBase:
    """The phone's page. The first POST binds it to this phone, the next one brings the drawing."""
    secret = request.COOKIES.get(COOKIE, "")
    if request.method == "POST":
        limits.pad(request)
    found = gateway.current().find_pad(token, secret)
    if found is None:
        return _over(request, 404)
    with translation.override(languages.chosen(request) or languages.spoken(found.language)):
        if found.taken:
            return _over(request, 409, taken=True)
        if not found.mine:
            return _begin(request, token) if request.method == "POST" else _page(request, found, PadForm())
        return (
            _draw(request, token, secret, found)
            if request.method == "POST"
            else _page(request, found, PadForm())
        )


def _begin(request: HttpRequest, token: str) -> HttpResponseBase:
    secret = gateway.current().begin_pad(token)
    if secret is None:
        return _over(request, 409, taken=True)
    response = HttpResponseRedirect(f"{ROOM_PATH}/p/{token}")
    response.status_code = 303
    response.set_cookie(
        COOKIE,
        secret,
        max_age=600,
        path=f"{ROOM_PATH}/p/{token}",
        secure=settings.PUBLIC_URL.startswith("https://"),
        httponly=True,
        samesite="Lax",
    )
    return response


def _draw(request: HttpRequest, token: str, secret: str, found: PhonePad) -> HttpResponseBase:
    form = PadForm(request.POST)
    if form.is_valid():
        try:
            gateway.current().draw_on_pad(token, secret, form.appearance)
        except Rejected as reason:
            form.add_error("path", rejected(reason, 0))
        except LookupError:
            return _over(request, 404)
        else:
            return show(request, "pad_done", None, _("Sent"))
    return _page(request, found, form, status=422)


def _page(request: HttpRequest, found: PhonePad, form: PadForm, status: int = 200) -> HttpResponse:
    return show(request, "pad", None, _("Draw your signature"), status=status, pad=found, form=form)


def _over(request: HttpRequest, status: int, *, taken: bool = False) -> HttpResponse:
    response = show(
        request, "pad_over", None, _("Start again on the other screen"), status=status, taken=taken
    )
    # Django's log line would hold the address.
    response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001
    return response
