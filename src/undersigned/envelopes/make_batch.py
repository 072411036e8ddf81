"""Make many envelopes of one template at once, one a row of a sheet, and send them if asked.

All rows are checked before anything is written, and all envelopes come about in one transaction of a few statements (a second for a
thousand), so that nobody waits long for SQLite's one writer, and a batch is there as a whole or not at all. Those that are to be sent are
made as envelopes that are not ready yet, and a job sends one after the other (`send_batch`), each in a transaction of its own: whoever is
killed in between leaves the rest in that state, and the next run goes on with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from undersigned.base.clock import now
from undersigned.base.db import atomic
from undersigned.jobs.queue import enqueue

from . import copies, draft_content
from .actor import Actor
from .batch_sheet import Rows
from .copy_envelope import refuse_unless_offered
from .draft_content import DraftContent
from .errors import Invalid, NotFound
from .fetch_sources import go
from .locks import lock_envelope
from .models import Collection, Envelope, EnvelopeState
from .ports import dialect

KIND = "send_batch"


def make_batch(
    actor: Actor,
    template_id: int,
    rows: Rows,
    *,
    title: str = "",
    tags: tuple[str, ...] = (),
    publish: bool = False,
    wire: Mapping[str, Any] | None = None,
) -> tuple[Collection, list[Envelope]]:
    """A collection with an envelope for each row, in order. `title`: of the batch, and of rows without one of their own; `tags` come to
    each row's own.

    Raises Invalid (title, tags), Conflict (not_offered), NotFound.
    """
    if faults := draft_content.faults_of(DraftContent(title or "-", tags=tags)):
        raise Invalid(faults)
    with atomic():
        template = lock_envelope(template_id)
        refuse_unless_offered(template)
        at = now(template.organization.clock_offset)
        batch = Collection.objects.create(
            organization=actor.organization,
            dialect=template.dialect,
            kind=Collection.Kind.BATCH,
            pub=dialect(template.dialect).new_public_id(Collection.Kind.BATCH, at),
            title=title.strip() or template.title,
            owner_user=actor.user,
            created_by_credential=actor.credential,
            wire=dict(wire or {}),
            created_at=at,
        )
        own = tuple(template.tags.order_by("position").values_list("tag", flat=True))
        envelopes = copies.insert(
            actor,
            template,
            [
                replace(
                    row.copy,
                    template=False,
                    title=row.copy.title or title.strip() or None,
                    tags=(*own, *tags, *(row.copy.tags or ())),
                )
                for row in rows.rows
            ],
            at,
            collection=batch,
            state=EnvelopeState.FETCHING if publish else EnvelopeState.DRAFT,
            send_when_ready=publish,
        )
        if publish:
            enqueue(KIND, {"collection": batch.pk}, unique_key=f"{KIND}:{batch.pk}")
    return batch, envelopes


def unsent(collection_id: int) -> list[int]:
    """Ids of the envelopes of a batch that are still to be sent, in order."""
    rows = Envelope.objects.filter(
        collection=collection_id, state=EnvelopeState.FETCHING, send_when_ready=True, deleted_at=None
    )
    return list(rows.order_by("position").values_list("pk", flat=True))


def send_one(envelope_id: int) -> None:
    """Send an envelope of a batch; one that cannot be sent has failed, and says why. No effect on one that is sent already."""
    with atomic():
        try:
            envelope = lock_envelope(envelope_id)
        except NotFound:
            return
        if envelope.state != EnvelopeState.FETCHING or not envelope.send_when_ready:
            return
        envelope.state = EnvelopeState.DRAFT
        envelope.save(update_fields=["state", "updated_at"])
        go(envelope, now(envelope.organization.clock_offset))
