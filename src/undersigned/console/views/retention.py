"""How long content is kept: the organisation's rules, what goes when, and what was removed and can still be brought back."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib import messages as flash
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from undersigned.accounts.models import Organization, User
from undersigned.base.clock import iso_ms, now
from undersigned.console import scope, words
from undersigned.console.forms import RetentionForm
from undersigned.console.paging import paginate
from undersigned.envelopes.access import visible_collections
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.errors import Conflict, NotFound
from undersigned.envelopes.models import Collection, Envelope
from undersigned.envelopes.restore import restore
from undersigned.lifecycle.dry_run import Rules, past, preview
from undersigned.lifecycle.handlers import ERASE_EVERY
from undersigned.lifecycle.rules import set_rules

LISTS = ("content", "envelopes", "collections", "removed")


def _administered(actor: Actor) -> Organization:
    """Raises NotFound for everybody else."""
    if actor.user.role != User.Role.ADMIN:
        raise NotFound
    return Organization.objects.get(pk=actor.organization.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@scope.page
def page(request: HttpRequest, actor: Actor) -> HttpResponse:
    """A POST shows what the rules would mean; a POST with `save`, from the page that showed it, sets them."""
    organization = _administered(actor)
    given = {
        "signed": organization.retention_signed_months,
        "unsigned": organization.retention_unsigned_months,
        "other": organization.retention_other_months,
    }
    form = RetentionForm(request.POST or None, initial=given)
    tried = None
    if request.method == "POST" and form.is_valid():
        rules = form.rules
        if "save" in request.POST:
            set_rules(actor, rules)
            flash.success(request, _("The rules are saved. They are those of everything made from now on."))
            return redirect("console:retention")
        tried = preview(organization, rules)
    context = {"tab": "retention", "form": form, "tried": tried, "rules": form.rules if tried else None}
    if tried is not None:
        chosen = {k: v for k, v in vars(form.rules).items() if v}
        context["csv"] = f"{reverse('console:retention-csv')}?{urlencode(chosen)}"
    return render(
        request,
        "console/retention.html",
        context | _going(request, organization),
        status=422 if form.errors else 200,
    )


def _going(request: HttpRequest, organization: Organization) -> dict[str, Any]:
    """One of the lists of what goes next, soonest first, and when the next run is."""
    which = request.GET.get("list", "")
    which = which if which in LISTS else "content"
    rows, column = _list(organization, which)
    at = now(organization.clock_offset)
    found = paginate(request, rows, by=column, descending=False)
    period = ERASE_EVERY
    next_run = datetime.fromtimestamp((now().timestamp() // period + 1) * period, UTC)
    shown = [
        {
            "row": row,
            "at": getattr(row, column),
            "days": max(0, -((at - getattr(row, column)) // timedelta(days=1))),
            "word": words.envelope_word(row) if isinstance(row, Envelope) else None,
        }
        for row in found.rows
    ]
    names = {
        "content": _("Content"),
        "envelopes": _("Envelopes"),
        "collections": _("Collections"),
        "removed": _("Removed"),
    }
    lists = [(name, label, name == which) for name, label in names.items()]
    return {"which": which, "lists": lists, "page": found, "shown": shown, "next_run": next_run}


def _list(organization: Organization, which: str) -> tuple[QuerySet[Any], str]:
    envelopes = Envelope.objects.filter(organization=organization)
    last = Envelope.objects.filter(collection=OuterRef("pk"), erased_at=None, deleted_at=None)
    collections = Collection.objects.filter(organization=organization).annotate(
        has_envelope=Exists(last), an_envelope=last.order_by("-position").values("pk")[:1]
    )
    match which:
        case "envelopes":
            return envelopes.filter(erase_at__isnull=False), "erase_at"
        case "collections":
            return collections.filter(erase_at__isnull=False), "erase_at"
        case "removed":
            return collections.filter(delete_after__isnull=False), "delete_after"
    return envelopes.filter(content_erase_at__isnull=False), "content_erase_at"


@require_safe
@scope.page
def as_csv(request: HttpRequest, actor: Actor) -> HttpResponseBase:
    """All that the rules in the address would erase today, oldest first."""
    organization = _administered(actor)
    form = RetentionForm(request.GET)
    if not form.is_valid():
        raise NotFound
    response = StreamingHttpResponse(_lines(organization, form.rules), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="retention.csv"'
    return response


class _Line:
    """What `csv.writer` writes to: gives each line back."""

    def write(self, value: str) -> str:
        return value


def _lines(organization: Organization, rules: Rules) -> Iterator[str]:
    line: Any = csv.writer(_Line())
    yield line.writerow(["id", "title", "state", "created", "signed"])
    for e in past(organization, rules):
        yield line.writerow(
            [e.pk, _inert(e.title), e.state, iso_ms(e.created_at), iso_ms(e.agreed_at) if e.agreed_at else ""]
        )


def _inert(text: str) -> str:
    """A spreadsheet must not take a title for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


@require_POST
@scope.page
def bring_back(request: HttpRequest, actor: Actor, collection_id: int) -> HttpResponse:
    """Restore what was removed; for its owners and administrators."""
    found = (
        visible_collections(actor, removed=True).filter(pk=collection_id).first()
        if collection_id < 2**63
        else None
    )
    if found is None:
        raise NotFound
    try:
        restore(actor, [found])
    except Conflict:
        flash.error(request, _("The 14 days are over, so it cannot be restored."))
    else:
        flash.success(request, _("“{title}” is back.").format(title=found.title))
    last = found.envelopes.filter(erased_at=None, deleted_at=None).order_by("-position").first()
    if actor.user.role == User.Role.ADMIN and request.POST.get("from") == "list":
        return redirect(reverse("console:retention") + "?list=removed")
    return redirect("console:envelope-timeline", envelope_id=last.pk) if last else redirect("console:home")
