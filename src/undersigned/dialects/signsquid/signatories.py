"""Signatories of an unpublished version."""

from __future__ import annotations

import hashlib

from django.http import HttpRequest, HttpResponse
from ninja import Router

from undersigned.dialects.shared.body import read_json_object
from undersigned.dialects.shared.idempotency import once
from undersigned.envelopes.add_recipient import NewRecipient, add_recipient

from . import wire
from .answers import IDEMPOTENCY_KEY, created, describe, statuses
from .auth import actor_of, credential_of
from .lookup import version_of
from .mapping import e164

router = Router(tags=["signatories"])


@router.post(
    "/contracts/{contract_id}/versions/{version}/signatories",
    operation_id="addSignatory",
    summary="Add one signatory to an unpublished version",
    response=statuses(201, None, 400, 404),
    openapi_extra=describe(body=wire.NewSignatory, location=True, parameters=(IDEMPOTENCY_KEY,)),
)
def add_signatory(request: HttpRequest, contract_id: str, version: str) -> HttpResponse:
    envelope = version_of(request, contract_id, version)
    data, raw = read_json_object(request)
    new = wire.NewSignatory.model_validate(data)
    phone = e164(new.mobilePhone)

    def act() -> HttpResponse:
        person = NewRecipient(new.name, new.email, phone, phone_as_given=new.mobilePhone if phone else None)
        add_recipient(actor_of(request), envelope.pk, person)
        # A signatory has no address of its own: it is read in its version.
        return created("contracts", contract_id, "versions", version)

    return once(request, credential_of(request), hashlib.sha256(raw).digest(), act)
