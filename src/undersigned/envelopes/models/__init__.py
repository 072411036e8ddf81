"""Tables of the core, grouped as a reader looks for them."""

from .access import AccessLink, Grant
from .audit import AuditDetail, AuditEvent
from .containers import Collection, Envelope, EnvelopeState, Phase
from .documents import Document, DocumentVersion, Field
from .evidence import Consent, IdentityProof, Signature, Sitting
from .people import Recipient, RecipientState
from .steps import Assignment, AssignmentState, Step, StepEdge

__all__ = [
    "AccessLink",
    "Assignment",
    "AssignmentState",
    "AuditDetail",
    "AuditEvent",
    "Collection",
    "Consent",
    "Document",
    "DocumentVersion",
    "Envelope",
    "EnvelopeState",
    "Field",
    "Grant",
    "IdentityProof",
    "Phase",
    "Recipient",
    "RecipientState",
    "Signature",
    "Sitting",
    "Step",
    "StepEdge",
]
