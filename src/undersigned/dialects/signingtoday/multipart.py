"""Forms with a file, whatever the method; checked and stored before any transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.http.request import UnreadablePostError

from undersigned.base.clock import now
from undersigned.dialects.shared import body
from undersigned.dialects.shared.fields import Fields
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.ports import dialect
from undersigned.files import intake, store
from undersigned.files.models import File
from undersigned.files.store import StagedBlob, TooLarge

from . import members
from .errors import Faulty
from .port import DIALECT

_AROUND = 1 << 20
"""Bytes of a form beside its file."""
TITLE_MAX = 255


@dataclass(frozen=True)
class Form:
    """`fields`: the text parts; `file` as it came."""

    fields: Fields
    file: UploadedFile[Any] | None


@dataclass(frozen=True)
class Staged:
    """A PDF that was checked and lies in the store, and what the form says of it."""

    blob: StagedBlob
    pages: int
    name: str
    title: str
    extra: dict[str, Any]

    def adopt(self, actor: Actor) -> File:
        """The resource, in the caller's transaction."""
        port = dialect(DIALECT)
        return store.new_file(
            store.adopt(self.blob),
            File.Kind.RESOURCE,
            self.name,
            title=self.title,
            pages=self.pages,
            media_type="application/pdf",
            wire={"extraData": self.extra} if self.extra else {},
            pub=port.new_public_id("file", now(actor.organization.clock_offset)),
            created_by_user=actor.user,
            created_by_credential=actor.credential,
        )


def form_of(request: HttpRequest) -> Form:
    """The parts of a multipart form. Raises body.Malformed, TooLarge, Faulty."""
    if (request.content_type or "").lower() != "multipart/form-data":
        raise Faulty({"file": ["Must be sent as multipart/form-data"]})
    limit: int = settings.MAX_UPLOAD_BYTES
    if int(request.META.get("CONTENT_LENGTH") or 0) > limit + _AROUND:
        raise TooLarge(limit)
    try:
        parser = MultiPartParser(request.META, request, request.upload_handlers, request.encoding or "utf-8")
        texts, files = parser.parse()
    except (MultiPartParserError, SuspiciousOperation, UnreadablePostError, ValueError) as e:
        raise body.Malformed from e
    return Form(Fields({name: str(value) for name, value in texts.items()}), files.get("file"))


def stage_pdf(actor: Actor, form: Form, *, type_required: bool) -> Staged:
    """Check and store the file of a form. `type_required`: `resourceType` must be there.

    Raises Faulty (all that is wrong with the form), intake.Refused, scan.Infected, scan.ScannerUnavailable, TooLarge.
    """
    fields = form.fields
    fields.choice("resourceType", ("PDF_Document",), required=type_required)
    title = fields.text("title", most=TITLE_MAX).strip()
    name = fields.text("filename", most=TITLE_MAX).strip()
    extra = _extra(fields)
    if form.file is None:
        # The vendor's printed samples send the path as text.
        fields.fault("file", "Not a PDF" if fields.data.get("file") else "Required")
    if fields.faults or form.file is None:
        raise Faulty(fields.faults)
    with form.file, store.receive(cast("BinaryIO", form.file)) as received:
        return stage_received(actor, received, name or form.file.name or "document.pdf", title, extra)


def stage_received(
    actor: Actor, received: store.Received, name: str, title: str = "", extra: dict[str, Any] | None = None
) -> Staged:
    """Check and store a file that has been received. Raises as `stage_pdf`, but for Faulty."""
    facts = intake.check(received.path)
    staged = store.take_in(actor.organization.pk, received)
    return Staged(staged, facts.pages, name, title, extra or {})


def _extra(fields: Fields) -> dict[str, Any]:
    """`extraData`, which in a form is the text of a JSON object."""
    given = fields.text("extraData")
    if not given:
        return {}
    try:
        found = body.parse(given.encode())
    except body.Malformed:
        fields.fault("extraData", "Not a JSON object")
        return {}
    return members.free(Fields({"extraData": found}, faults=fields.faults), "extraData")
