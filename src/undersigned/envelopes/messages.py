"""Which message goes to whom. Queued in the transaction of the change that causes it; a repetition finds the first by its key."""

from __future__ import annotations

from datetime import datetime, timedelta

from undersigned.base.clock import now
from undersigned.delivery.models import Message, WebhookEvent
from undersigned.delivery.outbox import Draft, announce, is_address, post
from undersigned.delivery.params import FileRef, Params

from .models import DocumentVersion, Envelope, Recipient, RecipientState
from .policy import Policy
from .ports import dialect

WHILE_OPEN = "recipient-may-act"
"""`still_if` of messages that are pointless once the recipient has acted or the envelope has ended."""


_AGAIN = ":again:"
AGAIN_AFTER = timedelta(seconds=60)
"""Between two repetitions on request, of real time."""


def again(at: datetime) -> str:
    """Ends the key of a repetition on request."""
    return f"{_AGAIN}{at:%Y%m%d%H%M%S%f}"


def repeated_lately(recipient: Recipient, channel: str) -> bool:
    """Was a message to the recipient repeated on request less than a minute ago? Ask under the envelope's lock."""
    repetitions = Message.objects.filter(
        envelope_id=recipient.envelope_id,
        recipient_id=recipient.pk,
        channel=channel,
        dedup_key__contains=_AGAIN,
    )
    return repetitions.filter(created_at__gt=now() - AGAIN_AFTER).exists()


def invite(envelope: Envelope, recipient: Recipient, at: datetime, again: str = "") -> Message:
    """The invitation with the link; where a former version was sent to the same address, the mail says that it is replaced.

    `again` names a repetition on request; without it a second call finds the first message.
    """
    replaced = (
        envelope.collection is not None
        and Recipient.objects.filter(
            envelope__collection=envelope.collection,
            envelope__position__lt=envelope.position,
            envelope__sent_at__isnull=False,
            email__iexact=recipient.email,
        ).exists()
    )
    policy = Policy.model_validate(envelope.policy)
    return _mail(
        envelope,
        recipient,
        "replaced" if replaced else "invitation",
        _people_params(envelope, recipient, at).model_copy(
            update={"code_apart": "code" in policy.identity and not recipient.phone}
        ),
        key=f"invitation:{recipient.pk}:{envelope.round}:{recipient.link_version}{again}",
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
            params=_people_params(envelope, recipient, at),
            language=recipient.language,
            dedup_key=f"code:{recipient.pk}:{envelope.round}{again}",
            still_if=WHILE_OPEN,
        )
    )


def tell_declined(envelope: Envelope, decliner: Recipient, at: datetime, reason: str) -> None:
    """To the owner with the reason; to the others only that it has stopped."""
    owner = envelope.owner_user
    if is_address(Message.Channel.EMAIL, owner.email):
        _mail(
            envelope,
            None,
            "refused",
            _owner_params(envelope, at).model_copy(update={"person": decliner.full_name, "reason": reason}),
            key=f"declined:{envelope.pk}:{decliner.pk}:{envelope.round}",
        )
    for other in envelope.recipients.exclude(pk=decliner.pk):
        if other.email and other.state in (RecipientState.ACTIVE, RecipientState.DONE):
            _mail(
                envelope,
                other,
                "stopped",
                _people_params(envelope, other, at),
                key=f"stopped:{other.pk}:{envelope.round}",
            )


def send_copies(envelope: Envelope, versions: list[DocumentVersion], at: datetime) -> None:
    """The sealed files to those whom the policy names."""
    policy = Policy.model_validate(envelope.policy)
    files = tuple(FileRef(name=v.document.title, file=v.file_id) for v in versions)
    if "owner" in policy.copy_to and is_address(Message.Channel.EMAIL, envelope.owner_user.email):
        _mail(
            envelope,
            None,
            "completed",
            _owner_params(envelope, at).model_copy(update={"files": files}),
            key=f"completed:{envelope.pk}:owner",
        )
    if "signers" in policy.copy_to:
        for recipient in envelope.recipients.filter(kind=Recipient.Kind.SIGNER):
            if recipient.email:
                params = _people_params(envelope, recipient, at).model_copy(update={"files": files})
                _mail(envelope, recipient, "completed", params, key=f"completed:{envelope.pk}:{recipient.pk}")


def announce_event(envelope: Envelope, event: str, recipient: Recipient | None, at: datetime) -> None:
    """Store the dialect's webhook events for an audit event, and queue them to every address of the owner."""
    for draft in dialect(envelope.dialect).webhooks(envelope, event, recipient, at):
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


def _people_params(envelope: Envelope, recipient: Recipient, at: datetime) -> Params:
    return Params(
        name=recipient.full_name,
        role="signer" if recipient.kind == Recipient.Kind.SIGNER else "viewer",
        sender=envelope.creator_name,
        sender_email=envelope.owner_user.email,
        title=envelope.title,
        documents=max(1, envelope.documents.filter(removed_at=None).count()),
        due_at=envelope.due_at,
        at=at,
    )


def _owner_params(envelope: Envelope, at: datetime) -> Params:
    return Params(
        name=envelope.owner_user.full_name,
        role="sender",
        sender=envelope.creator_name,
        title=envelope.title,
        documents=max(1, envelope.documents.filter(removed_at=None).count()),
        due_at=envelope.due_at,
        at=at,
        signed=envelope.signed_count,
        signers=envelope.signer_count,
    )


def _mail(
    envelope: Envelope,
    recipient: Recipient | None,
    purpose: str,
    params: Params,
    *,
    key: str,
    still_if: str = "",
) -> Message:
    owner = envelope.owner_user
    return post(
        Draft(
            organization=envelope.organization,
            envelope_id=envelope.pk,
            recipient_id=recipient.pk if recipient else None,
            user=None if recipient else owner,
            purpose=purpose,
            channel=Message.Channel.EMAIL,
            address=recipient.email if recipient else owner.email,
            params=params,
            language=recipient.language if recipient else (owner.language or envelope.language),
            dedup_key=key,
            still_if=still_if,
        )
    )
