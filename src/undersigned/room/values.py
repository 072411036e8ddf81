"""From the core's rows to what pages show. Values hold only what this signer may see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TypeVar, cast

from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from undersigned.base.clock import now
from undersigned.delivery.models import Message
from undersigned.envelopes import appearance as looks
from undersigned.envelopes import detached, focus, phone_pad, proofs, variables
from undersigned.envelopes.graph import waiting_for
from undersigned.envelopes.messages import AGAIN_AFTER
from undersigned.envelopes.models import Document, Envelope, Forward, Recipient, Sitting
from undersigned.envelopes.open_sitting import idle_left
from undersigned.envelopes.policy import Policy
from undersigned.envelopes.prove_identity import buttons
from undersigned.envelopes.send_one_time_code import CHANNELS, SUBJECT, address
from undersigned.envelopes.signer import Standing, standing
from undersigned.envelopes.ways import OfferedWay
from undersigned.identity import one_time_code
from undersigned.identity.code import LENGTH, TRIES

from .document_values import documents, final_pages, places, rows_of, shown_of
from .gateway import Code, Person, Room, State
from .identifying import Asked, OneTime, Way, WayKind
from .looks import Kept, Look
from .pads import Pad
from .parts import ReturnUrls
from .tray_values import on_tray
from .wallet_values import wallet_of

_T = TypeVar("_T")
_STATES = {
    Standing.ERASED: State.REMOVED,
    Standing.SUPERSEDED: State.SUPERSEDED,
    Standing.CANCELLED: State.CANCELLED,
    Standing.DECLINED: State.DECLINED,
    Standing.FORWARDED: State.HANDED_ON,
    Standing.STOPPED: State.STOPPED,
    Standing.COMPLETED: State.COMPLETED,
    Standing.SIGNED: State.SIGNED,
    Standing.ON_HOLD: State.ON_HOLD,
    Standing.PAST_DUE: State.EXPIRED,
    Standing.EXPIRED: State.EXPIRED,
    Standing.PREPARING: State.PREPARING,
    Standing.NOT_YOUR_TURN: State.NOT_YOUR_TURN,
    Standing.OPEN: State.READ,
    Standing.VIEWING: State.VIEW,
}
_WITH_PAGES = (State.READ, State.VIEW, State.SIGNED, State.COMPLETED)
BEHIND_PROOF = (
    State.READ,
    State.VIEW,
    State.PREPARING,
    State.NOT_YOUR_TURN,
    State.SIGNED,
    State.COMPLETED,
)
"""States whose page shows content; who has not proved who they are is asked first."""
_ASKED = {
    None: Asked.NOTHING,
    "code": Asked.CODE,
    "mail_code": Asked.ONE_TIME,
    "sms_code": Asked.ONE_TIME,
    "strong": Asked.PROVIDER,
    "choose": Asked.CHOICE,
    "unavailable": Asked.UNAVAILABLE,
}
_ASKING = {
    Asked.CODE: State.CODE,
    Asked.ONE_TIME: State.ONE_TIME,
    Asked.PROVIDER: State.IDENTIFY,
    Asked.CHOICE: State.IDENTIFY,
    Asked.UNAVAILABLE: State.IDENTIFY,
}


def state_in(sitting: Sitting) -> State:
    """The state of somebody who has opened their link: content, or what must be proved before it."""
    state = state_of(sitting.recipient)
    if state not in BEHIND_PROOF:
        return state
    if sitting.ended_at is not None:
        return State.SITTING_OVER
    if proofs.may_read(sitting):
        return state
    return State.LOCKED if is_locked(sitting.recipient) else _ASKING[_ASKED[proofs.asked(sitting)]]


def state_of(recipient: Recipient) -> State:
    envelope = recipient.envelope
    return _STATES[standing(envelope, recipient, now(envelope.organization.clock_offset))]


def is_locked(recipient: Recipient) -> bool:
    until = recipient.code_locked_until
    return until is not None and now(recipient.envelope.organization.clock_offset) < until


def is_closed(recipient: Recipient, sitting: Sitting | None) -> bool:
    """Must nothing of the request be told yet?"""
    return recipient.identity.protects and (sitting is None or sitting.identified_at is None)


def frame_of(room_id: str, recipient: Recipient, state: State, sitting: Sitting) -> Room:
    """What needs no look at documents or people."""
    if is_closed(recipient, sitting):
        return _closed(room_id, recipient, state, sitting, None)
    return _frame(room_id, recipient, state)


def _frame(room_id: str, recipient: Recipient, state: State) -> Room:
    envelope = recipient.envelope
    return Room(
        id=room_id,
        state=state,
        sender=envelope.creator_name,
        organization=envelope.company_name or envelope.organization.name,
        title="" if state is State.REMOVED else envelope.title,
        recipient=recipient.full_name,
        viewer=recipient.kind != Recipient.Kind.SIGNER,
        language=recipient.language,
        sandbox=envelope.organization.sandbox,
    )


def room_of(room_id: str, recipient: Recipient, state: State, sitting: Sitting | None) -> Room:
    envelope = recipient.envelope
    policy = Policy.model_validate(envelope.policy)
    asked = proofs.asked(sitting) if sitting is not None and state is not State.REMOVED else None
    if state is State.SIGN_IN_OVER:
        return replace(_closed(room_id, recipient, state, sitting, None), return_urls=return_urls(recipient))
    if is_closed(recipient, sitting):
        return _closed(room_id, recipient, state, sitting, asked)
    told, rows = rows_of(recipient) if state is not State.REMOVED else ([], [])
    seen = shown_of(rows)
    way = proofs.signing_way(sitting) if sitting is not None and state is State.READ else None
    if way is not None and not way.statement:
        rows = [row for row in rows if row.format != Document.Format.DECLARATION]  # not asked for that way
    forwarded = _forwarded(recipient) if policy.forwarding else ""
    owner, due_at = envelope.owner_user, _due_at(envelope, policy)
    if recipient.kind != Recipient.Kind.SIGNER:
        due_at = None  # nothing is asked of them
    final = final_pages(rows) if sitting is not None and state in _WITH_PAGES else {}
    one = focus.one_at_a_time(envelope) and recipient.kind == Recipient.Kind.SIGNER
    table = [a.pk for a in focus.on_table(sitting, told)] if one and sitting is not None else None
    room = replace(
        _frame(room_id, recipient, state),
        recipient=(proofs.signing_name(sitting).name if sitting is not None else "") or recipient.full_name,
        documents=documents(rows, told, final, recipient, sitting),
        people=_when_shown(lambda: _people(recipient)),
        places=_when_shown(lambda: places(rows, final, recipient, table)) if state is State.READ else (),
        ahead=waiting_for(recipient) if state is State.NOT_YOUR_TURN else 0,
        message="" if state is State.REMOVED else envelope.description,
        due_at=due_at,
        overdue=due_at is not None and due_at <= now(envelope.organization.clock_offset),
        ended_at=_ended_at(recipient, state),
        signed_at=recipient.settled_at if state in (State.SIGNED, State.COMPLETED) else None,
        code=_code(recipient),
        asked=_ASKED[asked],
        one_time=_one_time(sitting, asked),
        ways=_ways(sitting, asked),
        identified_by=_identified_by(sitting),
        revision=seen.revision,
        digest=seen.digest,
        kept=_kept(sitting),
        pad=_pad(sitting),
        idle_left=idle_left(sitting) if sitting is not None else 0,
        copy_to=_masked(recipient.email or "") if "signers" in policy.copy_to else "",
        sender_mail=owner.email,
        may_ask=_may_ask(recipient, policy, state, sitting),
        may_decline=policy.decline_allowed,
        goes_on=policy.on_decline == "isolate",
        skippable=policy.on_decline == "waive",
        consent_text=recipient.sign_text,
        dialog_title=recipient.dialog_title,
        dialog_message=recipient.dialog_message,
        return_urls=return_urls(recipient),
        may_forward=policy.forwarding and state is State.READ and not forwarded,
        forwarded=forwarded,
        handed_to=forwarded if state is State.HANDED_ON else "",
        written_to=policy.invitation,
        look=_look(sitting, rows) if state is State.READ else Look.CHOOSE,
        wallet=wallet_of(sitting) if sitting is not None and state is State.READ else None,
    )
    return on_tray(room, rows, told, recipient, sitting) if one and state is not State.REMOVED else room


def _when_shown(read: Callable[[], _T]) -> _T:
    """A value that only some pages show, read when one does."""
    return cast(_T, SimpleLazyObject(read))


def _due_at(envelope: Envelope, policy: Policy) -> datetime | None:
    """Until when the person is asked to act: the due date, else the end of the whole."""
    ends = envelope.expires_at if policy.past_expires == "envelope_expires" else None
    return envelope.due_at or ends


def return_urls(recipient: Recipient) -> ReturnUrls:
    """The sender's addresses with their variables put in."""
    given = (recipient.return_url_done, recipient.return_url_declined, recipient.return_url_later)
    if not any(given):
        return ReturnUrls()
    values = variables.of(recipient.envelope, recipient)
    return ReturnUrls(*(variables.expand(url, values, in_url=True) for url in given))


def _forwarded(recipient: Recipient) -> str:
    """Name of the one to whom the person handed their part."""
    found = Forward.objects.filter(original=recipient).select_related("recipient").order_by("-pk").first()
    return found.recipient.full_name if found is not None else ""


def _may_ask(recipient: Recipient, policy: Policy, state: State, sitting: Sitting | None) -> bool:
    """Whether the page is worth a link; the core decides it anew (`envelopes.discussion`)."""
    inside = policy.discussion and policy.room_access == "space" and recipient.kind != Recipient.Kind.COPY
    return inside and sitting is not None and state in _WITH_PAGES


def _closed(
    room_id: str, recipient: Recipient, state: State, sitting: Sitting | None, asked: proofs.Asked | None
) -> Room:
    """Before proof, of a protected request: the organisation, and nothing that could be let out by mistake."""
    envelope = recipient.envelope
    name = envelope.company_name or envelope.organization.name
    return Room(
        id=room_id,
        state=state,
        sender=name,
        organization=name,
        title="",
        recipient="",
        language=recipient.language,
        ended_at=_ended_at(recipient, state),
        code=_code(recipient),
        asked=_ASKED[asked],
        one_time=_one_time(sitting, asked),
        ways=_ways(sitting, asked),
        idle_left=idle_left(sitting) if sitting is not None else 0,
        may_decline=False,
        protected=True,
        sandbox=envelope.organization.sandbox,
    )


def _ways(sitting: Sitting | None, asked: proofs.Asked | None) -> tuple[Way, ...]:
    """Among which the person chooses: the sender's by name, else the providers."""
    if sitting is None:
        return ()
    offered = proofs.offered_ways(sitting)
    if len(offered) > 1:
        return tuple(_way(way, sitting) for way in offered)
    if asked != "strong":
        return ()
    return tuple(Way(p.key, p.name, p.logo is not None, provider=p.key) for p in buttons(sitting))


def _way(way: OfferedWay, sitting: Sitting) -> Way:
    if way.provider is not None:
        provider = way.provider
        return Way(way.asked_as, provider.name, provider.logo is not None, provider=provider.key)
    kind = {"mail_code": WayKind.MAIL, "sms_code": WayKind.SMS}.get(way.method, WayKind.DRAW)
    channel = CHANNELS.get(way.method)
    to = address(sitting.recipient, channel) if channel else ""
    return Way(way.asked_as, to[-2:] if kind is WayKind.SMS else _masked(to), kind=kind)


def _look(sitting: Sitting | None, rows: list[Document]) -> Look:
    """Where the sender names ways of signing, the way says whether the signature is drawn; else the person does as they like. Nothing is
    asked where it would stand on no page."""
    if sitting is None:
        return Look.CHOOSE
    if any(row.detached for row in rows) and sitting.recipient.full_name and detached.draws_nothing(sitting):
        return Look.NAME
    if not sitting.recipient.identity.sign_ways:
        return Look.CHOOSE
    way = proofs.signing_way(sitting)
    if way is not None and way.drawn:
        return Look.DRAWN
    return Look.NAME if proofs.signing_name(sitting).name else Look.CHOOSE


def _one_time(sitting: Sitting | None, asked: proofs.Asked | None) -> OneTime:
    channel = CHANNELS.get(asked or "")
    if sitting is None or channel is None:
        return OneTime()
    to = address(sitting.recipient, channel)
    last = one_time_code.latest(SUBJECT, sitting.pk, channel)
    return OneTime(
        by_sms=channel == "sms",
        to=to[-2:] if channel == "sms" else _masked(to),
        sent=one_time_code.works(last),
        resend_at=last.created_at + one_time_code.AGAIN_AFTER if last is not None else None,
        length=one_time_code.DIGITS,
    )


def _identified_by(sitting: Sitting | None) -> str:
    """In words, the strongest proof of this sitting; nothing for the link alone."""
    if sitting is None or sitting.identified_at is None:
        return ""
    policy = sitting.recipient.identity
    passed = proofs.current(sitting) if policy.may_identify else []
    if strong := [p for p in passed if p.method == "strong"]:
        return _("identified by %(provider)s") % {"provider": strong[-1].provider}
    codes = {*policy.methods, *(p.method for p in passed)} & {"code", "mail_code", "sms_code"}
    return _("identified by code") if codes else ""


def _kept(sitting: Sitting | None) -> Kept | None:
    found = looks.kept(sitting) if sitting is not None else None
    return Kept(*found) if found else None


def _pad(sitting: Sitting | None) -> Pad | None:
    pad = phone_pad.offered(sitting) if sitting is not None else None
    return Pad(pad.token, pad.digits, pad.taken) if pad else None


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
            policy = Policy.model_validate(envelope.policy)
            ends = [t for t in (_due_at(envelope, policy), recipient.expires_at) if t is not None]
            return min(ends, default=None)
        case State.REMOVED:
            return _removed_at(envelope)
    return None


def _removed_at(envelope: Envelope) -> datetime | None:
    collection = envelope.collection
    return (
        envelope.erased_at
        or envelope.content_erased_at
        or envelope.deleted_at
        or (collection.marked_deleted_at if collection else None)
    )


def _code(recipient: Recipient) -> Code:
    return Code(
        by_sms=recipient.code_by_sms,
        ending=recipient.phone[-2:],
        length=LENGTH,
        tries_left=TRIES - recipient.code_failures,
        locked_until=recipient.code_locked_until if is_locked(recipient) else None,
        resend_at=next_sms(recipient),
    )


def next_sms(recipient: Recipient) -> datetime | None:
    if not recipient.code_by_sms:
        return None
    last = (
        Message.objects.filter(recipient_id=recipient.pk, channel=Message.Channel.SMS, purpose="signer_code")
        .order_by("-created_at")
        .first()
    )
    return last.created_at + AGAIN_AFTER if last else None


def _masked(address: str) -> str:
    """`a…@e….fi`: enough to recognise one's own address."""
    name, _at, host = address.partition("@")
    domain, dot, top = host.rpartition(".")
    return f"{name[:1]}…@{domain[:1]}…{dot}{top}" if name and host else ""
