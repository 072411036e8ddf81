"""Files that programs keep here for a while go when their time is over, unless an envelope that lives has them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.pdfs import make_pdf
from undersigned.accounts.models import User
from undersigned.base import clock
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.add_document import NewDocument
from undersigned.envelopes.delete_envelope import delete_envelope
from undersigned.files.models import File
from undersigned.lifecycle.session_files import close_expired

from .orders import Does, order, stored

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def session_file(user: User, text: str, *, days: int) -> File:
    file = stored(user, make_pdf(text=text), f"{text}.pdf")
    file.kind, file.pub = File.Kind.SESSION, f"file {text}"
    file.expires_at = clock.now() + timedelta(days=days)
    file.save()
    return file


def test_files_past_their_time_are_closed(user: User) -> None:
    over, fresh = session_file(user, "over", days=-1), session_file(user, "fresh", days=1)
    assert close_expired() == 1
    assert close_expired() == 0
    over.refresh_from_db()
    fresh.refresh_from_db()
    assert (over.blob, over.name) == (None, "")
    assert over.closed_at is not None
    assert fresh.blob is not None


def test_test_clocks_are_heeded(user: User) -> None:
    session_file(user, "fresh", days=1)
    user.organization.clock_offset = timedelta(days=2)
    user.organization.save()
    assert close_expired() == 1


def test_one_that_an_order_uses_stays_as_long_as_the_order(actor: Actor, user: User) -> None:
    file = session_file(user, "lease", days=1)
    envelope = order(
        actor, {"anna": False}, (NewDocument("lease.pdf", file),), (Does(recipient="anna", document=1),)
    )
    File.objects.filter(pk=file.pk).update(expires_at=clock.now() - timedelta(days=1))
    assert close_expired() == 0
    delete_envelope(actor, envelope.pk)
    assert close_expired() == 1
