"""Is this file signed, by whom, and unchanged since? Nothing is kept: who wants more than the verdict sends the file once more."""

from __future__ import annotations

import re
import threading
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from undersigned.accounts import limits
from undersigned.files.storage import CHUNK, temporary_file
from undersigned.files.store import TooLarge, clean_name, receive
from undersigned.public import api_docs, report_pages
from undersigned.public.forms import VerifyForm
from undersigned.public.verdict import signed_version, verdict
from undersigned.sealing import authority, revocation
from undersigned.sealing.evidence import EvidenceReport, verify_evidence
from undersigned.sealing.models import Key
from undersigned.sealing.verify import Report, verify_file

CHECKS = 20
"""From one address in 10 minutes; each may cost seconds of a processor."""
EVIDENCE_LIMIT = 20 * 1024 * 1024
WAIT = 10
"""Seconds to wait for one of the two places."""
_places = threading.BoundedSemaphore(2)
"""Checks at once in this process: they must not take the threads that signers need."""


@never_cache
@csrf_exempt  # nothing is changed, and nobody's rights are used
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponseBase:
    """The form; after the upload the verdict, or what `get` asks for instead: pdf, json, version-N. The files are gone with the answer."""
    if request.method != "POST":
        return _form(request, VerifyForm(), 200)
    if int(request.META.get("CONTENT_LENGTH") or 0) > settings.MAX_UPLOAD_BYTES + EVIDENCE_LIMIT + 65536:
        return _refused(request, _too_large(), 413)
    try:
        limits.take("verify", limits.client_address(request), CHECKS, timedelta(minutes=10))
    except limits.LimitReached as e:
        words = _("Too many files from here. Please wait {minutes} min and try again.")
        return limits.refused(_refused(request, words.format(minutes=e.minutes), 429), e)
    form = VerifyForm(request.POST, request.FILES)
    if not form.is_valid():
        return _form(request, form, 422)
    try:
        return _answer(request, form)
    except TooLarge:
        return _refused(request, _too_large(), 413)
    finally:
        for file in request.FILES.values():
            if isinstance(file, UploadedFile):
                file.close()  # deletes Django's own temporary file


def _answer(request: HttpRequest, form: VerifyForm) -> HttpResponseBase:
    uploaded, evidence, wanted = (form.cleaned_data[name] for name in ("file", "evidence", "get"))
    name = clean_name(uploaded.name or "")
    with ExitStack() as stack:
        path = _received(stack, uploaded, settings.MAX_UPLOAD_BYTES)
        record_path = _received(stack, evidence, EVIDENCE_LIMIT) if evidence else None
        if not _places.acquire(timeout=WAIT):
            words = _("Too many files are being checked. Please try again in a minute.")
            return _refused(request, words, 503)
        try:
            report, record = _check(path, record_path)
        finally:
            _places.release()
        if wanted.startswith("version-"):
            return _version(request, report, path, name, int(wanted.removeprefix("version-")))
    if wanted == "json":
        told = report.as_json() | {"evidence": record.as_json() if record else None}
        return _attached(JsonResponse(told, json_dumps_params={"indent": 2}), name, "check.json")
    if wanted == "pdf":
        with temporary_file(".pdf") as target:
            report_pages.draw(report, verdict(report, record), name, target)
            content = target.read_bytes()
        return _attached(HttpResponse(content, content_type="application/pdf"), name, "check.pdf")
    context: dict[str, Any] = {
        "here": "verify",
        "apis": api_docs.apis(),
        "seen": report,
        "verdict": verdict(report, record),
        "name": name,
        "form": VerifyForm(auto_id="again_%s"),
    }
    return render(request, "public/verdict.html", context)


def _version(request: HttpRequest, report: Report, path: Path, name: str, revision: int) -> HttpResponseBase:
    """The file's first bytes, as they were when that signature was made."""
    size = signed_version(report, revision)
    if size is None:
        return _refused(request, _("The file holds no such signed version."), 422)
    with path.open("rb") as file, temporary_file(".pdf") as target:
        with target.open("wb") as cut:
            for start in range(0, size, CHUNK):
                cut.write(file.read(min(CHUNK, size - start)))
        # Open, it can be read to its end when its name is gone already.
        response = FileResponse(target.open("rb"), content_type="application/pdf")
    response["Content-Length"] = str(size)
    return _attached(response, name, f"version {revision}.pdf")


def _attached(response: HttpResponseBase, name: str, what: str) -> HttpResponseBase:
    """A download that is named after the file, under a policy that lets nothing run."""
    stem = re.sub(r"\.(pdf|asice)$", "", name, flags=re.IGNORECASE)
    header = content_disposition_header(True, clean_name(f"{stem} - {what}"))
    response.headers["Content-Disposition"] = header or "attachment"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _check(path: Path, evidence: Path | None) -> tuple[Report, EvidenceReport | None]:
    """What the engine says, with this installation's own authorities as those we trust."""
    roots = authority.root_certificates()
    issuing = Key.objects.filter(purpose__in=(Key.Purpose.SIGNER_CA, Key.Purpose.TIMESTAMP_CA))
    report = verify_file(path, roots, [revocation.crl(key.name) for key in issuing])
    return report, verify_evidence(evidence, [path], roots) if evidence else None


def _received(stack: ExitStack, uploaded: UploadedFile[Any], limit: int) -> Path:
    """The upload in a temporary file that goes with `stack`."""
    return stack.enter_context(receive(uploaded.file, limit)).path  # type: ignore[arg-type]  # an open binary file


def _too_large() -> str:
    return _("The file is too large; {max} MB is the most.").format(
        max=settings.MAX_UPLOAD_BYTES // (1024 * 1024)
    )


def _refused(request: HttpRequest, words: str, status: int) -> HttpResponse:
    return _form(request, VerifyForm(), status, refused=words)


def _form(request: HttpRequest, form: VerifyForm, status: int, *, refused: str = "") -> HttpResponse:
    context = {"form": form, "here": "verify", "apis": api_docs.apis(), "refused": refused}
    return render(request, "public/verify.html", context, status=status)
