"""Is this file signed, by whom, and unchanged since? The file is not kept."""

from __future__ import annotations

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
from undersigned.public import checking
from undersigned.public.forms import VerifyForm
from undersigned.public.verdict import verdict

CHECKS = 20
"""From one address in 10 minutes; each may cost seconds of a processor."""
EVIDENCE_LIMIT = 20 * 1024 * 1024


@never_cache
@csrf_exempt  # nothing is changed, and nobody's rights are used
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """The form; after the upload the verdict. The uploaded files are gone when the answer leaves."""
    check = checking.registered()
    if request.method != "POST" or check is None:
        status = 200 if check is not None or request.method != "POST" else 503
        return _form(request, VerifyForm(), status, available=check is not None)
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
            seen = check(path, _received(stack, evidence, EVIDENCE_LIMIT) if evidence else None)
    except TooLarge:
        return _refused(request, _too_large(), 413)
    except checking.Busy:
        return _refused(
            request,
            _("We could not check this file within the time that we allow. Nothing is known about it."),
            503,
        )
    finally:
        for file in request.FILES.values():
            if isinstance(file, UploadedFile):
                file.close()  # deletes Django's own temporary file
    context: dict[str, Any] = {
        "here": "verify",
        "seen": seen,
        "verdict": verdict(seen),
        "name": uploaded.name,
    }
    return render(request, "public/verdict.html", context)


def _received(stack: ExitStack, uploaded: UploadedFile[Any], limit: int) -> Path:
    """The upload in a temporary file that goes with `stack`."""
    return stack.enter_context(receive(uploaded.file, limit)).path  # type: ignore[arg-type]  # an open binary file


def _too_large() -> str:
    return _("The file is too large; {max} MB is the most.").format(
        max=settings.MAX_UPLOAD_BYTES // (1024 * 1024)
    )


def _refused(request: HttpRequest, words: str, status: int) -> HttpResponse:
    return _form(request, VerifyForm(), status, refused=words)


def _form(
    request: HttpRequest, form: VerifyForm, status: int, *, available: bool = True, refused: str = ""
) -> HttpResponse:
    context = {"form": form, "here": "verify", "available": available, "refused": refused}
    return render(request, "public/verify.html", context, status=status)
