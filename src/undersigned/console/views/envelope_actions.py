"""What a sender does with an envelope that is on its way: remind, call off."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.contrib import messages as flash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from undersigned.base.clock import now
from undersigned.console import scope
from undersigned.envelopes.access import get_managed
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.cancel import REASON_MAX, cancel
from undersigned.envelopes.errors import Conflict, NotFound
from undersigned.envelopes.models import Envelope, EnvelopeState, RecipientState
from undersigned.envelopes.ports import dialect
from undersigned.envelopes.remind import remind, remindable


@dataclass(frozen=True)
class Offered:
    """What the page of an envelope offers: only what the state allows, the API has a word for, and this person may do."""

    edit: bool = False
    remind: bool = False
    cancel: bool = False


def offered(actor: Actor, envelope: Envelope) -> Offered:
    """See `Offered`."""
    try:
        get_managed(actor, envelope.pk)
    except NotFound:
        return Offered()
    words = dialect(envelope.dialect).use_cases
    alive = envelope.superseded_at is None
    return Offered(
        edit="edit_draft" in words and envelope.state == EnvelopeState.DRAFT,
        remind="remind" in words and bool(remindable(envelope, now(envelope.organization.clock_offset))),
        cancel="cancel" in words and alive and envelope.state in (EnvelopeState.SENT, EnvelopeState.ON_HOLD),
    )


class CancelForm(forms.Form):
    """A reason, for the record."""

    use_required_attribute = False
    reason = forms.CharField(
        label=gettext_lazy("Reason (optional)"),
        help_text=gettext_lazy("Only you and your organisation see it, in the timeline."),
        required=False,
        max_length=REASON_MAX,
        widget=forms.Textarea(attrs={"class": "input", "rows": 3}),
    )


@require_POST
@scope.page
def remind_all(request: HttpRequest, actor: Actor, envelope_id: int) -> HttpResponse:
    """Write to those whose turn it is."""
    envelope = scope.managed(actor, envelope_id)
    try:
        reminded = remind(actor, envelope.pk)
    except Conflict:
        flash.error(request, _("There is nobody to remind now."))
    else:
        if reminded:
            names = ", ".join(r.full_name for r in reminded)
            flash.success(request, _("A reminder goes to {names}.").format(names=names))
        else:
            flash.info(request, _("They were written to less than a minute ago."))
    return redirect("console:envelope-timeline", envelope_id=envelope.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@scope.page
def call_off(request: HttpRequest, actor: Actor, envelope_id: int) -> HttpResponse:
    """Ask once, with what it does in numbers; then nobody can sign any more."""
    envelope = scope.managed(actor, envelope_id)
    form = CancelForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            cancel(actor, envelope.pk, form.cleaned_data["reason"])
        except Conflict:
            flash.error(request, _("It cannot be called off any more."))
        else:
            flash.success(request, _("Called off. Nobody can sign it any more."))
        return redirect("console:envelope-timeline", envelope_id=envelope.pk)
    if not offered(actor, envelope).cancel:
        return redirect("console:envelope-timeline", envelope_id=envelope.pk)
    told = envelope.recipients.filter(
        invited_at__isnull=False, state__in=[RecipientState.ACTIVE, RecipientState.DONE]
    ).count()
    effect = ngettext(
        "{n} person has been invited and is told. {signed} of {all} have signed.",
        "{n} people have been invited and are told. {signed} of {all} have signed.",
        told,
    ).format(n=told, signed=envelope.signed_count, all=envelope.signer_count)
    context = {"tab": "envelopes", "envelope": envelope, "form": form, "effect": effect}
    return render(request, "console/cancel.html", context)
