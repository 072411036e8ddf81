"""Conversations: the containers of signing requests; how long they are kept, and their removal."""

from __future__ import annotations

import hashlib

from django.http import HttpRequest, HttpResponse
from ninja import Router

from undersigned.dialects.shared.body import read_json_object
from undersigned.dialects.shared.fields import Fields
from undersigned.dialects.shared.idempotency import once
from undersigned.envelopes.access import get_collection, refuse_unless_owner, visible_collections
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.errors import NotFound
from undersigned.envelopes.models import Collection

from . import extras, mapping, reading, wire
from .answers import ids, json_of, statuses, takes
from .auth import Forbidden, acting, actor_of, credential_of
from .errors import Faulty
from .port import DIALECT
from .tasks import ids_in, managed_task

router = Router(tags=["conversations"])


@router.post(
    "/conversations.setRetentionManually",
    operation_id="conversations.setRetentionManually",
    summary="Say how long a signing request, a conversation, or both are kept",
    response=statuses(wire.RetentionSet, 400, 403, 404, 413),
    by_alias=True,
    openapi_extra=takes(wire.SetRetention),
)
def set_retention(request: HttpRequest) -> HttpResponse:
    data, raw = read_json_object(request)
    fields = Fields(data)
    actor = acting(request, fields)
    months = reading.months_of(fields, required=True)
    task, conversation = fields.text("task"), fields.text("conversation")
    if not task and not conversation and not {"task", "conversation"} & set(fields.faults):
        fields.fault("task", "task or conversation is required")
    if fields.faults:
        raise Faulty(fields.faults)
    envelope = managed_task(actor, fields) if task else None
    collection = _own(actor, conversation) if conversation else None

    def act() -> HttpResponse:
        if envelope is not None:
            extras.set_retention(actor, months, envelope=envelope)
            envelope.refresh_from_db()
        if collection is not None:
            extras.set_retention(actor, months, collection=collection)
            collection.refresh_from_db()
        holder = envelope or collection
        assert holder is not None
        return json_of(
            wire.RetentionSet(
                task=task or None,
                conversation=conversation or None,
                retention_settings=mapping.retention(holder),
            )
        )

    return once(request, credential_of(request), hashlib.sha256(raw).digest(), act)


@router.post(
    "/conversations.markDeleted",
    operation_id="conversations.markDeleted",
    summary="Mark conversations for removal, final after 14 days; all of them or none",
    response=statuses(wire.Marks, 400, 403, 404, 413),
    by_alias=True,
    openapi_extra=takes(wire.MarkDeleted),
)
def mark_deleted(request: HttpRequest) -> HttpResponse:
    data, raw = read_json_object(request)
    fields = Fields(data)
    actor = acting(request, fields)
    pubs = list(dict.fromkeys(fields.texts("conversations", required=True, most=500)))
    to, message = fields.texts("email_recipients_handles"), fields.text("message_to_recipients")
    if len(message) > 5000:
        fields.fault("message_to_recipients", "Too long")
    if fields.faults:
        raise Faulty(fields.faults)
    collections = [_own(actor, pub) for pub in pubs]
    if len(collections) > 1:  # "only meaningful for single conversation"
        to, message = [], ""

    def act() -> HttpResponse:
        extras.mark_deleted(actor, collections, to, message)
        return _marks(collections)

    return once(request, credential_of(request), hashlib.sha256(raw).digest(), act)


@router.post(
    "/conversations.restore",
    operation_id="conversations.restore",
    summary="Take the removal mark off within the 14 days",
    response=statuses(wire.Marks, 400, 403, 404, 409, 413),
    by_alias=True,
    openapi_extra=takes(wire.Conversations),
)
def restore(request: HttpRequest) -> HttpResponse:
    data, raw = read_json_object(request)
    fields = Fields(data)
    actor = acting(request, fields)
    pubs = list(dict.fromkeys(fields.texts("conversations", required=True, most=500)))
    if fields.faults:
        raise Faulty(fields.faults)
    collections = [_own(actor, pub) for pub in pubs]

    def act() -> HttpResponse:
        extras.restore(actor, collections)
        return _marks(collections)

    return once(request, credential_of(request), hashlib.sha256(raw).digest(), act)


@router.get(
    "/conversations.get",
    operation_id="conversations.get",
    summary="Conversations with the given ids; unknown ones are left out",
    response=statuses(list[wire.Conversation], 400),
    by_alias=True,
    openapi_extra={"parameters": [ids("conversation")]},
)
def get_conversations(request: HttpRequest) -> HttpResponse:
    wanted = ids_in(request)
    rows = visible_collections(actor_of(request), removed=True).filter(
        dialect=DIALECT, kind=Collection.Kind.CONVERSATION, pub__in=wanted
    )
    found = {c.id: c for c in mapping.conversations(rows)}
    return json_of([found[pub] for pub in wanted if pub in found])


def _own(actor: Actor, pub: str) -> Collection:
    """The conversation with this id, when the robot owns it. Raises NotFound, Forbidden."""
    collection = get_collection(actor, DIALECT, Collection.Kind.CONVERSATION, pub, removed=True)
    try:
        refuse_unless_owner(actor, collection)
    except NotFound as e:
        raise Forbidden from e
    return collection


def _marks(collections: list[Collection]) -> HttpResponse:
    for collection in collections:
        collection.refresh_from_db()
    return json_of(wire.Marks(conversations=[mapping.mark(c) for c in collections]))
