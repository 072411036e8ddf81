"""Transactions: made, changed, published, filled in, listed, deleted."""

from __future__ import annotations

import hashlib

from django.http import HttpRequest, HttpResponse
from ninja import Router

from undersigned.accounts.capabilities import may_create_envelopes
from undersigned.accounts.models import Capability
from undersigned.dialects.shared.fields import Fields
from undersigned.envelopes import access
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.create_draft import create_draft
from undersigned.envelopes.errors import Conflict, Forbidden, Invalid, NotFound
from undersigned.envelopes.fill import fill_field
from undersigned.envelopes.models import (
    Assignment,
    AssignmentState,
    Document,
    Envelope,
    EnvelopeTag,
)
from undersigned.envelopes.offer import offer
from undersigned.envelopes.plan import PlannedField, plan_of
from undersigned.envelopes.put_away import put_away
from undersigned.envelopes.remind import remind
from undersigned.envelopes.revise_draft import revise_draft
from undersigned.envelopes.send import send

from . import dst_reading, mapping, members, query, reading, states
from . import dst_wire as wire
from .answers import (
    IDEMPOTENCY_KEY,
    LISTING,
    USER_ID,
    described,
    empty,
    json_of,
    page_of,
    statuses,
    takes,
)
from .answers import query as parameter
from .auth import actor_of, once
from .errors import Faulty
from .port import DIALECT
from .query_fields import Among, Identifier, Moment, Text, Truth, Words

router = Router(tags=["DSTs"], by_alias=True)
BODY_MAX = 4 << 20
_TAG = Among("envelope", EnvelopeTag.objects.all, Text("tag"))
TABLE = {
    "id": Identifier("pub"),
    "title": Text("title"),
    "status": Words("state", conditions={word: states.with_status(word) for word in wire.STATUSES}),
    "createdByUser": Identifier("owner_user__pub"),
    "createdAt": Moment("created_at"),
    "updatedAt": Moment("updated_at"),
    "publishedAt": Moment("sent_at"),
    "expiresAt": Moment("expires_at"),
    "errorMessage": Text("error"),
    "domain": Text("organization__slug"),
    "replaces": Identifier("replaces__pub"),
    "template": Truth("template"),
    "publicTemplate": Truth("public"),
    "urgent": Truth("urgent"),
    "tags": _TAG,
    "tag": _TAG,
}
"""What `GET /DSTs` can be filtered and sorted by."""


def dst_of(actor: Actor, pub: str) -> Envelope:
    """The transaction or template with this id, for who may see it. Raises NotFound."""
    wanted = str(reading.uuid_of(pub))
    try:
        return access.get_named(actor, DIALECT, wanted)
    except NotFound:
        return access.get_template(actor, DIALECT, wanted)


def changing(request: HttpRequest, pub: str) -> tuple[Actor, Envelope]:
    """Who asks and the transaction, where they may change it. Raises NotFound, Forbidden."""
    actor = actor_of(request)
    envelope = dst_of(actor, pub)
    access.refuse_unless_may_change(actor, envelope)
    return actor, envelope


def shown(actor: Actor, envelope: Envelope, status: int = 200) -> HttpResponse:
    """The transaction as it is now."""
    return json_of(mapping.one(actor, envelope), status)


@router.get(
    "/DSTs",
    operation_id="listDSTs",
    summary="Transactions that the caller may see, or templates; the newest first",
    response=statuses(200, wire.DSTs, 400, 404),
    openapi_extra=described(
        [
            parameter("template", "boolean", "Templates instead of transactions.", default=False),
            USER_ID,
            *LISTING,
        ]
    ),
)
def list_dsts(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    template = reading.boolean(request, "template")
    user = query.whose(request, Capability.SEE_ENVELOPES)
    if user is not None:
        rows = access.concerning(actor, user).filter(template=template)
    elif template:
        rows = access.visible_templates(actor)
    else:
        rows = access.visible(actor).filter(template=False)
    page = query.page(request, mapping.loading(rows.filter(dialect=DIALECT)), TABLE, "-created_at")
    return page_of(mapping.many(actor, page.rows), page.count)


@router.post(
    "/DSTs",
    operation_id="createDST",
    summary="Make a draft of a transaction or of a template",
    response=statuses(201, wire.DST, 400, 409, 413),
    openapi_extra=described([IDEMPOTENCY_KEY], takes(wire.NewDST)),
)
def create(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    if not may_create_envelopes(actor.user):
        raise Forbidden
    fields, raw = reading.fields_of(request, BODY_MAX)
    content = dst_reading.draft_of(actor, fields)
    reading.settle(fields)

    def act() -> HttpResponse:
        return shown(actor, create_draft(actor, DIALECT, content), 201)

    return once(request, hashlib.sha256(raw).digest(), act)


@router.get(
    "/DST/{dst_id}",
    operation_id="getDST",
    summary="One transaction or template",
    response=statuses(200, wire.DST, 404),
)
def get(request: HttpRequest, dst_id: str) -> HttpResponse:
    actor = actor_of(request)
    return shown(actor, dst_of(actor, dst_id))


@router.put(
    "/DST/{dst_id}",
    operation_id="updateDST",
    summary="Replace all that a draft says",
    response=statuses(200, wire.DST, 400, 404, 409, 413),
    openapi_extra=described(body=takes(wire.NewDST)),
)
def update(request: HttpRequest, dst_id: str) -> HttpResponse:
    actor, envelope = changing(request, dst_id)
    fields, _ = reading.fields_of(request, BODY_MAX)
    if states.status(envelope) != "draft":
        raise Conflict("already_sent")
    content = dst_reading.draft_of(actor, fields, envelope)
    reading.settle(fields)
    revise_draft(actor, envelope.pk, content)
    return shown(actor, envelope)


@router.delete(
    "/DST/{dst_id}",
    operation_id="deleteDST",
    summary="Take a transaction out of every list; what is open is called off",
    response=statuses(204, None, 404, 409),
)
def delete(request: HttpRequest, dst_id: str) -> HttpResponse:
    actor = actor_of(request)
    envelope = dst_of(actor, dst_id)
    access.refuse_unless_may_delete(actor, envelope)
    put_away(actor, envelope.pk)
    return empty()


@router.post(
    "/DST/{dst_id}/publish",
    operation_id="publishDST",
    summary="Publish a draft: signers are asked; of a template, others can be made",
    response=statuses(200, wire.DST, 400, 404, 409),
)
def publish(request: HttpRequest, dst_id: str) -> HttpResponse:
    actor, envelope = changing(request, dst_id)
    publish_draft(actor, envelope)
    return shown(actor, envelope)


def publish_draft(actor: Actor, envelope: Envelope) -> None:
    """Send it, or offer a template. Raises Conflict (also where a document has no file), Faulty with what hinders it."""
    try:
        if envelope.template:
            offer(actor, envelope.pk)
        else:
            send(actor, envelope.pk)
    except Invalid as e:
        if any(name.endswith(".file") for name in e.faults):
            raise Conflict("no_file") from e
        raise Faulty(dst_reading.in_our_words(e.faults)) from e


@router.post(
    "/DST/{dst_id}/notify",
    operation_id="notifyDST",
    summary="Remind those whose turn it is, each at most once a minute",
    response=statuses(204, None, 400, 404, 409),
)
def notify(request: HttpRequest, dst_id: str) -> HttpResponse:
    actor, envelope = changing(request, dst_id)
    remind(actor, envelope.pk)
    return empty()


@router.patch(
    "/DST/{dst_id}/fill",
    operation_id="fillForm",
    summary="Fill in one text form; its value is extraData.value",
    response=statuses(200, wire.DST, 400, 404, 409, 413),
    openapi_extra=described(body=takes(wire.NewForm)),
)
def fill(request: HttpRequest, dst_id: str) -> HttpResponse:
    actor = actor_of(request)
    envelope = dst_of(actor, dst_id)
    fields, _ = reading.fields_of(request)
    found = _form(envelope, fields)
    extra = fields.object("extraData")
    value = extra.text("value") or extra.text("text") if extra is not None else ""
    reading.settle(fields)
    if states.status(envelope) != "toFill":
        raise Conflict("not_filling")
    if found is None:
        raise Faulty({"id": ["No such text form"]})
    document, planned = found
    try:
        fill_field(actor, envelope.pk, document.pk, planned.key, value)
    except Invalid as e:
        faults = {"extraData.value" if name == "value" else "id": said for name, said in e.faults.items()}
        raise Faulty(dst_reading.in_our_words(faults)) from e
    return shown(actor, envelope)


def _form(envelope: Envelope, fields: Fields) -> tuple[Document, PlannedField] | None:
    """The text form that a body means, by documentId and id, else by `_instance_id`."""
    document_id, form_id = members.whole(fields, "documentId"), members.whole(fields, "id")
    instance_id = members.whole(fields, "_instance_id", 0, 2**63 - 1)
    planned = {d.document: d for d in plan_of(envelope).documents or ()}
    by_instance = None
    for document in envelope.documents.filter(removed_at=None).order_by("position"):
        of_document = planned.get(document.position)
        for number, one in enumerate(of_document.fields if of_document else ()):
            if one.kind != "text":
                continue
            if document.wire_no == document_id and one.key == str(form_id):
                return document, one
            if instance_id is not None and mapping.instance_id(document, number) == instance_id:
                by_instance = document, one
    return by_instance


@router.get(
    "/DST/{dst_id}/sign/{doc_id}/{sign_id}",
    operation_id="getSigningAddress",
    summary="Where one signature is made",
    response=statuses(200, wire.SigningAddress, 404, 409),
)
def signing_address(request: HttpRequest, dst_id: str, doc_id: str, sign_id: str) -> HttpResponse:
    actor = actor_of(request)
    envelope = dst_of(actor, dst_id)
    asked = _asked(envelope, number_in(doc_id), number_in(sign_id))
    if asked.recipient.user_id != actor.user.pk:
        access.refuse_unless_may_change(actor, envelope)
    if asked.state != AssignmentState.OPEN or states.status(envelope) != "toSign":
        raise Conflict("not_your_turn")
    return json_of(wire.SigningAddress(url=mapping.ticket_of(asked)))


def _asked(envelope: Envelope, document: int, request: int) -> Assignment:
    """The first place of a signature request. Raises NotFound; Conflict where it is a draft's."""
    found = envelope.documents.filter(wire_no=document, removed_at=None).first()
    plans = {d.document: d for d in plan_of(envelope).documents or ()}
    planned = plans.get(found.position) if found is not None else None
    if found is None or planned is None or not any(r.key == str(request) for r in planned.requests):
        raise NotFound
    asked = Assignment.objects.filter(
        document=found, key=str(request), action=Assignment.Action.SIGN, round=envelope.round, place=1
    )
    row = asked.select_related("recipient").first()
    if row is None:
        raise Conflict("draft")
    return row


def number_in(text: str) -> int:
    """A number in an address. Raises NotFound."""
    if not (text.isascii() and text.removeprefix("-").isdecimal() and len(text) < 12):
        raise NotFound
    return int(text)
