"""Files of a version: raw bytes in, raw bytes out."""

from __future__ import annotations

from typing import BinaryIO, cast

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from ninja import Router

from undersigned.dialects.shared.idempotency import once
from undersigned.envelopes.add_document import add_document
from undersigned.envelopes.drafts import refuse_unless_draft
from undersigned.envelopes.errors import Invalid, NotFound
from undersigned.envelopes.models import Document, DocumentVersion
from undersigned.files import intake, scan, store
from undersigned.files.models import File

from . import errors, wire
from .answers import IDEMPOTENCY_KEY, NO_CACHE, created, describe, statuses
from .auth import actor_of, credential_of
from .lookup import version_of

router = Router(tags=["files"])
_FORMS = ("multipart/", "application/x-www-form-urlencoded")
_PDF = {
    200: {
        "description": "The file",
        "content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post(
    "/contracts/{contract_id}/versions/{version}/files",
    operation_id="addFile",
    summary="Add a file; the raw bytes are the request body",
    response=statuses(201, None, 400, 404, 503),
    openapi_extra=describe(
        location=True,
        parameters=(
            {
                "name": "filename",
                "in": "query",
                "required": True,
                "schema": {"type": "string", "minLength": 1},
            },
            IDEMPOTENCY_KEY,
        ),
        requestBody={
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
            "description": "A PDF. Any content type but that of a submitted form.",
        },
    ),
)
def add_file(request: HttpRequest, contract_id: str, version: str) -> HttpResponse:
    envelope = version_of(request, contract_id, version)
    refuse_unless_draft(envelope)  # before the upload is checked and stored
    name = request.GET.get("filename", "").replace("\\", "/").rpartition("/")[2].strip()
    faults = {} if name else {"filename": ["Required"]}
    if (request.content_type or "").lower().startswith(_FORMS):
        return errors.invalid(faults | {"file": ["Multipart is not supported"]})
    with store.receive(cast("BinaryIO", request)) as received:
        if not received.size:
            faults["file"] = ["Required"]
        if faults:
            return errors.invalid(faults)
        facts = intake.check(received.path)
        staged = store.take_in(envelope.organization_id, received)

    def act() -> HttpResponse:
        credential = credential_of(request)
        file = store.new_file(
            store.adopt(staged),
            File.Kind.UPLOAD,
            name,
            media_type="application/pdf",
            pages=facts.pages,
            created_by_user=credential.user,
            created_by_credential=credential,
        )
        add_document(actor_of(request), envelope.pk, file)
        return created("contracts", contract_id, "versions", version, "files", file.name)

    return once(request, credential_of(request), bytes.fromhex(staged.sha256), act)


@router.get(
    "/contracts/{contract_id}/versions/{version}/files",
    operation_id="listFiles",
    summary="Names and sizes of the files of a version",
    response=statuses(200, list[wire.ListedFile], 404),
)
def list_files(request: HttpRequest, contract_id: str, version: str) -> list[wire.ListedFile]:
    envelope = version_of(request, contract_id, version)
    documents = (
        envelope.documents.filter(removed_at=None).select_related("original__blob").order_by("position")
    )
    return [wire.ListedFile(filename=d.title, size=d.source.size) for d in documents if d.source]


@router.get(
    "/contracts/{contract_id}/versions/{version}/files/{filename}",
    operation_id="downloadFile",
    summary="The file; once the version is Agreed, the sealed copy",
    response=statuses(200, None, 400, 404, 503),
    openapi_extra=describe(
        parameters=(
            {
                "name": "original",
                "in": "query",
                "required": False,
                "schema": {"type": "boolean", "default": False},
                "description": "true: the file as it was uploaded.",
            },
        ),
        responses=_PDF,
    ),
)
def download(request: HttpRequest, contract_id: str, version: str, filename: str) -> HttpResponseBase:
    envelope = version_of(request, contract_id, version)
    if "\x00" in filename:
        raise NotFound
    document = (
        envelope.documents.filter(title=filename, removed_at=None).select_related("original__blob").first()
    )
    if document is None:
        raise NotFound
    original = request.GET.get("original", "false").lower()
    if original not in ("true", "false"):
        raise Invalid({"original": ["invalid"]})
    if original == "true" or envelope.agreed_at is None:
        return _bytes_of(document.brought)
    return _sealed(document)


def _sealed(document: Document) -> HttpResponseBase:
    """The sealed file; between the last agreement and the seal there is none yet, and nothing less is given instead."""
    sealed = (
        document.versions.filter(kind=DocumentVersion.Kind.SEALED)
        .select_related("file__blob")
        .order_by("seq")
        .last()
    )
    if sealed is not None:
        return _bytes_of(sealed.file)
    response = errors.answer(404)
    response["Retry-After"] = "2"
    return response


def _bytes_of(file: File) -> HttpResponseBase:
    if file.blob is None:
        raise NotFound
    headers = {**NO_CACHE, "Content-Length": str(file.blob.size)}
    if disposition := content_disposition_header(True, file.name):
        headers["Content-Disposition"] = disposition
    return StreamingHttpResponse(scan.read_clean(file.blob), content_type="application/pdf", headers=headers)
