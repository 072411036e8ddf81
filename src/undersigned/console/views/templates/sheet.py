"""Using a template for many at once: a sheet, what it would make, and how far it is."""

from __future__ import annotations

from typing import Any

from django.contrib import messages as flash
from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from undersigned.base.clock import now
from undersigned.console import scope
from undersigned.envelopes import batch_sheet
from undersigned.envelopes.access import visible_collections
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.batch_sheet import BadSheet, CellFault, Rows
from undersigned.envelopes.batches import standings
from undersigned.envelopes.errors import Conflict, NotFound
from undersigned.envelopes.make_batch import make_batch
from undersigned.envelopes.models import Collection, Envelope, EnvelopeState
from undersigned.files import scan, sheets, storage
from undersigned.files.models import Blob
from undersigned.files.sheets import NotRead
from undersigned.files.store import TooLarge, receive, take_in

from .frame import DIALECT, template_page

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SALT = "undersigned.console.sheet"
_KEPT = 6 * 3600
"""Seconds between looking at a sheet and making what it says; the store keeps what nobody has taken for a day."""
SHOWN = 20
"""Rows of a good sheet that are shown."""
FAULTS_SHOWN = 200


@require_safe
@template_page
def sample(request: HttpRequest, actor: Actor, template: Envelope) -> HttpResponse:
    """A sheet for this template, to be filled in."""
    with storage.temporary_file(".xlsx") as path:
        head = batch_sheet.headings(template)
        sheets.write_xlsx(path, template.title, head, [batch_sheet.sample_row(template)])
        content = path.read_bytes()
    disposition = {"Content-Disposition": 'attachment; filename="sheet.xlsx"'}
    return HttpResponse(content, content_type=XLSX, headers=disposition)


@require_http_methods(["GET", "HEAD", "POST"])
@template_page
def sheet(request: HttpRequest, actor: Actor, template: Envelope) -> HttpResponse:
    """A sheet comes in and is looked at; nothing is made yet."""
    if template.state != EnvelopeState.OFFERED:
        return redirect("console:template", template_id=template.pk)
    context: dict[str, Any] = {
        "tab": "templates",
        "template": template,
        "headings": batch_sheet.headings(template),
    }
    if request.method != "POST":
        return render(request, "console/templates/sheet.html", context)
    upload = request.FILES.get("sheet")
    try:
        blob = _stored(actor, upload) if upload is not None else None
        if blob is None:
            raise NotRead("empty")
        context |= {"name": upload.name if upload else "", "kept": _sign(actor, template, blob)}
        rows = _rows(template, blob)
    except NotRead as e:
        context["refused"] = _where(e)
    except TooLarge:
        context["refused"] = NotRead("too_large").sentence
    except scan.Infected:
        context["refused"] = str(scan.INFECTED)
    except scan.ScannerUnavailable:
        context["refused"] = str(scan.NOT_CHECKED)
    except BadSheet as e:
        context |= {
            "faults": [
                {"row": f.row, "column": f.column, "text": in_words(f)} for f in e.faults[:FAULTS_SHOWN]
            ],
            "fault_count": len(e.faults),
        }
    else:
        context |= {"rows": _preview(rows), "count": len(rows.rows), "unused": rows.unused}
    status = 422 if "refused" in context or "faults" in context else 200
    return render(request, "console/templates/sheet.html", context, status=status)


@require_http_methods(["POST"])
@template_page
def make(request: HttpRequest, actor: Actor, template: Envelope) -> HttpResponse:
    """Make what the sheet says that was looked at."""
    try:
        said = signing.loads(request.POST.get("kept", ""), salt=_SALT, max_age=_KEPT)
    except signing.BadSignature:
        said = None
    if not isinstance(said, list) or said[:2] != [template.pk, actor.user.pk]:
        raise NotFound
    blob = Blob.objects.filter(pk=said[2], organization=actor.organization).first()
    if blob is None:
        raise NotFound
    try:
        rows = _rows(template, blob)
        batch, _made = make_batch(
            actor,
            template.pk,
            rows,
            title=request.POST.get("title", "").strip()[:1000] or template.title,
            publish=True,
            wire={"templateId": template.pub},
        )
    except (NotRead, BadSheet, Conflict):
        flash.error(
            request, _("The template or the accounts have changed meanwhile. Please look at the sheet again.")
        )
        return redirect("console:template-sheet", template_id=template.pk)
    return redirect("console:batch", batch_id=batch.pk)


@require_safe
@scope.page
def batch(request: HttpRequest, actor: Actor, batch_id: int) -> HttpResponse:
    """How far it is; asked for JSON, the numbers alone."""
    rows = visible_collections(actor).filter(dialect=DIALECT, kind=Collection.Kind.BATCH)
    found = rows.filter(pk=batch_id).first() if batch_id < 2**63 else None
    if found is None:
        raise NotFound
    standing = standings([found])[found.pk]
    done = standing.size - standing.waiting
    if request.headers.get("Accept") == "application/json":
        return JsonResponse({"done": done, "size": standing.size, "failed": standing.failed})
    failed = found.envelopes.filter(state=EnvelopeState.FAILED).order_by("position")[:50]
    return render(
        request,
        "console/templates/batch.html",
        {
            "tab": "templates",
            "batch": found,
            "standing": standing,
            "done": done,
            "open": done - standing.signed - standing.failed - standing.declined - standing.expired,
            "failed": failed,
        },
    )


def _stored(actor: Actor, upload: UploadedFile[bytes]) -> Blob:
    """Scanned, and kept for as long as somebody looks at it."""
    with receive(upload.file, sheets.FILE_MAX) as received:  # type: ignore[arg-type]  # an open binary file
        return Blob.objects.get(pk=take_in(actor.organization.pk, received, media_type=XLSX).blob_id)


def _sign(actor: Actor, template: Envelope, blob: Blob) -> str:
    return signing.dumps([template.pk, actor.user.pk, blob.pk], salt=_SALT)


def _rows(template: Envelope, blob: Blob) -> Rows:
    with storage.local_path(blob) as path:
        found = sheets.read(path)
    return batch_sheet.read_rows(template, found, now(template.organization.clock_offset), publish=True)


def _preview(rows: Rows) -> list[dict[str, Any]]:
    return [
        {
            "number": row.number,
            "title": row.copy.title,
            "people": [
                f"{p.name} {p.surname}".strip() or (p.user.full_name if p.user else p.email)
                for p in row.copy.players.values()
            ],
            "values": list(row.copy.values.items()),
        }
        for row in rows.rows[:SHOWN]
    ]


def _where(error: NotRead) -> str:
    if error.row is None or error.column is None:
        return error.sentence
    place = _("Row {row}, column {column}:").format(
        row=error.row, column=batch_sheet.letters(error.column - 1)
    )
    return f"{place} {error.sentence}"


def in_words(fault: CellFault) -> str:
    """What is wrong with a cell."""
    return {
        "required": _("This must be filled in."),
        "invalid": _("This is not valid: a mail address, a phone number with its country code, or a date such as 2031-02-28 belongs here."),
        "unknown": _("No account has this id."),
        "unknown_role": _("The template has no such role."),
        "already_used": _("Two columns have this name."),
        "past": _("This day is over."),
        "too_long": _("This is too long."),
        "too_many": _("These are too many."),
        "unprintable": _("This has signs that cannot be printed."),
    }.get(fault.code, _("This is not valid."))  # fmt: skip
