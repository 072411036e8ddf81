"""The templates that one may use, and what was made by sheets."""

from __future__ import annotations

from django.contrib import messages as flash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from undersigned.console import scope, words
from undersigned.console.paging import paginate
from undersigned.console.views.new.frame import documents
from undersigned.envelopes.access import (
    may_change,
    refuse_unless_maker,
    visible_collections,
    visible_templates,
)
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.batches import standings
from undersigned.envelopes.errors import Conflict, Forbidden, Invalid
from undersigned.envelopes.models import Collection, Envelope, EnvelopeState
from undersigned.envelopes.offer import offer
from undersigned.envelopes.plan import plan_of
from undersigned.envelopes.plan_parts import is_drawn
from undersigned.envelopes.roles import parts, text_names
from undersigned.envelopes.withdraw_template import withdraw_template

from .frame import DIALECT, parts_shown, template_page
from .making import placed, stored_rows

BATCHES = 10


@require_http_methods(["GET", "HEAD"])
@scope.page
def template_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    """One's own and those that are offered to everybody, newest first; below them the last batches."""
    refuse_unless_maker(actor)
    rows = visible_templates(actor).filter(dialect=DIALECT).select_related("owner_user")
    page = paginate(request, rows)
    return render(
        request,
        "console/templates/list.html",
        {"tab": "templates", "page": page, "rows": [_row(e) for e in page.rows], "batches": _batches(actor)},
    )


def _row(template: Envelope) -> dict[str, object]:
    plan = plan_of(template).documents or ()
    return {"row": template, "word": words.state_word(template.state) if template.state != EnvelopeState.OFFERED
            else words.Word(_("Published"), "ok", "circle-check"), "parts": parts(plan)}  # fmt: skip


def _batches(actor: Actor) -> list[dict[str, object]]:
    found = visible_collections(actor).filter(dialect=DIALECT, kind=Collection.Kind.BATCH)
    rows = list(found.select_related("owner_user").order_by("-created_at", "-pk")[:BATCHES])
    counted = standings(rows)
    return [{"row": b, "standing": counted[b.pk]} for b in rows]


@require_http_methods(["GET", "HEAD"])
@template_page
def template(request: HttpRequest, actor: Actor, found: Envelope) -> HttpResponse:
    """A template as it is used. One that is still being made leads to its first step."""
    mine = may_change(actor, found)
    if found.state == EnvelopeState.DRAFT and mine and is_drawn(found):
        return redirect("console:template-files", template_id=found.pk)
    plan = plan_of(found).documents or ()
    return render(
        request,
        "console/templates/template.html",
        {
            "tab": "templates",
            "template": found,
            "is_offered": found.state == EnvelopeState.OFFERED,
            "may_change": mine,
            "parts": parts_shown(found) if is_drawn(found) else [],
            "names": parts(plan),
            "texts": text_names(plan),
            "documents": [
                {"row": d, "pages": placed(found, d, stored_rows(found, d), 160)} for d in documents(found)
            ],
        },
    )


@require_POST
@template_page
def withdraw(request: HttpRequest, actor: Actor, found: Envelope) -> HttpResponse:
    """Take it back, to change it."""
    if not may_change(actor, found):
        raise Forbidden
    try:
        withdraw_template(actor, found.pk)
    except Conflict:
        flash.error(request, _("The template is not published."))
    else:
        flash.success(request, _("The template is a draft again. What was made of it stays as it is."))
    return redirect("console:template", template_id=found.pk)


@require_POST
@template_page
def publish(request: HttpRequest, actor: Actor, found: Envelope) -> HttpResponse:
    """Publish one that a program has made."""
    if not may_change(actor, found):
        raise Forbidden
    try:
        offer(actor, found.pk)
    except (Conflict, Invalid):
        flash.error(request, _("Something is missing in this template. Whoever made it must complete it."))
    return redirect("console:template", template_id=found.pk)
