"""What is made of transactions and templates: instances, clones, further templates, new starts after a refusal."""

from __future__ import annotations

import hashlib

from django.http import HttpRequest, HttpResponse
from ninja import Router

from undersigned.envelopes import access
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.copy_envelope import Mode, copy_envelope
from undersigned.envelopes.models import Envelope
from undersigned.envelopes.withdraw_template import withdraw_template

from . import dst_wire as wire
from .answers import IDEMPOTENCY_KEY, described, statuses
from .auth import actor_of, once
from .transactions import changing, dst_of, shown

router = Router(tags=["DSTs"], by_alias=True)
_ANSWERS = statuses(200, wire.DST, 400, 404, 409)


def maker_of(request: HttpRequest, pub: str) -> tuple[Actor, Envelope]:
    """Who asks, and what they want to make something of. Raises NotFound, Forbidden."""
    actor = actor_of(request)
    envelope = dst_of(actor, pub)
    access.refuse_unless_maker(actor)
    return actor, envelope


def _copied(request: HttpRequest, actor: Actor, source: Envelope, mode: Mode) -> HttpResponse:
    def act() -> HttpResponse:
        return shown(actor, copy_envelope(actor, source.pk, mode))

    return once(request, hashlib.sha256(b"").digest(), act)


@router.post(
    "/DST/{dst_id}/instantiate",
    operation_id="instantiateDST",
    summary="Make a draft of a published template",
    response=_ANSWERS,
    openapi_extra=described([IDEMPOTENCY_KEY]),
)
def instantiate(request: HttpRequest, dst_id: str) -> HttpResponse:
    return _copied(request, *maker_of(request, dst_id), Mode.INSTANTIATE)


@router.post(
    "/DST/{dst_id}/clone",
    operation_id="cloneDST",
    summary="Make a draft with the same documents and plan, whatever the state",
    response=_ANSWERS,
    openapi_extra=described([IDEMPOTENCY_KEY]),
)
def clone(request: HttpRequest, dst_id: str) -> HttpResponse:
    return _copied(request, *maker_of(request, dst_id), Mode.CLONE)


@router.post(
    "/DST/{dst_id}/templatize",
    operation_id="templatizeDST",
    summary="Make a further template of a published one",
    response=_ANSWERS,
    openapi_extra=described([IDEMPOTENCY_KEY]),
)
def templatize(request: HttpRequest, dst_id: str) -> HttpResponse:
    return _copied(request, *maker_of(request, dst_id), Mode.TEMPLATIZE)


@router.post(
    "/DST/{dst_id}/replace",
    operation_id="replaceDST",
    summary="Begin anew after a refusal, once: a draft that names the rejected transaction",
    response=_ANSWERS,
    openapi_extra=described([IDEMPOTENCY_KEY]),
)
def replace(request: HttpRequest, dst_id: str) -> HttpResponse:
    return _copied(request, *changing(request, dst_id), Mode.REPLACE)


@router.post(
    "/DST/{dst_id}/modify",
    operation_id="modifyDST",
    summary="Take a published template back, to change it",
    response=_ANSWERS,
)
def modify(request: HttpRequest, dst_id: str) -> HttpResponse:
    actor, envelope = changing(request, dst_id)
    return shown(actor, withdraw_template(actor, envelope.pk))
