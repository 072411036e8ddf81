"""Step 5: exactly who gets what, and the one button that sends."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages as flash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from undersigned.base.clock import now
from undersigned.delivery.render import Rendered, preview
from undersigned.envelopes import drafts, messages
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.errors import Conflict, Invalid
from undersigned.envelopes.models import Document, Envelope, Recipient
from undersigned.envelopes.plan import plan_of
from undersigned.envelopes.policy import Policy
from undersigned.envelopes.send import send

from .fields import Signer, placed_pages, signers_of, sizes_of, stored_rows
from .frame import documents, draft_page, people, show
from .people import proof

SHOWN_PAGES = 60
"""Pages of one document that the check shows as small pictures."""


@require_http_methods(["GET", "HEAD", "POST"])
@draft_page
def check(request: HttpRequest, actor: Actor, envelope: Envelope) -> HttpResponse:
    """All of it on one page. Only what this page showed is sent, and once however often the button is pressed."""
    if request.method == "POST":
        try:
            send(actor, envelope.pk, seen=request.POST.get("seen", ""))
        except Invalid:
            pass  # the page says what is missing
        except Conflict as e:
            if e.code != "moved":
                raise
            flash.error(request, _("The draft has changed since this page was shown. Please check it again."))
        else:
            flash.success(request, _("Sent. We write to you when something happens."))
            return redirect("console:envelope-timeline", envelope_id=envelope.pk)
        return redirect("console:new-check", envelope_id=envelope.pk)
    signers = signers_of(envelope)
    listed = documents(envelope)
    return show(
        request,
        envelope,
        "check",
        people=_people(envelope),
        signers=signers,
        documents=[_document(d, signers) for d in listed],
        ordered=plan_of(envelope).ordered and len(signers) > 1,
        remind_days=plan_of(envelope).remind_days,
        refuses=Policy.model_validate(envelope.policy).past_due == "refuse",
        missing=_missing(envelope, bool(listed), bool(signers)),
        seen=drafts.digest(envelope),
    )


def _missing(envelope: Envelope, has_documents: bool, has_signers: bool) -> list[dict[str, str]]:
    found = []
    if not has_documents:
        found.append({"step": "console:new-files", "text": _("Add a document.")})
    if not has_signers:
        found.append({"step": "console:new-people", "text": _("Add somebody who signs.")})
    if envelope.due_at and envelope.due_at <= now(envelope.organization.clock_offset):
        found.append(
            {"step": "console:new-letter", "text": _("The day to sign by is over. Choose another one.")}
        )
    return found


def _people(envelope: Envelope) -> list[dict[str, Any]]:
    languages = dict(settings.LANGUAGES)
    ordered, before = plan_of(envelope).ordered, ""
    shown = []
    for person in people(envelope):
        signs = person.kind == Recipient.Kind.SIGNER
        when = _("Gets the sealed files when all have signed")
        if signs and ordered and before:
            when = _("Is invited when {name} has signed").format(name=before)
        elif signs:
            when = _("Is invited at once")
        shown.append(
            {
                "row": person,
                "proof": proof(person) if signs else "",
                "when": when,
                "language": languages.get(person.language, person.language),
                "mail": _mail(envelope, person, "your_turn" if ordered and before else "invitation")
                if signs
                else None,
            }
        )
        before = person.full_name if signs else before
    return shown


def _mail(envelope: Envelope, person: Recipient, purpose: str) -> Rendered:
    at = now(envelope.organization.clock_offset)
    draft = messages.invitation(envelope, person, at, purpose=purpose)
    return preview(draft, {"url": f"{settings.PUBLIC_URL}/room/l/…"})


def _document(document: Document, signers: list[Signer]) -> dict[str, Any]:
    rows = stored_rows(document)
    placed = {r.who for r in rows}
    return {
        "row": document,
        "pages": placed_pages(
            signers,
            rows,
            sizes_of(document)[:SHOWN_PAGES],
            "console:new-page",
            document.envelope_id,
            document.pk,
            width=160,
        ),
        "at_the_end": [s.row.full_name for s in signers if s.value not in placed],
    }
