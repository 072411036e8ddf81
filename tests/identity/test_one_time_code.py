"""Codes that are sent, entered once, and die."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.jobs.testing import run_due
from undersigned.accounts.limits import LimitReached
from undersigned.base import clock
from undersigned.delivery.models import Message
from undersigned.delivery.render import render
from undersigned.envelopes.enter_one_time_code import enter_one_time_code
from undersigned.envelopes.erase import erase_collection
from undersigned.envelopes.errors import Conflict, WrongCode
from undersigned.envelopes.models import AuditEvent, IdentityProof, Sitting
from undersigned.envelopes.open_sitting import IDLE, find_sitting, reopen_sitting
from undersigned.envelopes.send_one_time_code import send_one_time_code
from undersigned.identity import one_time_code
from undersigned.identity.models import OneTimeCode
from undersigned.identity.one_time_code import TooSoon
from undersigned.identity.policy import IdentityPolicy

from .conftest import Make, opened

pytestmark = [pytest.mark.django_db, pytest.mark.database]
MAIL = IdentityPolicy(methods=("link", "mail_code"))
BOTH = IdentityPolicy(methods=("link", "mail_code", "sms_code"))


def last_code(channel: str = "email") -> str:
    """As it stands in the last message, rendered as it is sent."""
    message = Message.objects.filter(purpose="code", channel=channel).latest("pk")
    text = render(message).text
    found = re.search(r"\b(\d{6})\b", text)
    assert found, text
    return found[1]


def other(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def age(seconds: float) -> None:
    """All codes are older."""
    for row in OneTimeCode.objects.all():
        moved = timedelta(seconds=seconds)
        OneTimeCode.objects.filter(pk=row.pk).update(
            created_at=row.created_at - moved, expires_at=row.expires_at - moved
        )


def test_a_code_by_mail_and_then_one_by_sms(asked: Make) -> None:
    sitting = opened(asked(BOTH))
    with pytest.raises(Conflict, match="code_over"):
        enter_one_time_code(sitting, "000000")
    send_one_time_code(sitting)
    enter_one_time_code(sitting, f" {last_code()[:3]} {last_code()[3:]}")
    assert sitting.identified_at is None
    send_one_time_code(sitting)
    with pytest.raises(WrongCode):
        enter_one_time_code(sitting, last_code("email"))
    enter_one_time_code(sitting, last_code("sms"))
    assert Sitting.objects.get().identified_at is not None
    proofs = IdentityProof.objects.order_by("pk").values_list("method", "provider", "known_to_sender")
    assert list(proofs) == [
        ("link", "email", False),
        ("mail_code", "email", False),
        ("sms_code", "sms", False),
    ]
    with pytest.raises(Conflict, match="not_asked"):
        send_one_time_code(sitting)


def test_a_code_is_in_no_row(asked: Make) -> None:
    sitting = opened(asked(MAIL))
    send_one_time_code(sitting)
    code, message = last_code(), Message.objects.get(purpose="code")
    stored = [message.params, message.dedup_key, str(OneTimeCode.objects.values().get())]
    assert not any(code in str(value) for value in stored)
    rendered = render(message)
    assert code not in rendered.subject
    assert "Secret merger" not in rendered.text + rendered.subject
    run_due()
    message.refresh_from_db()
    assert message.state == Message.State.SENT


def test_five_wrong_codes_use_it_up(asked: Make) -> None:
    sitting = opened(asked(MAIL))
    send_one_time_code(sitting)
    code = last_code()
    left = []
    for _ in range(5):
        with pytest.raises(WrongCode) as wrong:
            enter_one_time_code(sitting, other(code))
        left.append(wrong.value.tries_left)
    assert left == [4, 3, 2, 1, 0]
    with pytest.raises(Conflict, match="code_over"):
        enter_one_time_code(sitting, code)
    assert AuditEvent.objects.filter(kind="code_wrong").count() == 5


def test_a_code_lives_ten_minutes_and_dies_of_its_successor(asked: Make) -> None:
    sitting = opened(asked(MAIL))
    send_one_time_code(sitting)
    with pytest.raises(TooSoon):
        send_one_time_code(sitting)
    former = last_code()
    age(61)
    send_one_time_code(sitting)
    assert last_code() != former
    with pytest.raises(WrongCode):
        enter_one_time_code(sitting, former)
    code = last_code()
    age(600)
    with pytest.raises(Conflict, match="code_over"):
        enter_one_time_code(sitting, code)
    run_due()
    assert set(Message.objects.filter(purpose="code").values_list("state", flat=True)) == {"dropped"}


def test_a_code_opens_only_the_browser_that_asked_for_it(asked: Make) -> None:
    person = asked(MAIL)
    mine, theirs = opened(person), opened(person)
    send_one_time_code(mine)
    with pytest.raises(Conflict, match="code_over"):
        enter_one_time_code(theirs, last_code())


def test_who_comes_back_after_a_pause_is_asked_anew(asked: Make) -> None:
    sitting = opened(asked(MAIL))
    send_one_time_code(sitting)
    enter_one_time_code(sitting, last_code())
    Sitting.objects.update(last_seen=clock.now() - IDLE * 2)
    found = Sitting.objects.get()
    assert found.identified_at is not None
    from undersigned.envelopes.open_sitting import _ended_when_idle

    idle = _ended_when_idle(found, awake=True)
    reopen_sitting(idle)
    again = Sitting.objects.get()
    assert (again.ended_at, again.identified_at) == (None, None)
    age(61)
    send_one_time_code(again)
    enter_one_time_code(again, last_code())
    assert Sitting.objects.get().identified_at is not None
    assert find_sitting("0" * 24, "x") is None


def test_a_person_and_a_mailbox_get_so_many_a_day(asked: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_time_code, "PER_PERSON", 2)
    monkeypatch.setattr(one_time_code, "PER_ADDRESS", 3)
    first, second = asked(MAIL), asked(MAIL, name="Other Name")
    for _ in range(2):
        send_one_time_code(opened(first))
    with pytest.raises(LimitReached):
        send_one_time_code(opened(first))
    send_one_time_code(opened(second))
    with pytest.raises(LimitReached):
        send_one_time_code(opened(second))
    assert Message.objects.filter(purpose="code").count() == 3


def test_nobody_gets_a_code_for_what_is_over(asked: Make) -> None:
    person = asked(MAIL)
    sitting = opened(person)
    send_one_time_code(sitting)
    code = last_code()
    erase_collection(person.envelope.collection_id or 0)
    assert not Message.objects.filter(purpose="code").exists()
    assert not Sitting.objects.exists()
    assert code
