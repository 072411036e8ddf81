"""Revocation lists, OCSP and timestamps of the built-in authorities. Programs ask here; no cookies, no CSRF."""

from __future__ import annotations

import base64
import binascii

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from undersigned.sealing import authority, revocation, timestamp

REQUEST_LIMIT = 16 * 1024
"""Bytes of one OCSP or timestamp request; real ones have about 100."""


@require_GET
def crl(_request: HttpRequest, name: str) -> HttpResponse:
    """The current list of one authority (RFC 5280; media type: RFC 2585)."""
    try:
        content = revocation.crl(name)
    except revocation.UnknownAuthority:
        raise Http404 from None
    response = HttpResponse(content, content_type="application/pkix-crl")
    response["Cache-Control"] = "public, max-age=300"
    return response


@require_GET
def root(_request: HttpRequest) -> HttpResponse:
    """The roots of this installation in PEM, for those who check files elsewhere (`undersigned verify --root`)."""
    pem = b"".join(
        x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)
        for der in authority.root_certificates()
    )
    return HttpResponse(pem, content_type="application/x-pem-file")


@csrf_exempt
@require_http_methods(["GET", "POST"])
def ocsp(request: HttpRequest, encoded: str = "") -> HttpResponse:
    """RFC 6960 appendix A: the request as a body, or in base64 in the path."""
    if request.method == "POST":
        if request.content_type != "application/ocsp-request":
            return HttpResponse(status=415)
        asked = request.read(REQUEST_LIMIT + 1)
    else:
        try:
            asked = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            asked = b""
    if len(asked) > REQUEST_LIMIT:
        return HttpResponse(status=413)
    return HttpResponse(revocation.ocsp_response(asked), content_type="application/ocsp-response")


@csrf_exempt
@require_POST
def tsa(request: HttpRequest) -> HttpResponse:
    """RFC 3161 section 3.4. Not there when another authority confirms the time."""
    if settings.TIMESTAMP_AUTHORITY != "built-in":
        raise Http404
    if request.content_type != "application/timestamp-query":
        return HttpResponse(status=415)
    asked = request.read(REQUEST_LIMIT + 1)
    if len(asked) > REQUEST_LIMIT:
        return HttpResponse(status=413)
    return HttpResponse(timestamp.respond(asked), content_type="application/timestamp-reply")
