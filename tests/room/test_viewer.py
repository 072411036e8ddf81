"""People who read or get a copy, and sign nothing: on the real core."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import LazySettings
from django.test import Client

from tests.envelopes.conftest import actor, draft, pdf, plain
from tests.envelopes.signing import Signer, prepared
from tests.jobs.testing import run_due
from undersigned.envelopes import links
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.add_document import add_document
from undersigned.envelopes.add_recipient import NewRecipient, add_recipient
from undersigned.envelopes.models import Envelope, Recipient
from undersigned.envelopes.send import send
from undersigned.files.models import File

__all__ = ["actor", "draft", "pdf", "plain"]
pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture
def watched(actor: Actor, draft: Envelope, pdf: Callable[..., File], settings: LazySettings) -> Envelope:
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    add_document(actor, draft.pk, pdf())
    add_recipient(actor, draft.pk, NewRecipient("John Doe", "john@example.com"))
    add_recipient(actor, draft.pk, NewRecipient("Vera View", "vera@example.com", kind=Recipient.Kind.VIEWER))
    return prepared(send(actor, draft.pk))


def test_a_viewer_reads_and_is_asked_for_nothing(watched: Envelope) -> None:
    vera = watched.recipients.get(name="Vera View")
    browser, link = Client(), f"/room/l/{links.token(vera)}"
    page = browser.get(link).content.decode()
    assert "shares 1 document with you" in page
    assert "You need not sign." in page
    assert "asks you to sign" not in page
    room = browser.post(link)["Location"]
    assert browser.get(room)["Location"] == f"{room}read"
    read = browser.get(f"{room}read").content.decode()
    assert "You need not sign." in read
    assert "sign by" not in read
    for page in ("sign", "signature", "refuse"):
        assert f'{room}{page}"' not in read
        answer = browser.post(f"{room}{page}", {"reason": "no"})
        assert (answer.status_code, answer["Location"]) == (303, room)
    assert Envelope.objects.get(pk=watched.pk).state == "sent"


def test_when_all_have_signed_the_link_of_a_copy_leads_to_the_sealed_file(watched: Envelope) -> None:
    Signer(watched.recipients.get(name="John Doe")).sign()
    run_due()
    vera = watched.recipients.get(name="Vera View")
    browser, link = Client(), f"/room/l/{links.token(vera)}"
    assert "already signed" not in browser.get(link).content.decode()
    room = browser.post(link)["Location"]
    done = browser.get(browser.get(room)["Location"]).content.decode()
    assert "Everybody has signed" in done
    assert "You signed" not in done
    sealed = browser.get(f"{room}sealed/1")
    assert b"".join(sealed.streaming_content).startswith(b"%PDF")
