"""Signsquid as the core sees it."""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from undersigned.base.clock import iso_ms
from undersigned.envelopes.models import Assignment, Envelope, Recipient
from undersigned.envelopes.policy import Policy
from undersigned.envelopes.ports import DialectPort, WebhookDraft


class SignsquidPort(DialectPort):
    name = "signsquid"
    names_files = False
    policy = Policy(
        on_decline="fatal",
        past_due="refuse",
        sitting="whole",
        final_word="agreed",
        unique_names=True,
        identity=("link", "code"),
        secret_known_to_sender=True,
        copy_to=("owner", "signers"),
        due_months=1,
        retention_months=36,
    )
    # Nothing that would need a word for cancelled, on hold, expired or forwarded.
    use_cases = frozenset(
        {
            "create_collection",
            "supersede",
            "add_recipient",
            "add_document",
            "send",
            "resend_link",
            "open_sitting",
            "enter_code",
            "sign",
            "decline",
            "complete",
            "erase",
        }
    )

    def new_public_id(self, kind: str, at: datetime) -> str:
        """24 hexadecimal digits: seconds since 1970 in the first eight, as in an ObjectId, then 64 random bits."""
        return f"{int(at.timestamp()):08x}{secrets.token_hex(8)}"

    def webhooks(
        self,
        envelope: Envelope,
        event: str,
        recipient: Recipient | None,
        at: datetime,
        assignments: Sequence[Assignment] = (),
    ) -> list[WebhookDraft]:
        """SomeoneSigned for each signature, EveryoneSigned when all have agreed; there is no word for anything else."""
        assert envelope.collection is not None
        about: dict[str, Any] = {"contractId": envelope.collection.pub, "contractVersion": envelope.position}
        if event == "signed" and recipient is not None:
            kind = "SomeoneSigned"
            about |= {"name": recipient.full_name, "email": recipient.email or ""}
        elif event == "agreed":
            kind = "EveryoneSigned"
        else:
            return []
        pub, private_id = str(uuid.uuid4()), str(uuid.uuid4())
        body = {"id": pub, "privateId": private_id, "created": iso_ms(at), "type": kind, "event": about}
        return [WebhookDraft(pub, private_id, kind, json.dumps(body).encode())]
