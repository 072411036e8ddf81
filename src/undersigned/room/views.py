"""Pages of the signing room. Each step is an address and a form that works without JavaScript.

GET never changes anything. What may happen is decided by the core; a page only asks the gateway and shows the answer.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from math import ceil
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from . import forms, gateway
from .gateway import Outcome, Reason, Rejected, Room, SignRequest, State, Visit, Wait
from .pages import in_room, show, side, speaking, state_word, to, uncached, unknown
from .session import client, remember

OPEN = (State.READ,)
FINISHED = (State.SIGNED, State.COMPLETED)


@uncached
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, token: str) -> HttpResponseBase:
    """The address in the message. GET tells what it is; POST opens the room and puts the token out of sight."""
    core = gateway.current()
    if request.method == "POST":
        opened = core.open_link(token, client(request))
        if opened is None:
            return unknown(request)
        response = to("home", opened.room_id)
        remember(response, opened)
        return response
    room = core.look(token)
    if room is None:
        return unknown(request)
    return speaking(room, lambda: _link_page(request, room, token))


def _link_page(request: HttpRequest, room: Room, token: str, **context: Any) -> HttpResponse:
    if room.state in FINISHED:
        return show(request, "already", room, _("You have already signed"), token=token)
    words = side(room)
    # Only opening can end these two.
    if words and room.state not in (State.LOCKED, State.PREPARING):
        return show(request, "side", room, words.heading, side=words, token=token, **context)
    values = {"sender": room.sender, "organisation": room.organization}
    if room.protected:
        return show(request, "link", room, _("%(organisation)s has a document for you") % values, token=token)
    return show(
        request, "link", room, _("%(sender)s of %(organisation)s asks you to sign") % values, token=token
    )


@uncached
@require_POST
def link_resend(request: HttpRequest, token: str) -> HttpResponseBase:
    """Send the newer version's link to the address on file; the answer is the same whether or not there is one."""
    core = gateway.current()
    room = core.look(token)
    if room is None:
        return unknown(request)
    with suppress(Wait):  # it is on its way already, and that is what the page says
        core.resend_from_link(token, client(request))
    return speaking(room, lambda: _link_page(request, room, token, sent=True))


@in_room()
@require_GET
def home(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """Leads to the page that the state asks for, or says what the state is."""
    match room.state:
        case State.LINK | State.CODE:
            return to("code", room.id)
        case State.READ:
            return to("read", room.id)
        case State.SIGNED | State.COMPLETED:
            return to("done", room.id)
    words = side(room)
    assert words is not None
    return show(request, "side", room, words.heading, side=words)


@in_room()
@require_GET
def state(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """For pages that wait: a word that changes when there is something new to show."""
    return JsonResponse({"state": state_word(room)})


@in_room()
@require_POST
def reopen(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """Start again after the sitting was over."""
    if room.state is State.SITTING_OVER:
        gateway.current().reopen(who)
    return to("home", room.id)


@in_room(State.SUPERSEDED)
@require_POST
def resend(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """As `link_resend`, from inside the room."""
    with suppress(Wait):  # it is on its way already
        gateway.current().resend(who)
    words = side(room)
    return show(request, "side", room, words.heading if words else "", side=words, sent=True)


@in_room(State.CODE)
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """Who are you? One field."""
    form = forms.CodeForm(request.POST or None, length=room.code.length)
    if request.method == "POST" and form.is_valid():
        result = gateway.current().enter_code(who, form.cleaned_data["code"])
        if result.right or not result.tries_left:
            return to("home", room.id)
        form.add_error("code", forms.tries(result.tries_left))
    return _code_page(request, room, form)


def _code_page(request: HttpRequest, room: Room, form: forms.CodeForm, **context: Any) -> HttpResponse:
    heading = _("Check your phone") if room.code.by_sms else _("Enter your code")
    wait = room.code.resend_at and max(0, ceil((room.code.resend_at - timezone.now()).total_seconds()))
    status = 422 if form.is_bound and form.errors else 200
    return show(request, "code", room, heading, status=status, step=1, form=form, wait=wait or 0, **context)


@in_room(State.CODE)
@require_POST
def code_again(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """Another SMS with a new code."""
    form = forms.CodeForm(length=room.code.length)
    try:
        gateway.current().send_code(who)
    except Wait as too_early:
        text = ngettext(
            "You can ask for a new code in %(n)s second.",
            "You can ask for a new code in %(n)s seconds.",
            too_early.seconds,
        )
        return _code_page(request, room, form, notice=text % {"n": too_early.seconds}, tone="warn")
    fresh = gateway.current().find(who) or room
    return _code_page(request, fresh, form, notice=_("We sent the code again."), tone="ok")


@in_room(*OPEN)
@require_GET
def read(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """The documents, at once."""
    return show(request, "read", room, _("Read the documents"), step=2)


@in_room(*OPEN)
@require_http_methods(["GET", "HEAD", "POST"])
def signature(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """How the signature looks; kept on the server until the sitting ends."""
    initial = {"kind": room.kept.kind if room.kept else "", "name": room.recipient, "hand": gateway.HANDS[0]}
    bound = request.method == "POST"
    form = forms.SignatureForm(
        request.POST if bound else None, request.FILES if bound else None, initial=initial
    )
    if bound and form.is_valid():
        try:
            gateway.current().keep_signature(who, form.appearance)
            return to("sign", room.id)
        except Rejected as reason:
            form.add_error(
                "image" if form.appearance.image else "name", _rejected(reason, len(form.appearance.image))
            )
    status = 422 if bound else 200
    return show(request, "signature", room, _("Your signature"), status=status, step=3, form=form)


def _rejected(reason: Rejected, size: int) -> str:
    match reason.code:
        case "too_large":
            return forms.too_large(size)
        case "too_small":
            return _("The picture is too small. It must be at least 100 by 40 pixels.")
        case "missing_glyph":
            return _("We cannot draw “%(sign)s”. Choose Draw or Upload.") % {"sign": reason.detail}
    return _("Choose a PNG or JPEG picture.")


@in_room(State.READ, *FINISHED)
@require_http_methods(["GET", "HEAD", "POST"])
def sign(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """The last button. A repeated press has the same request key, and so the same answer."""
    if room.state in FINISHED:
        return to("done", room.id)
    if room.kept is None:
        return to("signature", room.id)
    consent = room.consent_text or _("I have read the documents listed above and sign them electronically.")
    fresh = {"revision": room.revision, "digest": room.digest, "request_key": secrets.token_urlsafe(24)}
    form = forms.SignForm(request.POST if request.method == "POST" else None, initial=fresh)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        signing = gateway.current().sign(
            who, SignRequest(consent, data["revision"], data["digest"], data["request_key"])
        )
        if signing.outcome is Outcome.SIGNED:
            return to("done", room.id)
        return _not_signed(request, room, signing)
    count = len(room.documents)
    heading = ngettext("Sign %(n)s document", "Sign %(n)s documents", count) % {"n": count}
    status = 422 if form.is_bound else 200
    return show(request, "sign", room, heading, status=status, step=3, form=form, consent=consent)


def _not_signed(request: HttpRequest, room: Room, signing: gateway.Signing) -> HttpResponse:
    values = {"sender": room.sender}
    if signing.outcome is Outcome.MOVED:
        text = (
            _("%(sender)s has put in a new version. You have signed nothing. Please read it again.") % values
        )
        return show(request, "moved", room, _("The document has just changed"), status=409, text=text)
    match signing.reason:
        case Reason.TURN_ENDED:
            text = _("Your turn to sign has ended. You have signed nothing.")
        case Reason.EXPIRED:
            text = _("The time to sign has run out. You have signed nothing.")
        case Reason.NO_TIME:
            text = _("We could not get a trusted time. We do not sign without it. You have signed nothing.")
        case Reason.NO_SCAN:
            text = _("We could not check the file. We do not sign without it. You have signed nothing.")
        case _other:
            text = _("Others sign at this moment. You have signed nothing; please try again.")
    if signing.outcome is Outcome.NOT_READY:
        return show(request, "not_signed", room, _("Not possible right now"), status=503, text=text)
    return show(request, "not_signed", room, _("Not signed"), status=409, text=text)


@in_room(*FINISHED)
@require_GET
def done(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """What was signed and when; the sealed files when everybody has."""
    ready = bool(room.documents) and all(document.sealed for document in room.documents)
    last = room.state is State.COMPLETED
    heading = _("Everybody has signed") if last else _("You have signed")
    return show(request, "done", room, heading, last=last, ready=ready, waits=last and not ready)


@in_room(State.READ, State.DECLINED)
@require_http_methods(["GET", "HEAD", "POST"])
def refuse(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """Refuse, with a reason."""
    if room.state is State.DECLINED or not room.may_decline:
        return to("home", room.id)
    bound = request.method == "POST"
    form = forms.RefuseForm(
        request.POST if bound else None, sender=room.sender, required=room.reason_required
    )
    if bound and form.is_valid():
        gateway.current().decline(who, form.cleaned_data["reason"])
        return to("home", room.id)
    heading = _("Leave out this signature?") if room.skippable else _("Refuse to sign?")
    return show(request, "refuse", room, heading, status=422 if bound else 200, form=form)
