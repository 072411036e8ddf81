"""The last pages before somebody's word is given: the look of the signature, the last button, refusing."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from . import forms, gateway, limits, looks, tray_pages
from .documents import Document
from .gateway import Outcome, Reason, Room, SignRequest, State, Visit
from .identification import page_of
from .identifying import Asked
from .looks import Look, Rejected
from .onward import onward
from .pages import in_room, moved_heading, moved_text, show, to
from .part_pages import waiting
from .parts import Act
from .reading import unheard
from .tray import Clause, Task

FINISHED = (State.SIGNED, State.COMPLETED)


@in_room(State.READ)
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
    if room.one_by_one:
        if room.table is None or room.table.act is not Act.SIGN:
            return to("tray", room.id)
    elif not room.signs or any(document.open for document in room.documents):
        return to("parts", room.id)
    elif room.waits:
        return waiting(request, room)
    return to(page_of(room), room.id) if room.asked is not Asked.NOTHING else None


@in_room(*tray_pages.INSIDE, *FINISHED)
@require_http_methods(["GET", "HEAD", "POST"])
def sign(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """The last button. A repeated press has the same request key, and so the same answer."""
    meant = _meant(request, room)
    if meant is not None and meant.settled:
        return tray_pages.after(request, who, meant)
    if room.state in FINISHED:
        return (onward(request, room.return_urls.done) if request.method == "POST" else None) or to(
            "done", room.id
        )
    if room.state is not State.READ:
        return to("home", room.id)
    if (before := _before_signing(request, room)) is not None:
        return before
    if room.kept is None and room.look is not Look.NAME:
        return to("signature", room.id)
    if room.one_by_one and meant is not room.table and request.method == "POST":
        return _something_else(request, room)
    return _sign(request, who, room, _word_of_one(room) if room.one_by_one else _word_of_all(room))


def _meant(request: HttpRequest, room: Room) -> Task | None:
    """The one signature that a form was about; another may have been put on the table since."""
    given = request.POST.get("task", "")
    return room.task(int(given)) if given.isascii() and given.isdigit() and len(given) < 5 else None


def _something_else(request: HttpRequest, room: Room) -> HttpResponse:
    """In another window something else was opened: nobody signs or refuses what they do not look at."""
    text = _("You opened something else in another window. You have signed nothing here.")
    return show(request, "elsewhere", room, _("This is not what is open now"), status=409, text=text)


@dataclass(frozen=True)
class Word:
    """What is agreed to by the last button: the documents by number, the text beside the box, and what identifies it all."""

    signed: list[tuple[int, Document]]
    consent: str
    revision: str
    digest: str
    leads_to: tuple[str, ...] = ()
    task: Task | None = None

    @property
    def clauses(self) -> tuple[Clause, ...]:
        return self.task.clauses if self.task is not None else ()

    @property
    def full_text(self) -> str:
        """Word for word as the record keeps it: with the clauses, each of which has a box of its own."""
        return "\n\n".join(
            [self.consent, *("\n".join(filter(None, (accepting(c), c.text))) for c in self.clauses)]
        )


def _agreement(count: int) -> str:
    """Our text, where the sender has none."""
    if count == 1:
        return _("I have read the document listed above and sign it electronically.")
    return _("I have read the documents listed above and sign them electronically.")


def _word_of_all(room: Room) -> Word:
    """The sender's text or ours, and the sender's line about each document."""
    signed = [(n, d) for n, d in enumerate(room.documents, 1) if d.to_sign or not room.in_parts]
    text = room.consent_text or _agreement(len(signed))
    lines = [part.line for _n, document in signed for part in document.parts if part.line]
    return Word(signed, "\n".join([text, *lines]), room.revision, room.digest, (room.return_urls.done,))


def _word_of_one(room: Room) -> Word:
    """Of the one signature that is on the table."""
    task = room.table
    assert task is not None  # asked before
    document = replace(room.documents[task.document - 1], caption=task.caption)
    text = room.consent_text or _agreement(1)
    lines = [task.description] if task.description else []
    return Word(
        [(task.document, document)],
        "\n".join([text, *lines]),
        document.revision,
        document.digest,
        tray_pages.leads_to(room, task),
        task,
    )


def accepting(clause: Clause) -> str:
    """The words beside a clause's box; with a clause that stands on the page alone, they say which one."""
    values = {"page": clause.page}
    if not clause.text:
        return _("I accept the clause that is marked on page %(page)s.") % values
    return _("I accept this clause (page %(page)s):") % values if clause.page else _("I accept this clause:")


def _sign(request: HttpRequest, who: Visit, room: Room, word: Word) -> HttpResponseBase:
    fresh = {"revision": word.revision, "digest": word.digest, "request_key": secrets.token_urlsafe(24)}
    bound = request.method == "POST"
    form = forms.SignForm(request.POST if bound else None, initial=fresh, clauses=word.clauses)
    if bound and form.is_valid():
        data = form.cleaned_data
        signing = gateway.current().sign(
            who,
            SignRequest(
                word.full_text,
                translation.get_language() or room.language,
                data["revision"],
                data["digest"],
                data["request_key"],
                word.task.number if word.task is not None else 0,
                form.accepted,
            ),
        )
        if signing.outcome is not Outcome.SIGNED:
            return _not_signed(request, room, signing)
        if word.task is not None:
            return tray_pages.after(request, who, word.task)
        return onward(request, room.return_urls.done) or to("done", room.id)
    count = len(word.signed)
    heading = ngettext("Sign %(n)s document", "Sign %(n)s documents", count) % {"n": count}
    return show(
        request,
        "sign",
        room,
        heading,
        status=422 if bound else 200,
        step=3,
        leads_to=word.leads_to,
        form=form,
        consent=word.consent,
        clauses=[(c, box, accepting(c)) for c, box in form.accepting],
        signs=word.signed,
        task=word.task,
    )


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
        case Reason.OWN_KEY:
            text = _("The certificate that you chose cannot be used any more. You have signed nothing.")
            return show(request, "not_signed", room, _("Not signed"), status=409, text=text, wallet=True)
        case _other:
            text = _("Others sign at this moment. You have signed nothing; please try again.")
    if signing.outcome is Outcome.NOT_READY:
        return show(request, "not_signed", room, _("Not possible right now"), status=503, text=text)
    return show(request, "not_signed", room, _("Not signed"), status=409, text=text)


@in_room(*tray_pages.INSIDE, *FINISHED, State.DECLINED)
@require_http_methods(["GET", "HEAD", "POST"])
def refuse(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """Refuse, with a reason; or leave out the one signature that is on the table, where that is possible."""
    meant = _meant(request, room)
    if meant is not None and meant.settled:
        return tray_pages.after(request, who, meant)
    if room.state is not State.READ or not room.may_decline or (room.one_by_one and room.table is None):
        return to("home", room.id)
    bound = request.method == "POST"
    if bound and meant is not room.table and room.one_by_one:
        return _something_else(request, room)
    form = forms.RefuseForm(
        request.POST if bound else None, sender=room.sender, required=room.reason_required
    )
    if bound and form.is_valid():
        gateway.current().decline(who, form.cleaned_data["reason"], meant.number if meant else 0)
        if meant is not None:
            return tray_pages.after(request, who, meant)
        return onward(request, room.return_urls.declined) or to("home", room.id)
    heading = _("Leave out this signature?") if room.skippable else _("Refuse to sign?")
    if not room.signs:
        heading = _("Refuse this request?")
    status = 422 if bound else 200
    about = room.documents[room.table.document - 1] if room.table else None
    out = tray_pages.leads_to(room, room.table) if room.table else room.return_urls.declined
    return show(
        request, "refuse", room, heading, status=status, leads_to=out, form=form, task=room.table, about=about
    )
