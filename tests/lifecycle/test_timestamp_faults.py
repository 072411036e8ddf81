"""An envelope whose timestamp authority is away: it waits, says why, and completes by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import LazySettings

from tests import tsa
from tests.envelopes.signing import Signer, prepared
from tests.jobs.testing import run_due
from undersigned.base import clock
from undersigned.envelopes.models import Envelope, Signature
from undersigned.jobs.models import Job
from undersigned.sealing import remote_timestamp
from undersigned.sealing.errors import TimestampUnavailable

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.mark.parametrize("fault", ["hangs", "rejects", "bad signature"])
def test_it_waits_and_completes_when_the_authority_is_back(
    sent: Envelope, settings: LazySettings, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    if fault == "hangs":
        monkeypatch.setattr(remote_timestamp, "TIMEOUT", 3.0)
    prepared(sent)
    john, asa = (Signer(sent.recipients.get(name=name)) for name in ("John Doe", "Åsa Öberg"))
    with tsa.serving() as authority:
        settings.TIMESTAMP_AUTHORITY = authority.url
        john.sign()
        authority.fault = fault
        with pytest.raises(TimestampUnavailable):
            asa.sign()
        assert Signature.objects.count() == 1
        authority.fault = ""
        asa.sign()
        authority.fault = fault
        for _ in range(3):
            Job.objects.filter(kind="seal").update(run_at=clock.now() - timedelta(seconds=1))
            run_due()
        sent.refresh_from_db()
        assert sent.state == "sealing"
        assert "timestamp authority cannot be used" in sent.needs_attention
        authority.fault = ""
        Job.objects.filter(kind="seal").update(run_at=clock.now() - timedelta(seconds=1))
        run_due()
    sent.refresh_from_db()
    assert (sent.state, sent.needs_attention) == ("completed", "")
