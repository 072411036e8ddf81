"""Problem bodies, and the core's refusals in Signicat's words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from django.http import HttpResponse, JsonResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError

from undersigned.accounts.limits import LimitReached
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
    errors.refuse(
        api,
        {
            Violations: lambda _, e: violated(e.faults),
            Invalid: lambda _, e: violated(in_our_words(e.faults)),
            # 409 is not known to be used: what cannot be had as things stand is not there.
            Conflict: lambda *_: problem(404),
            NotFound: lambda *_: problem(404),
            NoScope: lambda *_: problem(403),
            Forbidden: lambda *_: problem(403, "This user makes no orders"),
            AuthenticationError: lambda *_: problem(401),
            LimitReached: lambda *_: problem(429),
            body.Malformed: lambda *_: problem(400, "The body is not a JSON object"),
            body.TooLong: lambda *_: problem(413, "The body is too large"),
            TooLarge: lambda *_: problem(413),
            BadDocument: lambda _, e: problem(400, str(e)),
            intake.Refused: lambda *_: problem(400, "The body is empty or not a PDF"),
            WrongType: lambda *_: problem(415),
            Infected: lambda *_: problem(403, "The virus scan found malware"),
            ScannerUnavailable: lambda *_: problem(503, "The document could not be scanned"),
            idempotency.BadKey: lambda *_: violated({"Idempotency-Key": ["Not valid"]}),
            idempotency.KeyReused: lambda *_: violated(
                {"Idempotency-Key": ["Came before with another request"]}
            ),
        },
    )
