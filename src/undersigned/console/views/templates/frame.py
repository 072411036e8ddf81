"""What the pages about templates share: the template that one may see, the draft that one may change, and the way through it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from undersigned.console import scope
from undersigned.console.views.new.fields import COLOURS, initials
from undersigned.console.views.new.frame import way
from undersigned.envelopes.access import may_change, refuse_unless_maker, visible_templates
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.errors import Conflict, NotFound
from undersigned.envelopes.models import Envelope, EnvelopeState
from undersigned.envelopes.plan_parts import is_drawn, parts_of

DIALECT = "signingtoday"
"""The API whose programs can use what is made here: templates are of the same kind, whoever makes them."""
STEPS = ("files", "roles", "places", "check")


@dataclass(frozen=True)
class PartShown:
    """A part as the editor shows it: by colour and initials."""

    value: str
    name: str
    colour: int
    initials: str


def template_page(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A page about a template that one may see and use."""

    @wraps(view)
    def wrapped(
        request: HttpRequest, actor: Actor, template_id: int, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        refuse_unless_maker(actor)
        rows = visible_templates(actor).select_related("organization", "owner_user")
        found = rows.filter(pk=template_id, dialect=DIALECT).first() if template_id < 2**63 else None
        if found is None:
            raise NotFound
        return view(request, actor, found, *args, **kwargs)

    return scope.page(wrapped)


def draft_page(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A page about a template that one is making. What is no draft any more leads to its own page."""

    @wraps(view)
    def wrapped(
        request: HttpRequest, actor: Actor, template: Envelope, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        if not may_change(actor, template):
            raise NotFound
        if template.state == EnvelopeState.DRAFT and is_drawn(template):
            try:
                return view(request, actor, template, *args, **kwargs)
            except Conflict as e:
                if e.code != "already_sent":
                    raise
        return redirect("console:template", template_id=template.pk)

    return template_page(wrapped)


def parts_shown(template: Envelope) -> list[PartShown]:
    """Each part with its colour."""
    return [
        PartShown(p.key, p.name, n % COLOURS + 1, initials(p.name)) for n, p in enumerate(parts_of(template))
    ]


def show(
    request: HttpRequest, template: Envelope | None, step: str, status: int = 200, **context: Any
) -> HttpResponse:
    """A step of making a template, under the common head."""
    names = {
        "files": _("Documents"),
        "roles": _("Roles"),
        "places": _("Places"),
        "check": _("Check and publish"),
    }
    return render(
        request,
        f"console/templates/{step}.html",
        {
            "tab": "templates",
            "template": template,
            "envelope": template,
            **way(STEPS, step, names, "template", template),
            **context,
        },
        status=status,
    )
