"""The room on the real core: what happens when the ground moves between the look and the action."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.test import Client

from tests.envelopes.conftest import actor, draft, pdf, plain, sent
from tests.envelopes.signing import Signer, prepared
from undersigned.envelopes import shown
from undersigned.envelopes.erase import erase_collection
from undersigned.envelopes.models import Envelope, Signature, Sitting
from undersigned.room import engine, gateway

__all__ = ["actor", "draft", "pdf", "plain", "sent"]
pytestmark = [pytest.mark.django_db, pytest.mark.database]


class Moving(engine.Engine):
    """Something happens right after each look."""

    def __init__(self, happens: Callable[[], None]) -> None:
        self.happens = happens

    def find(self, visit: gateway.Visit) -> gateway.Room | None:
        room = super().find(visit)
        self.happens()
        return room


@pytest.fixture
def john(sent: Envelope, settings: LazySettings) -> Signer:
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    prepared(sent)
    signer = Signer(sent.recipients.get(name="John Doe"))
    signer.ready()
    return signer


@pytest.fixture
def browser(john: Signer) -> Client:
    client = Client()
    client.cookies.load({"room": john.secret})
    return client


def _form(john: Signer) -> dict[str, str]:
    seen = shown.current(Envelope.objects.get(pk=john.recipient.envelope_id))
    return {"agree": "on", "revision": seen.revision, "digest": seen.digest, "request_key": "k" * 32}


def _end(john: Signer) -> None:
    Sitting.objects.filter(pk=john.sitting.pk).update(last_seen=john.sitting.last_seen - timedelta(hours=1))


@pytest.mark.parametrize("page", ["sign", "refuse", "signature"])
@pytest.mark.parametrize("how", ["ends", "is erased"])
def test_what_ends_before_the_action_leads_home(
    john: Signer, browser: Client, monkeypatch: pytest.MonkeyPatch, page: str, how: str
) -> None:
    def happens() -> None:
        _end(john) if how == "ends" else erase_collection(john.recipient.envelope.collection_id or 0)

    monkeypatch.setattr(gateway, "_gateway", Moving(happens))
    form = _form(john) | {"reason": "no", "kind": "typed", "name": "John", "hand": "caveat"}
    answer = browser.post(f"/room/{john.sitting.pub}/{page}", form)
    assert (answer.status_code, answer["Location"]) == (303, f"/room/{john.sitting.pub}/")
    assert not Signature.objects.exists()
    monkeypatch.setattr(gateway, "_gateway", engine.Engine())
    assert browser.get(answer["Location"]).status_code == (200 if how == "ends" else 404)


@pytest.mark.parametrize("revision", ["9" * 30, "-".join(["1"] * 900), "१२", "1_0"])
def test_a_revision_that_no_page_showed_is_answered_in_words(
    john: Signer, browser: Client, revision: str
) -> None:
    answer = browser.post(f"/room/{john.sitting.pub}/sign", _form(john) | {"revision": revision})
    assert answer.status_code == 409
    assert not Signature.objects.exists()
