"""Problem bodies, and the core's refusals in Signicat's words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError

from undersigned.accounts.limits import LimitReached, refused
from undersigned.dialects.shared import body, errors, idempotency
from undersigned.envelopes.errors import Conflict, Forbidden, Invalid, NotFound
from undersigned.files import intake
from undersigned.files.scan import Infected, ScannerUnavailable
from undersigned.files.store import TooLarge

from .auth import NoScope

PATHS = r"/(enterprise/)?sign(/|$)|/(enterprise/)?oidc(/|$)|/auth/open(/|$)"
_DETAILS = {
    400: "The request cannot be understood",
    401: "Missing, invalid or expired access token",
    403: "The access token lacks a signing scope",
    404: "No such resource",
    413: "The document is too large",
    415: "Documents are application/pdf, text/plain, application/x-ltv-sdo or application/octet-stream",
}
_SENTENCES = {
    "required": "Required",
    "invalid": "Not valid",
    "too_long": "Too long",
    "too_many": "Too many",
    "already_used": "Used twice",
    "unknown": "Not known",
}
_INDEX = re.compile(r"\.(\d+)(?=\.|$)")


class Violations(Exception):
    """Bad input: sentences by path, `tasks.0.id`."""

    def __init__(self, faults: Mapping[str, Sequence[str]]) -> None:
        super().__init__(faults)
        self.faults = faults


class BadDocument(Exception):
    """The bytes that were brought are not what they are said to be; the argument is the detail."""


class WrongType(Exception):
    """The Content-Type is not one of those in which documents come."""


def problem(status: int, detail: str = "", title: str = "", **members: object) -> HttpResponse:
    """`{"status", "type", "title", "detail"}` and further members, as `application/json` (so the vendor's samples)."""
    phrase = HTTPStatus(status).phrase
    content = {
        "status": status,
        "type": "about:blank",
        "title": title or phrase,
        "detail": detail or _DETAILS.get(status, phrase),
        **members,
    }
    response = JsonResponse(content, status=status)
    if status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="Sign API"'
    return response


def answer(status: int) -> HttpResponse:
    """The body for a bare status."""
    return problem(status)


def violated(faults: Mapping[str, Sequence[str]]) -> HttpResponse:
    """400, everything that is wrong at once."""
    found = [
        {"propertyPath": property_path(path), "message": sentence}
        for path, sentences in faults.items()
        for sentence in sentences
    ]
    many = f"{len(found)} violation" + ("" if len(found) == 1 else "s")
    return problem(400, f"The request has {many}", "Constraint Violation", violations=found)


def property_path(path: str) -> str:
    """`tasks[0].subject.attributes[0].value` from `tasks.0.subject.attributes.0.value`."""
    return _INDEX.sub(r"[\1]", path)


def in_our_words(faults: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The core's paths and fault codes as they are called here: what it says of a person is said of their task."""
    found: dict[str, list[str]] = {}
    for name, codes in faults.items():
        first, _, rest = name.partition(".")
        number = rest.partition(".")[0]
        path = f"tasks.{number}" if first == "recipients" and number.isdecimal() else "tasks"
        for code in codes:
            sentence = _SENTENCES.get(code) or code.replace("_", " ").capitalize()
            said = found.setdefault(path, [])
            if (whole := f"{sentence}: {name}") not in said:
                said.append(whole)
    return found


def register(api: NinjaAPI) -> None:
    """Answer each refusal with a problem; also outside the routes."""
    errors.own(PATHS, answer)

    @api.exception_handler(Violations)
    def _violations(_request: HttpRequest, e: Violations) -> HttpResponse:
        return violated(e.faults)

    @api.exception_handler(Invalid)
    def _invalid(_request: HttpRequest, e: Invalid) -> HttpResponse:
        return violated(in_our_words(e.faults))

    @api.exception_handler(Conflict)
    @api.exception_handler(NotFound)
    def _not_found(_request: HttpRequest, _error: Exception) -> HttpResponse:
        # 409 is not known to be used: what cannot be had as things stand is not there.
        return problem(404)

    @api.exception_handler(NoScope)
    def _forbidden(_request: HttpRequest, _error: NoScope) -> HttpResponse:
        return problem(403)

    @api.exception_handler(Forbidden)
    def _may_not(_request: HttpRequest, _error: Forbidden) -> HttpResponse:
        return problem(403, "This user makes no orders")

    @api.exception_handler(AuthenticationError)
    def _unauthorized(_request: HttpRequest, _error: AuthenticationError) -> HttpResponse:
        return problem(401)

    @api.exception_handler(LimitReached)
    def _limited(_request: HttpRequest, e: LimitReached) -> HttpResponse:
        return refused(problem(429), e)

    @api.exception_handler(body.Malformed)
    def _malformed(_request: HttpRequest, _error: body.Malformed) -> HttpResponse:
        return problem(400, "The body is not a JSON object")

    @api.exception_handler(body.TooLong)
    def _too_long(_request: HttpRequest, _error: body.TooLong) -> HttpResponse:
        return problem(413, "The body is too large")

    @api.exception_handler(TooLarge)
    def _too_large(_request: HttpRequest, _error: TooLarge) -> HttpResponse:
        return problem(413)

    @api.exception_handler(BadDocument)
    def _bad_document(_request: HttpRequest, e: BadDocument) -> HttpResponse:
        return problem(400, str(e))

    @api.exception_handler(intake.Refused)
    def _refused(_request: HttpRequest, _error: intake.Refused) -> HttpResponse:
        return problem(400, "The body is empty or not a PDF")

    @api.exception_handler(WrongType)
    def _wrong_type(_request: HttpRequest, _error: WrongType) -> HttpResponse:
        return problem(415)

    @api.exception_handler(Infected)
    def _infected(_request: HttpRequest, _error: Infected) -> HttpResponse:
        return problem(403, "The virus scan found malware")

    @api.exception_handler(ScannerUnavailable)
    def _not_scanned(_request: HttpRequest, e: ScannerUnavailable) -> HttpResponse:
        response = problem(503, "The document could not be scanned")
        response["Retry-After"] = str(e.retry_after)
        return response

    @api.exception_handler(idempotency.BadKey)
    def _bad_key(_request: HttpRequest, _error: idempotency.BadKey) -> HttpResponse:
        return violated({"Idempotency-Key": ["Not valid"]})

    @api.exception_handler(idempotency.KeyReused)
    def _reused(_request: HttpRequest, _error: idempotency.KeyReused) -> HttpResponse:
        return violated({"Idempotency-Key": ["Came before with another request"]})
