"""From the core's rows to this API's objects. Total: every state of the core has a word."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db.models import Prefetch, Q, QuerySet

from undersigned.base.clock import now
from undersigned.envelopes.models import (
    Collection,
    Document,
    DocumentVersion,
    Envelope,
    EnvelopeState,
    Grant,
    Recipient,
    RecipientState,
)
from undersigned.envelopes.plan import plan_of
from undersigned.envelopes.policy import Policy
from undersigned.files.models import File

from . import handles, wire
from .reading import importance

_SENT = {EnvelopeState.FETCHING, EnvelopeState.SENT, EnvelopeState.SEALING}
_STATUS: dict[EnvelopeState, wire.Status] = {
    EnvelopeState.DRAFT: "open",
    EnvelopeState.OFFERED: "open",
    EnvelopeState.FETCHING: "open",
    EnvelopeState.SENT: "open",  # in_progress once somebody has signed
    EnvelopeState.SEALING: "in_progress",
    EnvelopeState.COMPLETED: "complete",
    EnvelopeState.ON_HOLD: "on_hold",
    EnvelopeState.CANCELLED: "cancelled",
    # No use case of this dialect leads to the states below (port.py).
    EnvelopeState.DECLINED: "on_hold",
    EnvelopeState.EXPIRED: "cancelled",
    EnvelopeState.FAILED: "cancelled",
}
_PARTICIPANT: dict[RecipientState, wire.ParticipantStatus] = {
    RecipientState.ACTIVE: "waiting",  # pending once they have been invited
    RecipientState.DONE: "signed",
    RecipientState.DECLINED: "declined",
    RecipientState.EXPIRED: "waiting",
    RecipientState.FORWARDED: "waiting",
    RecipientState.REMOVED: "waiting",
}


def when(moment: datetime | None) -> str | None:
    """UTC, to the second, without offset: `2022-06-14T10:15:44`."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}" if moment else None


def _when(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"


def stored_file(file: File) -> wire.StoredFile:
    """The object of a file that has its bytes."""
    blob = file.blob
    assert blob is not None
    return wire.StoredFile(
        id=file.pub or "",
        name=file.name,
        importance_order=importance(file),
        size=blob.size,
        content_type=file.media_type or blob.media_type,
        sha256=blob.sha256,
        created_by=handle_of(file.created_by_user) if file.created_by_user else "",
        created_at=_when(file.created_at),
        last_scanned_at=when(blob.scanned_at),
        scan_status=blob.scan_status,
    )


def handle_of(user: Any) -> str:
    """The e-mail address; the id of who has none."""
    return user.email or handles.user_id(user)


def status(envelope: Envelope) -> wire.Status:
    """Open until somebody has signed, in progress until the sealed files are there."""
    if envelope.state == EnvelopeState.SENT and envelope.signed_count:
        return "in_progress"
    return _STATUS[EnvelopeState(envelope.state)]


def with_status(rows: QuerySet[Envelope], wanted: Iterable[str]) -> QuerySet[Envelope]:
    """Those with one of these words; "overdue" is a fact beside them."""
    sent = Q(state=EnvelopeState.SENT)
    found = Q(pk__in=[])
    for word in wanted:
        if word == "overdue":
            running = Q(state__in=[EnvelopeState.DRAFT, EnvelopeState.SENT, EnvelopeState.ON_HOLD])
            found |= running & Q(due_at__lt=now())
        else:
            states = [s for s, w in _STATUS.items() if w == word and s != EnvelopeState.SENT]
            found |= Q(state__in=states)
            if word == "open":
                found |= sent & Q(signed_count=0)
            elif word == "in_progress":
                found |= sent & Q(signed_count__gt=0)
    return rows.filter(found)


def is_overdue(envelope: Envelope) -> bool:
    """Past its date and not at its end."""
    running = status(envelope) in ("open", "in_progress", "on_hold")
    return (
        running and envelope.due_at is not None and envelope.due_at < now(envelope.organization.clock_offset)
    )


def load(rows: QuerySet[Envelope]) -> list[Envelope]:
    """With all that a task needs; the same number of queries however many there are."""
    people = Recipient.objects.order_by("position")
    documents = Document.objects.filter(removed_at=None).select_related("original").order_by("position")
    owners = (
        Grant.objects.filter(right=Grant.Right.OWNER).select_related("user", "group").order_by("position")
    )
    prefetches = (
        Prefetch("recipients", people),
        Prefetch("documents", documents),
        Prefetch("grants", owners, to_attr="owners"),
        "metadata_values__field",
    )
    related = ("organization", "collection", "owner_user", "metadata_template")
    return list(rows.select_related(*related).prefetch_related(*prefetches))


def tasks(rows: QuerySet[Envelope], *, nin_for: int | None = None) -> list[wire.Task]:
    """Task objects, in the order of `rows`. National ids are shown to the client (row id) that made the request, and to nobody else."""
    envelopes = load(rows)
    sealed = _sealed(envelopes)
    return [
        _task(e, sealed[e.pk], with_nin=nin_for is not None and e.created_by_credential_id == nin_for)
        for e in envelopes
    ]


def _sealed(envelopes: list[Envelope]) -> dict[int, list[str]]:
    """Ids of the sealed files by envelope, in the documents' order."""
    done = [e.pk for e in envelopes if e.state == EnvelopeState.COMPLETED]
    found: defaultdict[int, list[str]] = defaultdict(list)
    if done:
        versions = DocumentVersion.objects.filter(
            document__envelope__in=done,
            document__removed_at=None,
            kind=DocumentVersion.Kind.SEALED,
            voided_at=None,
        )
        columns = ("document__envelope", "document__format", "document__original__pub", "file__pub")
        rows = versions.order_by("document__position", "seq").values_list(*columns)
        for envelope_id, form, original, pub in rows:
            # A file that is no PDF stays as it came; its signatures are on a page of their own.
            both = (original, pub) if form == Document.Format.STATEMENT else (pub,)
            found[envelope_id] += [one for one in both if one]
    return found


def _task(envelope: Envelope, sealed: list[str], *, with_nin: bool) -> wire.Task:
    policy = Policy.model_validate(envelope.policy)
    own: dict[str, Any] = envelope.wire
    personal: dict[str, Any] = json.loads(envelope.wire_sealed or "{}")
    people = list(envelope.recipients.all())
    signers = [r for r in people if r.kind == Recipient.Kind.SIGNER]
    return wire.Task(
        id=envelope.pub or "",
        type="signing_request",
        version=own.get("version", "v2"),
        status=status(envelope),
        is_overdue=is_overdue(envelope),
        title=envelope.title,
        description=envelope.description or None,
        files=[d.brought.pub or "" for d in envelope.documents.all()],
        signed_files=sealed,
        conversation=envelope.collection.pub if envelope.collection else None,
        acting_handle=handle_of(envelope.owner_user),
        owners_handles=owners(envelope),
        creator_handle=personal.get("creator_handle"),
        creator_name=personal.get("creator_name"),
        company_name=personal.get("company_name"),
        participants=[_participant(r, n, with_nin=with_nin) for n, r in enumerate(people, start=1)],
        participants_list_order_respected=plan_of(envelope).ordered,
        signature_strength=own.get("signature_strength", "light"),
        recipient_language=envelope.language,
        due_date=when(envelope.due_at),
        overdue_signing_disabled=policy.past_due == "refuse",
        invitation_type=own.get("invitation_type", "default_signing"),
        cannot_sign_disabled=not policy.decline_allowed,
        signing_discussion_disabled=not policy.discussion,
        custom_customer_reference=envelope.reference or None,
        is_protected=own.get("is_protected", False),
        retention_settings=retention(envelope),
        metadata_template=envelope.metadata_template.pub if envelope.metadata_template else None,
        metadata={v.field.pub: {"value": v.value} for v in envelope.metadata_values.all()},
        signatures_requested_count=len(signers),
        signatures_completed_count=sum(r.state == RecipientState.DONE for r in signers),
        signed_data=signed_data(people),
        message_url=message_url(envelope),
        created_at=_when(envelope.created_at),
        last_updated_at=_when(envelope.updated_at),
    )


def _participant(recipient: Recipient, number: int, *, with_nin: bool) -> wire.Participant:
    state = _PARTICIPANT[RecipientState(recipient.state)]
    if state == "waiting" and recipient.invited_at is not None:
        state = "pending"
    own: dict[str, Any] = recipient.wire
    return wire.Participant(
        handle=recipient.email or "",
        role="watcher" if recipient.kind == Recipient.Kind.VIEWER else "signer",
        display_name=recipient.full_name or None,
        nin=recipient.national_id if with_nin else None,
        phone_number=recipient.phone_as_given,
        forced_auth_method=own.get("forced_auth_method"),
        effective_auth_method=own.get("effective_auth_method", "light"),
        invitation_methods=recipient.channels,
        order=number,
        status=state,
        invited_at=when(recipient.invited_at),
        signed_at=when(recipient.settled_at) if state == "signed" else None,
        declined_at=when(recipient.settled_at) if state == "declined" else None,
        decline_reason=(recipient.reason or None) if state == "declined" else None,
    )


def owners(holder: Envelope | Collection) -> list[str]:
    """Handles of the owners, as they were sent; the robot first."""
    grants: list[Grant] = holder.owners  # type: ignore[union-attr]
    named = [
        g.raw or (handle_of(g.user) if g.user else handles.group_handle(g.group) if g.group else "")
        for g in grants
    ]
    return list(dict.fromkeys(n for n in named if n))


def retention(holder: Envelope | Collection) -> wire.Retention:
    """The three clocks."""
    months = {name: getattr(holder, f"retention_{core}_months") for name, core in wire.MONTHS.items()}
    return wire.Retention(**months)


def signed_data(people: Iterable[Recipient]) -> list[wire.SignedBy]:
    """Who has signed when, in that order."""
    done = [r for r in people if r.state == RecipientState.DONE and r.settled_at is not None]
    done.sort(key=lambda r: (r.settled_at, r.position))
    return [wire.SignedBy(signed_by=r.email or "", signed_at=when(r.settled_at) or "") for r in done]


def message_url(envelope: Envelope) -> str:
    """Where an owner with an account reads how it stands."""
    return f"{settings.PUBLIC_URL}/console/envelopes/{envelope.pk}"


def found(rows: QuerySet[Envelope]) -> wire.Found:
    """The short form of `tasks.searchByOrg`."""
    return wire.Found(tasks=[_found(envelope) for envelope in load(rows)])


def _found(envelope: Envelope) -> wire.FoundTask:
    people = list(envelope.recipients.all())
    signers = [r for r in people if r.kind == Recipient.Kind.SIGNER]
    return wire.FoundTask(
        id=envelope.pub or "",
        title=envelope.title,
        status=status(envelope),
        created_at=_when(envelope.created_at),
        last_updated_at=_when(envelope.updated_at),
        message_url=message_url(envelope),
        signatures_requested_count=len(signers),
        signatures_completed_count=sum(r.state == RecipientState.DONE for r in signers),
        contracting_parties=[r.full_name or r.email or "" for r in signers],
        files=[d.title for d in envelope.documents.all()],
        signed_data=signed_data(people),
    )


def conversations(rows: QuerySet[Collection]) -> list[wire.Conversation]:
    """Conversation objects, in the order of `rows`."""
    owning = (
        Grant.objects.filter(right=Grant.Right.OWNER).select_related("user", "group").order_by("position")
    )
    envelopes = (
        Envelope.objects.filter(deleted_at=None)
        .order_by("position")
        .prefetch_related(Prefetch("recipients", Recipient.objects.order_by("position")))
    )
    prefetches = (Prefetch("grants", owning, to_attr="owners"), Prefetch("envelopes", envelopes))
    return [_conversation(c) for c in rows.prefetch_related(*prefetches)]


def _conversation(collection: Collection) -> wire.Conversation:
    envelopes = list(collection.envelopes.all())
    members = [
        r.email
        for e in envelopes
        if e.wire.get("invitation_type") != "force_swr"
        for r in e.recipients.all()
        if r.kind == Recipient.Kind.SIGNER and r.email
    ]
    return wire.Conversation(
        id=collection.pub,
        title=collection.title,
        tasks=[e.pub or "" for e in envelopes],
        owners_handles=owners(collection),
        members_handles=list(dict.fromkeys(members)),
        retention_settings=retention(collection),
        marked_deleted_at=when(collection.marked_deleted_at),
        delete_after=when(collection.delete_after),
    )


def mark(collection: Collection) -> wire.Mark:
    """The removal mark of a conversation."""
    return wire.Mark(
        id=collection.pub,
        marked_deleted_at=when(collection.marked_deleted_at),
        delete_after=when(collection.delete_after),
    )
