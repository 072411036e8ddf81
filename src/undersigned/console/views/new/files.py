"""Step 1: which documents, in which order."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages as flash
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from undersigned.console import scope
from undersigned.console.port import ConsolePort
from undersigned.envelopes.access import refuse_unless_maker
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.add_document import add_document
from undersigned.envelopes.create_envelope import TITLE_MAX, create_envelope
from undersigned.envelopes.delete_draft import delete_draft
from undersigned.envelopes.edit_documents import move_document, remove_document, replace_document
from undersigned.envelopes.errors import NotFound
from undersigned.envelopes.models import Envelope
from undersigned.files import intake, kinds, pages, scan, storage
from undersigned.files.models import File
from undersigned.files.store import TooLarge, clean_name, receive, store_file

from .frame import documents, draft_page, show

FILES_MAX = 50
"""In one upload, each of which is checked while the person waits."""


@require_http_methods(["GET", "HEAD", "POST"])
@scope.page
def start(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The first files make the draft; until then nothing is stored."""
    refuse_unless_maker(actor)
    if request.method == "POST":
        files = _received(request, actor)
        if files:
            title = files[0].name.removesuffix(".pdf").strip()[:TITLE_MAX]
            envelope = create_envelope(actor, ConsolePort.name, title or _("Without a title"))
            for file in files:
                add_document(actor, envelope.pk, file)
            return redirect("console:new-files", envelope_id=envelope.pk)
        return show(request, None, "files", status=422, documents=[])
    return show(request, None, "files", documents=[])


@require_http_methods(["GET", "HEAD", "POST"])
@draft_page
def files(request: HttpRequest, actor: Actor, envelope: Envelope) -> HttpResponse:
    """The documents of a draft; a POST adds more."""
    if request.method == "POST":
        for file in _received(request, actor):
            add_document(actor, envelope.pk, file)
        return redirect("console:new-files", envelope_id=envelope.pk)
    return show(request, envelope, "files", documents=documents(envelope))


@require_POST
@draft_page
def move(request: HttpRequest, actor: Actor, envelope: Envelope, document_id: int, up: bool) -> HttpResponse:
    """One place up or down."""
    move_document(envelope.pk, document_id, up=up)
    return redirect("console:new-files", envelope_id=envelope.pk)


@require_POST
@draft_page
def remove(request: HttpRequest, actor: Actor, envelope: Envelope, document_id: int) -> HttpResponse:
    """Take a document out, with the places on it."""
    remove_document(actor, envelope.pk, document_id)
    return redirect("console:new-files", envelope_id=envelope.pk)


@require_POST
@draft_page
def replace(request: HttpRequest, actor: Actor, envelope: Envelope, document_id: int) -> HttpResponse:
    """Another file in a document's place."""
    for file in _received(request, actor)[:1]:
        replace_document(actor, envelope.pk, document_id, file)
    return redirect("console:new-files", envelope_id=envelope.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@draft_page
def delete(request: HttpRequest, actor: Actor, envelope: Envelope) -> HttpResponse:
    """Throw the draft away, after a question."""
    if request.method == "POST":
        delete_draft(actor, envelope.pk)
        flash.success(request, _("The draft is deleted."))
        return redirect("console:envelopes")
    return show(request, envelope, "files", documents=documents(envelope), asks_to_delete=True)


Store = Callable[[HttpRequest, Actor, "UploadedFile[bytes]"], File]


def received_files(request: HttpRequest, actor: Actor, store: Store) -> list[File]:
    """Files that passed the check; each of the others is told of, with the reason."""
    uploads = request.FILES.getlist("files")[:FILES_MAX]
    if not uploads:
        flash.error(request, _("Choose a file."))
    stored = []
    for upload in uploads:
        try:
            stored.append(store(request, actor, upload))
        except TooLarge:
            most = settings.MAX_UPLOAD_BYTES // (1024 * 1024)
            reason = _("The file is too large; {max} MB is the most.").format(max=most)
        except intake.Refused as e:
            reason = e.sentence
        except scan.Infected:
            reason = str(scan.INFECTED)
        except scan.ScannerUnavailable:
            reason = str(scan.NOT_CHECKED)
        else:
            continue
        flash.error(request, f"{clean_name(upload.name or '')}: {reason}")
    return stored


def _received(request: HttpRequest, actor: Actor) -> list[File]:
    return received_files(request, actor, _store)


def _store(request: HttpRequest, actor: Actor, upload: UploadedFile[bytes]) -> File:
    """Store it, and say why when a PDF will not be signed itself."""
    name = clean_name(upload.name or "")
    with receive(upload.file) as received:  # type: ignore[arg-type]  # an open binary file
        found = kinds.examine(received.path)
        file = store_file(actor.organization, received, name, user=actor.user, found=found)
    if found.media_type == kinds.PDF and found.refused:
        reason = (
            _("This PDF holds signatures already, so it stays as it is.")
            if found.refused == "signed"
            else intake.Refused(found.refused).sentence
        )
        leave = _("If you leave it, people sign a page that names it.")
        flash.info(request, f"{name}: {reason} {leave}")
    return file


@require_safe
@draft_page
def page_image(
    request: HttpRequest, actor: Actor, envelope: Envelope, document_id: int, page: int, width: int
) -> HttpResponse:
    """A page of a draft's document as a picture."""
    return picture_of(envelope, document_id, page, width)


def picture_of(envelope: Envelope, document_id: int, page: int, width: int) -> HttpResponse:
    """A page of a document as a JPEG. Raises NotFound."""
    found = next((d for d in documents(envelope) if d.pk == document_id), None)
    if found is None or found.by_statement or found.source is None or width not in pages.WIDTHS:
        raise NotFound
    try:
        content = pages.picture(found.source, page, width)
    except (pages.CannotDraw, storage.Damaged) as e:
        raise NotFound from e
    return HttpResponse(content, content_type="image/jpeg")
