"""Signing requests: made, edited, cancelled, held, opened again, listed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Router

from undersigned.dialects.shared.body import read_json_object
from undersigned.dialects.shared.fields import Fields
from undersigned.dialects.shared.idempotency import once
from undersigned.envelopes import search
from undersigned.envelopes.access import get_managed, get_named, visible
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.cancel import cancel
from undersigned.envelopes.compose import compose
from undersigned.envelopes.errors import NotFound
from undersigned.envelopes.hold import hold
from undersigned.envelopes.models import Collection, Envelope
from undersigned.envelopes.reopen import reopen
from undersigned.envelopes.replace_files import replace_files
from undersigned.envelopes.update_envelope import update_envelope

from . import extras, mapping, reading, wire
from .answers import ids, json_of, query, statuses, takes
from .auth import Forbidden, acting, actor_of, credential_of
from .errors import Faulty
from .port import DIALECT

router = Router(tags=["tasks"])
_BODY_MAX = 4 << 20
_LIMIT, _LIMIT_MAX = 20, 500
_ALIASES = {"canceled": "cancelled"}
_LISTED = (*wire.STATUSES, "overdue")
_SIFTED = [
    query(
        "status",
        {"type": "array", "items": {"type": "string", "enum": [*_LISTED, *_ALIASES]}},
        "Repeated for several.",
    ),
    query("type", {"type": "string", "enum": ["signing_request"]}),
    query(
        "limit",
        {"type": "integer", "minimum": 1, "default": _LIMIT},
        f"At most {_LIMIT_MAX} are given.",
    ),
    query("offset", {"type": "integer", "minimum": 0, "default": 0}),
]
"""Parameters of a list: what is in it, and which page."""


@router.post(
    "/tasks.signingRequest.create",
    operation_id="tasks.signingRequest.create",
    summary="Create a signing request and, with create_conversation, send it",
    response=statuses(wire.Task, 400, 403, 413),
    by_alias=True,
    openapi_extra=takes(wire.NewRequest),
)
def create(request: HttpRequest) -> HttpResponse:
    data, raw = read_json_object(request, _BODY_MAX)
    fields = Fields(data)
    actor = acting(request, fields)
    months, metadata = reading.months_of(fields), reading.metadata_of(fields)
    extras.check_metadata(Envelope(organization=actor.organization), metadata, fields)
    new = reading.new_request(actor, fields)
    # The first version of the API sent with calls of its own, which are not documented.
    send = fields.boolean("create_conversation") and new.wire["version"] == "v2"

    def act() -> HttpResponse:
        kind = Collection.Kind.CONVERSATION if send else None
        envelope = compose(actor, DIALECT, new, collection=kind, send=send)
        extras.set_metadata(actor, envelope, metadata)
        extras.set_retention(actor, months, envelope=envelope)
        return _one(actor, envelope)

    return once(request, credential_of(request), hashlib.sha256(raw).digest(), act)


@router.post(
    "/tasks.signingRequest.update",
    operation_id="tasks.signingRequest.update",
    summary="Edit a signing request; files is the whole new list, and voids signatures when it differs",
    response=statuses(wire.Task, 400, 403, 404, 409, 413),
    by_alias=True,
    openapi_extra=takes(wire.UpdateRequest),
)
def update(request: HttpRequest) -> HttpResponse:
    data, raw = read_json_object(request, _BODY_MAX)
    fields = Fields(data)
    actor = acting(request, fields)
    if not fields.text("task", required=True):
        raise Faulty(fields.faults)
    envelope = managed_task(actor, fields)
    months, metadata = reading.months_of(fields), reading.metadata_of(fields)
    extras.check_metadata(envelope, metadata, fields)
    files = reading.files_of(actor, fields, required=False)
    changes = reading.changes(actor, envelope, fields)

    def act() -> HttpResponse:
        update_envelope(actor, envelope.pk, changes)
        if files:
            replace_files(actor, envelope.pk, files)
        extras.set_metadata(actor, envelope, metadata)
        extras.set_retention(actor, months, envelope=envelope)
        return _one(actor, envelope)

    return once(request, credential_of(request), hashlib.sha256(raw).digest(), act)


def _changing(act: Callable[[Actor, int], object]) -> Callable[[HttpRequest], HttpResponse]:
    """A call that takes a task and does one thing to it."""

    def view(request: HttpRequest) -> HttpResponse:
        data, raw = read_json_object(request)
        fields = Fields(data)
        actor = acting(request, fields)
        fields.text("task", required=True)
        if fields.faults:
            raise Faulty(fields.faults)
        envelope = managed_task(actor, fields)

        def change() -> HttpResponse:
            act(actor, envelope.pk)
            return _one(actor, envelope)

        return once(request, credential_of(request), hashlib.sha256(raw).digest(), change)

    return view


for _word, _summary, _act in (
    ("cancel", "Cancel a signing request; participants can no longer act on it", cancel),
    ("open", "Open a cancelled or held signing request again; who has not signed is asked again", reopen),
    ("hold", "Put a signing request on hold until it is opened again", hold),
):
    router.post(
        f"/tasks.{_word}",
        operation_id=f"tasks.{_word}",
        summary=_summary,
        response=statuses(wire.Task, 400, 403, 404, 409, 413),
        by_alias=True,
        openapi_extra=takes(wire.OneTask),
    )(_changing(_act))


@router.get(
    "/tasks.list",
    operation_id="tasks.list",
    summary="Signing requests that the client's robot owns or takes part in, newest first",
    response=statuses(list[wire.Task], 400),
    by_alias=True,
    openapi_extra={"parameters": [*_SIFTED]},
)
def list_tasks(request: HttpRequest) -> HttpResponse:
    faults: dict[str, list[str]] = {}
    rows = _listed(request, faults)
    window = _window(request, faults)
    if faults:
        raise Faulty(faults)
    found = mapping.tasks(rows[window])
    return _list(found)


@router.get(
    "/tasks.get",
    operation_id="tasks.get",
    summary="Signing requests with the given ids; unknown ones are left out",
    response=statuses(list[wire.Task], 400),
    by_alias=True,
    openapi_extra={"parameters": [ids("signing request")]},
)
def get_tasks(request: HttpRequest) -> HttpResponse:
    wanted = ids_in(request)
    actor = actor_of(request)
    rows = visible(actor, removed=True).filter(dialect=DIALECT, pub__in=wanted, erased_at=None)
    credential = credential_of(request)
    found = {task.id: task for task in mapping.tasks(rows, nin_for=credential.pk)}
    return _list([found[pub] for pub in wanted if pub in found])


@router.get(
    "/tasks.searchByOrg",
    operation_id="tasks.searchByOrg",
    summary="Signing requests of an organisation in short form, newest first",
    response=statuses(wire.Found, 400),
    by_alias=True,
    openapi_extra={
        "parameters": [
            query("business_id", {"type": "string"}, "Of the client's own organisation.", required=True),
            query("country_code", {"type": "string"}, required=True),
            *_SIFTED,
            query("latest", {"type": "string"}, "ISO 8601; created at this moment or later."),
            query("oldest", {"type": "string"}, "ISO 8601; created at this moment or earlier."),
            query("q", {"type": "string"}, "Words of title, names, addresses."),
            query("tag", {"type": "array", "items": {"type": "string"}}, "No request here has a tag."),
        ]
    },
)
def search_by_org(request: HttpRequest) -> HttpResponse:
    faults = {n: ["Required"] for n in ("business_id", "country_code") if not request.GET.get(n, "").strip()}
    rows = _listed(request, faults)
    window = _window(request, faults)
    for name, lookup in (("latest", "created_at__gte"), ("oldest", "created_at__lte")):
        if given := request.GET.get(name, "").strip():
            moment = reading.moment_of(given)
            if moment is None:
                faults[name] = ["Not an ISO 8601 date or date-time"]
            else:
                rows = rows.filter(**{lookup: moment})
    if faults:
        raise Faulty(faults)
    organization = actor_of(request).organization
    if not _is_own(request, organization) or any(request.GET.getlist("tag")):
        rows = rows.none()
    if words := request.GET.get("q", "").replace("\x00", " ").strip():
        rows = search.find(rows, organization, words)
    return json_of(mapping.found(rows[window]))


def _is_own(request: HttpRequest, organization: Any) -> bool:
    """Another organisation's requests and those of an unknown one look alike: there are none."""
    country = request.GET["country_code"].strip().lower()
    same = organization.business_id == request.GET["business_id"].strip()
    return bool(organization.business_id) and same and organization.country.lower() in ("", country)


def _listed(request: HttpRequest, faults: dict[str, list[str]]) -> QuerySet[Envelope]:
    """What the client may see and has not marked for removal, by `type` and `status`, newest first."""
    rows = visible(actor_of(request)).filter(
        dialect=DIALECT, collection__marked_deleted_at=None, erased_at=None
    )
    if request.GET.get("type", "signing_request") not in ("signing_request", ""):
        faults["type"] = ["Not one of signing_request"]
    wanted = [_ALIASES.get(s, s) for s in request.GET.getlist("status") if s]
    if any(s not in _LISTED for s in wanted):
        faults["status"] = [f"Not one of {', '.join(_LISTED)}"]
    elif wanted:
        rows = mapping.with_status(rows, wanted)
    return rows.order_by("-created_at", "-id")


def _window(request: HttpRequest, faults: dict[str, list[str]]) -> slice:
    limit = _number(request, "limit", _LIMIT, 1, "Must be a positive integer", faults)
    offset = _number(request, "offset", 0, 0, "Must not be negative", faults)
    return slice(offset, offset + min(limit, _LIMIT_MAX))


def _number(
    request: HttpRequest, name: str, default: int, least: int, sentence: str, faults: dict[str, list[str]]
) -> int:
    given = request.GET.get(name, "")
    if not given:
        return default
    if not (given.isascii() and given.isdecimal() and len(given) <= 9 and int(given) >= least):
        faults[name] = [sentence]
        return default
    return int(given)


def _list(tasks: list[wire.Task]) -> HttpResponse:
    """ "Returns a list": an array, or as the sibling call answers, where the operator says so."""
    return json_of(wire.Tasks(tasks=tasks)) if settings.SIGNSPACE_WRAP_LISTS else json_of(tasks)


def ids_in(request: HttpRequest) -> list[str]:
    wanted = [v for v in dict.fromkeys(request.GET.getlist("id")) if v]
    if not wanted:
        raise Faulty({"id": ["Required"]})
    if len(wanted) > _LIMIT_MAX:
        raise Faulty({"id": [f"At most {_LIMIT_MAX}"]})
    return [v for v in wanted if "\x00" not in v]


def managed_task(actor: Actor, fields: Fields) -> Envelope:
    """The task that `task` names, when the robot owns it. Raises NotFound, Forbidden."""
    envelope = get_named(actor, DIALECT, fields.text("task"))
    try:
        return get_managed(actor, envelope.pk)
    except NotFound as e:
        raise Forbidden from e


def _one(actor: Actor, envelope: Envelope) -> HttpResponse:
    credential = actor.credential.pk if actor.credential else None
    (task,) = mapping.tasks(visible(actor).filter(pk=envelope.pk), nin_for=credential)
    return json_of(task)
