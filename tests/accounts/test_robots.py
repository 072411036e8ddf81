"""Lifetime tokens: one an account, the same at every call, and whose."""

from __future__ import annotations

import pytest
from django.utils import timezone

from undersigned.accounts import robots
from undersigned.accounts.credentials import find_lasting_token
from undersigned.accounts.models import Capability, Organization, User
from undersigned.base.errors import Forbidden, NotFound

pytestmark = pytest.mark.django_db
API = "signingtoday"


@pytest.fixture
def robot(organization: Organization) -> User:
    return User.objects.create_user(organization, "robot", kind=User.Kind.ROBOT)


@pytest.fixture
def admin(organization: Organization) -> User:
    return User.objects.create_user(organization, "boss", role=User.Role.ADMIN)


def test_made_at_first_use_and_the_same_later(robot: User) -> None:
    token = robots.lasting_token(robot, API)
    assert robots.lasting_token(robot, API) == token
    found = find_lasting_token(API, token)
    assert found is not None
    assert found.user == robot
    assert find_lasting_token("another", token) is None


def test_revoked_and_renewed(robot: User) -> None:
    first = robots.lasting_token(robot, API)
    assert robots.revoke_token(robot, API)
    assert find_lasting_token(API, first) is None
    assert not robots.revoke_token(robot, API)
    second = robots.lasting_token(robot, API)
    third = robots.renew_token(robot, API)
    assert len({first, second, third}) == 3
    assert find_lasting_token(API, second) is None
    assert find_lasting_token(API, third) is not None


def test_another_account_needs_an_administrator(robot: User, admin: User, organization: Organization) -> None:
    slug = organization.slug
    assert robots.account(robot) == robots.account(robot, "robot", slug) == robot
    assert robots.account(admin, "robot", slug) == robots.account(admin, "robot") == robot
    for username, domain in (("boss", slug), ("nobody", slug), ("robot", "elsewhere")):
        with pytest.raises(Forbidden):
            robots.account(robot, username, domain)
    for username, domain in (("nobody", slug), ("robot", "elsewhere"), ("", "elsewhere")):
        with pytest.raises(NotFound):
            robots.account(admin, username, domain)


def test_foreign_and_disabled_accounts_are_unknown(robot: User, admin: User) -> None:
    away = Organization.objects.create(slug="away", name="Away")
    User.objects.create_user(away, "eve")
    for username, domain in (("eve", "away"), ("eve", ""), ("eve", admin.organization.slug)):
        with pytest.raises(NotFound):
            robots.account(admin, username, domain)
    robot.disabled_at = timezone.now()
    robot.save()
    with pytest.raises(NotFound):
        robots.account(admin, "robot")


def test_nobody_gets_rights_by_another_accounts_token(admin: User, organization: Organization) -> None:
    User.objects.create_user(organization, "operator", capabilities=[Capability.OPERATE])
    with pytest.raises(Forbidden):
        robots.account(admin, "operator")
