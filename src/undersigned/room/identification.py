"""Pages on which somebody proves who they are: a one-time code, a provider of strong identification, and back from it.

They come before reading, or before signing where reading is free; `ahead` knows which.
"""

from __future__ import annotations

from math import ceil
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from . import forms, gateway, limits
from .gateway import Room, State, Visit, Wait
from .identifying import Asked, Departure, Identification, Returned, WayKind
from .pages import Side, forever, in_room, locked, show, to

ASKED_IN = (State.ONE_TIME, State.IDENTIFY, State.CODE, State.READ, State.VIEW)
_PAGES = {
    Asked.CODE: "code",
    Asked.ONE_TIME: "one-time",
    Asked.PROVIDER: "identify",
    Asked.CHOICE: "identify",
    Asked.UNAVAILABLE: "identify",
}


def page_of(room: Room) -> str:
    """The page that asks for what must be proved next; "home" when nothing is asked."""
    return _PAGES.get(room.asked, "home")


def ahead(room: Room) -> str:
    """Where somebody goes on who has just proved something: to sign, when that is where they were asked."""
    return "sign" if room.state is State.READ else "home"


# --- a one-time code ------------------------------------------------------------------------------
@in_room(*ASKED_IN)
@require_http_methods(["GET", "HEAD", "POST"])
def one_time(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """Six digits that were just sent; or the button that sends them."""
    if room.asked is not Asked.ONE_TIME:
        return to("home", room.id)
    form = forms.DigitsForm(request.POST or None, length=room.one_time.length)
    if request.method == "POST" and form.is_valid():
        limits.code(request)
        result = gateway.current().enter_one_time_code(who, form.cleaned_data["code"])
        if result.right:
            return to(ahead(room), room.id)
        if not result.tries_left:
            fresh = gateway.current().find(who) or room
            text = _("That code no longer works. Ask for a new one.")
            blank = forms.DigitsForm(length=room.one_time.length)
            return _one_time_page(request, fresh, blank, status=422, notice=text, tone="warn")
        form.add_error("code", forms.tries_at_digits(result.tries_left))
    return _one_time_page(request, room, form, status=422 if form.is_bound and form.errors else 200)


def _one_time_page(
    request: HttpRequest, room: Room, form: forms.DigitsForm, status: int = 200, **context: Any
) -> HttpResponse:
    heading = _("Check your phone") if room.one_time.by_sms else _("Check your mail")
    if not room.one_time.sent:
        heading = _("We send you a code")
    again = room.one_time.resend_at
    wait = max(0, ceil((again - timezone.now()).total_seconds())) if again else 0
    return show(request, "one_time", room, heading, status=status, step=1, form=form, wait=wait, **context)


@in_room(*ASKED_IN)
@require_POST
def one_time_send(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """Send a code, or a new one."""
    if room.asked is not Asked.ONE_TIME:
        return to("home", room.id)
    limits.sending(request)
    form = forms.DigitsForm(length=room.one_time.length)
    try:
        sent = gateway.current().send_one_time_code(who)
    except Wait as too_early:
        text = ngettext(
            "You can ask for a new code in %(n)s second.",
            "You can ask for a new code in %(n)s seconds.",
            too_early.seconds,
        )
        return _one_time_page(request, room, form, notice=text % {"n": too_early.seconds}, tone="warn")
    fresh = gateway.current().find(who) or room
    if not sent:
        text = _("%(sender)s gave us no address to which a code could go.") % {"sender": room.asker}
        return _one_time_page(request, fresh, form, notice=text, tone="bad")
    return _one_time_page(request, fresh, form, notice=_("A new code is on its way."), tone="ok")


# --- a provider -----------------------------------------------------------------------------------
@in_room(*ASKED_IN)
@require_http_methods(["GET", "HEAD", "POST"])
def identify(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """Choose a provider. The answer to the POST leads there: a link, which the browser follows by itself.

    It is a page and not a redirect, since the policy that lets forms post to this server alone would stop a redirect too.
    """
    if room.asked is Asked.UNAVAILABLE:
        return _unavailable(request, room)
    if room.asked not in (Asked.PROVIDER, Asked.CHOICE) and len(room.ways) < 2:
        return to("home", room.id)
    if (shut := locked(request, room)) is not None:
        return shut
    if request.method != "POST":
        return _choice(request, room)
    limits.identification(request)
    language = translation.get_language() or room.language
    key = request.POST.get("provider", "")[:100]
    try:
        if any(way.key == key and way.kind is not WayKind.PROVIDER for way in room.ways):
            gateway.current().choose_way(who, key)
            return to(ahead(room), room.id)
        went = gateway.current().depart(who, key, language)
    except LookupError as e:
        if isinstance(e, gateway.Gone):
            raise
        return _choice(request, room, status=422)
    if isinstance(went, Departure):
        return _departure(request, room, went)
    return to(page_of(room), room.id) if went is Identification.LOCKED else _ended(room, went)


def _choice(request: HttpRequest, room: Room, status: int = 200, **context: Any) -> HttpResponse:
    """Of providers; or of ways, of which some lead nowhere else."""
    signing = room.state is State.READ
    heading = _("Prove who you are") if not signing or len(room.ways) < 2 else _("How do you want to sign?")
    context["mixed"] = any(way.kind is not WayKind.PROVIDER for way in room.ways)
    return show(request, "identify", room, heading, status=status, step=3 if signing else 1, **context)


def _unavailable(request: HttpRequest, room: Room) -> HttpResponse:
    text = _("%(sender)s asks for a way to identify that is not offered here. You have signed nothing.")
    words = Side(_("Not possible right now"), text % {"sender": room.asker}, "warn", "circle-alert", "write")
    return show(request, "side", room, words.heading, status=503, side=words)


def _departure(request: HttpRequest, room: Room, went: Departure) -> HttpResponse:
    heading = _("Continue at %(provider)s") % {"provider": went.name}
    step = 3 if room.state is State.READ else 1
    return show(request, "identify_away", room, heading, step=step, went=went)


def _ended(room: Room, how: Identification) -> HttpResponse:
    return to("identify-ended", room.id, how.value)


@in_room()
@require_GET
def identified(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """Back from the provider, by way of the address that it knows. What is in the address works once, and in this browser only."""
    if room.asked not in (Asked.PROVIDER, Asked.CHOICE):
        return to("home", room.id)
    limits.identification(request)
    given = request.GET
    how = gateway.current().arrive(
        who,
        Returned(
            given.get("state", "")[:300],
            given.get("code", "")[:5000],
            given.get("error", "")[:100],
            given["iss"][:600] if "iss" in given else None,
        ),
    )
    if how is Identification.DONE:
        return to(ahead(room), room.id)
    return to(page_of(room), room.id) if how is Identification.LOCKED else _ended(room, how)


@in_room(*ASKED_IN)
@require_GET
def identify_ended(request: HttpRequest, who: Visit, room: Room, how: str) -> HttpResponseBase:
    """Why it did not succeed; and the choice again."""
    if room.asked not in (Asked.PROVIDER, Asked.CHOICE):
        return to("home", room.id)
    if how == Identification.WRONG_PERSON:
        return show(request, "wrong_person", room, _("This document is for somebody else"), status=403)
    words: dict[str, str] = {
        Identification.CANCELLED: _(
            "You did not finish. Nothing has happened; choose again when you are ready."
        ),
        Identification.UNAVAILABLE: _(
            "The service did not answer as it should. Try again, or choose another one."
        ),
        Identification.UNTRUSTED: _(
            "We could not trust the service's answer. Try again, or choose another one."
        ),
        Identification.OVER: _("That took longer than ten minutes, or was used already. Please begin again."),
    }
    text = words.get(how)
    if text is None:
        return to("identify", room.id)
    return _choice(request, room, notice=text)


@in_room(*ASKED_IN)
@require_GET
def logo(request: HttpRequest, who: Visit, room: Room, provider: str) -> HttpResponseBase:
    """A provider's logo, as an administrator uploaded it."""
    try:
        content = gateway.current().provider_logo(who, provider)
    except LookupError:
        return HttpResponse(status=404)
    response = forever(HttpResponse(content, content_type="image/png"))
    response["Cache-Control"] = "private, max-age=600"
    return response
