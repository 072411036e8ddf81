"""Passwords: links and tokens that work once, the same answer for everybody, limits."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from undersigned.accounts import forget_password as forgetting
from undersigned.accounts import limits, password_tokens, tokens
from undersigned.accounts.change_password import change_password
from undersigned.accounts.choose_password import choose_password
from undersigned.accounts.clear_password import clear_password, send_link, set_robot_password
from undersigned.accounts.credentials import create_oauth_client
from undersigned.accounts.forget_password import forget_password
from undersigned.accounts.models import Capability, Credential, Organization, PasswordToken, User
from undersigned.base import clock
from undersigned.base.errors import Conflict, Forbidden, Invalid
from undersigned.delivery import account
from undersigned.delivery.models import Message
from undersigned.delivery.render import render

pytestmark = [pytest.mark.django_db]
PASSWORD = "a sentence of my own"


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "EVENLY", 0.0)


def token_in(message: Message) -> str:
    return account.link(message).rpartition("/")[2]


def session_of(user: User) -> str:
    client, _ = create_oauth_client(user, "signingtoday", Credential.Reach.USER, "x")
    return tokens.begin(client, user).token


def often(times: int, act: Callable[[], object]) -> None:
    """Whatever the answer, unless it is that of a limit."""
    for _ in range(times):
        with contextlib.suppress(Conflict, Forbidden):
            act()


def test_a_link_by_mail_works_once_and_ends_all_sessions(user: User) -> None:
    user.language = "fi"
    user.save()
    session = session_of(user)
    forget_password("anna", "board", "192.0.2.1")
    forget_password("anna", "board", "192.0.2.1")
    first, second = Message.objects.filter(purpose="password_lost").order_by("pk")
    assert (first.address, first.language, first.user) == (user.email, "fi", user)
    assert token_in(first) != token_in(second)
    assert token_in(first) in render(first).text
    assert token_in(first) not in first.params
    with pytest.raises(Invalid) as e:
        choose_password(token_in(first), "short", "192.0.2.1")
    assert e.value.faults == {"password": ["password_too_short"]}
    assert choose_password(token_in(first), PASSWORD, "192.0.2.1") == user
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    assert tokens.find("signingtoday", session) is None
    for used in (token_in(first), token_in(second)):
        with pytest.raises(Conflict):
            choose_password(used, "another sentence of mine", "192.0.2.1")
    assert not account.still_wanted(second), "it need not go out any more"


def test_a_link_is_over_after_a_day(user: User) -> None:
    forget_password("anna", "board", "192.0.2.1")
    message = Message.objects.get()
    token = token_in(message)
    assert PasswordToken.objects.get().expires_at - clock.now() <= password_tokens.LINK_LIFETIME
    PasswordToken.objects.update(expires_at=clock.now())
    with pytest.raises(Conflict):
        choose_password(token, PASSWORD, "192.0.2.1")
    assert password_tokens.prune() == 1
    assert account.link(message).endswith("/over")


@pytest.mark.parametrize(
    "change",
    [
        {"disabled_at": datetime(2026, 1, 1, tzinfo=UTC)},
        {"email": ""},
        {"kind": User.Kind.ROBOT},
        {"username": "other"},
    ],
)
def test_nothing_goes_where_nothing_may(user: User, change: dict[str, object]) -> None:
    User.objects.update(**change)
    forget_password("anna", "board", "192.0.2.1")
    assert not Message.objects.exists()


def test_an_answer_takes_the_same_time_for_everybody(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "EVENLY", 0.3)
    for username in ("anna", "nobody"):
        begun = time.monotonic()
        forget_password(username, "board", "192.0.2.1")
        assert time.monotonic() - begun >= 0.3


def test_limits(user: User) -> None:
    for _ in range(forgetting.PER_ACCOUNT + 2):
        forget_password("anna", "board", "192.0.2.1")
    assert Message.objects.count() == forgetting.PER_ACCOUNT
    with pytest.raises(limits.LimitReached):
        often(forgetting.PER_ADDRESS, lambda: forget_password("nobody", "board", "192.0.2.1"))
    with pytest.raises(limits.LimitReached):
        often(30, lambda: choose_password("guess", PASSWORD, "192.0.2.9"))


def test_a_token_for_a_program(user: User) -> None:
    issued = [password_tokens.issue(user) for _ in range(password_tokens.MAX_OPEN + 1)]
    with pytest.raises(Conflict):
        password_tokens.find(issued[0])
    choose_password(issued[-1], PASSWORD, "192.0.2.1")
    with pytest.raises(Conflict):
        password_tokens.find(issued[1])


def test_ones_own(user: User) -> None:
    with pytest.raises(Forbidden):
        change_password(user, "wrong", PASSWORD)
    with pytest.raises(Invalid):
        change_password(user, "correct horse battery", "password1234")
    session = session_of(user)
    change_password(user, "correct horse battery", PASSWORD)
    assert tokens.find("signingtoday", session) is None
    user.refresh_from_db()
    with pytest.raises(limits.LimitReached):
        often(11, lambda: change_password(user, "wrong", PASSWORD))


def test_of_others(user: User, organization: Organization) -> None:
    carl = User.objects.create_user(organization, "carl", PASSWORD, email="carl@board.example")
    robot = User.objects.create_user(organization, "robot", None, kind=User.Kind.ROBOT)
    send_link(user, carl)
    carl.refresh_from_db()
    assert carl.check_password(PASSWORD), "it stays until the link is used"
    clear_password(user, carl)
    carl.refresh_from_db()
    assert not carl.has_usable_password()
    send_link(user, carl)
    assert [m.purpose for m in Message.objects.order_by("pk")] == [
        "password_lost",
        "password_cleared",
        "welcome",
    ]
    assert "Anna Virtanen" in render(Message.objects.order_by("pk")[1]).text
    set_robot_password(user, robot, PASSWORD)
    robot.refresh_from_db()
    assert robot.check_password(PASSWORD)
    refused: list[tuple[Callable[[], None], str]] = [
        (lambda: set_robot_password(user, carl, PASSWORD), "person"),
        (lambda: clear_password(user, robot), "robot"),
        (lambda: send_link(user, User.objects.create_user(organization, "x")), "no_address"),
        (
            lambda: send_link(
                user,
                User.objects.create_user(organization, "y", email="y@b.example", disabled_at=clock.now()),
            ),
            "disabled",
        ),
    ]
    for act, code in refused:
        with pytest.raises(Conflict) as e:
            act()
        assert e.value.code == code
    with pytest.raises(Forbidden):
        clear_password(carl, robot)
    carl.capabilities = [Capability.RESET_PASSWORDS]
    with pytest.raises(Forbidden):
        clear_password(carl, user)
