"""Signsquid's error bodies, and the core's refusals in its words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from django.http import HttpResponse, JsonResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError

from undersigned.accounts.limits import LimitReached
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


def in_our_words(faults: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The core's paths and fault codes as they are called here."""
    return {_FIELDS.get(name, name): [word(code) for code in codes] for name, codes in faults.items()}


def _conflict(error: Conflict) -> HttpResponse:
    field, code = _CONFLICTS.get(error.code, ("version", word(error.code)))
    return invalid({field: [code]})


def register(api: NinjaAPI) -> None:
    """Answer each refusal in Signsquid's form; also outside the routes."""
    errors.own(PATHS, answer)
    errors.refuse(
        api,
        {
            Invalid: lambda _, e: invalid(in_our_words(e.faults)),
            Conflict: lambda _, e: _conflict(e),
            NotFound: lambda *_: answer(404),
            Forbidden: lambda *_: answer(403),
            AuthenticationError: lambda *_: answer(401),
            LimitReached: lambda *_: answer(429),
            body.Malformed: lambda *_: invalid({}),
            body.TooLong: lambda *_: invalid({}),
            TooLarge: lambda *_: invalid({"file": ["TooLarge"]}),
            Refused: lambda _, e: invalid({"file": [word(e.code)]}),
            Infected: lambda *_: invalid({"file": ["Infected"]}),
            ScannerUnavailable: lambda *_: answer(503),
            idempotency.BadKey: lambda *_: invalid({"Idempotency-Key": ["Invalid"]}),
            idempotency.KeyReused: lambda *_: invalid({"Idempotency-Key": ["Already used"]}),
        },
    )
