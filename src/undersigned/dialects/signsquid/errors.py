"""Signsquid's error bodies, and the core's refusals in its words."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError

from undersigned.accounts.limits import LimitReached, refused
from undersigned.dialects.shared import body, errors, idempotency
from undersigned.envelopes.errors import Conflict, Forbidden, Invalid, NotFound
from undersigned.files.intake import Refused
from undersigned.files.scan import Infected, ScannerUnavailable
from undersigned.files.store import TooLarge

PATHS = r"/api/v1/(contracts|webhookevents)(/|$)"

_FIELDS = {"title": "name", "phone": "mobilePhone", "recipients": "signatories", "documents": "files"}
"""The core's names that Signsquid calls otherwise."""
_CODES = {"already_used": "Already used"}
"""Fault codes that are not simply written in one word: `too_long` is TooLong."""
_CONFLICTS = {
    "already_sent": ("version", "AlreadyPublished"),
    "superseded": ("version", "NewVersionAvailable"),
    "draft": ("version", "NotPublished"),
    "already_agreed": ("contract", "AlreadyAgreed"),
}


def invalid(faults: dict[str, list[str]]) -> HttpResponse:
    """400, all faults at once; `faults` has wire names and words."""
    return JsonResponse({"message": "Your request is invalid", "errors": faults}, status=400)


def answer(status: int) -> HttpResponse:
    """The body for a bare status."""
    if status == 400:
        return invalid({})
    response = JsonResponse({"message": HTTPStatus(status).phrase.capitalize()}, status=status)
    if status == 401:
        # RFC 7617, 2: the realm is required.
        response["WWW-Authenticate"] = 'Basic realm="Signsquid API"'
    return response


def word(code: str) -> str:
    """A fault code as this API writes it: `too_large` is TooLarge."""
    return _CODES.get(code) or "".join(part.capitalize() for part in code.split("_"))


def register(api: NinjaAPI) -> None:
    """Answer each refusal in Signsquid's form; also outside the routes."""
    errors.own(PATHS, answer)

    @api.exception_handler(Invalid)
    def _invalid(_request: HttpRequest, error: Invalid) -> HttpResponse:
        return invalid(
            {_FIELDS.get(name, name): [word(c) for c in codes] for name, codes in error.faults.items()}
        )

    @api.exception_handler(Conflict)
    def _conflict(_request: HttpRequest, error: Conflict) -> HttpResponse:
        field, code = _CONFLICTS.get(error.code, ("version", word(error.code)))
        return invalid({field: [code]})

    @api.exception_handler(NotFound)
    def _not_found(_request: HttpRequest, _error: NotFound) -> HttpResponse:
        return answer(404)

    @api.exception_handler(Forbidden)
    def _may_not(_request: HttpRequest, _error: Forbidden) -> HttpResponse:
        return answer(403)

    @api.exception_handler(AuthenticationError)
    def _unauthorized(_request: HttpRequest, _error: AuthenticationError) -> HttpResponse:
        return answer(401)

    @api.exception_handler(LimitReached)
    def _limited(_request: HttpRequest, error: LimitReached) -> HttpResponse:
        return refused(answer(429), error)

    @api.exception_handler(body.Malformed)
    def _malformed(_request: HttpRequest, _error: body.Malformed) -> HttpResponse:
        return invalid({})

    @api.exception_handler(body.TooLong)
    def _too_long(_request: HttpRequest, _error: body.TooLong) -> HttpResponse:
        return invalid({})

    @api.exception_handler(TooLarge)
    def _too_large(_request: HttpRequest, _error: TooLarge) -> HttpResponse:
        return invalid({"file": ["TooLarge"]})

    @api.exception_handler(Refused)
    def _refused(_request: HttpRequest, error: Refused) -> HttpResponse:
        return invalid({"file": [word(error.code)]})

    @api.exception_handler(Infected)
    def _infected(_request: HttpRequest, _error: Infected) -> HttpResponse:
        return invalid({"file": ["Infected"]})

    @api.exception_handler(ScannerUnavailable)
    def _not_scanned(_request: HttpRequest, error: ScannerUnavailable) -> HttpResponse:
        response = answer(503)
        response["Retry-After"] = str(error.retry_after)
        return response

    @api.exception_handler(idempotency.BadKey)
    def _bad_key(_request: HttpRequest, _error: idempotency.BadKey) -> HttpResponse:
        return invalid({"Idempotency-Key": ["Invalid"]})

    @api.exception_handler(idempotency.KeyReused)
    def _reused(_request: HttpRequest, _error: idempotency.KeyReused) -> HttpResponse:
        return invalid({"Idempotency-Key": ["Already used"]})
