"""A page of step 4: what the organisation wants to know of the envelope."""

from __future__ import annotations

from django.contrib import messages as flash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from undersigned.console.metadata_forms import ValuesForm
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.errors import Invalid
from undersigned.envelopes.metadata import entries_of, set_metadata
from undersigned.envelopes.metadata_templates import in_use
from undersigned.envelopes.models import Envelope, MetadataTemplate

from .frame import draft_page, show


@require_http_methods(["GET", "HEAD", "POST"])
@draft_page
def metadata(request: HttpRequest, actor: Actor, envelope: Envelope) -> HttpResponse:
    """Choose a template (`?template=`), fill in its fields. An empty choice clears what was said."""
    templates = _offered(actor, envelope)
    asked = (request.POST if request.method == "POST" else request.GET).get("template")
    chosen = envelope.metadata_template
    if asked is not None or (chosen is None and len(templates) == 1):
        chosen = next((t for t in templates if t.pub == asked or asked is None), None)
    if request.method == "POST" and chosen is None:
        set_metadata(actor, envelope.pk, None, {})
        return redirect("console:new-letter", envelope_id=envelope.pk)
    entries = entries_of(chosen, envelope) if chosen is not None else []
    form = ValuesForm(request.POST if request.method == "POST" else None, entries=entries)
    if request.method == "POST" and chosen is not None and form.is_valid():
        try:
            set_metadata(actor, envelope.pk, chosen.pub, form.values)
        except Invalid as e:
            form.refuse(e.faults)
        else:
            flash.success(request, _("Saved."))
            return redirect("console:new-letter", envelope_id=envelope.pk)
    return show(
        request,
        envelope,
        "letter",
        template="metadata",
        status=422 if form.errors else 200,
        form=form,
        templates=templates,
        chosen=chosen,
    )


def _offered(actor: Actor, envelope: Envelope) -> list[MetadataTemplate]:
    """Those in use, and the one that it has."""
    found = list(in_use(actor.organization))
    own = envelope.metadata_template
    return [own, *found] if own is not None and own not in found else found
