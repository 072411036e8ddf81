"""Make the pages of an envelope's documents final: values, signature page and empty signature fields."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from pathlib import Path

from django.utils import translation
from django.utils.translation import gettext as _

from undersigned.base import languages
from undersigned.base.db import atomic
from undersigned.envelopes.adopt_prepared import Prepared, adopt_prepared
from undersigned.envelopes.models import Document, Envelope, EnvelopeState, Field, Phase
from undersigned.envelopes.preparing import waiting
from undersigned.files import intake, pages, storage
from undersigned.files.store import stage
from undersigned.jobs.registry import GiveUp
from undersigned.jobs.run import Run
from undersigned.sealing.declaration import prepare_declaration
from undersigned.sealing.fill import PlacedText, fill_pdf, write_texts
from undersigned.sealing.prepare import Place, PreparePlan, Widget, Words, finish_pdf, prepare_pdf
from undersigned.sealing.statement import prepare_statement

from .declaration import declaration_plan
from .statement import statement_plan


def prepare(envelope_id: int, run: Run) -> None:
    """Prepare what can be prepared outside any lock, then adopt it in one transaction; what can be prepared only then, in the next.

    Repeatable.
    """
    done: list[int] = []
    more = True
    while more:
        envelope = Envelope.objects.filter(
            pk=envelope_id,
            state=EnvelopeState.SENT,
            phase=Phase.PREPARE,
            content_erased_at=None,
            erased_at=None,
        ).first()
        if envelope is None:
            return
        prepared = []
        for document in waiting(envelope):
            prepared.append(_prepare_one(envelope, document))
            run.check()
        with atomic():
            more = adopt_prepared(envelope_id, prepared)
            if not more:
                run.finish()
        done += [p.document_id for p in prepared]
    _warm(done)


def _warm(documents: list[int]) -> None:
    """The first page of a long file takes a while to draw; better now than while somebody waits for it."""
    for document in Document.objects.filter(pk__in=documents, removed_at=None).select_related(
        "head__file__blob"
    ):
        blob = document.head.file.blob if document.head else None
        if blob is not None:
            # Not drawn now, it is drawn when somebody looks; what is wrong then shows where it can be seen.
            with suppress(pages.CannotDraw, storage.Damaged):
                pages.warm(blob)


def _prepare_one(envelope: Envelope, document: Document) -> Prepared:
    fields = (
        # Those without a place on any page are added when they are signed.
        Field.objects.filter(document=document, kind=Field.Kind.SIGNATURE, invisible=False)
        .select_related("recipient")
        .order_by("pk")
    )
    widgets = [Widget(f.key, f.recipient.full_name if f.recipient else "", _place(f)) for f in fields]
    with storage.temporary_file(".pdf") as target:
        signed = False
        if document.format == Document.Format.DECLARATION:
            count = prepare_declaration(target, declaration_plan(document, widgets))
        else:
            blob = document.source
            if blob is None:
                raise GiveUp("the file was erased")
            with storage.local_path(blob) as source:
                if document.format == Document.Format.STATEMENT:
                    plan = statement_plan(document, blob, widgets, envelope.language)
                    count = prepare_statement(target, plan)
                elif document.detached:
                    count = _finish(document, source, target)
                else:
                    count, signed = _lay_out(envelope, document, source, target, widgets)
        staged = stage(envelope.organization_id, target)
    return Prepared(document.pk, document.epoch, staged, count, invisible=signed)


def _lay_out(
    envelope: Envelope, document: Document, source: Path, target: Path, widgets: list[Widget]
) -> tuple[int, bool]:
    """The file with its form filled in, and the places for signatures; gives the number of pages, and whether it came signed."""
    with ExitStack() as stack:
        filled, facts, form = _with_values(document, source, stack)
        plan = PreparePlan(
            title=envelope.title,
            sha256=document.mark,
            sizes=[(w, h) for w, h in facts.sizes],
            signed=facts.signed,
            widgets=widgets,
            words=_words(envelope.language, form=form),
        )
        return prepare_pdf(filled, target, plan), facts.signed


def _finish(document: Document, source: Path, target: Path) -> int:
    """The file with what people filled in and nothing else, to be signed apart from it; gives the number of pages."""
    with ExitStack() as stack:
        filled, facts, _written = _with_values(document, source, stack)
        return finish_pdf(filled, target, signed=facts.signed)


def _with_values(document: Document, source: Path, stack: ExitStack) -> tuple[Path, intake.PdfFacts, bool]:
    """The file with its form filled in and the texts written on its pages; `source` itself where there are none. And whether there were."""
    filled = source
    form = Field.objects.filter(document=document, kind=Field.Kind.ACROFORM)
    if values := {f.key: f.value or "" for f in form}:
        filled = stack.enter_context(storage.temporary_file(".pdf"))
        fill_pdf(source, filled, values)
    facts = intake.check(filled)
    if texts := _texts(document):
        if facts.signed:
            raise GiveUp("the file came signed; nothing can be written on its pages")
        written = stack.enter_context(storage.temporary_file(".pdf"))
        write_texts(filled, written, facts.sizes, texts)
        filled, facts = written, intake.check(written)
    return filled, facts, bool(values or texts)


def _texts(document: Document) -> list[PlacedText]:
    """What was written into the text fields that the sender put on the pages."""
    fields = Field.objects.filter(document=document, kind=Field.Kind.TEXT, invisible=False).order_by("pk")
    return [
        PlacedText(f.label or f.key, f.value, place)
        for f in fields
        if f.value and (place := _place(f)) is not None
    ]


def _place(field: Field) -> Place | None:
    if field.page is None or None in (field.x, field.y, field.w, field.h):
        return None
    return Place(field.page, field.x or 0, field.y or 0, field.w or 0, field.h or 0)


def _words(language: str, *, form: bool) -> Words:
    with translation.override(languages.spoken(language)):
        return Words(
            heading=_("Signatures"),
            about=_(
                "This page belongs to the document. Each signature below is a digital signature of its own, with a trusted time."
            ),
            digest=_("SHA-256 of the form before it was filled in and this page was added:")
            if form
            else _("SHA-256 of the document before this page was added:"),
        )
