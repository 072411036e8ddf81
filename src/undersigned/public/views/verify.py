"""Is this file signed, by whom, and unchanged since? The file is not kept."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from undersigned.accounts import limits
from undersigned.files.store import TooLarge, receive
from undersigned.public import api_docs
from undersigned.public.forms import VerifyForm
from undersigned.public.verdict import verdict
from undersigned.sealing import authority, revocation
from undersigned.sealing.evidence import EvidenceReport, verify_evidence
from undersigned.sealing.models import Key
from undersigned.sealing.verify import Report, verify_pdf

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
def verify(request: HttpRequest) -> HttpResponse:
    """The form; after the upload the verdict. The uploaded files are gone when the answer leaves."""
    if request.method != "POST":
        return _form(request, VerifyForm(), 200)
    if int(request.META.get("CONTENT_LENGTH") or 0) > settings.MAX_UPLOAD_BYTES + EVIDENCE_LIMIT + 65536:
        return _refused(request, _too_large(), 413)
    try:
        limits.take("verify", limits.client_address(request), CHECKS, timedelta(minutes=10))
    except limits.LimitReached as e:
        words = _("Too many files from here. Please wait {minutes} min and try again.").format(
            minutes=-(-e.retry_after // 60)
        )
        response = _refused(request, words, 429)
        response["Retry-After"] = str(e.retry_after)
        return response
    form = VerifyForm(request.POST, request.FILES)
    if not form.is_valid():
        return _form(request, form, 422)
    uploaded = form.cleaned_data["file"]
    try:
        with ExitStack() as stack:
            path = _received(stack, uploaded, settings.MAX_UPLOAD_BYTES)
            evidence = form.cleaned_data["evidence"]
            record_path = _received(stack, evidence, EVIDENCE_LIMIT) if evidence else None
            if not _places.acquire(timeout=WAIT):
                return _refused(
                    request, _("Too many files are being checked. Please try again in a minute."), 503
                )
            try:
                report, record = _check(path, record_path)
            finally:
                _places.release()
    except TooLarge:
        return _refused(request, _too_large(), 413)
    finally:
        for file in request.FILES.values():
            if isinstance(file, UploadedFile):
                file.close()  # deletes Django's own temporary file
    context: dict[str, Any] = {
        "here": "verify",
        "apis": api_docs.apis(),
        "seen": report,
        "verdict": verdict(report, record),
        "name": uploaded.name,
    }
    return render(request, "public/verdict.html", context)


def _check(path: Path, evidence: Path | None) -> tuple[Report, EvidenceReport | None]:
    """What the engine says, with this installation's own authorities as those we trust."""
    roots = authority.root_certificates()
    issuing = Key.objects.filter(purpose__in=(Key.Purpose.SIGNER_CA, Key.Purpose.TIMESTAMP_CA))
    report = verify_pdf(path, roots, [revocation.crl(key.name) for key in issuing])
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
