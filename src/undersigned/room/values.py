"""From the core's rows to what pages show. Values hold only what this signer may see."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from undersigned.base.clock import now
from undersigned.delivery.models import Message
from undersigned.envelopes import appearance as looks
from undersigned.envelopes import shown
from undersigned.envelopes.messages import AGAIN_AFTER
from undersigned.envelopes.models import DocumentVersion, Recipient, Sitting
from undersigned.envelopes.policy import Policy
from undersigned.envelopes.shown import Shown
from undersigned.envelopes.signer import Standing, standing
from undersigned.files import pages
from undersigned.identity.code import LENGTH, TRIES

from .gateway import Code, Document, Kept, Page, Person, Room, State

_STATES = {
    Standing.ERASED: State.REMOVED,
    Standing.SUPERSEDED: State.SUPERSEDED,
    Standing.CANCELLED: State.CANCELLED,
    Standing.DECLINED: State.DECLINED,
    Standing.STOPPED: State.STOPPED,
    Standing.COMPLETED: State.COMPLETED,
    Standing.SIGNED: State.SIGNED,
    Standing.ON_HOLD: State.ON_HOLD,
    Standing.PAST_DUE: State.EXPIRED,
    Standing.EXPIRED: State.EXPIRED,
    Standing.PREPARING: State.PREPARING,
    Standing.NOT_YOUR_TURN: State.NOT_YOUR_TURN,
    Standing.OPEN: State.READ,
}
BEHIND_CODE = (State.READ, State.PREPARING, State.NOT_YOUR_TURN, State.SIGNED, State.COMPLETED)
"""States whose page shows content; without identification the code is asked first."""


def state_of(recipient: Recipient) -> State:
    envelope = recipient.envelope
    return _STATES[standing(envelope, recipient, now(envelope.organization.clock_offset))]


def is_locked(recipient: Recipient) -> bool:
    until = recipient.code_locked_until
    return until is not None and now(recipient.envelope.organization.clock_offset) < until


def room_of(room_id: str, recipient: Recipient, state: State, sitting: Sitting | None) -> Room:
    envelope = recipient.envelope
    policy = Policy.model_validate(envelope.policy)
    seen = shown.current(envelope) if state not in (State.REMOVED,) else Shown(())
    owner = envelope.owner_user
    return Room(
        id=room_id,
        state=state,
        sender=envelope.creator_name,
        organization=envelope.organization.name,
        title=envelope.title,
        recipient=recipient.full_name,
        documents=_documents(
            seen, with_pages=state in (State.READ, State.SIGNED, State.COMPLETED) and sitting is not None
        ),
        people=_people(recipient),
        message=envelope.description,
        language=recipient.language,
        due_at=envelope.due_at,
        ended_at=_ended_at(recipient, state),
        signed_at=recipient.settled_at if state in (State.SIGNED, State.COMPLETED) else None,
        code=_code(recipient),
        identified_by=_("identified by code") if sitting is not None and "code" in policy.identity else "",
        revision=seen.revision,
        digest=seen.digest,
        kept=_kept(sitting),
        copy_to=_masked(recipient.email or "") if "signers" in policy.copy_to else "",
        sender_mail=owner.email,
        may_decline=policy.decline_allowed,
        skippable=policy.on_decline == "waive",
        sandbox=envelope.organization.sandbox,
    )


def _kept(sitting: Sitting | None) -> Kept | None:
    found = looks.kept(sitting) if sitting is not None else None
    return Kept(*found) if found else None


def _documents(seen: Shown, *, with_pages: bool) -> tuple[Document, ...]:
    documents = []
    for version in seen.versions:
        blob = version.file.blob
        sizes = pages.sizes(blob) if with_pages and blob is not None else []
        documents.append(
            Document(
                id=str(version.document.position),
                name=version.document.title,
                version=version.sha256[:16],
                pages=tuple(Page(w, h) for w, h in sizes),
                size=blob.size if blob is not None else 0,
                sealed=version.kind == DocumentVersion.Kind.SEALED,
            )
        )
    return tuple(documents)


def _people(me: Recipient) -> tuple[Person, ...]:
    signers = me.envelope.recipients.filter(kind=Recipient.Kind.SIGNER)
    return tuple(
        Person(
            name=r.full_name,
            signed_at=r.settled_at if r.state == "done" else None,
            declined=r.state == "declined",
            me=r.pk == me.pk,
        )
        for r in signers
    )


def _ended_at(recipient: Recipient, state: State) -> datetime | None:
    envelope = recipient.envelope
    match state:
        case State.SUPERSEDED:
            return envelope.superseded_at
        case State.EXPIRED:
            ends = [t for t in (envelope.due_at, recipient.expires_at) if t is not None]
            return min(ends, default=None)
        case State.REMOVED:
            return envelope.erased_at
    return None


def _code(recipient: Recipient) -> Code:
    return Code(
        by_sms=bool(recipient.phone),
        ending=recipient.phone[-2:],
        length=LENGTH,
        tries_left=TRIES - recipient.code_failures,
        locked_until=recipient.code_locked_until,
        resend_at=next_sms(recipient),
    )


def next_sms(recipient: Recipient) -> datetime | None:
    if not recipient.phone:
        return None
    last = (
        Message.objects.filter(recipient_id=recipient.pk, channel=Message.Channel.SMS)
        .order_by("-created_at")
        .first()
    )
    return last.created_at + AGAIN_AFTER if last else None


def _masked(address: str) -> str:
    """`a…@e….fi`: enough to recognise one's own address."""
    name, _at, host = address.partition("@")
    domain, dot, top = host.rpartition(".")
    return f"{name[:1]}…@{domain[:1]}…{dot}{top}" if name and host else ""
