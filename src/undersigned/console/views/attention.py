"""What needs a person: work that stopped, messages that nobody took, envelopes that wait. Each can be run again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib import messages as flash
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from undersigned.console import scope, words
from undersigned.console.paging import Page, paginate
from undersigned.delivery.models import Message
from undersigned.envelopes import attention
from undersigned.envelopes.access import visible
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.errors import Conflict
from undersigned.envelopes.models import Envelope
from undersigned.envelopes.run_again import run_again as run_job_again
from undersigned.envelopes.send_message_again import send_message_again
from undersigned.jobs.models import Job

from .messages import Shown, as_shown

GROUPS: dict[str, Callable[[int | None], QuerySet[Any]]] = {
    "work": attention.dead_jobs,
    "failed": attention.failed_messages,
    "waiting": attention.flagged,
}
SHOWN = 5
"""Of each group on the first page; each has pages of its own."""
COUNTED = 100
"""Where counting ends."""
AT_ONCE = 500
"""Run again by one press; a second's work or two."""


@dataclass(frozen=True)
class About:
    """The envelope that something is about: its title, the organisation (for operators), whether the reader may open it."""

    pk: int
    title: str
    organization: str
    open: bool


@dataclass(frozen=True)
class Work:
    """A job in words, with the envelope that it is for."""

    row: Job
    what: str
    about: About | None


@dataclass(frozen=True)
class Failed:
    """A failed message, with the envelope that it is about."""

    m: Shown
    about: About | None


@dataclass(frozen=True)
class Waiting:
    """An envelope that says why it waits, and the job that it waits for."""

    row: Envelope
    about: About
    job: Job | None
    what: str


def badge(actor: Actor) -> str:
    """How many need attention, for the navigation: empty, a number, or 99+. Raises NotFound for who may not operate."""
    organization = scope.operated(actor)
    total = sum(len(rows(organization).values_list("pk")[:COUNTED]) for rows in GROUPS.values())
    return f"{COUNTED - 1}+" if total >= COUNTED else str(total or "")


@require_safe
@scope.page
def attention_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    """All groups, a few of each; with `?show=` one of them, in pages."""
    organization = scope.operated(actor)
    show = request.GET.get("show", "")
    context: dict[str, Any] = {"tab": "attention", "show": show if show in GROUPS else ""}
    if show in GROUPS:
        page: Page = paginate(request, _read(show, organization))
        context |= {"page": page, show: _shown(show, page.rows, actor)}
    else:
        for name in GROUPS:
            found = list(_read(name, organization).order_by("-pk")[: SHOWN + 1])
            context |= {name: _shown(name, found[:SHOWN], actor), f"more_{name}": len(found) > SHOWN}
    context["empty"] = not any(context.get(name) for name in GROUPS)
    context["attention_badge"] = badge(actor)
    return render(request, "console/attention.html", context)


def _read(group: str, organization: int | None) -> QuerySet[Any]:
    rows = GROUPS[group](organization)
    return rows.select_related("organization") if group != "work" else rows


def _shown(group: str, rows: Iterable[Any], actor: Actor) -> list[Any]:
    rows = list(rows)
    if group == "work":
        return _jobs(rows, actor)
    if group == "failed":
        about = _about(actor, {m.envelope_id for m in rows})
        return [Failed(m, about.get(m.row.envelope_id or 0)) for m in as_shown(rows)]
    about, work = _about(actor, {e.pk for e in rows}), attention.work_on(rows)
    return [
        Waiting(e, about[e.pk], work.get(e.pk), words.work(work[e.pk]) if e.pk in work else "") for e in rows
    ]


def _jobs(jobs: list[Any], actor: Actor) -> list[Work]:
    of_message = dict(
        Message.objects.filter(pk__in=[j.about_message for j in jobs if j.about_message]).values_list(
            "pk", "envelope_id"
        )
    )
    envelope = {j.pk: j.about_envelope or of_message.get(j.about_message) for j in jobs}
    about = _about(actor, set(envelope.values()))
    return [Work(j, words.work(j), about.get(envelope[j.pk] or 0)) for j in jobs]


def _about(actor: Actor, ids: set[int | None]) -> dict[int, About]:
    wanted = [pk for pk in ids if pk is not None]
    mine = set(visible(actor).filter(pk__in=wanted).values_list("pk", flat=True))
    found = Envelope.objects.filter(pk__in=wanted).values_list("pk", "title", "organization__name")
    return {
        pk: About(pk, title, organization if actor.user.is_operator else "", pk in mine)
        for pk, title, organization in found
    }


@require_POST
@scope.page
def run_again(request: HttpRequest, actor: Actor, job_id: int) -> HttpResponse:
    """Run one job now."""
    try:
        run_job_again(actor, scope.job(actor, job_id))
    except Conflict:
        flash.info(request, _("It runs already."))
    else:
        flash.success(request, _("It runs again now. It comes back here only if it stops again."))
    return redirect("console:attention")


@require_POST
@scope.page
def run_all_again(request: HttpRequest, actor: Actor, group: str) -> HttpResponse:
    """Run all of a group again, oldest first, in portions of AT_ONCE."""
    organization = scope.operated(actor)
    if group not in GROUPS:
        raise Http404
    rows = list(_read(group, organization).order_by("pk")[: AT_ONCE + 1])
    done = sum(_run(again) for again in _repetitions(actor, group, rows[:AT_ONCE]))
    flash.success(
        request,
        ngettext("{n} runs again now.", "{n} run again now.", done).format(n=done),
    )
    if len(rows) > AT_ONCE:
        flash.info(request, _("There are more; press again."))
    return redirect("console:attention")


def _repetitions(actor: Actor, group: str, rows: list[Any]) -> list[Callable[[], None]]:
    if group == "failed":
        return [partial(send_message_again, actor, m) for m in rows]
    jobs = attention.work_on(rows).values() if group == "waiting" else rows
    return [partial(run_job_again, actor, j) for j in jobs]


def _run(again: Callable[[], None]) -> bool:
    try:
        again()
    except Conflict:
        return False
    return True
