"""Contracts."""

from __future__ import annotations

import hashlib

from django.http import HttpRequest, HttpResponse
from ninja import Router

from undersigned.dialects.shared.body import read_json_object
from undersigned.dialects.shared.idempotency import once
from undersigned.envelopes.access import visible_collections
from undersigned.envelopes.create_collection import create_collection
from undersigned.envelopes.models import Collection

from . import mapping, wire
from .answers import IDEMPOTENCY_KEY, created, describe, statuses
from .auth import DIALECT, actor_of, credential_of
from .lookup import contract_of

router = Router(tags=["contracts"])


@router.post(
    "/contracts",
    operation_id="createContract",
    summary="Create a contract; its version 1 is created with it, unpublished and empty",
    response=statuses(201, None, 400),
    openapi_extra=describe(body=wire.NewContract, location=True, parameters=(IDEMPOTENCY_KEY,)),
)
def create_contract(request: HttpRequest) -> HttpResponse:
    data, raw = read_json_object(request)
    new = wire.NewContract.model_validate(data)

    def act() -> HttpResponse:
        contract = create_collection(actor_of(request), DIALECT, Collection.Kind.CONTRACT, new.name)
        return created("contracts", contract.pub)

    return once(request, credential_of(request), hashlib.sha256(raw).digest(), act)


@router.get(
    "/contracts",
    operation_id="listContracts",
    summary="All contracts of the account in short form, newest first",
    response=statuses(200, list[wire.ListedContract]),
)
def list_contracts(request: HttpRequest) -> list[wire.ListedContract]:
    mine = visible_collections(actor_of(request)).filter(dialect=DIALECT, kind=Collection.Kind.CONTRACT)
    rows = mine.order_by("-created_at", "-id").values_list("pub", "title")
    return [wire.ListedContract(id=pub, name=title) for pub, title in rows]


@router.get(
    "/contracts/{contract_id}",
    operation_id="getContract",
    summary="Current state of a contract with all its versions",
    response=statuses(200, wire.Contract, 404),
)
def get_contract(request: HttpRequest, contract_id: str) -> wire.Contract:
    return mapping.contract(contract_of(request, contract_id))
