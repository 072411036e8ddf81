"""Make the pages of an envelope's documents final: values, signature page and empty signature fields."""

from __future__ import annotations

from contextlib import ExitStack

from django.utils import translation
from django.utils.translation import gettext as _

from undersigned.base.db import atomic
from undersigned.envelopes.adopt_prepared import adopt_prepared
from undersigned.envelopes.models import Document, Envelope, EnvelopeState, Field, Phase
from undersigned.files import intake, storage
from undersigned.files.store import StagedBlob, stage
from undersigned.jobs.registry import GiveUp
from undersigned.jobs.run import Run
from undersigned.sealing.prepare import Place, PreparePlan, Widget, Words, prepare_pdf


def prepare(envelope_id: int, run: Run) -> None:
    """Prepare every document outside any lock, then adopt all in one transaction. Repeatable."""
    envelope = Envelope.objects.filter(
        pk=envelope_id, state=EnvelopeState.SENT, phase=Phase.PREPARE, erased_at=None
    ).first()
    if envelope is None:
        return
    prepared: dict[int, tuple[StagedBlob, int]] = {}
    for document in Document.objects.filter(envelope=envelope, removed_at=None).select_related(
        "original__blob"
    ):
        prepared[document.pk] = _prepare_one(envelope, document)
        run.check()
    with atomic():
        adopt_prepared(envelope_id, prepared)
        run.finish()


def _prepare_one(envelope: Envelope, document: Document) -> tuple[StagedBlob, int]:
    blob = document.original.blob
    if blob is None:
        raise GiveUp("the file was erased")
    with ExitStack() as stack:
        source = stack.enter_context(storage.local_path(blob))
        target = stack.enter_context(storage.temporary_file(".pdf"))
        facts = intake.check(source)
        signed = facts.signatures > 0
        fields = (
            Field.objects.filter(document=document, kind=Field.Kind.SIGNATURE)
            .select_related("recipient")
            .order_by("pk")
        )
        widgets = [Widget(f.key, f.recipient.full_name if f.recipient else "", _place(f)) for f in fields]
        plan = PreparePlan(
            title=envelope.title,
            sha256=blob.sha256,
            sizes=[(w, h) for w, h in facts.sizes],
            signed=signed,
            widgets=widgets,
            words=_words(envelope.language),
        )
        pages = prepare_pdf(source, target, plan)
        if signed:
            fields.update(invisible=True)
        return stage(envelope.organization_id, target), pages


def _place(field: Field) -> Place | None:
    if field.page is None or None in (field.x, field.y, field.w, field.h):
        return None
    return Place(field.page, field.x or 0, field.y or 0, field.w or 0, field.h or 0)


def _words(language: str) -> Words:
    with translation.override(language):
        return Words(
            heading=_("Signatures"),
            about=_(
                "This page belongs to the document. Each signature below is a digital signature of its own, with a trusted time."
            ),
            digest=_("SHA-256 of the document before this page was added:"),
        )
