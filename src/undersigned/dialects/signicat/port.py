"""Signicat as the core sees it."""

from __future__ import annotations

import json
import secrets
import string
from datetime import UTC, datetime
from urllib.parse import urlencode, urlsplit, urlunsplit

from undersigned.envelopes.models import Envelope, Package, Recipient
from undersigned.envelopes.policy import Policy
from undersigned.envelopes.ports import DialectPort

from .addresses import signing_url

DIALECT = "signicat"
GRACE_DAYS = 30
"""For which the tasks of a deleted order still answer DELETED."""
_ALPHABET = string.ascii_lowercase + string.digits


class SignicatPort(DialectPort):
    """The API has no webhooks: whoever is to hear of something is in the order's notifications."""

    name = DIALECT
    names_files = False
    policy = Policy(
        on_decline="isolate",
        past_expires="recipient_lapses",
        sitting="whole",
        final_word="agreed",
        secret_known_to_sender=True,
        invitation=False,
        copy_to=(),
        not_pdf="statement",
        sealed_unit="people",
        forwarding=True,
        tombstone_days=GRACE_DAYS,
    )
    # Nothing that would need a word for on hold, cancelled or called off.
    use_cases = frozenset(
        {
            "create_envelope",
            "send",
            "open_sitting",
            "prove_identity",
            "issue_artifact",
            "upload",
            "view",
            "fill",
            "sign",
            "decline",
            "forward",
            "postpone",
            "expire_recipient",
            "package",
            "complete",
            "delete_envelope",
            "erase",
        }
    )

    def new_public_id(self, kind: str, at: datetime) -> str:
        """The day as DDMMYYYY and 50 lower-case letters and digits: 258 random bits."""
        return f"{at.astimezone(UTC):%d%m%Y}" + "".join(secrets.choice(_ALPHABET) for _ in range(50))

    def variables(self, envelope: Envelope, recipient: Recipient | None) -> dict[str, str]:
        """Both addresses of the signing page are one; `requestId` is what orders were called before."""
        said = json.loads(envelope.wire_sealed or "{}")
        found = {
            "orderId": envelope.pub or "",
            "requestId": envelope.pub or "",
            "clientReference": said.get("clientReference", ""),
        }
        if recipient is not None:
            url = signing_url(envelope, recipient)
            found |= {"taskId": recipient.key, "taskUrl": url, "signCodeUrl": url}
        return found

    def notification_url(
        self, address: str, envelope: Envelope, recipient: Recipient | None, package: Package | None
    ) -> str:
        """The ids behind what the query holds already: a receiver of the older generation reads requestId and taskId."""
        ids = {"requestId": envelope.pub or ""}
        if recipient is not None:
            ids["taskId"] = recipient.key
        ids["orderId"] = envelope.pub or ""
        if package is not None:
            ids["packagingTaskId"] = package.key
        try:
            parts = urlsplit(address)
        except ValueError:  # no address: it fails when it is called, and the order goes on
            return address
        query = "&".join(part for part in (parts.query, urlencode(ids)) if part)
        return urlunsplit(parts._replace(query=query, fragment=""))
