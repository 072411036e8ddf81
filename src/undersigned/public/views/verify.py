"""Is this file signed, by whom, and unchanged since? The file is not kept."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from undersigned.public.forms import VerifyForm


@csrf_exempt  # nothing is changed, and nobody's rights are used
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """The form; after the upload the verdict."""
    form = VerifyForm()
    return render(request, "public/verify.html", {"form": form, "here": "verify"})
