"""SignSpace's error bodies, and the core's refusals in its words."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError

from undersigned.accounts.limits import LimitReached
from undersigned.dialects.shared import body, errors, idempotency
from undersigned.envelopes.errors import Conflict, Invalid, NotFound
from undersigned.envelopes.errors import Forbidden as Refused
from undersigned.files.scan import Infected, ScannerUnavailable
from undersigned.files.store import TooLarge

from .auth import Forbidden

PATHS = r"/(api/v1/(files|tasks|conversations)\.|auth/token(/|$))"

_CODES = {
    400: "invalid_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "invalid_state",
    413: "too_large",
    415: "unsupported_media_type",
    429: "too_many_requests",
    503: "unavailable",
}
_MESSAGES = {
    400: "Invalid parameters",
    401: "Missing, unknown or expired access token",
    403: "acting_handle does not belong to this client or is not an owner",
    409: "The state of the signing request does not allow it",
    413: "The file is too large",
}
_SENTENCES = {
    "required": "Required",
    "invalid": "Not valid",
    "too_long": "Too long",
    "too_many": "Too many",
    "already_used": "Named twice",
    "past": "In the past",
    "unknown": "Not known",
}
_FIELDS = {
    "recipients": "participants",
    "documents": "files",
    "due_at": "due_date",
    "reference": "custom_customer_reference",
}
_OF_PERSON = {"email": "handle", "name": "display_name", "phone": "phone_number", "national_id": "nin"}
_FINAL = {
    "tasks.cancel": "A complete signing request cannot be cancelled",
    "tasks.open": "Only a cancelled or on-hold request can be re-opened",
    "tasks.signingRequest.update": "A complete request cannot be edited",
}
_STATES = {
    "not_marked": "Not marked for removal",
    "too_late": "The time to restore it is over",
    "draft": "The signing request has not been sent",
    "sealing": "All have signed; the signing request is being completed",
    "completed": "The signing request is complete",
    "cancelled": "The signing request is cancelled",
    "on_hold": "The signing request is on hold",
}


def error(status: int, message: str = "", code: str = "", **members: object) -> HttpResponse:
    """`{"error", "message"}` and further members."""
    phrase = message or _MESSAGES.get(status) or HTTPStatus(status).phrase
    content = {"error": code or _CODES.get(status, "server_error"), "message": phrase, **members}
    response = JsonResponse(content, status=status)
    if status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="SignSpace API"'
    return response


def answer(status: int) -> HttpResponse:
    """The body for a bare status."""
    return invalid({}) if status == 400 else error(status)


def invalid(faults: dict[str, list[str]]) -> HttpResponse:
    """400, all faults at once: path of the member to sentences."""
    return error(400, errors=faults)


class Faulty(Exception):
    """Bad input, in this API's own paths and words."""

    def __init__(self, faults: dict[str, list[str]]) -> None:
        super().__init__(faults)
        self.faults = faults


def in_our_words(faults: dict[str, list[str]]) -> dict[str, list[str]]:
    """The core's paths and fault codes as they are called here."""
    return {_path(name): [_sentence(code) for code in codes] for name, codes in faults.items()}


def _path(name: str) -> str:
    first, _, rest = name.partition(".")
    if first == "recipients" and "." in rest:
        number, _, of_person = rest.partition(".")
        return f"participants.{number}.{_OF_PERSON.get(of_person, of_person)}"
    return _FIELDS.get(first, first) + (f".{rest}" if rest else "")


def _sentence(code: str) -> str:
    return _SENTENCES.get(code) or code.replace("_", " ").capitalize()


def _conflict(request: HttpRequest, e: Conflict) -> HttpResponse:
    operation = request.path_info.rpartition("/")[2]
    final = e.code in ("sealing", "completed") and _FINAL.get(operation)
    return error(409, final or _STATES.get(e.code, ""))


def _not_found(request: HttpRequest) -> HttpResponse:
    kind = request.path_info.rpartition("/")[2].partition(".")[0].removesuffix("s")
    return error(404, f"No such {kind}")


def register(api: NinjaAPI) -> None:
    """Answer each refusal in SignSpace's form; also outside the routes."""
    errors.own(PATHS, answer)
    errors.refuse(
        api,
        {
            Faulty: lambda _, e: invalid(e.faults),
            Invalid: lambda _, e: invalid(in_our_words(e.faults)),
            Conflict: _conflict,
            NotFound: lambda request, _: _not_found(request),
            Forbidden: lambda *_: error(403),
            Refused: lambda *_: error(403, "This user makes no requests"),
            AuthenticationError: lambda *_: error(401),
            LimitReached: lambda *_: error(429),
            body.Malformed: lambda *_: error(400, "The body is not a JSON object", errors={}),
            body.TooLong: lambda *_: error(413, "The body is too large"),
            TooLarge: lambda *_: error(413),
            Infected: lambda *_: error(403, "The virus scan found malware", "file_infected"),
            ScannerUnavailable: lambda *_: error(503, "The file could not be scanned", "scanner_unavailable"),
            idempotency.BadKey: lambda *_: invalid({"Idempotency-Key": ["Not valid"]}),
            idempotency.KeyReused: lambda *_: invalid(
                {"Idempotency-Key": ["Came before with another request"]}
            ),
        },
    )
