"""Write, change and take back a comment. Who may, and where, is in `discussion`.

The audit trail says that somebody wrote, never what. Mails say so too, and only so: one to each party in a while, however much is written.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from undersigned.accounts import limits
from undersigned.base import clock
from undersigned.base.clock import now
from undersigned.base.db import atomic
from undersigned.delivery.models import Message

from . import audit, inbox, messages
from .actor import Actor
from .discussion import (
    Party,
    Place,
    author,
    envelopes_of,
    is_author,
    may_take_part,
    on,
    recipients_in,
    users_in,
)
from .errors import Conflict, Invalid, NotFound
from .locks import lock_collection, lock_envelope
from .models import Collection, Comment, Envelope, Sitting
from .policy import Policy

TEXT_MAX = 5_000
COMMENTS_MAX = 5_000
"""In one place."""
QUIET = timedelta(minutes=15)
"""At least so long between two mails about one place to one person, of real time."""
WRITTEN_MAX, WRITTEN_IN = 30, timedelta(minutes=10)


def add_comment(by: Party, place: Place, text: str) -> Comment:
    """Write `text` where `place` says and tell the other parties. Call it outside a transaction.

    Raises Invalid (text required, too_long), Conflict (full), NotFound (no party, or nobody may write here), LimitReached.
    """
    text = _checked(text)
    if not may_take_part(by, place):
        raise NotFound
    limits.take("comment", _who(by), WRITTEN_MAX, WRITTEN_IN)
    with atomic():
        envelope, place = _locked(by, place)
        if not may_take_part(by, place):
            raise NotFound
        if on(place).count() >= COMMENTS_MAX:
            raise Conflict("full")
        at = now(place.organization.clock_offset)
        comment = Comment.objects.create(
            collection=place if isinstance(place, Collection) else None,
            envelope=None if isinstance(place, Collection) else place,
            user=by.user if isinstance(by, Actor) else None,
            recipient=None if isinstance(by, Actor) else by.recipient,
            text=text,
            created_at=at,
        )
        _note("comment_added", envelope, comment, by, at)
        _put_into_inbox("note_added", envelope, by, at)
        if Policy.model_validate(envelope.policy).invitation:
            _tell(envelope, place, comment, at)
    return comment


def edit_comment(by: Party, comment_id: int, text: str) -> Comment:
    """Change one's own comment. Raises Invalid (text required, too_long), NotFound (also for another's, and for one taken back)."""
    text = _checked(text)
    with atomic():
        envelope, comment, at = _own(by, comment_id)
        if comment.text != text:
            comment.text, comment.edited_at = text, at
            comment.save(update_fields=["text", "edited_at"])
            _note("comment_edited", envelope, comment, by, at)
            _put_into_inbox("note_changed", envelope, by, at)
    return comment


def delete_comment(by: Party, comment_id: int) -> None:
    """Take one's own comment back; its text is gone, that there was one stays. Raises NotFound, also the second time."""
    with atomic():
        envelope, comment, at = _own(by, comment_id)
        comment.text, comment.deleted_at = "", at
        comment.save(update_fields=["text", "deleted_at"])
        _note("comment_deleted", envelope, comment, by, at)
        _put_into_inbox("note_removed", envelope, by, at)


def _checked(text: str) -> str:
    text = "\n".join(line.rstrip() for line in text.replace("\x00", "").splitlines()).strip()
    if not text:
        raise Invalid({"text": ["required"]})
    if len(text) > TEXT_MAX:
        raise Invalid({"text": ["too_long"]})
    return text


def _who(by: Party) -> str:
    return f"user:{by.user.pk}" if isinstance(by, Actor) else f"recipient:{by.recipient_id}"


def _locked(by: Party, place: Place) -> tuple[Envelope, Place]:
    """The place, locked and read anew, and the envelope in whose audit trail it is noted: a recipient's own, else the newest."""
    if isinstance(place, Collection):
        lock_collection(place.pk)
    envelope_id = (
        by.recipient.envelope_id
        if isinstance(by, Sitting)
        else envelopes_of(place).values_list("pk", flat=True).first()
    )
    if envelope_id is None:
        raise NotFound
    envelope = lock_envelope(envelope_id)
    if not isinstance(place, Collection):
        return envelope, envelope
    if envelope.collection is None or envelope.collection_id != place.pk:
        raise NotFound
    return envelope, envelope.collection


def _own(by: Party, comment_id: int) -> tuple[Envelope, Comment, datetime]:
    found = Comment.objects.filter(pk=comment_id, deleted_at=None).select_related("collection", "envelope")
    comment = found.first() if 0 < comment_id < 2**63 else None
    if comment is None or not is_author(by, comment):
        raise NotFound
    where = comment.collection or comment.envelope
    assert where is not None  # a comment is on one of them
    envelope, place = _locked(by, where)
    comment = found.select_for_update(of=("self",)).first()
    if comment is None or not may_take_part(by, place):
        raise NotFound
    return envelope, comment, now(place.organization.clock_offset)


def _note(kind: str, envelope: Envelope, comment: Comment, by: Party, at: datetime) -> None:
    audit.append(envelope, kind, at, by=by, comment=comment.pk, author=author(comment))


def _put_into_inbox(event: str, envelope: Envelope, by: Party, at: datetime) -> None:
    """Of all whom the envelope concerns but the writer; where the core writes no mails, that is all there is."""
    writer = (by.user.pk if isinstance(by, Actor) else by.recipient.user_id) or 0
    users = inbox.concerned(envelope).exclude(pk=writer)
    inbox.tell(envelope, event, users.values_list("pk", flat=True), at)


def _tell(envelope: Envelope, place: Place, comment: Comment, at: datetime) -> None:
    """Everybody but the writer; who has a mail waiting, or had one a little while ago, gets no second one now."""
    told = set()
    kind = "c" if isinstance(place, Collection) else "e"
    for user in users_in(place):
        told.add(user.email.lower())
        if user.pk != comment.user_id:
            key = f"comment:{kind}{place.pk}:u{user.pk}:"
            if (due := _due(key)) is not None:
                messages.tell_user_of_comment(envelope, user, author(comment), at, f"{key}{comment.pk}", due)
    for recipient in recipients_in(place):
        if recipient.pk == comment.recipient_id or (recipient.email or "").lower() in {"", *told}:
            continue
        told.add((recipient.email or "").lower())
        key = f"comment:{kind}{place.pk}:r{recipient.pk}:"
        if (due := _due(key)) is not None:
            messages.tell_recipient_of_comment(recipient, author(comment), at, f"{key}{comment.pk}", due)


def _due(prefix: str) -> datetime | None:
    """When the next mail may go, in real time; None when one is on its way and will do."""
    last = Message.objects.filter(dedup_key__startswith=prefix).order_by("-pk").first()
    if last is None:
        return clock.now()
    if last.state == Message.State.QUEUED:
        return None
    return max(clock.now(), (last.sent_at or last.created_at) + QUIET)
