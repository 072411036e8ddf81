"""Files: stored from Base64, given back as they are."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from ninja import Router

from undersigned.base.clock import now
from undersigned.dialects.shared.fields import Fields
from undersigned.dialects.shared.idempotency import once
from undersigned.dialects.shared.upload import receive_base64
from undersigned.dialects.shared.zips import Member, zipped
from undersigned.envelopes.access import visible_files
from undersigned.envelopes.errors import NotFound
from undersigned.envelopes.ports import dialect
from undersigned.files import kinds, scan, store
from undersigned.files.models import File

from . import mapping, wire
from .answers import ids, json_of, statuses, takes
from .auth import acting, actor_of, credential_of
from .errors import Faulty
from .port import DIALECT

router = Router(tags=["files"])
_DOWNLOADED_MAX = 100
_CONTENT = {"schema": {"type": "string", "format": "binary"}}
_DOWNLOAD = {
    200: {
        "description": "The file; of several a ZIP.",
        "content": {"application/zip": _CONTENT, "*/*": _CONTENT},
    }
}


@router.post(
    "/files.create",
    operation_id="files.create",
    summary="Store a file given in Base64",
    response=statuses(wire.StoredFile, 400, 403, 413, 503),
    by_alias=True,
    openapi_extra=takes(wire.NewFile),
)
def create(request: HttpRequest) -> HttpResponse:
    with receive_base64(request, "base64", settings.MAX_UPLOAD_BYTES) as upload:
        fields = Fields(upload.fields)
        actor = acting(request, fields)
        name = fields.text("name", required=True).strip()
        if fields.data.get("name") and not name:
            fields.fault("name", "Required")
        importance = fields.integer("importance_order", least=-(2**31), most=2**31 - 1) or 0
        if upload.file is None:
            fields.text("base64", required=True)
            if isinstance(fields.data.get("base64"), str) and fields.data["base64"]:
                fields.fault("base64", "Not valid Base64")
        elif not upload.valid:
            fields.fault("base64", "Not valid Base64")
        elif not upload.file.size:
            fields.fault("base64", "Required")
        if fields.faults or upload.file is None:
            raise Faulty(fields.faults)
        found = kinds.examine(upload.file.path)
        staged = store.take_in(actor.organization.pk, upload.file, media_type=found.media_type)

    def act() -> HttpResponse:
        port = dialect(DIALECT)
        file = store.new_file(
            store.adopt(staged),
            File.Kind.UPLOAD,
            name,
            pub=port.new_public_id("file", now(actor.organization.clock_offset)),
            media_type=found.media_type,
            pages=found.pages,
            importance=str(importance),
            created_by_user=actor.user,
            created_by_credential=actor.credential,
        )
        return json_of(mapping.stored_file(file))

    return once(request, credential_of(request), upload.digest, act)


@router.get(
    "/files.download",
    operation_id="files.download",
    summary="One file as it is, several as a ZIP; scanned for viruses when the last scan is over 6 hours old",
    response=statuses(None, 400, 403, 404, 503),
    openapi_extra={"parameters": [ids("file, uploaded or signed")], "responses": _DOWNLOAD},
)
def download(request: HttpRequest) -> HttpResponseBase:
    wanted = list(dict.fromkeys(v for v in request.GET.getlist("id") if v))
    if not wanted:
        raise Faulty({"id": ["Required"]})
    if len(wanted) > _DOWNLOADED_MAX:
        raise Faulty({"id": [f"At most {_DOWNLOADED_MAX}"]})
    known = [v for v in wanted if "\x00" not in v]
    found = {f.pub: f for f in visible_files(actor_of(request)).filter(pub__in=known).select_related("blob")}
    files = [found[v] for v in wanted if v in found and found[v].blob is not None]
    if len(files) < len(wanted):
        raise NotFound
    for file in files:
        assert file.blob is not None
        scan.ensure_clean(file.blob)  # before the first byte of any
    return _raw(files[0]) if len(files) == 1 else zipped([Member(f.name, f) for f in files], "files.zip")


def _raw(file: File) -> HttpResponseBase:
    assert file.blob is not None
    headers = {"Content-Length": str(file.blob.size), "Cache-Control": "no-store"}
    if disposition := content_disposition_header(True, file.name):
        headers["Content-Disposition"] = disposition
    return StreamingHttpResponse(
        scan.read_clean(file.blob), content_type=kinds.served_as(file.blob.media_type), headers=headers
    )
