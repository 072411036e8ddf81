"""Using a template for one envelope: people for its roles, a last look, and sending."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages as flash
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from undersigned.console import scope
from undersigned.console.template_forms import UseForm
from undersigned.console.views.new.fields import COLOURS, initials, placed_pages, sizes_of
from undersigned.console.views.new.files import picture_of
from undersigned.console.views.new.frame import documents
from undersigned.envelopes import drafts
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.compile_groups import faults_of
from undersigned.envelopes.copies import Copy
from undersigned.envelopes.copy_envelope import Mode, copy_envelope
from undersigned.envelopes.copy_envelope import faults_of as faults_of_copy
from undersigned.envelopes.delete_draft import delete_draft
from undersigned.envelopes.errors import Conflict, Invalid, NotFound
from undersigned.envelopes.models import Envelope, EnvelopeState
from undersigned.envelopes.plan import plan_of
from undersigned.envelopes.policy import Policy
from undersigned.envelopes.roles import name_of, open_parts, parts, signers_of, text_names
from undersigned.envelopes.send import send

from .frame import DIALECT, PartShown, template_page
from .making import stored_rows


@require_http_methods(["GET", "HEAD", "POST"])
@template_page
def use(request: HttpRequest, actor: Actor, template: Envelope) -> HttpResponse:
    """Name people for the roles; that makes a draft, which is looked at before it is sent."""
    if template.state != EnvelopeState.OFFERED:
        return redirect("console:template", template_id=template.pk)
    plan = plan_of(template).documents or ()
    names = [p for p in open_parts(plan) if p] or parts(plan)
    form = UseForm(template.title, names, text_names(plan), request.POST or None)
    if request.method == "POST" and form.is_valid():
        players = form.players(actor.organization)
        copy = Copy(title=form.cleaned_data["title"].strip() or None, players=players, values=form.values())
        missing = {f"roles.{name}.email": ["required"] for name in names if name not in players}
        try:
            if missing:
                raise Invalid(missing | faults_of_copy(copy))
            made = copy_envelope(actor, template.pk, Mode.INSTANTIATE, copy)
        except Invalid as e:
            form.refuse_roles(e.faults)
        except Conflict:
            flash.error(request, _("The template was taken back meanwhile."))
            return redirect("console:template", template_id=template.pk)
        else:
            return redirect("console:instance-check", envelope_id=made.pk)
    status = 422 if form.errors else 200
    return render(
        request,
        "console/templates/use.html",
        {"tab": "templates", "template": template, "form": form},
        status=status,
    )


def instance_page(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A page about a draft that was made of a template. What is no draft any more leads to the envelope's own page."""

    @wraps(view)
    def wrapped(
        request: HttpRequest, actor: Actor, envelope_id: int, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        envelope = scope.managed(actor, envelope_id)
        if envelope.dialect != DIALECT or envelope.template:
            raise NotFound
        if envelope.state != EnvelopeState.DRAFT:
            return redirect("console:envelope-timeline", envelope_id=envelope.pk)
        return view(request, actor, envelope, *args, **kwargs)

    return scope.page(wrapped)


@require_http_methods(["GET", "HEAD", "POST"])
@instance_page
def check(request: HttpRequest, actor: Actor, envelope: Envelope) -> HttpResponse:
    """All of it on one page. Only what this page showed is sent, and once however often the button is pressed."""
    if request.method == "POST":
        try:
            send(actor, envelope.pk, seen=request.POST.get("seen", ""))
        except Invalid:
            pass  # the page says that something is missing
        except Conflict as e:
            if e.code == "moved":
                flash.error(
                    request, _("The draft has changed since this page was shown. Please check it again.")
                )
        else:
            flash.success(request, _("Sent. We write to you when something happens."))
            return redirect("console:envelope-timeline", envelope_id=envelope.pk)
        return redirect("console:instance-check", envelope_id=envelope.pk)
    plan = plan_of(envelope)
    listed = documents(envelope)
    shown = [
        PartShown(s.key, f"{s.name} {s.surname}".strip(), n % COLOURS + 1, initials(f"{s.name} {s.surname}"))
        for n, s in enumerate({s.key: s for s in signers_of(plan.documents or ())}.values())
    ]
    faults = faults_of(plan, listed, Policy.model_validate(envelope.policy))
    return render(
        request,
        "console/templates/instance.html",
        {
            "tab": "templates",
            "envelope": envelope,
            "flows": [
                {
                    "row": d,
                    "groups": [
                        [{"part": name_of(s), "signer": s} for s in g.signers]
                        for p in plan.documents or ()
                        if p.document == d.position
                        for g in p.groups
                    ],
                    "texts": [
                        f
                        for p in plan.documents or ()
                        if p.document == d.position
                        for f in p.fields
                        if f.kind == "text"
                    ],
                    "pages": placed_pages(
                        shown,
                        stored_rows(envelope, d),
                        sizes_of(d),
                        "console:instance-page",
                        envelope.pk,
                        d.pk,
                        width=160,
                    ),
                }
                for d in listed
            ],
            "incomplete": bool(faults),
            "seen": drafts.digest(envelope),
        },
    )


@require_http_methods(["POST"])
@instance_page
def discard(request: HttpRequest, actor: Actor, envelope: Envelope) -> HttpResponse:
    """Throw the draft away; the template stays."""
    delete_draft(actor, envelope.pk)
    flash.success(request, _("The draft is deleted."))
    return redirect("console:templates")


@require_safe
@instance_page
def page_image(
    request: HttpRequest, actor: Actor, envelope: Envelope, document_id: int, page: int, width: int
) -> HttpResponse:
    """A page of a document as a picture."""
    return picture_of(envelope, document_id, page, width)
