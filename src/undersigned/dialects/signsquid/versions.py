"""Versions of a contract."""

from __future__ import annotations

import hashlib

from django.http import HttpRequest, HttpResponse
from ninja import Router

from undersigned.dialects.shared.idempotency import once
from undersigned.envelopes.models import Envelope
from undersigned.envelopes.send import send
from undersigned.envelopes.supersede import supersede

from . import mapping, wire
from .answers import IDEMPOTENCY_KEY, created, describe, empty, statuses
from .auth import actor_of, credential_of
from .lookup import contract_of, version_of

router = Router(tags=["versions"])
_NO_BODY = hashlib.sha256().digest()
"""Nothing is read from the bodies of these calls, so nothing in them tells two calls apart."""


@router.post(
    "/contracts/{contract_id}/versions",
    operation_id="createContractVersion",
    summary="Start a new, unpublished version; the former one stops at once",
    response=statuses(201, None, 400, 404),
    openapi_extra=describe(location=True, parameters=(IDEMPOTENCY_KEY,)),
)
def create_version(request: HttpRequest, contract_id: str) -> HttpResponse:
    contract = contract_of(request, contract_id)

    def act() -> HttpResponse:
        version = supersede(actor_of(request), contract.pk)
        return created("contracts", contract_id, "versions", version.position)

    return once(request, credential_of(request), _NO_BODY, act)


@router.get(
    "/contracts/{contract_id}/versions/{version}",
    operation_id="getContractVersion",
    summary="One version",
    response=statuses(200, wire.Version, 404),
)
def get_version(request: HttpRequest, contract_id: str, version: str) -> wire.Version:
    envelope = version_of(request, contract_id, version)
    ((_, found),) = mapping.versions(Envelope.objects.filter(pk=envelope.pk))
    return found


@router.post(
    "/contracts/{contract_id}/versions/{version}",
    operation_id="publishVersion",
    summary="Publish the version: invitations go out by e-mail, codes by SMS",
    response=statuses(200, None, 400, 404),
    openapi_extra=describe(parameters=(IDEMPOTENCY_KEY,)),
)
def publish(request: HttpRequest, contract_id: str, version: str) -> HttpResponse:
    envelope = version_of(request, contract_id, version)

    def act() -> HttpResponse:
        send(actor_of(request), envelope.pk)
        return empty(200)

    return once(request, credential_of(request), _NO_BODY, act)
