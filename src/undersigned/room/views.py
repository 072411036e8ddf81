"""Pages of the signing room. Each step is an address and a form that works without JavaScript.

GET never changes anything. What may happen is decided by the core; a page only asks the gateway and shows the answer.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from math import ceil
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from . import forms, gateway, limits, looks
from .documents import Document
from .gateway import Outcome, Reason, Room, SignRequest, State, Visit, Wait
from .identification import ahead, page_of
from .identifying import Asked
from .looks import Look, Rejected
from .onward import host, onward
from .pages import in_room, locked, moved_heading, moved_text, show, side, speaking, to, uncached, unknown
from .part_pages import waiting
from .reading import unheard
from .session import client, forget, remember

OPEN = (State.READ,)
FINISHED = (State.SIGNED, State.COMPLETED)


@uncached
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, token: str) -> HttpResponseBase:
    """The address in the message. GET tells what it is; POST opens the room and puts the token out of sight."""
    core = gateway.current()
    if request.method == "POST":
        limits.opening(request, token)
        opened = core.open_link(token, client(request))
        if opened is None:
            over = core.look(token)
            if over is None or over.state is not State.SIGN_IN_OVER:
                return unknown(request)
            return speaking(request, over, lambda: _link_page(request, over, token))
        response = to("home", opened.room_id)
        remember(response, opened)
        return response
    room = core.look(token)
    if room is None:
        return unknown(request)
    return speaking(request, room, lambda: _link_page(request, room, token))


def _link_page(request: HttpRequest, room: Room, token: str, **context: Any) -> HttpResponse:
    if room.state in FINISHED and not room.viewer:
        return show(request, "already", room, _("You have already signed"), token=token)
    words = side(room)
    # Only opening can end these two.
    if words and room.state not in (State.LOCKED, State.PREPARING):
        return show(request, "side", room, words.heading, side=words, token=token, **context)
    values = {"sender": room.sender, "organisation": room.organization}
    if room.protected:
        return show(request, "link", room, _("%(organisation)s has a document for you") % values, token=token)
    heading = _("%(sender)s of %(organisation)s asks you to sign") % values
    if room.viewer:
        count = len(room.documents)
        heading = ngettext(
            "%(sender)s shares %(n)s document with you", "%(sender)s shares %(n)s documents with you", count
        ) % (values | {"n": count})
    return show(request, "link", room, heading, token=token)


@uncached
@require_POST
def link_resend(request: HttpRequest, token: str) -> HttpResponseBase:
    """Send the newer version's link to the address on file; the answer is the same whether or not there is one."""
    core = gateway.current()
    room = core.look(token)
    if room is None:
        return unknown(request)
    limits.sending(request)
    with suppress(Wait):  # it is on its way already, and that is what the page says
        core.resend_from_link(token, client(request))
    return speaking(request, room, lambda: _link_page(request, room, token, sent=True))


@in_room()
@require_GET
def home(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """Leads to the page that the state asks for, or says what the state is."""
    match room.state:
        case State.LINK | State.CODE:
            return to("code", room.id)
        case State.ONE_TIME | State.IDENTIFY:
            return to(page_of(room), room.id)
        case State.READ | State.VIEW:
            return unheard(request, room) or to(
                "parts" if room.in_parts and not room.viewer else "read", room.id
            )
        case State.SIGNED | State.COMPLETED:
            return to("done", room.id)
    words = side(room)
    assert words is not None
    return show(request, "side", room, words.heading, side=words)


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
    limits.sending(request)
    with suppress(Wait):  # it is on its way already
        gateway.current().resend(who)
    words = side(room)
    return show(request, "side", room, words.heading if words else "", side=words, sent=True)


@in_room(State.CODE, State.READ)
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """Who are you? One field."""
    if room.state is State.READ and room.asked is not Asked.CODE:
        return to("home", room.id)
    if (shut := locked(request, room)) is not None:
        return shut
    form = forms.CodeForm(request.POST or None, length=room.code.length)
    if request.method == "POST" and form.is_valid():
        limits.code(request)
        result = gateway.current().enter_code(who, form.cleaned_data["code"])
        if result.right or not result.tries_left:
            return to(ahead(room), room.id)
        form.add_error("code", forms.tries(result.tries_left))
    return _code_page(request, room, form)


def _code_page(request: HttpRequest, room: Room, form: forms.CodeForm, **context: Any) -> HttpResponse:
    heading = _("Check your phone") if room.code.by_sms else _("Enter your code")
    wait = room.code.resend_at and max(0, ceil((room.code.resend_at - timezone.now()).total_seconds()))
    status = 422 if form.is_bound and form.errors else 200
    return show(request, "code", room, heading, status=status, step=1, form=form, wait=wait or 0, **context)


@in_room(State.CODE, State.READ)
@require_POST
def code_again(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """Another SMS with the code."""
    if room.state is State.READ and room.asked is not Asked.CODE:
        return to("home", room.id)
    limits.sending(request)
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
@require_http_methods(["GET", "HEAD", "POST"])
def signature(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """How the signature looks; kept on the server until the sitting ends. Who must prove something first is asked for it here."""
    if (before := _before_signing(request, room)) is not None:
        return before
    if room.look is Look.NAME:
        return to("sign", room.id)
    initial = {
        "kind": room.kept.kind if room.kept else "drawn" if room.look is Look.DRAWN else "",
        "name": room.recipient,
        "hand": looks.HANDS[0],
        "shade": 0,
    }
    bound = request.method == "POST"
    form = forms.SignatureForm(
        request.POST if bound else None, request.FILES if bound else None, initial=initial, look=room.look
    )
    if bound and form.is_valid():
        limits.look(room.id)
        try:
            gateway.current().keep_signature(who, form.appearance)
            return to("sign", room.id)
        except Rejected as reason:
            form.add_error(
                "image" if form.appearance.image else "name",
                forms.rejected(reason, len(form.appearance.image)),
            )
    status = 422 if bound else 200
    return show(request, "signature", room, _("Your signature"), status=status, step=3, form=form)


def _before_signing(request: HttpRequest, room: Room) -> HttpResponseBase | None:
    """What comes before it: the sender's words, everything else that is asked, pages that are not ready, a proof."""
    if (first := unheard(request, room)) is not None:
        return first
    if not room.signs or any(document.open for document in room.documents):
        return to("parts", room.id)
    if room.waits:
        return waiting(request, room)
    return to(page_of(room), room.id) if room.asked is not Asked.NOTHING else None


@in_room(State.READ, *FINISHED)
@require_http_methods(["GET", "HEAD", "POST"])
def sign(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """The last button. A repeated press has the same request key, and so the same answer."""
    after = room.return_urls.done
    if room.state in FINISHED:
        return (onward(request, after) if request.method == "POST" else None) or to("done", room.id)
    if (before := _before_signing(request, room)) is not None:
        return before
    if room.kept is None and room.look is not Look.NAME:
        return to("signature", room.id)
    signed = [document for document in room.documents if document.to_sign or not room.in_parts]
    consent = _consent(room, signed)
    fresh = {"revision": room.revision, "digest": room.digest, "request_key": secrets.token_urlsafe(24)}
    form = forms.SignForm(request.POST if request.method == "POST" else None, initial=fresh)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        signing = gateway.current().sign(
            who,
            SignRequest(
                consent,
                translation.get_language() or room.language,
                data["revision"],
                data["digest"],
                data["request_key"],
            ),
        )
        if signing.outcome is Outcome.SIGNED:
            return onward(request, after) or to("done", room.id)
        return _not_signed(request, room, signing)
    count = len(signed)
    heading = ngettext("Sign %(n)s document", "Sign %(n)s documents", count) % {"n": count}
    return show(
        request,
        "sign",
        room,
        heading,
        status=422 if form.is_bound else 200,
        step=3,
        leads_to=after,
        form=form,
        consent=consent,
        signs=[(n, d) for n, d in enumerate(room.documents, 1) if d in signed],
    )


def _consent(room: Room, signed: list[Document]) -> str:
    """What is agreed to, word for word as the record keeps it: the sender's text or ours, and the sender's line about each document."""
    text = room.consent_text or _("I have read the documents listed above and sign them electronically.")
    lines = [part.line for document in signed for part in document.parts if part.line]
    return "\n".join([text, *lines])


def _not_signed(request: HttpRequest, room: Room, signing: gateway.Signing) -> HttpResponse:
    if signing.outcome is Outcome.MOVED:
        return show(request, "moved", room, moved_heading(), status=409, text=moved_text(room))
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
    sealed = [document.sealed for document in room.documents if document.to_seal]
    ready = bool(room.documents) and all(sealed)
    last = room.state is State.COMPLETED
    heading = _("Everybody has signed") if last else _("You have signed")
    if not room.signs:
        heading = _("You are done")
    return show(
        request,
        "done",
        room,
        heading,
        last=last,
        ready=ready,
        waits=last and not ready,
        signed=sum(document.to_sign or not room.in_parts for document in room.documents),
        host=host(room.return_urls.done),
    )


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
        return onward(request, room.return_urls.declined) or to("home", room.id)
    heading = _("Leave out this signature?") if room.skippable else _("Refuse to sign?")
    if not room.signs:
        heading = _("Refuse this request?")
    status = 422 if bound else 200
    return show(
        request, "refuse", room, heading, status=status, leads_to=room.return_urls.declined, form=form
    )


@in_room(*OPEN)
@require_http_methods(["GET", "HEAD", "POST"])
def later(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """Finish later: leave this browser, or have the link sent once more to the address on file."""
    heading, after = _("Finish later"), room.return_urls.later
    if request.method != "POST":
        return show(request, "later", room, heading, leads_to=after)
    if request.POST.get("what") == "send" and room.written_to:
        limits.sending(request)
        with suppress(Wait):  # it is on its way already
            gateway.current().resend(who)
        return show(request, "later", room, heading, leads_to=after, sent=True)
    gateway.current().postpone(who)
    answer = onward(request, after) or show(request, "left", None, _("You have left"))
    forget(answer, room.id)
    return answer
