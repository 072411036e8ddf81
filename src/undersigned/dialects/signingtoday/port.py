"""Signing Today as the core sees it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from undersigned.envelopes.models import Assignment, Envelope, Recipient
from undersigned.envelopes.policy import Policy
from undersigned.envelopes.ports import DialectPort, WebhookDraft

from . import events

DIALECT = "signingtoday"


class SigningtodayPort(DialectPort):
    name = DIALECT
    names_files = True
    policy = Policy(
        on_decline="waive",
        decline_scope="assignment",
        past_expires="envelope_expires",
        sitting="one",
        secret_known_to_sender=True,
        copy_to=("owner", "signers", "grants"),
        not_pdf="refuse",
        inbox=True,
        phases=True,
        discussion=True,
        room_access="signing_only",
    )
    use_cases = frozenset(
        {
            "create_envelope",
            "create_draft",
            "revise_draft",
            "rearrange_draft",
            "describe_file",
            "offer",
            "withdraw_template",
            "copy_envelope",
            "make_batch",
            "fetch_sources",
            "send",
            "remind",
            "open_sitting",
            "prove_identity",
            "fill",
            "sign",
            "decline",
            "expire_envelope",
            "complete",
            "comment",
            "put_away",
            "erase",
        }
    )

    def new_public_id(self, kind: str, at: datetime) -> str:
        """A UUID (RFC 9562, 5.4)."""
        return str(uuid.uuid4())

    def webhooks(
        self,
        envelope: Envelope,
        event: str,
        recipient: Recipient | None,
        at: datetime,
        assignments: Sequence[Assignment] = (),
    ) -> list[WebhookDraft]:
        return events.drafts_of(envelope, event, assignments)
