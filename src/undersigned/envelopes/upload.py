"""A person brings the file that they were asked for."""

from __future__ import annotations

from undersigned.base.db import atomic
from undersigned.files.models import File

from . import audit, doing, preparing
from .add_document import begin, format_for
from .compile_plan import name_fields
from .errors import Conflict
from .models import Assignment, AssignmentState, Sitting
from .progress import advance


def upload(sitting: Sitting, assignment_id: int, file: File) -> None:
    """Make `file` (already through intake) the document that the assignment waits for.

    Raises Conflict: not_identified, already_brought, or the standing of the person; Invalid (file not_pdf, required: erased meanwhile);
    NotFound.
    """
    doing.refuse_unidentified(sitting)
    with atomic():
        envelope, recipient, at = doing.locked_turn(sitting)
        assignment = doing.theirs(envelope, recipient, pk=assignment_id, action=Assignment.Action.UPLOAD)
        document = assignment.document
        if assignment.state != AssignmentState.OPEN or document.original_id is not None:
            raise Conflict("already_brought")
        document.original, document.format = file, format_for(envelope, file)
        document.epoch += 1
        document.save(update_fields=["original", "format", "epoch"])
        begin(document, file, sitting, at)
        name_fields(document)
        doing.settle(assignment, at)
        audit.append(
            envelope,
            "uploaded",
            at,
            by=sitting,
            document_id=document.pk,
            assignment_id=assignment.pk,
            filename=file.name,
        )
        preparing.ask(envelope)
        advance(envelope, at)
