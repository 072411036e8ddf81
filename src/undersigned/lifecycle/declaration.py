"""What a declaration says, in the language of the person who signs it."""

from __future__ import annotations

from django.utils import translation
from django.utils.translation import gettext as _

from undersigned.base import languages
from undersigned.envelopes.models import Assignment, AssignmentState, Document, DocumentVersion
from undersigned.sealing.declaration import DeclarationPlan, DeclarationWords, Declared
from undersigned.sealing.prepare import Widget


def declaration_plan(document: Document, widgets: list[Widget]) -> DeclarationPlan:
    """Names all that the signer of the declaration `document` signs beside it, as it was shown to them."""
    own = (
        Assignment.objects.filter(document=document, action=Assignment.Action.SIGN)
        .exclude(state=AssignmentState.VOID)
        .select_related("recipient")
        .latest("pk")
    )
    theirs = (
        Assignment.objects.filter(
            recipient=own.recipient, round=own.round, action=Assignment.Action.SIGN, document__removed_at=None
        )
        .exclude(state=AssignmentState.VOID)
        .exclude(document=document)
        .select_related("document")
        .order_by("document__position", "pk")
    )
    declared: dict[int, Declared] = {}
    for assignment in theirs:
        line = assignment.sign_text or assignment.caption
        former = declared.get(assignment.document_id)
        if former is None:
            declared[assignment.document_id] = Declared(
                assignment.document.title, _prepared(assignment.document), line
            )
    with translation.override(languages.spoken(own.recipient.language)):
        words = DeclarationWords(
            heading=_("Declaration"),
            about=_(
                "Whoever signs below declares that they have read the documents named here and sign each of them. A document is one "
                "of these when its SHA-256 is the same."
            ),
            digest="SHA-256",
        )
    return DeclarationPlan(
        mark=document.mark,
        title=document.title,
        agreed=own.recipient.sign_text,
        documents=tuple(declared.values()),
        widgets=widgets,
        words=words,
    )


def _prepared(document: Document) -> str:
    """SHA-256 of its pages as they were made final."""
    versions = document.versions.filter(kind=DocumentVersion.Kind.PREPARED, voided_at=None)
    return versions.latest("seq").sha256
