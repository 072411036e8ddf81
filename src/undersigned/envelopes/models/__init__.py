"""Tables of the core, grouped as a reader looks for them."""

from .access import AccessLink, Grant
from .audit import AuditDetail, AuditEvent
from .comments import Comment
from .containers import Collection, Envelope, EnvelopeState, EnvelopeTag, InboxItem, Phase
from .documents import Document, DocumentVersion, Field
from .evidence import Consent, IdentityProof, Signature, Sitting
from .metadata import MetadataField, MetadataTemplate, MetadataTemplateField, MetadataValue
from .notifications import NotificationPlan
from .packages import Package, PackageItem
from .people import Forward, Recipient, RecipientState
from .search import SearchWord
from .steps import Assignment, AssignmentState, Step, StepEdge

__all__ = [
    "AccessLink",
    "Assignment",
    "AssignmentState",
    "AuditDetail",
    "AuditEvent",
    "Collection",
    "Comment",
    "Consent",
    "Document",
    "DocumentVersion",
    "Envelope",
    "EnvelopeState",
    "EnvelopeTag",
    "Field",
    "Forward",
    "Grant",
    "IdentityProof",
    "InboxItem",
    "MetadataField",
    "MetadataTemplate",
    "MetadataTemplateField",
    "MetadataValue",
    "NotificationPlan",
    "Package",
    "PackageItem",
    "Phase",
    "Recipient",
    "RecipientState",
    "SearchWord",
    "Signature",
    "Sitting",
    "Step",
    "StepEdge",
]
