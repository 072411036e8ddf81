"""Files that are signed by a page about them (`Document.Format.STATEMENT`): what is offered with the page, and what the result is.

The page is made by `lifecycle.prepare` as the document's prepared version; signing and sealing know nothing of the difference.
"""

from __future__ import annotations

from typing import Any

from undersigned.files.models import File

from .models import Document, DocumentVersion, Envelope


def offered(document: Document) -> dict[str, Any]:
    """For the record of a consent: name, SHA-256 (hex) and size in bytes of the file that could be read first; empty for others."""
    blob = document.source
    if not document.by_statement or blob is None:
        return {}
    return {"file": {"name": document.title, "sha256": blob.sha256, "size": blob.size}}


def results(envelope: Envelope) -> list[File]:
    """What a completed envelope hands out, in order: each sealed PDF, and before a page about a file that file. Empty before the end."""
    sealed = {
        v.document_id: v.file
        for v in DocumentVersion.objects.filter(
            document__envelope=envelope, kind=DocumentVersion.Kind.SEALED, voided_at=None
        ).select_related("file__blob")
    }
    files: list[File] = []
    for document in (
        envelope.documents.filter(removed_at=None).select_related("original__blob").order_by("position")
    ):
        if document.pk in sealed:
            files += [document.brought] if document.by_statement else []
            files.append(sealed[document.pk])
    return files
