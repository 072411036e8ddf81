"""Which message goes to whom. Queued in the transaction of the change that causes it; a repetition finds the first by its key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from undersigned.accounts.limits import LimitReached
from undersigned.accounts.models import User
from undersigned.base.clock import now
from undersigned.delivery.models import Message, WebhookEvent
from undersigned.delivery.outbox import Draft, announce, is_address, post
from undersigned.delivery.params import FileRef, Pair, Params
from undersigned.identity.models import OneTimeCode

from .letters import asking_params, letter, mail, owner_params, people_params
from .models import Assignment, Collection, DocumentVersion, Envelope, Grant, Recipient, RecipientState
from .policy import Policy
from .ports import dialect

WHILE_OPEN = "recipient-may-act"
"""`still_if` of messages that are pointless once the recipient has acted or the envelope has ended."""
WHILE_CODE_WORKS = "code-works"
"""`still_if` of one-time codes."""
_ONE_TIME = "one-time-code:"

WHILE_TALKING = "discussion-open"
"""`still_if` of messages about a discussion: dropped once it is over or all that was written has been taken back."""
_AGAIN = ":again:"
AGAIN_AFTER = timedelta(seconds=60)
"""Between two repetitions on request, of real time."""
AGAIN_A_DAY = 10
"""Repetitions on request in 24 hours: whoever holds a link must not fill a mailbox, or spend the operator's SMS."""


def again(at: datetime) -> str:
    """Ends the key of a repetition on request."""
    return f"{_AGAIN}{at:%Y%m%d%H%M%S%f}"


def repeated_lately(recipient: Recipient, channel: str) -> bool:
    """Was a message to the recipient repeated on request less than a minute ago? Ask under the envelope's lock.

    Raises LimitReached after `AGAIN_A_DAY` repetitions.
    """
    repetitions = Message.objects.filter(
        envelope_id=recipient.envelope_id,
        recipient_id=recipient.pk,
        channel=channel,
        dedup_key__contains=_AGAIN,
    )
    at = now()
    times = list(repetitions.order_by("-created_at").values_list("created_at", flat=True)[:AGAIN_A_DAY])
    if len(times) == AGAIN_A_DAY and times[-1] > at - timedelta(days=1):
        raise LimitReached(max(1, int((times[-1] + timedelta(days=1) - at).total_seconds())))
    return bool(times) and times[0] > at - AGAIN_AFTER


def invite(
    envelope: Envelope, recipient: Recipient, at: datetime, again: str = "", purpose: str = "invitation"
) -> None:
    """The invitation with the link by each of the person's channels; where a former version was sent to the same address, the mail says
    that it is replaced.

    `again` names a repetition on request; without it a second call finds the first message. `purpose` is "your_turn" for people whose
    turn comes after others, "files_replaced" when they must read anew.
    """
    if "email" in recipient.channels:
        post(invitation(envelope, recipient, at, again, purpose))
    if "sms" in recipient.channels:
        post(_sms_with_link(envelope, recipient, at, again))


def asking_channel(recipient: Recipient) -> str:
    """The channel by which they are asked; the first of several."""
    return Message.Channel.EMAIL if "email" in recipient.channels else Message.Channel.SMS


def _sms_with_link(envelope: Envelope, recipient: Recipient, at: datetime, again: str) -> Draft:
    return Draft(
        organization=envelope.organization,
        envelope_id=envelope.pk,
        recipient_id=recipient.pk,
        purpose="invitation_protected" if recipient.identity.protects else "invitation",
        channel=Message.Channel.SMS,
        address=recipient.phone,
        params=people_params(envelope, recipient, at),
        language=recipient.language,
        dedup_key=f"sms:{recipient.pk}:{envelope.round}:{recipient.link_version}{again}",
        still_if=WHILE_OPEN,
    )


def invitation(
    envelope: Envelope, recipient: Recipient, at: datetime, again: str = "", purpose: str = "invitation"
) -> Draft:
    """What `invite` posts; a preview shows the same."""
    replaced = (
        envelope.collection is not None
        and envelope.collection.kind == Collection.Kind.CONTRACT
        and Recipient.objects.filter(
            envelope__collection=envelope.collection,
            envelope__position__lt=envelope.position,
            envelope__sent_at__isnull=False,
            email__iexact=recipient.email,
        ).exists()
    )
    return letter(
        envelope,
        recipient,
        "invitation_protected" if recipient.identity.protects else "replaced" if replaced else purpose,
        asking_params(envelope, recipient, at),
        key=f"invitation:{recipient.pk}:{envelope.round}:{recipient.link_version}{again}",
        still_if=WHILE_OPEN,
    )


def remind(envelope: Envelope, recipient: Recipient, at: datetime) -> None:
    """The link once more, with the word that the sender waits. Who was asked by SMS alone gets it by SMS alone: it is their key."""
    if "email" not in recipient.channels:
        post(_sms_with_link(envelope, recipient, at, again(at)))
        return
    mail(
        envelope,
        recipient,
        "reminder_protected" if recipient.identity.protects else "reminder",
        asking_params(envelope, recipient, at),
        key=f"reminder:{recipient.pk}{again(at)}",
        still_if=WHILE_OPEN,
    )


def send_code(envelope: Envelope, recipient: Recipient, at: datetime, again: str = "") -> Message:
    """The signer's code by SMS. Never together with the link."""
    return post(
        Draft(
            organization=envelope.organization,
            envelope_id=envelope.pk,
            recipient_id=recipient.pk,
            purpose="signer_code",
            channel=Message.Channel.SMS,
            address=recipient.phone,
            params=people_params(envelope, recipient, at),
            language=recipient.language,
            dedup_key=f"code:{recipient.pk}:{envelope.round}{again}",
            still_if=WHILE_OPEN,
        )
    )


def send_one_time_code(envelope: Envelope, recipient: Recipient, code: OneTimeCode) -> Message:
    """A code that was just issued. The message names the row; the code itself is made when it is sent."""
    sms = code.channel == OneTimeCode.Channel.SMS
    return post(
        Draft(
            organization=envelope.organization,
            envelope_id=envelope.pk,
            recipient_id=recipient.pk,
            purpose="code",
            channel=Message.Channel.SMS if sms else Message.Channel.EMAIL,
            address=recipient.phone if sms else recipient.email,
            params=Params(name=recipient.full_name),
            language=recipient.language,
            dedup_key=f"{_ONE_TIME}{code.pk}:{bytes(code.seed[:4]).hex()}",
            still_if=WHILE_CODE_WORKS,
        )
    )


def one_time_code_of(message: Message) -> OneTimeCode | None:
    """The code that a message carries; None for other messages."""
    kind, _colon, rest = message.dedup_key.partition(":")
    number = rest.partition(":")[0]
    if f"{kind}:" != _ONE_TIME or not number.isdecimal():
        return None
    return OneTimeCode.objects.filter(pk=int(number)).first()


def tell_declined(envelope: Envelope, decliner: Recipient, at: datetime, reason: str) -> None:
    """To the owner with the reason; to the others only that it has stopped. To nobody where the sender brings people their links."""
    if not Policy.model_validate(envelope.policy).invitation:
        return
    told = {"person": decliner.full_name or decliner.email or "", "reason": reason}
    for number, draft in enumerate(
        _to_owners(envelope, "refused", owner_params(envelope, at).model_copy(update=told))
    ):
        key = f"declined:{envelope.pk}:{decliner.pk}:{envelope.round}"
        post(replace(draft, dedup_key=f"{key}:{number}" if number else key))
    for other in _invited(envelope):
        if other.pk != decliner.pk:
            mail(
                envelope,
                other,
                "stopped_protected" if other.identity.protects else "stopped",
                people_params(envelope, other, at),
                key=f"stopped:{other.pk}:{envelope.round}",
            )


def tell_cancelled(envelope: Envelope, at: datetime) -> None:
    """To those who were invited and have not refused; who has heard of nothing hears nothing. To nobody where the sender brings the links."""
    if not Policy.model_validate(envelope.policy).invitation:
        return
    for person in _invited(envelope):
        mail(
            envelope,
            person,
            "cancelled_protected" if person.identity.protects else "cancelled",
            people_params(envelope, person, at),
            key=f"cancelled:{person.pk}:{envelope.round}",
        )


def tell_readers(envelope: Envelope, at: datetime) -> None:
    """To those who read along, that it is under way; they have nothing to do. Of what is shown only after identification nobody is told."""
    if "viewers" not in Policy.model_validate(envelope.policy).told:
        return
    for reader in envelope.recipients.filter(kind=Recipient.Kind.VIEWER):
        if reader.email and not reader.identity.protects:
            mail(
                envelope,
                reader,
                "under_way",
                people_params(envelope, reader, at),
                key=f"under_way:{reader.pk}:{envelope.round}",
            )


def _to_owners(envelope: Envelope, purpose: str, params: Params) -> list[Draft]:
    """A mail to the owner and to each whom they made an owner, every address once."""
    owner = envelope.owner_user
    people: dict[str, User | None] = {owner.email: owner}
    for grant in Grant.objects.filter(envelope=envelope, right=Grant.Right.OWNER).select_related(
        "user", "group"
    ):
        users = [grant.user] if grant.user else list(grant.group.members.all()) if grant.group else []
        people |= {u.email: u for u in users if u.is_active and u.email not in people}
        if not users and grant.raw not in people:
            people[grant.raw] = None
    return [
        Draft(
            organization=envelope.organization,
            envelope_id=envelope.pk,
            user=user,
            purpose=purpose,
            channel=Message.Channel.EMAIL,
            address=address,
            params=params.model_copy(update={"name": user.full_name if user else ""}),
            language=(user.language if user else "") or envelope.language,
            dedup_key="",
        )
        for address, user in people.items()
        if is_address(Message.Channel.EMAIL, address)
    ]


def tell_infected(envelope: Envelope, virus: str, at: datetime) -> None:
    """To the owner: which envelope, and the scanner's name for what it found."""
    if is_mailbox(envelope.owner_user.email):
        params = owner_params(envelope, at).model_copy(update={"reason": virus})
        mail(envelope, None, "infected", params, key=f"infected:{envelope.pk}:{envelope.audit_seq}")


def is_mailbox(address: str) -> bool:
    """Can a mail be sent there?"""
    return is_address(Message.Channel.EMAIL, address)


def _invited(envelope: Envelope) -> list[Recipient]:
    waiting = envelope.recipients.filter(state__in=[RecipientState.ACTIVE, RecipientState.DONE])
    return [r for r in waiting.exclude(invited_at=None) if r.email]


def send_copies(envelope: Envelope, versions: list[DocumentVersion], at: datetime) -> None:
    """The sealed files to those whom the policy names."""
    policy = Policy.model_validate(envelope.policy)
    files: list[FileRef] = []
    pairs: list[Pair] = []
    for version in versions:
        document = version.document
        if document.by_statement:
            files.append(FileRef(name=document.title, file=document.original_id))
            pairs.append(Pair(file=document.title, page=document.signed_name))
        files.append(FileRef(name=document.signed_name, file=version.file_id))
    result = {"files": tuple(files), "pairs": tuple(pairs)}
    if "owner" in policy.copy_to and is_address(Message.Channel.EMAIL, envelope.owner_user.email):
        mail(
            envelope,
            None,
            "completed",
            owner_params(envelope, at).model_copy(update=result),
            key=f"completed:{envelope.pk}:owner",
        )
    if "grants" in policy.copy_to:
        _copies_to_granted(envelope, result, at)
    kinds = [Recipient.Kind.SIGNER] if "signers" in policy.copy_to else []
    kinds += [Recipient.Kind.VIEWER, Recipient.Kind.COPY] if "viewers" in policy.copy_to else []
    if kinds:
        for recipient in envelope.recipients.filter(kind__in=kinds):
            if recipient.email:
                protects = recipient.identity.protects
                purpose = "completed_protected" if protects else "completed"
                params = people_params(envelope, recipient, at)
                if not protects:
                    params = params.model_copy(update=result)
                mail(envelope, recipient, purpose, params, key=f"completed:{envelope.pk}:{recipient.pk}")


def _copies_to_granted(envelope: Envelope, result: dict[str, Any], at: datetime) -> None:
    """The sealed files to users and groups who were named for a copy; nobody gets two."""
    others = set(envelope.recipients.exclude(email=None).values_list("email", flat=True))
    others.add(envelope.owner_user.email)
    granted = Grant.objects.filter(envelope=envelope, right=Grant.Right.COPY)
    named = Q(pk__in=granted.filter(user__isnull=False).values("user"))
    in_groups = Q(groups__in=granted.filter(group__isnull=False).values("group"))
    for user in User.objects.filter(named | in_groups, disabled_at=None).distinct().order_by("pk"):
        if is_mailbox(user.email) and user.email not in others:
            others.add(user.email)
            params = owner_params(envelope, at).model_copy(update={"name": user.full_name, **result})
            draft = letter(envelope, None, "completed", params, key=f"completed:{envelope.pk}:user:{user.pk}")
            post(replace(draft, user=user, address=user.email, language=user.language or envelope.language))


def tell_user_of_comment(
    envelope: Envelope, user: User, person: str, at: datetime, key: str, not_before: datetime
) -> None:
    """That `person` wrote in the discussion of the envelope; not what. Nobody without a mail address is told."""
    if is_address(Message.Channel.EMAIL, user.email):
        role = "sender" if user.pk == envelope.owner_user_id else "member"
        params = owner_params(envelope, at).model_copy(
            update={"name": user.full_name, "person": person, "role": role}
        )
        draft = letter(envelope, None, "comment", params, key=key, still_if=WHILE_TALKING)
        _post_comment(replace(draft, user=user, address=user.email, not_before=not_before))


def tell_recipient_of_comment(
    recipient: Recipient, person: str, at: datetime, key: str, not_before: datetime
) -> None:
    """As `tell_user_of_comment`; who must identify themselves first is told neither who wrote nor about what."""
    if is_address(Message.Channel.EMAIL, recipient.email or ""):
        envelope = recipient.envelope
        params = people_params(envelope, recipient, at).model_copy(update={"person": person})
        purpose = "comment_protected" if recipient.identity.protects else "comment"
        draft = letter(envelope, recipient, purpose, params, key=key, still_if=WHILE_TALKING)
        _post_comment(replace(draft, not_before=not_before))


def _post_comment(draft: Draft) -> None:
    soon = draft.not_before is not None and draft.not_before <= now()
    post(replace(draft, not_before=None) if soon else draft)


def announce_event(
    envelope: Envelope,
    event: str,
    recipient: Recipient | None,
    at: datetime,
    assignments: Sequence[Assignment] = (),
) -> None:
    """Store the dialect's webhook events for an audit event, and queue them to every address of the owner. `assignments`: those that the
    event is about, where it is about some of a person's."""
    for draft in dialect(envelope.dialect).webhooks(envelope, event, recipient, at, assignments):
        announce(
            WebhookEvent.objects.create(
                organization=envelope.organization,
                owner_user=envelope.owner_user,
                dialect=envelope.dialect,
                pub=draft.pub,
                private_id=draft.private_id,
                kind=draft.kind,
                body=draft.body,
                envelope_id=envelope.pk,
                at=at,
            )
        )
