"""Files that the sender named by their addresses: each is fetched by a job (`lifecycle.fetch_source`); with the last the envelope goes on.

Until then the file's handle stands there without bytes, so that its id, its name and its title are known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from undersigned.accounts.models import Credential
from undersigned.base.clock import now
from undersigned.base.db import atomic
from undersigned.files.models import File
from undersigned.files.store import StagedBlob, adopt
from undersigned.jobs.queue import enqueue
from undersigned.jobs.run import Run

from . import audit, compile_groups, inbox, messages
from .actor import Actor
from .add_document import format_for
from .errors import Invalid, NotFound
from .locks import lock_envelope
from .models import Document, DocumentVersion, Envelope, EnvelopeState
from .offer import offer_draft
from .plan import plan_of
from .policy import Policy
from .ports import dialect
from .roles import with_anybody
from .send import send_draft

KIND = "fetch_source"


@dataclass(frozen=True)
class Fetched:
    """A file that came, was checked and lies in the store."""

    staged: StagedBlob
    pages: int


def begin(
    envelope: Envelope, *, names: Mapping[int, str] | None = None, send_when_ready: bool = False
) -> bool:
    """Have what has only an address fetched; False when there is nothing to fetch. In the transaction that made the draft.

    `names`: of the files, by position. `send_when_ready`: then send it, or offer it if it is a template; else it is a draft again.
    """
    rows = envelope.documents.filter(removed_at=None).exclude(source_url="").select_related("original")
    wanted = [d for d in rows if d.original is None or d.original.blob_id is None]
    if not wanted:
        return False
    port = dialect(envelope.dialect)
    for document in wanted:
        if document.original is None:
            document.original = File.objects.create(
                organization=envelope.organization,
                kind=File.Kind.RESOURCE,
                pub=port.new_public_id("file", envelope.created_at) if port.names_files else None,
                name=(names or {}).get(document.position) or document.title or "document.pdf",
                title=document.title[:255],
                created_by_user=envelope.owner_user,
                created_by_credential=envelope.created_by_credential,
            )
            document.save(update_fields=["original"])
        enqueue(KIND, {"envelope": envelope.pk, "document": document.pk}, unique_key=f"{KIND}:{document.pk}")
    envelope.state, envelope.send_when_ready = EnvelopeState.FETCHING, send_when_ready
    envelope.save(update_fields=["state", "send_when_ready", "updated_at"])
    return True


def set_out(
    actor: Actor, envelope: Envelope, at: datetime, *, names: Mapping[int, str] | None = None, send: bool
) -> None:
    """What comes after a draft was made, in the same transaction: its files are fetched (`begin`), or it is sent, if asked.

    Raises Invalid (`compile_groups.faults_of`): what can be known before the files are there is said at once.
    """
    if begin(envelope, names=names, send_when_ready=send):
        if send:
            _refuse_at_once(envelope)
    elif send and envelope.template:
        offer_draft(actor, envelope)
    elif send:
        send_draft(actor, envelope, at)


def _refuse_at_once(envelope: Envelope) -> None:
    plan = plan_of(envelope)
    if envelope.template:
        plan = plan.model_copy(update={"documents": with_anybody(plan.documents or ())})
    documents = list(envelope.documents.filter(removed_at=None).select_related("original__blob"))
    coming = {d.position for d in documents if d.source_url}
    missing = {
        f"documents.{number}.file"
        for number, one in enumerate(plan.documents or ())
        if one.document in coming
    }
    found = compile_groups.faults_of(plan, documents, Policy.model_validate(envelope.policy))
    if faults := {name: codes for name, codes in found.items() if name not in missing}:
        raise Invalid(faults)


def wanted(document_id: int) -> Document | None:
    """A document that still has to be fetched, with its envelope, owner and file; None when there is nothing left to do."""
    found = (
        Document.objects.filter(
            pk=document_id,
            removed_at=None,
            envelope__state=EnvelopeState.FETCHING,
            envelope__deleted_at=None,
            envelope__content_erased_at=None,
        )
        .select_related("envelope__organization", "envelope__owner_user", "original")
        .first()
    )
    has_file = found is not None and found.original is not None and found.original.blob_id is not None
    return None if has_file else found


def adopt_source(document_id: int, fetched: Fetched, run: Run) -> None:
    """Give a document its file; the last one lets the envelope go on. In one transaction with the job's end. Repeatable."""
    with atomic():
        document = wanted(document_id)
        try:
            envelope = lock_envelope(document.envelope_id) if document is not None else None
        except NotFound:
            envelope = None
        # Read anew under the lock: it may have been called off, or another attempt may have been quicker.
        document = wanted(document_id) if envelope is not None else None
        if envelope is not None and document is not None and document.original is not None:
            at = now(envelope.organization.clock_offset)
            document.envelope = envelope
            _put(document, document.original, fetched, at)
            if not _missing(envelope):
                _go_on(envelope, at)
        run.finish()


def _put(document: Document, file: File, fetched: Fetched, at: datetime) -> None:
    file.blob, file.pages, file.media_type = adopt(fetched.staged), fetched.pages, "application/pdf"
    file.save(update_fields=["blob", "pages", "media_type"])
    document.format = format_for(document.envelope, file)
    document.head = DocumentVersion.objects.create(
        document=document,
        seq=1,
        kind=DocumentVersion.Kind.ORIGINAL,
        file=file,
        sha256=fetched.staged.sha256,
        created_at=at,
    )
    document.save(update_fields=["head", "format"])
    audit.append(
        document.envelope,
        "fetched",
        at,
        by=None,
        document_id=document.pk,
        filename=file.name,
        sha256=fetched.staged.sha256,
        size=fetched.staged.size,
    )


def _missing(envelope: Envelope) -> bool:
    rows = envelope.documents.filter(removed_at=None).exclude(source_url="")
    return rows.filter(original__blob=None).exists()


def _go_on(envelope: Envelope, at: datetime) -> None:
    """All files are there: a draft, or sent. What the files do not fit ends it here, with the reason."""
    envelope.state = EnvelopeState.DRAFT
    envelope.save(update_fields=["state", "updated_at"])
    if envelope.send_when_ready:
        go(envelope, at)


def go(envelope: Envelope, at: datetime) -> None:
    """Send, or offer, what was to be sent once it was ready; a draft that the caller holds the lock of, in a transaction.

    Where that cannot be, the envelope has failed and says why.
    """
    actor = maker(envelope)
    envelope.send_when_ready = False
    try:
        with atomic():
            if envelope.template:
                offer_draft(actor, envelope)
            else:
                send_draft(actor, envelope, at)
    except Invalid as e:
        envelope = lock_envelope(envelope.pk)
        first = next(iter(sorted(e.faults)))
        end(envelope, f"cannot be published: {first} {', '.join(e.faults[first])}", at)
    envelope.save(update_fields=["send_when_ready", "updated_at"])


def maker(envelope: Envelope) -> Actor:
    """Who made it, for what is done in their name afterwards."""
    return Actor(
        envelope.organization, envelope.owner_user, envelope.created_by_credential, Credential.Reach.USER
    )


def fail_source(document_id: int, reason: str) -> None:
    """A file cannot be had: the envelope has failed. `reason` may be shown. No effect when nothing waits for it any more."""
    with atomic():
        document = wanted(document_id)
        if document is None:
            return
        try:
            envelope = lock_envelope(document.envelope_id)
        except NotFound:
            return
        document = wanted(document_id)
        if document is None:
            return
        document.error = reason[:500]
        document.save(update_fields=["error"])
        name = document.original.name if document.original else document.title
        end(envelope, f"{name}: {reason}", now(envelope.organization.clock_offset), document)


def end(envelope: Envelope, reason: str, at: datetime, document: Document | None = None) -> None:
    """What was to be made cannot be; caller holds the lock."""
    envelope.state, envelope.error, envelope.send_when_ready = EnvelopeState.FAILED, reason[:500], False
    envelope.needs_attention = ""
    envelope.save(update_fields=["state", "error", "needs_attention", "send_when_ready", "updated_at"])
    audit.append(
        envelope, "not_fetched", at, by=None, document_id=document.pk if document else None, reason=reason
    )
    messages.announce_event(envelope, "failed", None, at)
    inbox.tell_of_state(envelope, at)
