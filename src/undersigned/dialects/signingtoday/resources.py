"""Files of transactions: uploaded, described, replaced, given back, drawn."""

from __future__ import annotations

import hashlib

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import Router

from undersigned.dialects.shared.zips import Member, zipped
from undersigned.envelopes import access, rearrange_draft
from undersigned.envelopes.access import refuse_unless_may_change
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.describe_file import describe_file
from undersigned.envelopes.errors import Conflict, NotFound
from undersigned.envelopes.models import Document, DocumentVersion, Envelope
from undersigned.files import pages, scan
from undersigned.files.models import File
from undersigned.sealing.asic import manifest

from . import dst_wire as wire
from . import mapping, members, multipart, reading, states
from .answers import (
    FILE,
    IDEMPOTENCY_KEY,
    TEXT,
    a_file,
    bytes_of,
    described,
    empty,
    statuses,
    takes,
    takes_form,
)
from .answers import query as parameter
from .auth import actor_of, once
from .errors import Faulty
from .transactions import changing, dst_of, number_in, shown

router = Router(tags=["resources"], by_alias=True)
ACTIONS = ("replace", "clone_and_replace")
WIDTH = 160
"""Pixels of a thumbnail, where nobody says."""
_TYPE = TEXT | {"enum": ["PDF_Document"]}


@router.patch(
    "/DST/{dst_id}/resources",
    operation_id="appendResource",
    summary="Upload a PDF and add it to a draft as its last document",
    response=statuses(200, wire.DST, 400, 404, 409, 413, 503),
    openapi_extra=described(
        [IDEMPOTENCY_KEY],
        takes_form(
            file=FILE,
            filename=TEXT,
            resourceType=_TYPE,
            title=TEXT,
            extraData=TEXT | {"description": "A JSON object."},
            required=("file", "resourceType"),
        ),
    ),
)
def append(request: HttpRequest, dst_id: str) -> HttpResponse:
    actor, envelope = _draft(request, dst_id)
    staged = multipart.stage_pdf(actor, multipart.form_of(request), type_required=True)

    def act() -> HttpResponse:
        return shown(actor, rearrange_draft.append_file(actor, envelope.pk, staged.adopt(actor)))

    return once(request, _digest(staged), act)


@router.get(
    "/DST/{dst_id}/resources",
    operation_id="getDSTResources",
    summary="All files of a transaction in a ZIP: signed ones where there are some, beside what they were made of",
    response=statuses(200, None, 404, 503),
    openapi_extra=a_file("application/octet-stream"),
)
def download_all(request: HttpRequest, dst_id: str) -> HttpResponseBase:
    actor = actor_of(request)
    envelope = dst_of(actor, dst_id)
    files = list(mapping.files_of(envelope))
    for file in files:
        assert file.blob is not None
        scan.ensure_clean(file.blob)  # before the first byte of any
    response = zipped((Member(file.name, file) for file in files), f"{envelope.pub}.zip")
    response["Content-Type"] = "application/octet-stream"
    return response


@router.post(
    "/DST/{dst_id}/doc/{doc_id}/swap",
    operation_id="swapDocuments",
    summary="Two documents of a draft change places",
    response=statuses(200, wire.DST, 400, 404, 409),
    openapi_extra=described([parameter("targetDocId", "integer", "The other document.", required=True)]),
)
def swap(request: HttpRequest, dst_id: str, doc_id: str) -> HttpResponse:
    actor, envelope = _draft(request, dst_id)
    least, most = members.INT32
    other = reading.integer(request, "targetDocId", least=least, most=most)
    if other is None:
        raise Faulty({"targetDocId": ["Required"]})
    return shown(actor, rearrange_draft.swap_documents(actor, envelope.pk, number_in(doc_id), other))


@router.post(
    "/DST/{dst_id}/doc/{doc_id}/resource",
    operation_id="documentResourceAction",
    summary="Put another PDF behind a document of a draft, or behind a copy of it; its plan goes with it",
    response=statuses(200, wire.DST, 400, 404, 409, 413, 503),
    openapi_extra=described(
        [IDEMPOTENCY_KEY],
        takes_form(
            file=FILE,
            filename=TEXT,
            resourceType=_TYPE,
            title=TEXT,
            actionType=TEXT | {"enum": list(ACTIONS)},
            required=("file", "actionType"),
        ),
    ),
)
def act_on_document(request: HttpRequest, dst_id: str, doc_id: str) -> HttpResponse:
    actor, envelope = _draft(request, dst_id)
    number = number_in(doc_id)
    if not envelope.documents.filter(wire_no=number, removed_at=None).exists():
        raise NotFound
    form = multipart.form_of(request)
    action = form.fields.choice("actionType", ACTIONS, required=True)
    staged = multipart.stage_pdf(actor, form, type_required=False)
    use = rearrange_draft.replace_file if action == "replace" else rearrange_draft.clone_with_file

    def act() -> HttpResponse:
        return shown(actor, use(actor, envelope.pk, number, staged.adopt(actor)))

    return once(request, _digest(staged), act)


@router.get(
    "/resource/{resource_id}",
    operation_id="getResource",
    summary="The bytes of a file: uploaded, filled in or signed",
    response=statuses(200, None, 404, 503),
    openapi_extra=a_file("application/octet-stream", "application/pdf", manifest.MEDIA_TYPE),
)
def download(request: HttpRequest, resource_id: str) -> HttpResponseBase:
    file, _envelope = resource_of(actor_of(request), resource_id)
    return bytes_of(file, file.name)


@router.put(
    "/resource/{resource_id}",
    operation_id="updateResource",
    summary="Change what a file of a draft is called",
    response=statuses(204, None, 400, 404, 409, 413),
    openapi_extra=described(body=takes(wire.NewResource)),
)
def update(request: HttpRequest, resource_id: str) -> HttpResponse:
    actor = actor_of(request)
    file, envelope = resource_of(actor, resource_id)
    refuse_unless_may_change(actor, envelope)
    fields, _ = reading.fields_of(request)
    title = fields.text("title", most=multipart.TITLE_MAX).strip()
    name = fields.text("filename", most=multipart.TITLE_MAX).strip()
    extra = members.free(fields, "extraData") if fields.has("extraData") else None
    reading.settle(fields)
    if file.kind != File.Kind.RESOURCE:
        raise Conflict("already_sent")
    describe_file(
        actor,
        envelope.pk,
        file.pk,
        title=title if fields.has("title") else None,
        name=name or None,
        wire=None if extra is None else {"extraData": extra},
    )
    return empty()


@router.delete(
    "/DST/resource/{resource_id}",
    operation_id="deleteResource",
    summary="Take a file out of its draft, with the documents that show it",
    response=statuses(200, wire.DST, 404, 409),
)
def remove(request: HttpRequest, resource_id: str) -> HttpResponse:
    actor = actor_of(request)
    file, envelope = resource_of(actor, resource_id)
    refuse_unless_may_change(actor, envelope)
    return shown(actor, rearrange_draft.remove_file(actor, envelope.pk, file.pk))


@router.get(
    "/pdfResource/{resource_id}/thumbs",
    operation_id="getThumbnail",
    summary="A page of a file as a JPEG",
    response=statuses(200, None, 400, 404, 503),
    openapi_extra=described(
        [
            parameter("page", "integer", "From 1.", required=True, minimum=1),
            parameter(
                "width",
                "integer",
                f"Pixels; {WIDTH} where it is left out.",
                minimum=pages.NARROWEST,
                maximum=pages.WIDEST,
            ),
        ]
    )
    | a_file("image/jpeg"),
)
def thumbnail(request: HttpRequest, resource_id: str) -> HttpResponse:
    file, _envelope = resource_of(actor_of(request), resource_id)
    page = reading.integer(request, "page", least=1)
    width = reading.integer(request, "width", least=pages.NARROWEST, most=pages.WIDEST)
    if page is None:
        raise Faulty({"page": ["Required"]})
    if file.blob is None or page > (file.pages or 0):
        raise NotFound
    scan.ensure_clean(file.blob)
    try:
        picture = pages.thumbnail(file.blob, page, width or WIDTH)
    except pages.CannotDraw as e:
        raise NotFound from e
    headers = {"Cache-Control": "private, max-age=86400", "ETag": f'"{file.blob.sha256}-{page}-{width}"'}
    return HttpResponse(picture, content_type="image/jpeg", headers=headers)


def resource_of(actor: Actor, pub: str) -> tuple[File, Envelope]:
    """A file by its id, and the transaction that has it, for who may see that. Raises NotFound."""
    wanted = str(reading.uuid_of(pub))
    documents = Document.objects.filter(
        original__pub=wanted, original__kind=File.Kind.RESOURCE, removed_at=None
    )
    document = documents.select_related("original__blob").order_by("pk").first()
    if document is not None and document.original is not None:
        return document.original, _visible(actor, document.envelope_id)
    versions = DocumentVersion.objects.filter(file__pub=wanted, voided_at=None, document__removed_at=None)
    made = (DocumentVersion.Kind.PREPARED, DocumentVersion.Kind.SEALED)
    version = versions.filter(kind__in=made).select_related("file__blob", "document").first()
    if version is None:
        raise NotFound
    return version.file, _visible(actor, version.document.envelope_id)


def _visible(actor: Actor, envelope_id: int) -> Envelope:
    rows = access.visible(actor) | access.visible_templates(actor)
    found = rows.filter(pk=envelope_id, dialect="signingtoday").first()
    if found is None:
        raise NotFound
    return found


def _draft(request: HttpRequest, pub: str) -> tuple[Actor, Envelope]:
    """Who asks and a draft that they may change, before anything is uploaded. Raises NotFound, Forbidden, Conflict."""
    actor, envelope = changing(request, pub)
    if states.status(envelope) != "draft":
        raise Conflict("already_sent")
    return actor, envelope


def _digest(staged: multipart.Staged) -> bytes:
    said = f"{staged.blob.sha256} {staged.name} {staged.title} {staged.extra}"
    return hashlib.sha256(said.encode()).digest()
