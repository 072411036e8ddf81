"""An envelope that was put away is in no list, opens for nobody, and is kept until its time is over."""

from __future__ import annotations

from datetime import timedelta

import pytest

from undersigned.accounts.models import Organization, User
from undersigned.base.clock import now
from undersigned.envelopes import access
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.erase import erase_content
from undersigned.envelopes.errors import Conflict, NotFound
from undersigned.envelopes.models import Envelope, EnvelopeState
from undersigned.envelopes.put_away import put_away
from undersigned.envelopes.send import send
from undersigned.envelopes.signer import Standing, standing
from undersigned.lifecycle import retention

from .groups import asks, document, draft, person, register

pytestmark = [pytest.mark.django_db]


@pytest.fixture
def running(user: User) -> Envelope:
    register()
    envelope = draft(user, document([[person("a")]], [asks("one", "a")]))
    return send(Actor.from_user(user), envelope.pk)


def test_nobody_finds_it_and_nobody_signs_it(running: Envelope, user: User) -> None:
    actor = Actor.from_user(user)
    recipient = running.recipients.get()
    put_away(actor, running.pk)
    running.refresh_from_db()
    assert running.state == EnvelopeState.CANCELLED, "who was asked is told that it was called off"
    assert running.title, "it is kept"
    assert not access.visible(actor, removed=True).filter(pk=running.pk).exists()
    assert standing(running, recipient, now()) == Standing.ERASED
    with pytest.raises(NotFound):
        put_away(actor, running.pk)


def test_not_between_the_last_signature_and_the_seal(running: Envelope, user: User) -> None:
    Envelope.objects.filter(pk=running.pk).update(state=EnvelopeState.SEALING)
    with pytest.raises(Conflict, match="sealing"):
        put_away(Actor.from_user(user), running.pk)


def test_its_time_runs_on(user: User, organization: Organization) -> None:
    """What is in no list any more must not stay for ever."""
    organization.retention_unsigned_months = 1
    organization.save()
    register()
    envelope = draft(user, document([[person("a")]], [asks("one", "a")]))
    put_away(Actor.from_user(user), envelope.pk)
    assert not erase_content(envelope.pk)
    organization.clock_offset = timedelta(days=40)
    organization.save()
    at = now(organization.clock_offset)
    due = retention._contents(at, organization.clock_offset)
    assert [e.pk for e in due] == [envelope.pk]
    assert erase_content(envelope.pk)
    envelope.refresh_from_db()
    assert envelope.content_erased_at is not None
