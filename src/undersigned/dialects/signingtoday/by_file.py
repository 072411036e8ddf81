"""Many transactions by the rows of a sheet, and templates by a file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import Router

from undersigned.accounts.models import Capability
from undersigned.base.clock import now
from undersigned.dialects.shared.fields import Fields
from undersigned.dialects.shared.zips import Member, zipped
from undersigned.envelopes import access, batch_sheet, sheet_template
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.batch_sheet import BadSheet, Rows
from undersigned.envelopes.batches import Standing, standings
from undersigned.envelopes.copy_envelope import refuse_unless_offered
from undersigned.envelopes.create_draft import create_draft
from undersigned.envelopes.draft_content import TAGS_MAX, DraftContent, DraftDocument
from undersigned.envelopes.errors import NotFound
from undersigned.envelopes.make_batch import make_batch
from undersigned.envelopes.models import Collection, Document, DocumentVersion, Envelope
from undersigned.files import sheets, storage
from undersigned.files.models import File
from undersigned.files.sheets import NotRead, Sheet
from undersigned.files.store import Received, receive

from . import batch_wire as wire
from . import dst_wire, mapping, multipart, query, reading
from .answers import (
    FILE,
    IDEMPOTENCY_KEY,
    PAGING,
    SORTING,
    TEXT,
    USER_ID,
    a_file,
    described,
    json_of,
    page_of,
    statuses,
    takes_form,
)
from .answers import query as parameter
from .auth import actor_of, once
from .copying import maker_of
from .errors import Faulty
from .port import DIALECT
from .query_fields import Identifier, Moment, Text
from .transactions import shown

router = Router(tags=["byFile"], by_alias=True)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TABLE = {
    "instantiationGroupId": Identifier("pub"),
    "title": Text("title"),
    "generatedAt": Moment("created_at"),
}
"""What `GET /DSTs/byFile` can be sorted by."""
_SENTENCES = {
    "required": "Required",
    "invalid": "Not valid",
    "unknown": "No such user",
    "unknown_role": "No such role in the template",
    "already_used": "Named twice",
    "past": "In the past",
    "too_long": "Too long",
    "too_many": "Too many",
    "unprintable": "Contains characters that cannot be printed",
}


@router.get(
    "/DST/{dst_id}/instantiate/byFile",
    operation_id="sampleSheet",
    summary="A sheet for this template, to be filled in (ours)",
    response=statuses(200, None, 404, 409),
    openapi_extra=a_file(XLSX),
)
def sample(request: HttpRequest, dst_id: str) -> HttpResponse:
    _actor, template = maker_of(request, dst_id)
    refuse_unless_offered(template)
    with storage.temporary_file(".xlsx") as path:
        head = batch_sheet.headings(template)
        sheets.write_xlsx(path, template.title, head, [batch_sheet.sample_row(template)])
        content = path.read_bytes()
    disposition = {"Content-Disposition": 'attachment; filename="sheet.xlsx"'}
    return HttpResponse(content, content_type=XLSX, headers=disposition)


@router.post(
    "/DST/{dst_id}/instantiate/byFile",
    operation_id="instantiateDSTByFile",
    summary="Make a transaction of a published template for each row of a sheet; all of them, or none",
    response=statuses(200, wire.Made, 400, 404, 409, 413),
    openapi_extra=described(
        [
            parameter("publish", "boolean", "Publish what was made.", default=False),
            parameter("dryRun", "boolean", "Only look whether all is right (ours).", default=False),
            IDEMPOTENCY_KEY,
        ],
        takes_form(
            file=FILE | {"description": "CSV or XLSX."},
            title=TEXT,
            tags=TEXT | {"description": "A JSON array of strings."},
            required=("file",),
        ),
    ),
)
def instantiate(request: HttpRequest, dst_id: str) -> HttpResponse:
    actor, template = maker_of(request, dst_id)
    publish, dry = reading.boolean(request, "publish"), reading.boolean(request, "dryRun")
    refuse_unless_offered(template)
    form = multipart.form_of(request)
    title = form.fields.text("title", most=1000).strip()
    tags = _tags(form.fields)
    with _received(form) as received:
        reading.settle(form.fields)
        sheet = _sheet(received)
    with _in_our_words():
        rows = batch_sheet.read_rows(template, sheet, now(actor.organization.clock_offset), publish=publish)
    if dry:
        return json_of(wire.Made(instantiation_group=None, title=title or template.title, dst_ids=[]))

    def act() -> HttpResponse:
        return _made(actor, template, rows, title, tags, publish=publish)

    said = json.dumps([received.sha256, title, tags])
    return once(request, hashlib.sha256(said.encode()).digest(), act)


def _made(
    actor: Actor, template: Envelope, rows: Rows, title: str, tags: tuple[str, ...], *, publish: bool
) -> HttpResponse:
    batch, envelopes = make_batch(
        actor,
        template.pk,
        rows,
        title=title,
        tags=tags,
        publish=publish,
        wire={"templateId": template.pub},
    )
    ids = [e.pub or "" for e in envelopes]
    return json_of(wire.Made(instantiation_group=batch.pub, title=batch.title, dst_ids=ids))


@router.get(
    "/DSTs/byFile",
    operation_id="listInstantiationGroups",
    summary="What was made by sheets, and how it stands; the newest first",
    response=statuses(200, wire.Groups, 400, 404),
    openapi_extra=described([USER_ID, *PAGING, SORTING]),
)
def groups(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    user = query.whose(request, Capability.SEE_ENVELOPES)
    rows = access.visible_collections(actor)
    if user is not None:
        rows = Collection.objects.filter(
            organization=actor.organization, owner_user=user, erased_at=None, delete_after=None
        )
    rows = rows.filter(dialect=DIALECT, kind=Collection.Kind.BATCH)
    page = query.page(request, rows, TABLE, "-created_at")
    counted = standings(page.rows)
    return page_of([_group(batch, counted[batch.pk]) for batch in page.rows], page.count)


def _group(batch: Collection, standing: Standing) -> wire.Group:
    return wire.Group(
        instantiation_group_id=batch.pub,
        template_id=batch.wire.get("templateId"),
        title=batch.title,
        generated_at=mapping.when(batch.created_at) or "",
        group_size=standing.size,
        in_state_signed=standing.signed,
        in_state_error=standing.failed,
        in_state_rejected=standing.declined,
        in_state_expired=standing.expired,
    )


@router.post(
    "/DSTs/byFile",
    operation_id="createTemplateByFile",
    summary="Make a template: of a PDF, or of a sheet whose columns name roles and texts",
    response=statuses(200, dst_wire.DST, 400, 413, 503),
    openapi_extra=described([IDEMPOTENCY_KEY], takes_form(file=FILE, required=("file",))),
)
def create_template(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    access.refuse_unless_maker(actor)
    form = multipart.form_of(request)
    with _received(form) as received:
        reading.settle(form.fields)
        name = (form.file.name if form.file else None) or "template"
        with received.path.open("rb") as file:
            is_pdf = file.read(5) == b"%PDF-"
        staged = multipart.stage_received(actor, received, name) if is_pdf else None
        plan = () if is_pdf else sheet_template.planned(_sheet(received))
    title = form.fields.text("title", most=1000).strip() or name.rpartition(".")[0] or name

    def act() -> HttpResponse:
        file: File | None = staged.adopt(actor) if staged is not None else None
        content = DraftContent(
            title=title,
            documents=(DraftDocument(title="" if file else title, file=file, number=0),),
            plan=plan,
            template=True,
        )
        return shown(actor, create_draft(actor, DIALECT, content))

    said = json.dumps([received.sha256, name, title])
    return once(request, hashlib.sha256(said.encode()).digest(), act)


@router.get(
    "/DSTs/instantiationGroup/{group_id}/resources",
    operation_id="getGroupResources",
    summary="The files of all transactions that a sheet made, in a ZIP: signed where they are signed, else as they were brought",
    response=statuses(200, None, 404, 503),
    openapi_extra=a_file("application/octet-stream"),
)
def resources(request: HttpRequest, group_id: str) -> HttpResponseBase:
    actor = actor_of(request)
    if "\x00" in group_id or len(group_id) > 100:
        raise NotFound
    batch = access.get_collection(actor, DIALECT, Collection.Kind.BATCH, group_id)
    response = zipped(_members(batch), "resources.zip")
    response["Content-Type"] = "application/octet-stream"
    return response


_PORTION = 50
"""Transactions whose files are looked up at once."""


def _members(batch: Collection) -> Iterator[Member]:
    """A folder for each transaction, in order; a portion of them at a time, so that memory does not grow with their number."""
    rows = batch.envelopes.filter(deleted_at=None, erased_at=None).order_by("position")
    last = 0
    while found := list(rows.filter(position__gt=last)[:_PORTION]):
        last = found[-1].position
        documents = Document.objects.filter(envelope__in=found, removed_at=None).order_by("position")
        of_each: dict[int, list[File]] = {e.pk: [] for e in found}
        signed = {v.document_id: v.file for v in _sealed(found)}
        for document in documents.select_related("original__blob"):
            file = signed.get(document.pk) or document.original
            if file is not None and file.blob is not None:
                of_each[document.envelope_id].append(file)
        for envelope in found:
            for file in of_each[envelope.pk]:
                yield Member(f"{_folder(envelope)}/{file.name}", file)


def _sealed(envelopes: list[Envelope]) -> QuerySet[DocumentVersion]:
    sealed = DocumentVersion.objects.filter(kind=DocumentVersion.Kind.SEALED, voided_at=None)
    return sealed.filter(document__envelope__in=envelopes).select_related("file__blob").order_by("seq")


def _folder(envelope: Envelope) -> str:
    title = "".join(c if c.isprintable() and c not in '/\\:*?"<>|' else "_" for c in envelope.title)
    return f"{envelope.position:04d} {title[:80]}".strip(" .")


def _tags(fields: Fields) -> tuple[str, ...]:
    """A JSON array in a text."""
    given = fields.text("tags")
    if not given.strip():
        return ()
    try:
        found = json.loads(given)
    except (ValueError, RecursionError):
        found = None
    within = Fields({"tags": found if isinstance(found, list) else [found]}, faults=fields.faults)
    return tuple(within.texts("tags", most=TAGS_MAX))


@contextmanager
def _received(form: multipart.Form) -> Iterator[Received]:
    """The form's file. Raises Faulty where there is none; the vendor's printed samples send its path as text."""
    if form.file is None:
        raise Faulty({"file": ["Not a file" if form.fields.data.get("file") else "Required"]})
    with receive(cast("BinaryIO", form.file), settings.MAX_UPLOAD_BYTES) as received:
        yield received


def _sheet(received: Received) -> Sheet:
    try:
        return sheets.read(received.path)
    except NotRead as e:
        where = f"row {e.row} column {batch_sheet.letters(e.column - 1)}" if e.row and e.column else "file"
        raise Faulty({where: [sheet_fault(e.code)]}) from e


def sheet_fault(code: str) -> str:
    """What is wrong with a sheet as such."""
    return code.replace("_", " ").capitalize()


@contextmanager
def _in_our_words() -> Iterator[None]:
    try:
        yield
    except BadSheet as e:
        faults: dict[str, list[str]] = {}
        for fault in e.faults:
            said = _SENTENCES.get(fault.code) or sheet_fault(fault.code)
            faults.setdefault(f"row {fault.row} column {fault.column}", []).append(said)
        raise Faulty(faults) from e
