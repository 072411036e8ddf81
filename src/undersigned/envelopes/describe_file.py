"""Change what a file of a draft is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from undersigned.base.clock import now
from undersigned.base.db import atomic
from undersigned.files.models import File
from undersigned.files.store import clean_name

from . import audit
from .actor import Actor
from .drafts import locked_draft
from .errors import NotFound
from .models import Document, Envelope


def describe_file(
    actor: Actor,
    envelope_id: int,
    file_id: int,
    *,
    title: str | None = None,
    name: str | None = None,
    wire: Mapping[str, Any] | None = None,
) -> Envelope:
    """Set title, file name and the dialect's own of a draft's file (row id); None leaves it. Its documents are called by its title.

    Raises Conflict (already_sent), NotFound.
    """
    with atomic():
        envelope = locked_draft(envelope_id)
        documents = envelope.documents.filter(original=file_id, removed_at=None)
        file = File.objects.select_for_update(of=("self",)).filter(pk=file_id, erased_at=None).first()
        if file is None or not documents.exists():
            raise NotFound
        file.title = file.title if title is None else title
        file.name = clean_name(name) if name else file.name
        file.wire = file.wire if wire is None else dict(wire)
        file.save(update_fields=["title", "name", "wire"])
        Document.objects.filter(pk__in=documents.values("pk")).update(title=file.title or file.name)
        at = now(envelope.organization.clock_offset)
        audit.append(envelope, "changed", at, by=actor, changed=["documents"])
    return envelope
