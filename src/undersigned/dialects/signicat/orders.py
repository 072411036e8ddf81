"""Orders: made, read, deleted."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Router

from undersigned.base.clock import now
from undersigned.delivery import hurry
from undersigned.dialects.shared.body import read_json_object
from undersigned.dialects.shared.fields import Fields
from undersigned.dialects.shared.idempotency import once
from undersigned.envelopes import add_document, artifacts
from undersigned.envelopes.compose import compose
from undersigned.envelopes.delete_envelope import delete_envelope
from undersigned.envelopes.errors import Invalid
from undersigned.envelopes.models import Envelope
from undersigned.files import session

from . import checking, composing, mapping, reading, stored, wire
from .addresses import address
from .answers import IDEMPOTENCY_KEY, LOCATION, empty, statuses, takes
from .auth import actor_of, credential_of
from .composing import Sheets
from .errors import Violations
from .lookup import order_of
from .port import DIALECT

router = Router(tags=["orders"])
_BODY_MAX = 4 << 20


@router.post(
    "/orders",
    operation_id="createOrder",
    summary="Create an order; its tasks without dependencies can be signed at once",
    response=statuses(201, wire.Order, 400, 413),
    by_alias=True,
    openapi_extra={
        "parameters": [IDEMPOTENCY_KEY],
        "requestBody": takes(wire.NewOrder),
        "responses": {201: {"headers": LOCATION}},
    },
)
def create(request: HttpRequest) -> HttpResponse:
    data, raw = read_json_object(request, _BODY_MAX)
    fields = Fields(data)
    actor = actor_of(request)
    order = reading.order(fields)
    files = stored.find(actor, checking.refs(order))
    checking.check(fields, order, files)
    if fields.faults:
        raise Violations(fields.faults)
    sheets = composing.sheets(order, files)
    forms = _forms(order, sheets)
    made: list[int] = []

    def act() -> HttpResponse:
        at = now(actor.organization.clock_offset)
        new = composing.new_envelope(order, sheets, at)
        stored.hold(files.values())
        envelope = compose(actor, DIALECT, new, forms=forms)
        days = composing.last_day(order) + composing.keep_days(order)
        session.keep_until({f.pk for f in files.values()}, at + timedelta(days=days))
        made.append(envelope.pk)
        response = JsonResponse(mapping.order(envelope, _artifacts(envelope, order)), status=201)
        response["Location"] = address(request, "orders", envelope.pub or "")
        return response

    response = once(request, credential_of(request), hashlib.sha256(raw).digest(), act)
    for envelope_id in made:
        # What is to be sent at the creation has gone before the program asks what became of it.
        hurry.send_now(envelope_id)
    return response


def _forms(order: dict[str, Any], sheets: Sheets) -> Mapping[int, list[Any]]:
    """The fields of the forms, by position. Raises Violations, with the path of the document."""
    found: dict[int, list[Any]] = {}
    faults: dict[str, list[str]] = {}
    for position, (new, (i, j)) in enumerate(zip(sheets.new, sheets.first, strict=True), start=1):
        if new.form is None:
            continue
        at = f"tasks.{i}.documents.{j}.form"
        try:
            found[position] = add_document.fields_of(new)
        except Invalid as e:
            for name, codes in e.faults.items():
                params = order["tasks"][i]["documents"][j]["form"].get("inputParams", [])
                number = next((n for n, p in enumerate(params) if f"form.{p['name']}" == name), None)
                path = at if number is None else f"{at}.inputParams.{number}.value"
                faults[path] = [_FORM_FAULTS.get(code, "The form cannot be filled in") for code in codes]
    if faults:
        raise Violations(faults)
    return found


_FORM_FAULTS = {
    "none": "The document has no form",
    "too_long": "Too long for this field",
    "not_an_option": "Not one of the field's options",
    "unprintable": "Holds a sign that cannot be printed",
    "signed_form": "The document is signed already; a form in it cannot be filled in",
    "xfa": "XFA forms are not supported",
}


def _artifacts(envelope: Envelope, order: dict[str, Any]) -> dict[int, str]:
    """One value, which every task that asked for it takes once."""
    asking = [t["id"] for t in order["tasks"] if t.get("authentication", {}).get("artifact")]
    at = now(envelope.organization.clock_offset)
    found: dict[int, str] = {}
    value = ""
    for recipient in envelope.recipients.filter(key__in=asking).order_by("position") if asking else ():
        found[recipient.pk] = value = artifacts.issue(recipient, at, value)
    return found


@router.get(
    "/orders/{order_id}",
    operation_id="getOrder",
    summary="The order as it was asked for, with where the signers go and tasks that came by forwarding",
    response=statuses(200, wire.Order, 404),
    by_alias=True,
)
def read(request: HttpRequest, order_id: str) -> HttpResponse:
    return JsonResponse(mapping.order(order_of(request, order_id)))


@router.delete(
    "/orders/{order_id}",
    operation_id="deleteOrder",
    summary="Delete the order and everything in it but what is in the archive",
    response=statuses(204, None, 404),
)
def delete(request: HttpRequest, order_id: str) -> HttpResponse:
    delete_envelope(actor_of(request), order_of(request, order_id).pk)
    return empty()
