"""Making a template: documents, roles, places, and publishing it."""

from __future__ import annotations

from django.contrib import messages as flash
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from undersigned.base.clock import now
from undersigned.console import scope
from undersigned.console.template_forms import RolesForm, TitleForm
from undersigned.console.views.new.fields import (
    NAMES,
    Row,
    given,
    numbers_of,
    placed_pages,
    plain,
    sentence,
    sizes_of,
)
from undersigned.console.views.new.files import picture_of, received_files
from undersigned.console.views.new.frame import documents
from undersigned.envelopes import rearrange_draft
from undersigned.envelopes.access import refuse_unless_maker
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.create_draft import create_draft
from undersigned.envelopes.create_envelope import TITLE_MAX
from undersigned.envelopes.delete_draft import delete_draft
from undersigned.envelopes.describe_template import describe_template
from undersigned.envelopes.draft_content import DraftContent
from undersigned.envelopes.errors import Invalid, NotFound
from undersigned.envelopes.models import Document, Envelope
from undersigned.envelopes.offer import offer
from undersigned.envelopes.place_fields import TOTAL_MAX
from undersigned.envelopes.plan_parts import (
    PlannedPlace,
    is_ordered,
    parts_of,
    place_planned,
    planned_places,
    set_parts,
    spread_parts,
)
from undersigned.envelopes.ports import dialect
from undersigned.files.models import File
from undersigned.files.store import clean_name, receive, store_pdf

from .frame import DIALECT, draft_page, parts_shown, show, template_page

KINDS = ("signature", "text", "clause")


# --- documents -----------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@scope.page
def start(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The first files make the template; until then nothing is stored."""
    refuse_unless_maker(actor)
    if request.method == "POST" and (files := received_files(request, actor, _store)):
        title = files[0].name.removesuffix(".pdf").strip()[:TITLE_MAX]
        made = create_draft(actor, DIALECT, DraftContent(title or _("Without a title"), template=True))
        for file in files:
            rearrange_draft.append_file(actor, made.pk, file)
        return redirect("console:template-files", template_id=made.pk)
    return show(request, None, "files", status=422 if request.method == "POST" else 200, documents=[])


@require_http_methods(["GET", "HEAD", "POST"])
@draft_page
def files(request: HttpRequest, actor: Actor, template: Envelope) -> HttpResponse:
    """The documents of a template; a POST adds more."""
    if request.method == "POST":
        for file in received_files(request, actor, _store):
            rearrange_draft.append_file(actor, template.pk, file)
        spread_parts(template.pk)
        return redirect("console:template-files", template_id=template.pk)
    return show(request, template, "files", documents=documents(template))


def _store(_request: HttpRequest, actor: Actor, upload: UploadedFile[bytes]) -> File:
    """A PDF with an id, as programs of the API bring theirs."""
    with receive(upload.file) as received:  # type: ignore[arg-type]  # an open binary file
        return store_pdf(
            actor.organization,
            received,
            clean_name(upload.name or ""),
            kind=File.Kind.RESOURCE,
            user=actor.user,
            pub=dialect(DIALECT).new_public_id("file", now(actor.organization.clock_offset)),
        )


@require_POST
@draft_page
def move_up(request: HttpRequest, actor: Actor, template: Envelope, document_id: int) -> HttpResponse:
    """A document changes places with the one above it."""
    listed = documents(template)
    index = next((n for n, d in enumerate(listed) if d.pk == document_id), 0)
    if index:
        above, mine = listed[index - 1], listed[index]
        rearrange_draft.swap_documents(actor, template.pk, _number(mine), _number(above))
    return redirect("console:template-files", template_id=template.pk)


@require_POST
@draft_page
def remove(request: HttpRequest, actor: Actor, template: Envelope, document_id: int) -> HttpResponse:
    """Take a document out, with the places on it."""
    document = _document(template, document_id)
    rearrange_draft.remove_file(actor, template.pk, document.brought.pk)
    return redirect("console:template-files", template_id=template.pk)


def _number(document: Document) -> int:
    return document.position - 1 if document.wire_no is None else document.wire_no


def _document(template: Envelope, document_id: int) -> Document:
    found = next((d for d in documents(template) if d.pk == document_id), None)
    if found is None:
        raise NotFound
    return found


@require_safe
@template_page
def page_image(
    request: HttpRequest, actor: Actor, template: Envelope, document_id: int, page: int, width: int
) -> HttpResponse:
    """A page of a template's document as a picture."""
    return picture_of(template, document_id, page, width)


@require_http_methods(["GET", "HEAD", "POST"])
@draft_page
def delete(request: HttpRequest, actor: Actor, template: Envelope) -> HttpResponse:
    """Throw the draft away, after a question."""
    if request.method == "POST":
        delete_draft(actor, template.pk)
        flash.success(request, _("The template is deleted."))
        return redirect("console:templates")
    return show(request, template, "files", documents=documents(template), asks_to_delete=True)


# --- roles -----------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@draft_page
def roles(request: HttpRequest, actor: Actor, template: Envelope) -> HttpResponse:
    """Who signs, by role; the people come when the template is used."""
    form = RolesForm(parts_of(template), ordered=is_ordered(template), data=request.POST or None)
    if request.method == "POST":
        try:
            set_parts(template.pk, form.parts(), ordered=form.is_ordered())
        except Invalid as e:
            form.refuse(e.faults)
        else:
            step = "roles" if "more" in request.POST else "places"
            return redirect(f"console:template-{step}", template_id=template.pk)
    status = 422 if form.faults else 200
    return show(request, template, "roles", status, form=form)


# --- places ----------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD"])
@draft_page
def first_places(request: HttpRequest, actor: Actor, template: Envelope) -> HttpResponse:
    """Leads to the first document."""
    found = documents(template)
    if not found:
        return show(request, template, "places", documents=[], document=None, signers=[])
    return redirect("console:template-places-of", template_id=template.pk, document_id=found[0].pk)


@require_http_methods(["GET", "HEAD", "POST"])
@draft_page
def places(request: HttpRequest, actor: Actor, template: Envelope, document_id: int) -> HttpResponse:
    """The places on one document. A POST sets them all; the editor posts the same form in the background."""
    document = _document(template, document_id)
    asks_for_json = request.headers.get("Accept") == "application/json"
    rows = stored_rows(template, document)
    if request.method == "POST":
        rows = given(request)
        if _save(template, document, rows):
            if asks_for_json:
                return JsonResponse({"saved": len(rows)})
            return redirect("console:template-places-of", template_id=template.pk, document_id=document.pk)
        if asks_for_json:
            return JsonResponse({"errors": [r.error for r in rows if r.error]}, status=422)
    failed = any(r.error for r in rows)
    return show(
        request,
        template,
        "places",
        422 if failed else 200,
        documents=documents(template),
        document=document,
        signers=parts_shown(template),
        rows=rows,
        empty_row=Row(len(rows)),
        pages=placed(template, document, rows),
        most=TOTAL_MAX,
        kinds=kinds(),
        failed=failed,
    )


def kinds() -> list[tuple[str, str, str]]:
    """What can be at a place: value, name, icon."""
    names = {
        "signature": (_("Signature"), "signature"),
        "text": (_("Text field"), "text-cursor-input"),
        "clause": (_("Clause"), "square-check"),
    }
    return [(kind, *names[kind]) for kind in KINDS]


def stored_rows(template: Envelope, document: Document) -> list[Row]:
    """The places on a document."""
    return [
        Row(
            number,
            p.part,
            {name: plain(getattr(p, name)) for name in NAMES},
            kind=p.kind,
            text=p.text,
            must=p.must,
        )
        for number, p in enumerate(planned_places(template, document))
    ]


def placed(
    template: Envelope, document: Document, rows: list[Row], width: int = 1000
) -> list[dict[str, object]]:
    """The pages with what is on them."""
    return placed_pages(
        parts_shown(template),
        rows,
        sizes_of(document),
        "console:template-page",
        template.pk,
        document.pk,
        width=width,
    )


def _save(template: Envelope, document: Document, rows: list[Row]) -> bool:
    """Store all rows, or put a sentence at each that is wrong."""
    wanted = []
    for row in rows:
        if (numbers := numbers_of(row)) is not None:
            kind = row.kind if row.kind in KINDS else "signature"
            x, y, w, h = numbers[1:]
            wanted.append(PlannedPlace(row.who, int(numbers[0]), x, y, w, h, kind, row.text, row.must))  # type: ignore[arg-type]
    if any(r.error for r in rows):
        return False
    try:
        place_planned(template.pk, document.pk, wanted)
    except Invalid as e:
        own = {
            "not_signer": _("Choose a role."),
            "no_name": _("Write what the text field is called, or what the clause says."),
            "too_long": _("This text is too long."),
            "unprintable": _("This text has signs that cannot be printed."),
        }
        for name, codes in e.faults.items():
            said = own.get(codes[0]) or sentence(codes[0], document)
            rows[int(name) if name.isdecimal() else -1].error = said
        return False
    return True


# --- publishing ------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@draft_page
def check(request: HttpRequest, actor: Actor, template: Envelope) -> HttpResponse:
    """What it is called, who may use it, and all of it on one page."""
    form = TitleForm(request.POST or None, initial={"title": template.title, "public": template.public})
    missing = _missing(template)
    if request.method == "POST" and form.is_valid():
        try:
            describe_template(
                actor, template.pk, title=form.cleaned_data["title"], public=form.cleaned_data["public"]
            )
            if "publish" not in request.POST:
                return redirect("console:template-check", template_id=template.pk)
            offer(actor, template.pk)
        except Invalid as e:
            form.refuse({name: codes for name, codes in e.faults.items() if name == "title"})
            if not form.errors:
                return redirect("console:template-check", template_id=template.pk)
        else:
            flash.success(request, _("Published. The template can be used from now on."))
            return redirect("console:template", template_id=template.pk)
    return show(
        request,
        template,
        "check",
        422 if form.errors else 200,
        form=form,
        missing=missing,
        parts=parts_shown(template),
        ordered=is_ordered(template),
        documents=[
            {"row": d, "pages": placed(template, d, stored_rows(template, d), 160)}
            for d in documents(template)
        ],
    )


def _missing(template: Envelope) -> list[dict[str, str]]:
    found = []
    if not documents(template):
        found.append({"step": "console:template-files", "text": _("Add a document.")})
    if not parts_of(template):
        found.append({"step": "console:template-roles", "text": _("Say who signs.")})
    return found
