"""Metadata for administrators: fields, templates, their ids for API calls."""

from __future__ import annotations

from django.contrib import messages as flash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from undersigned.console import scope
from undersigned.console.metadata_forms import KINDS, FieldForm, TemplateForm
from undersigned.envelopes import metadata_templates as core
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.errors import Invalid
from undersigned.envelopes.models import MetadataTemplate


@require_safe
@scope.page
def overview(request: HttpRequest, actor: Actor) -> HttpResponse:
    """All templates and fields, with what uses them."""
    templates = list(core.templates_for(actor))
    used = core.used_by(templates)
    context = {
        "tab": "metadata",
        "templates": [{"row": t, "used": used.get(t.pk, 0)} for t in templates],
        "fields": [{"row": f, "kind": KINDS[f.kind]} for f in core.fields_for(actor)],
    }
    return render(request, "console/metadata.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@scope.page
def new_field(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Make a field."""
    core.fields_for(actor)  # administrators only
    form = FieldForm(request.POST or None, new=True)
    if request.method == "POST" and form.is_valid():
        try:
            core.add_field(actor.organization, form.cleaned_data["name"], form.cleaned_data["kind"])
        except Invalid as e:
            form.refuse(e.faults)
        else:
            flash.success(request, _("The field is there. Put it into a template."))
            return redirect("console:metadata")
    return _form(request, form, "field", _("New field"))


@require_http_methods(["GET", "HEAD", "POST"])
@scope.page
def field(request: HttpRequest, actor: Actor, pub: str) -> HttpResponse:
    """Rename a field."""
    found = core.get_field(actor, pub)
    form = FieldForm(request.POST or None, new=False, initial={"name": found.name})
    if request.method == "POST" and form.is_valid():
        try:
            core.rename_field(found, form.cleaned_data["name"])
        except Invalid as e:
            form.refuse(e.faults)
        else:
            flash.success(request, _("Saved."))
            return redirect("console:metadata")
    return _form(request, form, "field", found.name, thing=found)


@require_http_methods(["GET", "HEAD", "POST"])
@scope.page
def new_template(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Make a template of fields that there are."""
    fields = list(core.fields_for(actor).filter(archived_at=None))
    form = TemplateForm(request.POST or None, fields=fields)
    if request.method == "POST" and form.is_valid():
        try:
            core.add_template(actor.organization, form.cleaned_data["name"], form.chosen)
        except Invalid as e:
            form.refuse(e.faults)
        else:
            flash.success(request, _("The template is there. Senders can choose it now."))
            return redirect("console:metadata")
    return _form(request, form, "template", _("New template"))


@require_http_methods(["GET", "HEAD", "POST"])
@scope.page
def template(request: HttpRequest, actor: Actor, pub: str) -> HttpResponse:
    """Change a template; envelopes that it describes keep their values."""
    found = core.get_template(actor, pub)
    own = [p.field for p in found.places.all()]
    others = core.fields_for(actor).filter(archived_at=None).exclude(pk__in=[f.pk for f in own])
    form = TemplateForm(request.POST or None, fields=[*own, *others], initial=TemplateForm.of(found))
    if request.method == "POST" and form.is_valid():
        try:
            core.edit_template(found, form.cleaned_data["name"], form.chosen)
        except Invalid as e:
            form.refuse(e.faults)
        else:
            flash.success(request, _("Saved."))
            return redirect("console:metadata")
    return _form(request, form, "template", found.name, thing=found)


def _form(
    request: HttpRequest, form: FieldForm | TemplateForm, what: str, heading: str, thing: object = None
) -> HttpResponse:
    context = {
        "tab": "metadata",
        "form": form,
        "what": what,
        "heading": heading,
        "thing": thing,
        "archived": thing is not None and getattr(thing, "archived_at", None) is not None,
        "used": core.used_by([thing]).get(thing.pk, 0) if isinstance(thing, MetadataTemplate) else 0,
    }
    return render(request, "console/metadata_form.html", context, status=422 if form.errors else 200)


@require_POST
@scope.page
def archive_field(request: HttpRequest, actor: Actor, pub: str, on: bool) -> HttpResponse:
    """Take a field out of use, or back."""
    core.archive(core.get_field(actor, pub), on=on)
    return _archived(request, on)


@require_POST
@scope.page
def archive_template(request: HttpRequest, actor: Actor, pub: str, on: bool) -> HttpResponse:
    """Take a template out of use, or back."""
    core.archive(core.get_template(actor, pub), on=on)
    return _archived(request, on)


def _archived(request: HttpRequest, on: bool) -> HttpResponse:
    words = _("Archived. Envelopes that have it keep it.") if on else _("It can be chosen again.")
    flash.success(request, words)
    return redirect("console:metadata")
