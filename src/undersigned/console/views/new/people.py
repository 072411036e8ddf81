"""Step 2: who signs, in which order, and how they prove who they are."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from undersigned.console.draft_forms import PersonForm
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.add_recipient import NewRecipient, add_recipient
from undersigned.envelopes.edit_envelope import set_order
from undersigned.envelopes.edit_recipients import change_recipient, move_recipient, remove_recipient
from undersigned.envelopes.errors import Invalid, NotFound
from undersigned.envelopes.models import Envelope, Recipient
from undersigned.envelopes.plan import plan_of

from .frame import draft_page, people, show


@require_http_methods(["GET", "HEAD", "POST"])
@draft_page
def list_people(request: HttpRequest, actor: Actor, envelope: Envelope) -> HttpResponse:
    """All people; a POST adds one."""
    form = PersonForm(request.POST or None, initial={"language": envelope.language})
    if request.method == "POST" and form.is_valid():
        try:
            add_recipient(actor, envelope.pk, form.person)
        except Invalid as e:
            form.refuse(e.faults)
        else:
            return redirect("console:new-people", envelope_id=envelope.pk)
    return _page(request, envelope, form)


@require_http_methods(["GET", "HEAD", "POST"])
@draft_page
def change(request: HttpRequest, actor: Actor, envelope: Envelope, recipient_id: int) -> HttpResponse:
    """Change one person's entries."""
    person = envelope.recipients.filter(pk=recipient_id).first()
    if person is None:
        raise NotFound
    form = PersonForm(request.POST or None, initial=PersonForm.of(person))
    if request.method == "POST" and form.is_valid():
        try:
            change_recipient(actor, envelope.pk, person.pk, form.person)
        except Invalid as e:
            form.refuse(e.faults)
        else:
            return redirect("console:new-people", envelope_id=envelope.pk)
    return _page(request, envelope, form, changes=person)


@require_POST
@draft_page
def add_myself(request: HttpRequest, actor: Actor, envelope: Envelope) -> HttpResponse:
    """The sender signs, too."""
    me = actor.user
    form = PersonForm(initial={"name": me.full_name, "email": me.email, "language": me.language})
    try:
        add_recipient(actor, envelope.pk, NewRecipient(me.full_name, me.email, language=me.language or None))
    except Invalid:  # an account without an address: the form asks for what is missing
        return _page(request, envelope, form)
    return redirect("console:new-people", envelope_id=envelope.pk)


@require_POST
@draft_page
def move(request: HttpRequest, actor: Actor, envelope: Envelope, recipient_id: int, up: bool) -> HttpResponse:
    """One place up or down."""
    move_recipient(envelope.pk, recipient_id, up=up)
    return redirect("console:new-people", envelope_id=envelope.pk)


@require_POST
@draft_page
def remove(request: HttpRequest, actor: Actor, envelope: Envelope, recipient_id: int) -> HttpResponse:
    """Take a person out, with their places."""
    remove_recipient(actor, envelope.pk, recipient_id)
    return redirect("console:new-people", envelope_id=envelope.pk)


@require_POST
@draft_page
def order(request: HttpRequest, actor: Actor, envelope: Envelope) -> HttpResponse:
    """One after the other, or all at once."""
    set_order(envelope.pk, ordered=request.POST.get("ordered") == "yes")
    return redirect("console:new-people", envelope_id=envelope.pk)


def _page(
    request: HttpRequest, envelope: Envelope, form: PersonForm, changes: Recipient | None = None
) -> HttpResponse:
    listed = people(envelope)
    addresses = {(p.email or "").lower() for p in listed}
    assert request.user.is_authenticated
    context: dict[str, Any] = {
        "form": form,
        "changes": changes,
        "people": [{"row": p, "proof": proof(p)} for p in listed],
        "signers": sum(p.kind == Recipient.Kind.SIGNER for p in listed),
        "ordered": plan_of(envelope).ordered,
        "offer_myself": not changes and request.user.email.lower() not in addresses,
    }
    return show(request, envelope, "people", status=422 if form.errors else 200, **context)


def proof(person: Recipient) -> str:
    """How a person proves who they are, in words."""
    if person.kind != Recipient.Kind.SIGNER:
        return _("Gets the sealed files at the end")
    if "code" not in person.methods:
        return _("Personal link by mail")
    if person.code_by_sms:
        return _("Link by mail, code by SMS to {phone}").format(phone=person.phone)
    return _("Link by mail, code that you hand over")
