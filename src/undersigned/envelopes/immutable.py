"""What nobody may change afterwards, not even this program: for the end of the first migration."""

from __future__ import annotations

from undersigned.base.immutable import refuse

OPERATIONS = [
    refuse("envelopes_auditevent", delete=True),
    refuse("envelopes_auditdetail"),  # may be erased, never altered
    refuse("envelopes_identityproof"),
    refuse("envelopes_consent"),
    refuse(
        "envelopes_documentversion",
        update_of=["document_id", "seq", "kind", "parent_id", "file_id", "sha256", "created_at"],
    ),
    refuse(
        "envelopes_signature",
        update_of=[
            "assignment_id",
            "consent_id",
            "proof_id",
            "version_before_id",
            "version_after_id",
            "certificate",
            "serial",
            "level",
            "at",
        ],
    ),
]
