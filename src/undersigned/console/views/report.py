"""The list of envelopes as a report: who signed what, when, and how they were identified."""

from __future__ import annotations

from datetime import timedelta

from django.http import FileResponse, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from undersigned.accounts.limits import take
from undersigned.base.clock import now
from undersigned.console import rows, scope
from undersigned.console.report import report
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.errors import NotFound
from undersigned.files import storage

from .envelopes import filter_form

CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_safe
@scope.page
def download(request: HttpRequest, actor: Actor, form: str) -> HttpResponseBase:
    """The people of the envelopes that the list shows under the same filters, as CSV or Excel sheet."""
    if form not in ("csv", "xlsx"):
        raise NotFound
    take("console.report", str(actor.user.pk), 20, timedelta(minutes=10))
    # With openpyxl, which takes as long to load as Django: not for every process.
    from undersigned.console.sheets import as_csv, write_xlsx

    found = rows.narrowed(rows.listed(actor), actor, filter_form(request, actor).filters)
    made = report(found, actor.organization)
    response: StreamingHttpResponse
    if form == "csv":
        response = StreamingHttpResponse(as_csv(made), content_type=CSV)
    else:
        with storage.temporary_file(".xlsx") as path:
            write_xlsx(made, path, _("Signatures"))
            # Its name goes now; the bytes go when the answer has been sent, or nobody wants it any more.
            response = FileResponse(path.open("rb"), content_type=XLSX)
    day = f"{now(actor.organization.clock_offset):%Y-%m-%d}"
    name = _("signatures {day}").format(day=day)
    response["Content-Disposition"] = content_disposition_header(True, f"{name}.{form}") or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    return response
