"""Session data storage, and the archive."""

from __future__ import annotations

import hashlib
import re
from typing import BinaryIO, cast

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import Router

from undersigned.base.clock import now
from undersigned.base.db import atomic
from undersigned.dialects.shared.idempotency import once
from undersigned.envelopes.errors import NotFound
from undersigned.envelopes.ports import dialect
from undersigned.files import archive, kinds, session, store

from . import wire
from .addresses import address
from .answers import (
    A_DOCUMENT_BODY,
    A_FILE,
    DOCUMENT_TYPES,
    IDEMPOTENCY_KEY,
    LOCATION,
    bytes_of,
    empty,
    file_statuses,
    json_of,
    statuses,
)
from .auth import credential_of
from .errors import BadDocument, WrongType
from .lookup import known
from .port import DIALECT

router = Router(tags=["documents"])
_CHARSET = re.compile(r";\s*charset=\"?([A-Za-z0-9._-]{1,40})\"?\s*(;|$)", re.IGNORECASE)
_EXTENSIONS = {"application/pdf": ".pdf", "text/plain": ".txt", "application/x-ltv-sdo": ".sdo"}


@router.post(
    "/documents",
    operation_id="uploadDocument",
    summary="Keep a document for 30 days, or as long as an order uses it; the bytes are the request body",
    response=statuses(201, wire.StoredDocument, 400, 413, 415, 503),
    by_alias=True,
    openapi_extra={
        "parameters": [IDEMPOTENCY_KEY],
        "requestBody": A_DOCUMENT_BODY,
        "responses": {201: {"headers": LOCATION}},
    },
)
def upload(request: HttpRequest) -> HttpResponse:
    declared = _declared(request)
    credential = credential_of(request)
    with store.receive(cast("BinaryIO", request)) as received:
        if not received.size:
            raise BadDocument("The body is empty")
        found = kinds.examine(received.path)
        if declared.startswith(kinds.PDF) and found.media_type != kinds.PDF:
            raise BadDocument("The body is not a PDF")
        staged = store.take_in(credential.organization_id, received, media_type=found.media_type)

    def act() -> HttpResponse:
        at = now(credential.organization.clock_offset)
        pub = dialect(DIALECT).new_public_id("file", at)
        name = "document" + _EXTENSIONS.get(declared.partition(";")[0], _EXTENSIONS.get(found.media_type, ""))
        session.keep(staged, credential, pub, name, at, found, media_type=declared)
        response = json_of(wire.StoredDocument(document_id=pub), 201)
        response["Location"] = address(request, "documents", pub)
        return response

    body = hashlib.sha256(bytes.fromhex(staged.sha256) + declared.encode()).digest()
    return once(request, credential, body, act)


def _declared(request: HttpRequest) -> str:
    """The type under which the document comes, and goes back; bytes without one are just bytes. Raises WrongType."""
    given = request.headers.get("Content-Type", "").strip() or kinds.UNKNOWN
    media_type = given.partition(";")[0].strip().lower()
    if media_type not in DOCUMENT_TYPES:
        raise WrongType
    charset = _CHARSET.search(given)
    return f"{media_type}; charset={charset[1]}" if charset else media_type


@router.get(
    "/documents/{document_id}",
    operation_id="getDocument",
    summary="The document, byte for byte as it came",
    response=file_statuses(),
    openapi_extra=A_FILE,
)
def download(request: HttpRequest, document_id: str) -> HttpResponseBase:
    credential = credential_of(request)
    at = now(credential.organization.clock_offset)
    file = session.kept(credential, at).filter(pub=known(document_id)).first()
    if file is None:
        raise NotFound
    return bytes_of(file)


@router.delete(
    "/documents/{document_id}",
    operation_id="deleteDocument",
    summary="Take the document away; orders that use it keep their own",
    response=statuses(204, None, 404),
)
def delete(request: HttpRequest, document_id: str) -> HttpResponse:
    credential = credential_of(request)
    with atomic():
        if not session.close(credential, known(document_id), now(credential.organization.clock_offset)):
            raise NotFound
    return empty()


@router.get(
    "/archive-documents/{archive_id}",
    operation_id="getArchivedDocument",
    summary="A document of the archive",
    response=file_statuses(),
    openapi_extra=A_FILE,
)
def download_archived(request: HttpRequest, archive_id: str) -> HttpResponseBase:
    file = archive.kept(credential_of(request)).filter(pub=known(archive_id)).first()
    if file is None:
        raise NotFound
    return bytes_of(file)


@router.delete(
    "/archive-documents/{archive_id}",
    operation_id="deleteArchivedDocument",
    summary="Take a document out of the archive",
    response=statuses(204, None, 404),
)
def delete_archived(request: HttpRequest, archive_id: str) -> HttpResponse:
    credential = credential_of(request)
    with atomic():
        if not archive.delete(credential, known(archive_id), now(credential.organization.clock_offset)):
            raise NotFound
    return empty()
