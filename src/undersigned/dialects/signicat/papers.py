"""The documents of a task with their files: as brought, with the form filled in, as signed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from undersigned.envelopes.models import (
    Assignment,
    AssignmentState,
    Document,
    DocumentVersion,
    Field,
    Recipient,
    Signature,
)
from undersigned.files import archive
from undersigned.files.models import File

from . import wire

Address = Callable[..., str]
_Kind = DocumentVersion.Kind
_MAIN = (Assignment.Action.SIGN, Assignment.Action.VIEW, Assignment.Action.UPLOAD)


@dataclass
class Paper:
    """A document of a task; files are None while, or where, there are none. `values`: of an interactive form that is filled in."""

    order: str
    task: str
    key: str
    original: File | None = None
    generated: File | None = None
    result: File | None = None
    signed: bool = False
    archived: str = ""
    """Its id in the archive."""
    values: list[wire.InputParam] = field(default_factory=list)


def of(recipient: Recipient, key: str | None = None) -> list[Paper]:
    """Of a task, in its order, or the one with this id; the same number of queries however many there are."""
    rows = (
        Assignment.objects.filter(recipient=recipient, round=recipient.envelope.round)
        .exclude(document__format=Document.Format.DECLARATION)
        .select_related("document__original__blob")
        .order_by("pk")
    )
    if key is not None:
        rows = rows.filter(key=key)
    assignments = list(rows)
    versions = _versions([a.document_id for a in assignments])
    signatures = {
        s.assignment_id: s
        for s in Signature.objects.filter(assignment__in=assignments, voided_at=None).defer("certificate")
    }
    fields = _fields([a.document_id for a in assignments])
    found = []
    for assignment in assignments:
        if assignment.action not in _MAIN:
            continue
        document = assignment.document
        paper = Paper(
            order=recipient.envelope.pub or "",
            task=recipient.key,
            key=assignment.key,
            original=document.original,
        )
        theirs = versions.get(document.pk, [])
        if document.pk in fields and assignment.action == Assignment.Action.SIGN:
            paper.generated = next((v.file for v in theirs if v.kind == _Kind.PREPARED), None)
            filled = any(
                a.action == Assignment.Action.FILL
                and a.document_id == document.pk
                and a.state == AssignmentState.DONE
                for a in assignments
            )
            if filled:
                paper.values = fields[document.pk]
        signature = signatures.get(assignment.pk)
        if signature is not None:
            paper.signed = True
            paper.result = _result(theirs, signature)
        found.append(paper)
    archived = archive.ids_of([p.result for p in found if p.result is not None])
    for paper in found:
        if paper.result is not None:
            paper.archived = archived.get(paper.result.pk, "")
    return found


def _versions(documents: list[int]) -> dict[int, list[DocumentVersion]]:
    """With files, in order, by document."""
    found: dict[int, list[DocumentVersion]] = {}
    rows = DocumentVersion.objects.filter(document__in=documents, voided_at=None)
    for version in rows.select_related("file__blob").order_by("document", "seq"):
        found.setdefault(version.document_id, []).append(version)
    return found


def _fields(documents: list[int]) -> dict[int, list[wire.InputParam]]:
    """Names and values of forms, by document."""
    found: dict[int, list[wire.InputParam]] = {}
    for one in Field.objects.filter(document__in=documents, kind=Field.Kind.ACROFORM).order_by("pk"):
        param = wire.InputParam(name=one.key, value=one.value or "")
        found.setdefault(one.document_id, []).append(param)
    return found


def _result(versions: list[DocumentVersion], signature: Signature) -> File | None:
    """The sealed copy of what this signature made."""
    kinds = (_Kind.RESULT, _Kind.SEALED)
    copies = [v for v in versions if v.kind in kinds and v.parent_id == signature.version_after_id]
    return copies[0].file if copies else None


def kept_at(paper: Paper, address: Address) -> str:
    """Where the stored copy of a result is."""
    if paper.archived:
        return address("archive-documents", paper.archived)
    return _under(paper, address, "result")


def status_of(paper: Paper, address: Address) -> wire.DocumentStatus:
    """A document as the status of its task tells of it."""
    return wire.DocumentStatus(
        id=paper.key,
        original_uri=_under(paper, address, "original") if paper.original is not None else None,
        generated_uri=_under(paper, address, "generated") if paper.generated is not None else None,
        result_uri=kept_at(paper, address) if paper.signed else None,
        form_output_param=paper.values or None,
    )


def _under(paper: Paper, address: Address, word: str) -> str:
    return address("orders", paper.order, "tasks", paper.task, "documents", paper.key, word)
