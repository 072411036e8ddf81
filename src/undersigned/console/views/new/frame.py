"""What the five steps share: the draft that one may change, and the way through them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from undersigned.console import scope
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.errors import Conflict, NotFound
from undersigned.envelopes.models import Document, Envelope, EnvelopeState, Recipient
from undersigned.envelopes.ports import dialect

STEPS = ("files", "people", "fields", "letter", "check")


def draft_page(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A page about a draft, which the view gets. What is no draft any more leads to the envelope's own page."""

    @wraps(view)
    def wrapped(
        request: HttpRequest, actor: Actor, envelope_id: int, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        envelope = scope.managed(actor, envelope_id)
        if "edit_draft" not in dialect(envelope.dialect).use_cases:
            raise NotFound
        if envelope.state == EnvelopeState.DRAFT:
            try:
                return view(request, actor, envelope, *args, **kwargs)
            except Conflict as e:
                if e.code != "already_sent":
                    raise
        return redirect("console:envelope-timeline", envelope_id=envelope.pk)

    return scope.page(wrapped)


def documents(envelope: Envelope) -> list[Document]:
    """In order, with their files."""
    return list(
        envelope.documents.filter(removed_at=None).select_related("original__blob").order_by("position")
    )


def people(envelope: Envelope) -> list[Recipient]:
    """In order."""
    return list(envelope.recipients.order_by("position", "pk"))


def way(
    steps: Sequence[str], step: str, names: Mapping[str, str], prefix: str, envelope: Envelope | None
) -> dict[str, Any]:
    """What the common head shows of the steps: each with its name, address ("console:<prefix>-<step>") and state, and those beside `step`."""
    here = steps.index(step)
    listed = [
        {
            "name": names[s],
            "url": reverse(f"console:{prefix}-{s}", args=[envelope.pk]) if envelope else "",
            "state": "current" if s == step else "done" if number < here else "todo",
        }
        for number, s in enumerate(steps)
    ]
    return {
        "steps": listed,
        "back": listed[here - 1] if here else None,
        "forth": listed[here + 1] if here + 1 < len(listed) else None,
    }


def show(
    request: HttpRequest,
    envelope: Envelope | None,
    step: str,
    status: int = 200,
    template: str = "",
    **context: Any,
) -> HttpResponse:
    """A step under the common head, or a page of it with a `template` of its own. Without an envelope it is the first step, before
    anything is stored.
    """
    names = {
        "files": _("Documents"),
        "people": _("People"),
        "fields": _("Places"),
        "letter": _("Message"),
        "check": _("Check and send"),
    }
    return render(
        request,
        f"console/new/{template or step}.html",
        {
            "tab": "envelopes",
            "envelope": envelope,
            **way(STEPS, step, names, "new", envelope),
            **context,
        },
        status=status,
    )
