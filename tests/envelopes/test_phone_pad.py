"""A phone that draws for a sitting: five minutes, one device, once, and nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.envelopes.signing import Signer, prepared
from undersigned.envelopes import phone_pad
from undersigned.envelopes.appearance import UnusableLook, kept
from undersigned.envelopes.errors import NotFound
from undersigned.envelopes.models import Envelope, Signature, Sitting

pytestmark = [pytest.mark.django_db, pytest.mark.database]
DRAWN = "M0 0L200 10L200 60Z"


@pytest.fixture
def john(sent: Envelope) -> Signer:
    prepared(sent)
    signer = Signer(sent.recipients.get(name="John Doe"))
    phone_pad.offer(signer.sitting)
    signer.sitting.refresh_from_db()
    return signer


def _token(signer: Signer) -> str:
    pad = phone_pad.offered(signer.sitting)
    assert pad is not None
    return pad.token


def test_one_phone_draws_once(john: Signer) -> None:
    token = _token(john)
    assert phone_pad.find(token) == john.sitting
    secret = phone_pad.begin(token)
    assert secret
    assert phone_pad.begin(token) is None, "another device has it"
    with pytest.raises(NotFound):
        phone_pad.draw(token, "guessed", DRAWN)
    with pytest.raises(UnusableLook):
        phone_pad.draw(token, secret, "M0 0<script>")
    phone_pad.draw(token, secret, DRAWN)
    john.sitting.refresh_from_db()
    assert (kept(john.sitting) or ("",))[0] == "drawn"
    assert not Signature.objects.exists()
    with pytest.raises(NotFound):
        phone_pad.draw(token, secret, DRAWN)
    assert phone_pad.find(token) is None


def test_a_new_address_ends_the_former(john: Signer) -> None:
    former = _token(john)
    phone_pad.offer(john.sitting)
    john.sitting.refresh_from_db()
    assert _token(john) != former
    assert phone_pad.find(former) is None
    assert phone_pad.begin(former) is None


@pytest.mark.parametrize("ends", [{"pad_ends_at": -301}, {"last_seen": -1801}, {"identified_at": None}])
def test_it_ends_with_its_time_and_with_the_sitting(john: Signer, ends: dict[str, int | None]) -> None:
    [(column, seconds)] = ends.items()
    moment = getattr(john.sitting, column)
    moved = None if seconds is None else moment + timedelta(seconds=seconds)
    token = _token(john)
    Sitting.objects.filter(pk=john.sitting.pk).update(**{column: moved})
    assert phone_pad.find(token) is None
    assert phone_pad.begin(token) is None


def test_the_database_keeps_neither_address_nor_cookie(john: Signer) -> None:
    token = _token(john)
    secret = phone_pad.begin(token) or ""
    row = Sitting.objects.filter(pk=john.sitting.pk).values().get()
    assert not any(token in str(value) or secret in str(value) for value in row.values())
    assert len(token) == 14
    assert token.isalnum()
