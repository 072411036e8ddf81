"""From the core's rows to the documents that a page shows: what is asked with each, its pages, its form, where the person signs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

from django.db.models import Q
from django.utils.translation import gettext as _

from undersigned.envelopes import shown
from undersigned.envelopes.models import (
    Assignment,
    AssignmentState,
    DocumentVersion,
    Field,
    Recipient,
    Sitting,
)
from undersigned.envelopes.models import Document as Row
from undersigned.envelopes.shown import Shown
from undersigned.envelopes.text_field import TEXT_MAX
from undersigned.files import forms, pages
from undersigned.files.models import Blob

from .documents import Document, Original, Page, Place
from .parts import Act, Box, FieldKind, FormField, Option, Part

_ACTS = {
    Assignment.Action.UPLOAD: Act.UPLOAD,
    Assignment.Action.FILL: Act.FILL,
    Assignment.Action.VIEW: Act.VIEW,
    Assignment.Action.SIGN: Act.SIGN,
}
_ORDER = list(_ACTS.values())
"""In which they are done with one document."""
SEVERAL_LINES = 5.0
"""Percent of a page's height from which a text's place has room for several lines."""
_SETTLED = (AssignmentState.DONE, AssignmentState.WAIVED)


def rows_of(recipient: Recipient) -> tuple[list[Assignment], list[Row]]:
    """What the person is asked and what they are shown, with all that the values below look at."""
    asked, rows = shown.asked_and_shown(recipient)
    for row in rows:
        if row.head is not None:
            row.head.document = row
    return asked, rows


def shown_of(rows: list[Row]) -> Shown:
    """As `shown.current`, of rows that are here already."""
    return Shown(tuple(row.head for row in rows if row.head is not None))


def final_pages(rows: list[Row]) -> dict[int, Blob]:
    """By document, the bytes whose pages are shown: the prepared ones, with which page content became final and to which sizes and places
    belong whoever signs; before, or where nobody signs it, the PDF as it came."""
    kind = DocumentVersion.Kind.PREPARED
    versions = [row.head for row in rows if row.head is not None and row.head.kind == kind]
    if others := {row.pk for row in rows} - {v.document_id for v in versions}:
        prepared = DocumentVersion.objects.filter(document__in=others, kind=kind, voided_at=None)
        versions += prepared.select_related("file__blob")
    found = {v.document_id: v.file.blob for v in versions if v.file.blob is not None}
    for row in rows:
        if row.pk not in found and not row.by_statement and row.head is not None:
            blob = row.head.file.blob
            if blob is not None and blob.media_type == "application/pdf":
                found[row.pk] = blob
    return found


def documents(
    rows: list[Row],
    asked: list[Assignment],
    final: Mapping[int, Blob],
    recipient: Recipient,
    sitting: Sitting | None,
) -> tuple[Document, ...]:
    by_row: dict[int, list[Assignment]] = defaultdict(list)
    for assignment in asked:
        by_row[assignment.document_id].append(assignment)
    signed = _signed(rows, asked)
    return tuple(_document(row, final, by_row[row.pk], recipient, sitting, row.pk in signed) for row in rows)


def _signed(rows: list[Row], asked: list[Assignment]) -> set[int]:
    """Which of the documents are signed by anybody; who signs one sees that without looking."""
    not_counted = (AssignmentState.VOID, AssignmentState.WAIVED)
    found = {
        a.document_id for a in asked if a.action == Assignment.Action.SIGN and a.state not in not_counted
    }
    if others := {row.pk for row in rows} - found:
        theirs = Assignment.objects.filter(document__in=others, action=Assignment.Action.SIGN)
        found.update(theirs.exclude(state__in=not_counted).values_list("document_id", flat=True))
    return found


def _document(
    row: Row,
    final: Mapping[int, Blob],
    asked: list[Assignment],
    recipient: Recipient,
    sitting: Sitting | None,
    signed: bool,
) -> Document:
    pictured, head = final.get(row.pk), row.head
    blob = head.file.blob if head is not None else None
    parts = _parts(asked)
    to_fill = sitting is not None and any(p.act is Act.FILL and not p.done for p in parts)
    return Document(
        id=str(row.position),
        name=row.title,
        version=head.pictured.sha256[:16] if head is not None else "",
        pages=tuple(Page(w, h) for w, h in pages.sizes(pictured)) if pictured is not None else (),
        size=blob.size if blob is not None else 0,
        sealed=head is not None and head.kind == DocumentVersion.Kind.SEALED,
        seen=len(sitting.pages_seen.get(str(row.pk), [])) if sitting else 0,
        original=_original(row),
        signed_name=row.signed_name if row.by_statement or row.detached else "",
        container=row.detached,
        caption=next((a.caption for a in asked if a.caption), ""),
        parts=parts,
        form=_form(row, recipient) if to_fill else (),
        to_seal=signed,
        waits=_waits(head, parts, asked),
    )


def _parts(asked: list[Assignment]) -> tuple[Part, ...]:
    parts = [Part(_ACTS[Assignment.Action(a.action)], a.state in _SETTLED, a.sign_text) for a in asked]
    return tuple(sorted(parts, key=lambda p: _ORDER.index(p.act)))


def _waits(head: DocumentVersion | None, parts: tuple[Part, ...], asked: list[Assignment]) -> bool:
    """Will this person sign pages that are not there yet, while nothing else keeps them?"""
    if head is not None and head.kind != DocumentVersion.Kind.ORIGINAL:
        return False
    signs = any(a.action == Assignment.Action.SIGN and a.state == AssignmentState.PLANNED for a in asked)
    return signs and all(p.done for p in parts if p.act is not Act.SIGN)


def _original(row: Row) -> Original | None:
    blob = row.source
    return Original(blob.media_type, blob.size) if row.by_statement and blob is not None else None


def form_rows(document_id: int, recipient: Recipient) -> list[Field]:
    """What a person can fill in of a document, in the order in which it is numbered: the file's own form, and the texts asked of them."""
    theirs = Q(kind=Field.Kind.ACROFORM) | Q(kind=Field.Kind.TEXT, recipient=recipient)
    return list(Field.objects.filter(theirs, document=document_id).order_by("pk"))


def _form(row: Row, recipient: Recipient) -> tuple[FormField, ...]:
    return tuple(_field(number, field) for number, field in enumerate(form_rows(row.pk, recipient), 1))


def _text(number: int, field: Field) -> FormField:
    """A text that the sender asks for at a place of their own choice; an invisible one is asked for too, and marked on no page."""
    seen = field.page is not None and not field.invisible
    boxes = (Box(field.page or 1, field.x or 0, field.y or 0, field.w or 0, field.h or 0),) if seen else ()
    return FormField(
        number=number,
        kind=FieldKind.MULTILINE if (field.h or 0) > SEVERAL_LINES else FieldKind.TEXT,
        label=field.label or _("Text on page %(n)s") % {"n": field.page or 1},
        value=field.value or "",
        required=field.required,
        max_length=TEXT_MAX,
        boxes=boxes,
    )


def _field(number: int, field: Field) -> FormField:
    if field.kind == Field.Kind.TEXT:
        return _text(number, field)
    form = forms.FormField.model_validate(field.form)
    return FormField(
        number=number,
        kind=FieldKind(form.kind),
        label=form.label,
        value=field.value or "",
        options=tuple(Option(o.value, o.label) for o in form.options),
        multiple=form.multiple,
        editable=form.editable,
        required=form.required,
        read_only=form.read_only,
        max_length=form.max_length,
        hidden=form.hidden,
        boxes=tuple(Box(b.page, b.x, b.y, b.w, b.h, b.option) for b in form.boxes),
    )


def places(
    rows: list[Row], final: Mapping[int, Blob], recipient: Recipient, only: Collection[int] | None = None
) -> tuple[Place, ...]:
    """Where the person's open signature fields stand, in the order of pages; read from the file that they will sign. `only`: of these
    assignments."""
    fields = Field.objects.filter(
        recipient=recipient,
        kind=Field.Kind.SIGNATURE,
        invisible=False,
        assignment__state=AssignmentState.OPEN,
    )
    if only is not None:
        fields = fields.filter(assignment__in=only)
    numbers = {row.pk: n for n, row in enumerate(rows, 1)}
    found = []
    for field in fields:
        blob = final.get(field.document_id)
        box = pages.widgets(blob).get(field.key) if blob is not None else None
        if box is not None and field.document_id in numbers:
            number = numbers[field.document_id]
            found.append(Place(number, box.page, box.left, box.top, box.width, box.height, field.required))
    return tuple(sorted(found, key=lambda p: (p.document, p.page, p.top, p.left)))
