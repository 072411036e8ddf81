"""SignSpace as the core sees it."""

from __future__ import annotations

import secrets
from datetime import datetime

from undersigned.envelopes.policy import Policy
from undersigned.envelopes.ports import DialectPort

DIALECT = "signspace"


class SignspacePort(DialectPort):
    """The API has no webhooks: people get messages, programs ask."""

    name = DIALECT
    names_files = True
    policy = Policy(
        on_decline="hold",
        past_due="allow",
        due_may_be_past=True,
        sitting="whole",
        final_word="completed",
        told=("viewers",),
        not_pdf="statement",
        discussion=True,
        copy_to=("owner", "signers", "viewers"),
    )
    use_cases = frozenset(
        {
            "create_envelope",
            "create_collection",
            "add_recipient",
            "add_document",
            "send",
            "resend_link",
            "remind",
            "open_sitting",
            "prove_identity",
            "sign",
            "decline",
            "comment",
            "hold",
            "cancel",
            "cancel_draft",
            "reopen",
            "replace_files",
            "update_envelope",
            "set_retention",
            "mark_deleted",
            "restore",
            "complete",
            "erase",
        }
    )

    def new_public_id(self, kind: str, at: datetime) -> str:
        """24 hexadecimal digits: seconds since 1970 in the first eight, as in an ObjectId, then 64 random bits."""
        return f"{int(at.timestamp()):08x}{secrets.token_hex(8)}"
