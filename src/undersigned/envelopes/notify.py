"""The sender's planned messages, when something happens to a person, a package or the whole envelope: at once, or after a delay, if then
what owns the message still stands where it stood."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import ValidationError

from undersigned.base.clock import now
from undersigned.base.db import atomic
from undersigned.base.text import is_one_line
from undersigned.delivery.models import Message
from undersigned.delivery.outbox import Draft, post
from undersigned.delivery.params import OwnWords, Params, Style
from undersigned.delivery.texts import OWN_WORDS

from .errors import NotFound
from .locks import lock_envelope
from .models import Envelope, EnvelopeState, NotificationPlan, Package, Recipient, RecipientState
from .signer import removed, waits

Trigger = NotificationPlan.Trigger
WHILE_PLANNED = "planned"
"""`still_if` of planned messages."""
CALLBACK = "callback"
"""Purpose of those of channel "url"."""
_KEY = "plan:"
_LONGEST = timedelta(days=3650)


def happened(
    envelope: Envelope,
    trigger: NotificationPlan.Trigger,
    at: datetime,
    recipient: Recipient | None = None,
    package: Package | None = None,
) -> None:
    """Have sent, now or later, what was planned for this. Each plan is taken once. Caller holds the envelope's lock."""
    plans = NotificationPlan.objects.filter(
        envelope=envelope,
        trigger=trigger,
        recipient=recipient,
        package=package,
        due_at=None,
        settled_at=None,
    )
    for plan in plans:
        plan.due_at = at + min(timedelta(seconds=min(plan.delay_seconds, 2**31)), _LONGEST)
        if not plan.delay_seconds:
            _post(envelope, plan)
            plan.settled_at = at
        plan.save(update_fields=["due_at", "settled_at"])


def send_planned(plan_id: int) -> None:
    """Send one whose time has come, or settle it unsent where its owner has moved on. No effect when it is settled, or not due."""
    found = NotificationPlan.objects.filter(pk=plan_id).values_list("envelope_id", flat=True).first()
    if found is None:
        return
    with atomic():
        try:
            envelope = lock_envelope(found)
        except NotFound:  # erased, and its people with it
            NotificationPlan.objects.filter(pk=plan_id, settled_at=None).update(settled_at=now())
            return
        at = now(envelope.organization.clock_offset)
        plan = _with_owner(plan_id)
        if plan is None or plan.settled_at is not None or plan.due_at is None or plan.due_at > at:
            return
        if _stands(plan):
            _post(envelope, plan)
        plan.settled_at = at
        plan.save(update_fields=["settled_at"])


def plan_of(message: Message) -> NotificationPlan | None:
    """The plan that a message was made from; None for other messages, and when it has been erased."""
    number = message.dedup_key.removeprefix(_KEY)
    if not is_planned(message) or not number.isdecimal():
        return None
    return _with_owner(int(number))


def is_planned(message: Message) -> bool:
    """Was it made from a sender's plan?"""
    return message.dedup_key.startswith(_KEY)


def still_wanted(message: Message) -> bool:
    """A first attempt of what is sent at once tells what has happened, whatever happened since; everything later only what still is so."""
    plan = plan_of(message)
    if plan is None or removed(plan.envelope) or plan.envelope.state == EnvelopeState.CANCELLED:
        return False
    told_at_once = not plan.delay_seconds and (message.attempts == 0 or plan.trigger == Trigger.FORWARDED)
    return told_at_once or _stands(plan)


def _with_owner(plan_id: int) -> NotificationPlan | None:
    found = NotificationPlan.objects.select_related(
        "envelope__organization", "envelope__collection", "recipient", "package"
    ).filter(pk=plan_id)
    plan = found.first()
    if plan is not None and plan.recipient is not None:
        plan.recipient.envelope = plan.envelope
    return plan


_PEOPLE = {
    Trigger.COMPLETED: RecipientState.DONE,
    Trigger.REJECTED: RecipientState.DECLINED,
    Trigger.EXPIRED: RecipientState.EXPIRED,
}
_PACKAGES = {Trigger.CREATED: Package.State.CREATED, Trigger.COMPLETED: Package.State.COMPLETED}
_ENVELOPES = {
    Trigger.COMPLETED: (EnvelopeState.SEALING, EnvelopeState.COMPLETED),
    Trigger.REJECTED: (EnvelopeState.DECLINED,),
    Trigger.EXPIRED: (EnvelopeState.EXPIRED,),
}
_UNDER_WAY = (EnvelopeState.SENT, EnvelopeState.ON_HOLD)


def _stands(plan: NotificationPlan) -> bool:
    """Is the owner still where the trigger left it? Of somebody who was asked, began or handed on: do they still have something to do?"""
    trigger = Trigger(plan.trigger)
    if plan.package is not None:
        return plan.package.state == _PACKAGES.get(trigger, Package.State.FAILED)
    if plan.recipient is None:
        return plan.envelope.state in _ENVELOPES.get(trigger, _UNDER_WAY)
    if trigger in _PEOPLE:
        return plan.recipient.state == _PEOPLE[trigger]
    return plan.recipient.state == RecipientState.ACTIVE and waits(plan.envelope, plan.recipient)


def _post(envelope: Envelope, plan: NotificationPlan) -> None:
    """Into the outbox. What cannot be sent there, such as a number that is none, fails there, where it is seen; the envelope goes on."""
    url = plan.channel == NotificationPlan.Channel.URL
    recipient = plan.recipient
    post(
        Draft(
            organization=envelope.organization,
            envelope_id=envelope.pk,
            recipient_id=recipient.pk if recipient else None,
            purpose=CALLBACK if url else OWN_WORDS,
            channel=plan.channel,
            address=plan.address.strip(),
            params=Params() if url else Params(own=_words(plan)),
            language=recipient.language if recipient else envelope.language,
            dedup_key=f"{_KEY}{plan.pk}",
            still_if=WHILE_PLANNED,
        )
    )


def _words(plan: NotificationPlan) -> OwnWords:
    return OwnWords(
        subject=_line(plan.subject or ""), body=plan.body, sender=_line(plan.sender), style=_style(plan)
    )


def _style(plan: NotificationPlan) -> Style:
    try:
        given = {k: v if k == "footer" else _line(v) for k, v in plan.style.items() if isinstance(v, str)}
        return Style.model_validate(given)
    except ValidationError:  # another release's: the words matter more than their look
        return Style()


def _line(value: str) -> str:
    """In one line of at most a thousand characters, whatever was given."""
    return " ".join("".join(c if is_one_line(c) else " " for c in value).split())[:1000]
