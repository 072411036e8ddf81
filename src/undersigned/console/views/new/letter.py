"""Step 4: title, message, until when, reminders."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from undersigned.console.draft_forms import LetterForm
from undersigned.console.rows import shown
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.edit_envelope import edit_letter
from undersigned.envelopes.errors import Invalid
from undersigned.envelopes.metadata import described
from undersigned.envelopes.metadata_templates import in_use
from undersigned.envelopes.models import Envelope

from .frame import draft_page, show


@require_http_methods(["GET", "HEAD", "POST"])
@draft_page
def letter(request: HttpRequest, actor: Actor, envelope: Envelope) -> HttpResponse:
    """What the people read, and until when."""
    form = LetterForm(request.POST or None, initial=LetterForm.of(envelope))
    if request.method == "POST" and form.is_valid():
        try:
            edit_letter(envelope.pk, form.letter)
        except Invalid as e:
            form.refuse(e.faults)
        else:
            onward = "new-metadata" if request.POST.get("next") == "metadata" else "new-check"
            return redirect(f"console:{onward}", envelope_id=envelope.pk)
    return show(
        request,
        envelope,
        "letter",
        status=422 if form.errors else 200,
        form=form,
        entries=[(e.field.name, shown(e.field, e.value)) for e in described(envelope) if e.value is not None],
        metadata=envelope.metadata_template,
        describable=envelope.metadata_template is not None or in_use(actor.organization).exists(),
    )
