"""A signer at work, through the use cases."""

from __future__ import annotations

import secrets

from tests.jobs.testing import run_due
from undersigned.envelopes import appearance, links, shown
from undersigned.envelopes.enter_code import enter_code
from undersigned.envelopes.models import Envelope, Recipient
from undersigned.envelopes.open_sitting import again, open_sitting
from undersigned.envelopes.sign import SignRequest, sign


def prepared(envelope: Envelope) -> Envelope:
    """The envelope after its pages were made final by the real job."""
    run_due()
    envelope.refresh_from_db()
    assert envelope.phase == "sign"
    return envelope


class Signer:
    """Opens the link, enters the code, types a signature."""

    def __init__(self, recipient: Recipient, *, with_code: bool = True) -> None:
        opened = open_sitting(links.token(recipient), "192.0.2.7", "test")
        self.sitting, self.secret = opened.sitting, opened.secret
        self.recipient = recipient
        if with_code:
            enter_code(self.sitting, recipient.code or "")
            self.sitting.refresh_from_db()

    def ready(self) -> None:
        appearance.keep(self.sitting, appearance.Look("typed", name=self.recipient.full_name, hand="caveat"))

    def sign(
        self,
        *,
        consent: str = "I agree.",
        key: str = "",
        revision: str | None = None,
        digest: str | None = None,
    ) -> None:
        self.ready()
        seen = shown.current(self.recipient)
        request = SignRequest(
            consent,
            "en",
            seen.revision if revision is None else revision,
            seen.digest if digest is None else digest,
            key or secrets.token_urlsafe(24),
        )
        sign(again(self.sitting), request)
