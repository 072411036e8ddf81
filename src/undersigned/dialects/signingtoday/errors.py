"""Signing Today's error bodies, and the core's refusals in its words.

400 is an array of `{code, message, target}`, 404 has no body, 500 is `{code, message}`, all others are one `{code, message, target}`.
"""

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

PATHS = r"/api/(?!v1(/|$))"
_CODES = {
    400: "BadArgument",
    401: "Unauthorized",
    403: "Forbidden",
    405: "MethodNotAllowed",
    409: "Conflict",
    413: "TooLarge",
    429: "TooManyRequests",
    500: "ServiceFailure",
    503: "Unavailable",
}
_MESSAGES = {
    400: "The request cannot be understood",
    401: "Missing, unknown or expired access token",
    403: "This account may not do that",
    409: "The state does not allow it",
    413: "The file is too large",
}
_SENTENCES = {
    "required": "Required",
    "invalid": "Not valid",
    "too_long": "Too long",
    "too_many": "Too many",
    "already_used": "Already used",
    "past": "In the past",
    "unknown": "Not known",
    "not_settable": "A header that is not yours to set",
    "not_its_key": "Does not belong to the key",
}
_STATES = {
    "draft": "Not published",
    "already_sent": "Not a draft",
    "no_file": "A document has no file",
    "not_offered": "Not a published template",
    "not_template": "Not a template",
    "not_declined": "Not rejected",
    "replaced": "Replaced already",
    "not_open": "Nobody has anything to do now",
    "not_filling": "Not the time to fill in",
    "not_your_turn": "It is not this signature's turn",
    "no_mails": "Mails are switched off for this transaction",
    "sealing": "All have signed; the signed files are being made",
    "full": "There are too many notes",
    "last_admin": "The organisation's last administrator",
    "person": "Not a service account",
    "robot": "A service account has no mailbox",
    "disabled": "The account is disabled",
    "no_address": "The account has no e-mail address",
    "password_token": "Unknown, used or expired token",
    "not_trusted": "Not one of your trusted devices",
    "too_many_devices": "This account trusts as many devices as it may",
    "login": "The login service's word cannot be believed",
}
"""What the core calls the states that do not allow it."""
_FIELDS = {
    "due_at": "expiresAt",
    "extra": "extraData",
    "template_data": "templateData",
    "device_id": "deviceId",
}
"""What the core calls otherwise."""
_INDEX = re.compile(r"\.(\d+)(?=\.|$)")


class Faulty(Exception):
    """Bad input, in this API's own paths and words: `{"documents.0.forms.1.page": ["Not valid"]}`."""

    def __init__(self, faults: Mapping[str, Sequence[str]]) -> None:
        super().__init__(faults)
        self.faults = faults


def error(status: int, message: str = "", target: str | None = None) -> HttpResponse:
    """The body for a status other than 400."""
    if status == 404:
        response = HttpResponse(status=404)
        del response["Content-Type"]
        return response
    text = message or _MESSAGES.get(status) or HTTPStatus(status).phrase
    content: dict[str, str | None] = {"code": _CODES.get(status, "ServiceFailure"), "message": text}
    if status != 500:
        content["target"] = target
    response = JsonResponse(content, status=status)
    if status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="Signing Today API"'
    return response


def invalid(faults: Mapping[str, Sequence[str]]) -> HttpResponse:
    """400, everything that is wrong at once."""
    found: list[dict[str, str | None]] = [
        {"code": "BadArgument", "message": sentence, "target": _INDEX.sub(r"[\1]", path) or None}
        for path, sentences in faults.items()
        for sentence in sentences
    ]
    whole: list[dict[str, str | None]] = [{"code": "BadArgument", "message": _MESSAGES[400], "target": None}]
    return JsonResponse(found or whole, safe=False, status=400)


def answer(status: int) -> HttpResponse:
    """The body for a bare status."""
    return invalid({}) if status == 400 else error(status)


def in_our_words(faults: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The core's paths and fault codes as they are called here."""
    return {
        ".".join(_FIELDS.get(part, part) for part in name.split(".")): [_sentence(code) for code in codes]
        for name, codes in faults.items()
    }


def _sentence(code: str) -> str:
    return _SENTENCES.get(code) or code.replace("_", " ").capitalize()


def register(api: NinjaAPI) -> None:
    """Answer each refusal in Signing Today's form; also outside the routes."""
    errors.own(PATHS, answer)
    errors.refuse(
        api,
        {
            Faulty: lambda _, e: invalid(e.faults),
            Invalid: lambda _, e: invalid(in_our_words(e.faults)),
            Conflict: lambda _, e: error(409, _STATES.get(e.code) or _sentence(e.code)),
            Forbidden: lambda *_: error(403),
            NotFound: lambda *_: error(404),
            AuthenticationError: lambda *_: error(401),
            LimitReached: lambda *_: error(429),
            body.Malformed: lambda *_: invalid({"": ["The body is not what is expected here"]}),
            body.TooLong: lambda *_: error(413, "The body is too large"),
            TooLarge: lambda *_: error(413),
            intake.Refused: lambda _, e: invalid({"file": [_sentence(e.code)]}),
            Infected: lambda *_: error(403, "The virus scan found malware"),
            ScannerUnavailable: lambda *_: error(503, "The file could not be scanned"),
            idempotency.BadKey: lambda *_: invalid({"Idempotency-Key": ["Not valid"]}),
            idempotency.KeyReused: lambda *_: invalid(
                {"Idempotency-Key": ["Came before with another request"]}
            ),
        },
    )
