"""What waits for whom since when."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from undersigned.base.clock import now
from undersigned.console import rows, scope
from undersigned.delivery.models import Message
from undersigned.envelopes.access import visible
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.models import Envelope, EnvelopeState

from .attention import badge
from .messages import as_shown

SHOWN = 8


@require_safe
@scope.page
def home(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Waits for others, oldest first; recently completed; failed messages."""
    at = now(actor.organization.clock_offset)
    seen = rows.listed(actor)
    waiting = list(seen.filter(state=EnvelopeState.SENT).order_by("sent_at", "pk")[: SHOWN + 1])
    completed = list(seen.filter(state=EnvelopeState.COMPLETED).order_by("-completed_at", "-pk")[:5])
    operates = scope.may_operate(actor.user)  # has a page of its own for these
    attention, failed = ([], []) if operates else (_attention(seen), _failed(actor))
    return render(
        request,
        "console/home.html",
        {
            "tab": "home",
            "waiting": rows.as_rows(waiting[:SHOWN], at),
            "more_waiting": len(waiting) > SHOWN,
            "completed": rows.as_rows(completed, at),
            "attention": rows.as_rows(attention, at),
            "failed": as_shown(failed),
            "attention_badge": badge(actor) if operates else "",
            "empty": not (waiting or completed) and not visible(actor).exists(),
        },
    )


def _attention(seen: QuerySet[Envelope]) -> list[Envelope]:
    return list(seen.exclude(needs_attention="").order_by("pk")[:SHOWN])


def _failed(actor: Actor) -> list[Message]:
    return list(scope.messages(actor).filter(state=Message.State.FAILED).order_by("-pk")[:SHOWN])
