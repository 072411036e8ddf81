"""The console as the core sees it: envelopes that people make here, without any API."""

from __future__ import annotations

import uuid
from datetime import datetime

from undersigned.envelopes.policy import Policy
from undersigned.envelopes.ports import DialectPort


class ConsolePort(DialectPort):
    """No program listens, so nothing is announced."""

    name = "console"
    names_files = False
    policy = Policy(
        on_decline="fatal",
        past_due="allow",
        copy_to=("owner", "signers", "viewers"),
        not_pdf="statement",
    )
    use_cases = frozenset(
        {
            "create_envelope",
            "edit_draft",
            "add_recipient",
            "add_document",
            "send",
            "resend_link",
            "remind",
            "open_sitting",
            "enter_code",
            "sign",
            "decline",
            "cancel",
            "complete",
            "erase",
        }
    )

    def new_public_id(self, kind: str, at: datetime) -> str:
        """A random UUID in hexadecimal, for quoting it to somebody."""
        return uuid.uuid4().hex
