"""Pages of a request in which each thing is dealt with by itself: all that waits for the person, in order, and one signature at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from . import gateway
from .gateway import Room, State, Visit
from .onward import onward
from .pages import in_room, show, side, to, unknown
from .parts import Act
from .reading import reader, unheard
from .tray import Task, TaskState

INSIDE = (State.READ, State.PREPARING, State.NOT_YOUR_TURN)
"""States in which the person has something to do here, now or later."""


@dataclass(frozen=True)
class Line:
    """A task as it is listed: what it is about, what is asked, how it stands, in words and as a tone."""

    task: Task
    name: str
    ask: str
    word: str
    icon: str
    tone: str


@in_room(*INSIDE)
@require_GET
def tray(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """All that is asked of the person, and the next thing to open."""
    if not room.one_by_one:
        return to("home", room.id)
    if room.state is State.READ and (first := unheard(request, room)) is not None:
        return first
    waits = room.state is not State.READ
    heading, text = words(room)
    return show(
        request,
        "tray",
        room,
        heading,
        step=2,
        text=text,
        lines=lines(room),
        following=room.next_task,
        waits=waits,
        every=2000 if room.state is State.PREPARING else 15000,
        said_before=said_before(room, request.GET.get("after", "")),
    )


def words(room: Room) -> tuple[str, str]:
    """Heading and sentence of the tray."""
    left = sum(task.open for task in room.tasks)
    if left:
        heading = ngettext("%(n)s thing for you to do", "%(n)s things for you to do", left) % {"n": left}
        return heading, ""
    filled = any(t.act is Act.FILL and t.state is TaskState.DONE for t in room.tasks)
    began = any(t.act is Act.SIGN and t.settled for t in room.tasks)
    if filled and not began:
        text = _("When everybody has filled in, signing starts and we write to you.")
        if room.state is State.PREPARING:
            text = _(
                "The documents are being prepared; this takes a few seconds. The page goes on by itself."
            )
        elif not room.written_to:
            text = _("When everybody has filled in, signing starts. Open this link again then.")
        return _("You have filled in your part"), text
    if began and room.state is State.NOT_YOUR_TURN:
        text = _("Others sign before you; we write to you when it is your turn.")
        if not room.written_to:
            text = _("Others must do their part before you. Open this link again when they have.")
        return _("Nothing waits for you now"), text
    said = side(room)
    return (said.heading, said.text) if said is not None else (_("Nothing waits for you now"), "")


def lines(room: Room) -> list[Line]:
    """The tasks in order."""
    return [_line(room, task) for task in room.tasks]


def _line(room: Room, task: Task) -> Line:
    ask = _("Fill in") if task.act is Act.FILL else _("Sign")
    if task.skippable and not task.settled:
        ask = _("Sign, or leave it out")
    said = {
        TaskState.OPEN: (_("To do"), "circle", ""),
        TaskState.PREPARING: (_("Being prepared"), "loader", "waits"),
        TaskState.LATER: (_("Not your turn yet"), "hourglass", "waits"),
        TaskState.DONE: (_("Filled in") if task.act is Act.FILL else _("Signed"), "circle-check", "done"),
        TaskState.LEFT_OUT: (_("Left out"), "circle-minus", "left"),
        TaskState.OVER: (_("Not signed"), "circle-x", "left"),
    }
    return Line(task, room.documents[task.document - 1].name, ask, *said[task.state])


def said_before(room: Room, after: str) -> str:
    """What has become of the task whose number came with the address: the word that begins the status."""
    task = room.task(int(after)) if after.isascii() and after.isdigit() and len(after) < 5 else None
    if task is None:
        return ""
    if task.state is TaskState.DONE:
        return _("Filled in.") if task.act is Act.FILL else _("Signed.")
    return _("Left out.") if task.state is TaskState.LEFT_OUT else ""


@in_room(*INSIDE)
@require_http_methods(["GET", "HEAD", "POST"])
def task(request: HttpRequest, who: Visit, room: Room, number: int) -> HttpResponseBase:
    """One thing that is asked. POST takes it up; GET shows what is on the table, and changes nothing."""
    if room.state is State.READ and (first := unheard(request, room)) is not None:
        return first
    one = room.task(number)
    if one is None:
        return unknown(request)
    if not one.open:
        return to("tray", room.id)
    if request.method == "POST":
        gateway.current().take_up(who, number)
        return onto(room, one)
    if one.act is Act.FILL:
        return onto(room, one)
    return _signature_page(request, room, one) if number == room.on_table else to("tray", room.id)


def _signature_page(request: HttpRequest, room: Room, one: Task) -> HttpResponse:
    document = room.documents[one.document - 1]
    return show(
        request,
        "read",
        alone(room, one.document),
        _("Read and sign this document") if document.to_read else _("Sign this document"),
        step=2,
        **reader(room, request.GET.get("from", ""), one.document),
        number=one.document,
        only=document,
        task=one,
        said_before=said_before(room, request.GET.get("after", "")),
    )


def alone(room: Room, document: int) -> Room:
    """The room as a page knows it that shows this document only."""
    if not room.one_by_one:
        return room
    one = room.documents[document - 1]
    return replace(room, revision=one.revision, digest=one.digest)


def onto(room: Room, task: Task, after: Task | None = None) -> HttpResponseRedirect:
    """303 to where a task is done; `after`: the one that was settled just now."""
    if task.act is Act.FILL:
        response = to("document", room.id, str(task.document))
    else:
        response = to("task", room.id, str(task.number))
    if after is not None:
        response["Location"] += f"?after={after.number}"
    return response


def after(request: HttpRequest, who: Visit, settled: Task) -> HttpResponseBase:
    """Out to where the sender wants the person to be, or on to what else waits for them here."""
    core = gateway.current()
    room = core.find(who)
    if room is None:
        return unknown(request)
    complete = room.when_complete if room.state is State.COMPLETED else ""
    out = onward(request, complete) or onward(request, settled.return_url)
    if out is not None:
        return out
    following = room.task(core.go_on(who)) if room.state is State.READ else None
    if following is not None:
        return onto(room, following, settled)
    response = to("tray" if room.state in INSIDE else "home", room.id)
    if room.state in INSIDE:
        response["Location"] += f"?after={settled.number}"
    return response


def first_page(room: Room) -> HttpResponseRedirect:
    """Where one begins, or goes on: what is on the table, else the tray."""
    return onto(room, room.table) if room.table is not None else to("tray", room.id)


def address_of(room: Room, task: Task) -> str:
    """Where a task is shown."""
    return reverse("room:task", args=[room.id, task.number])


def leads_to(room: Room, task: Task) -> tuple[str, ...]:
    """Where the answer to its form may redirect."""
    return tuple(url for url in (room.when_complete, task.return_url) if url)


def ends(room: Room) -> dict[str, Any]:
    """For the last page: the lines of what was signed and left out."""
    return {"lines": [line for line in lines(room) if line.task.act is Act.SIGN]} if room.one_by_one else {}
