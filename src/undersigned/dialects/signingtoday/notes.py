"""Notes on a transaction, by users who may see it."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Router

from undersigned.base.clock import iso_ms
from undersigned.envelopes import discussion
from undersigned.envelopes.access import get_named
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.comment import TEXT_MAX, add_comment, delete_comment, edit_comment
from undersigned.envelopes.errors import Forbidden, NotFound
from undersigned.envelopes.models import Comment, Envelope

from . import dst_wire as wire
from . import reading
from .answers import described, empty, json_of, statuses, takes
from .auth import actor_of
from .port import DIALECT

router = Router(tags=["notes"], by_alias=True)


@router.get(
    "/DST/{dst_id}/note",
    operation_id="listNotes",
    summary="The notes of a transaction, the oldest first",
    response=statuses(200, list[wire.Note], 404),
)
def list_notes(request: HttpRequest, dst_id: str) -> HttpResponse:
    envelope = _envelope(actor_of(request), dst_id)
    rows = _notes(envelope).select_related("user").order_by("pk")
    return json_of([_note(envelope, comment) for comment in rows])


@router.post(
    "/DST/{dst_id}/note",
    operation_id="addNote",
    summary="Add a note; all whom the transaction concerns are told",
    response=statuses(200, wire.Note, 400, 404, 409, 413),
    openapi_extra=described(body=takes(wire.NewNote)),
)
def add_note(request: HttpRequest, dst_id: str) -> HttpResponse:
    actor = actor_of(request)
    envelope = _envelope(actor, dst_id)
    text = _text(request)
    return json_of(_note(envelope, add_comment(actor, envelope, text)))


@router.put(
    "/DST/{dst_id}/note/{note_id}",
    operation_id="updateNote",
    summary="Change the text of one's own note",
    response=statuses(200, wire.Note, 400, 404, 413),
    openapi_extra=described(body=takes(wire.NewNote)),
)
def update_note(request: HttpRequest, dst_id: str, note_id: str) -> HttpResponse:
    actor = actor_of(request)
    envelope = _envelope(actor, dst_id)
    number = _own(actor, envelope, note_id)
    text = _text(request)
    return json_of(_note(envelope, edit_comment(actor, number, text)))


@router.delete(
    "/DST/{dst_id}/note/{note_id}",
    operation_id="deleteNote",
    summary="Take back one's own note",
    response=statuses(204, None, 404),
)
def delete_note(request: HttpRequest, dst_id: str, note_id: str) -> HttpResponse:
    actor = actor_of(request)
    envelope = _envelope(actor, dst_id)
    delete_comment(actor, _own(actor, envelope, note_id))
    return empty()


def _envelope(actor: Actor, pub: str) -> Envelope:
    return get_named(actor, DIALECT, str(reading.uuid_of(pub)))


def _notes(envelope: Envelope) -> QuerySet[Comment]:
    return discussion.on(envelope).filter(deleted_at=None)


def _own(actor: Actor, envelope: Envelope, number: str) -> int:
    """Row id of a note that the actor wrote. Raises NotFound, Forbidden."""
    if not (number.isascii() and number.isdecimal() and len(number) < 19):
        raise NotFound
    comment = _notes(envelope).filter(pk=int(number)).first()
    if comment is None:
        raise NotFound
    if not discussion.is_author(actor, comment):
        raise Forbidden
    return int(comment.pk)


def _text(request: HttpRequest) -> str:
    fields, _ = reading.fields_of(request)
    text = fields.text("text", required=True, most=TEXT_MAX)
    reading.settle(fields)
    return text


def _note(envelope: Envelope, comment: Comment) -> wire.Note:
    return wire.Note(
        id=comment.pk,
        dst_id=envelope.pub or "",
        user_id=str(comment.user.pub) if comment.user else None,
        created_at=iso_ms(comment.created_at),
        text=comment.text,
    )
