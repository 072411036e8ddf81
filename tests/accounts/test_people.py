"""Users, roles and groups: who may do what to whom."""

from __future__ import annotations

import uuid

import pytest

from undersigned.accounts import disable_user, groups, tokens
from undersigned.accounts.capabilities import brought_by, capabilities_of, may, may_create_envelopes
from undersigned.accounts.change_user import change_user
from undersigned.accounts.create_user import create_user
from undersigned.accounts.credentials import (
    create_api_key,
    create_lasting_token,
    create_oauth_client,
    find_api_key,
    find_lasting_token,
)
from undersigned.accounts.find_user import find_user, find_user_named, users_for
from undersigned.accounts.models import (
    AccessToken,
    Capability,
    Credential,
    Group,
    Organization,
    PasswordToken,
    User,
)
from undersigned.accounts.password_tokens import issue
from undersigned.accounts.set_role import set_role
from undersigned.accounts.user_details import Details
from undersigned.base import clock
from undersigned.base.errors import Conflict, Forbidden, Invalid, NotFound

pytestmark = [pytest.mark.django_db]
PASSWORD = "a sentence of my own"


def member(organization: Organization, name: str = "carl", *capabilities: str, **fields: object) -> User:
    return User.objects.create_user(
        organization, name, PASSWORD, email=f"{name}@board.example", capabilities=[*capabilities], **fields
    )


def test_what_roles_bring(user: User, organization: Organization) -> None:
    assert brought_by("admin") == set(Capability) - {Capability.OPERATE, Capability.CHANGE_ORGANIZATION}
    carl = member(organization, "carl", Capability.SEE_ENVELOPES)
    assert capabilities_of(carl) == {Capability.SEE_ENVELOPES}
    carl.disabled_at = clock.now()
    assert not may(carl, Capability.SEE_ENVELOPES)
    signer = member(organization, "sue", role=User.Role.SIGNER)
    assert not may_create_envelopes(signer)
    signer.capabilities = [Capability.CHANGE_ENVELOPES]
    assert may_create_envelopes(signer)


@pytest.mark.parametrize(
    ("username", "details", "faults"),
    [
        ("", {}, {"username": ["required"], "email": ["required"]}),
        ("a@b", {"email": "a@b.example"}, {"username": ["invalid"]}),
        ("two words", {"email": "a@b.example"}, {"username": ["invalid"]}),
        ("x" * 151, {"email": "a@b.example"}, {"username": ["too_long"]}),
        ("ANNA", {"email": "a@b.example"}, {"username": ["already_used"]}),
        ("ok", {"email": '"a b"@b.example'}, {"email": ["invalid"]}),
        ("ok", {"email": "a@b.example\nBcc: x@b.example"}, {"email": ["invalid"]}),
        ("ok", {"email": "a@b.example", "name": "a\nb"}, {"name": ["invalid"]}),
        ("ok", {"email": "a@b.example", "surname": "\u202eabc"}, {"surname": ["invalid"]}),
        ("ok", {"email": "a@b.example", "phone": "call me"}, {"phone": ["invalid"]}),
        ("ok", {"email": "a@b.example", "language": "Klingon!"}, {"language": ["invalid"]}),
        ("ok", {"email": "a@b.example", "groups": ("A", " ")}, {"groups.1": ["required"]}),
        ("ok", {"email": "a@b.example", "capabilities": frozenset({"fly"})}, {"capabilities": ["unknown"]}),
        ("ok", {"email": "a@b.example", "extra": {"x": "y" * 70_000}}, {"extra": ["too_long"]}),
    ],
)
def test_what_a_user_must_be(user: User, username: str, details: dict[str, object], faults: object) -> None:
    with pytest.raises(Invalid) as e:
        create_user(user, username, Details(**details))  # type: ignore[arg-type]
    assert e.value.faults == faults
    assert User.objects.count() == 1
    assert not Group.objects.exists()


def test_nobody_gives_what_they_do_not_have(user: User, organization: Organization) -> None:
    helper = member(organization, "helper", Capability.CREATE_USERS, Capability.SEE_USERS)
    details = Details(email="x@board.example")
    with pytest.raises(Forbidden):
        create_user(helper, "boss", details, role=User.Role.ADMIN)
    with pytest.raises(Forbidden):
        create_user(
            helper,
            "boss",
            Details(email="x@board.example", capabilities=frozenset({Capability.SEE_ENVELOPES})),
        )
    made = create_user(helper, "new", details)
    assert (made.role, made.created_by, made.has_usable_password()) == (User.Role.SIGNER, helper, False)
    with pytest.raises(Forbidden):
        set_role(helper, made, User.Role.ADMIN)
    with pytest.raises(Forbidden):
        change_user(helper, user, Details(email="helper@board.example"))  # and then "forgot my password"
    with pytest.raises(Forbidden):
        disable_user.disable_user(helper, made)
    with pytest.raises(Forbidden):
        create_user(made, "more", details)
    for capability in (Capability.OPERATE, Capability.CHANGE_ORGANIZATION):
        with pytest.raises(Forbidden):
            change_user(user, made, Details(capabilities=frozenset({capability})))


def test_an_operator_is_out_of_an_administrators_reach(user: User, organization: Organization) -> None:
    operator = member(organization, "op", Capability.OPERATE, role=User.Role.ADMIN)
    with pytest.raises(Forbidden):
        change_user(user, operator, Details(email="mine@board.example"))
    with pytest.raises(Forbidden):
        disable_user.disable_user(user, operator)
    changed = set_role(operator, operator, User.Role.MEMBER)
    assert changed.capabilities == [Capability.OPERATE], "a role does not take that away"
    changed = change_user(operator, operator, Details(language="fi", capabilities=frozenset()))
    assert changed.capabilities == [Capability.OPERATE]


def test_who_manages_nobody_changes_only_what_concerns_no_one_else(organization: Organization) -> None:
    carl = member(organization)
    carl = change_user(carl, carl, Details(language="sv", extra={"a": 1}, email=carl.email, groups=()))
    assert (carl.language, carl.extra) == ("sv", {"a": 1})
    for details in (Details(name="Boss"), Details(email="x@y.example"), Details(phone="+358401234567"),
                    Details(groups=("Board",)), Details(capabilities=frozenset({Capability.SEE_USERS}))):  # fmt: skip
        with pytest.raises(Forbidden):
            change_user(carl, carl, details)
    with pytest.raises(Forbidden):
        change_user(carl, member(organization, "dora"), Details(language="fi"))
    assert not Group.objects.exists()


def test_out_at_once_with_all_tokens(user: User, organization: Organization) -> None:
    carl = member(organization)
    client, _ = create_oauth_client(user, "signingtoday", Credential.Reach.USER, "x")
    session = tokens.begin(client, carl)
    _, key = create_api_key(carl, "signsquid", "x")
    lasting = [create_lasting_token(carl, "signingtoday", kind, "x")[1] for kind in (Credential.Kind.LIFETIME, Credential.Kind.DEVICE)]  # fmt: skip
    issue(carl)
    disable_user.disable_user(user, carl)
    assert tokens.find("signingtoday", session.token) is None
    assert tokens.renew(client, session.refresh) is None
    assert find_api_key("signsquid", key) is None
    assert not any(find_lasting_token("signingtoday", token) for token in lasting)
    assert not PasswordToken.objects.filter(user=carl).exists()
    disable_user.enable_user(user, carl)
    assert all(find_lasting_token("signingtoday", token) for token in lasting)
    assert tokens.find("signingtoday", session.token) is None


def test_switched_off_by_whatever_means(user: User, organization: Organization) -> None:
    carl = member(organization)
    client, _ = create_oauth_client(user, "signingtoday", Credential.Reach.USER, "x")
    session = tokens.begin(client, carl)
    User.objects.filter(pk=carl.pk).update(disabled_at=clock.now())
    assert tokens.find("signingtoday", session.token) is None
    assert tokens.renew(client, session.refresh) is None


def test_somebody_must_be_left(user: User, organization: Organization) -> None:
    member(organization, "robot", role=User.Role.ADMIN, kind=User.Kind.ROBOT)
    gone = member(organization, "gone", role=User.Role.ADMIN, disabled_at=clock.now())
    for act in (
        lambda: disable_user.disable_user(user, user),
        lambda: set_role(user, user, User.Role.MEMBER),
    ):
        with pytest.raises(Conflict) as e:
            act()
        assert e.value.code == "last_admin"
    disable_user.enable_user(user, gone)
    disable_user.disable_user(user, user)
    user.refresh_from_db()
    assert user.disabled_at is not None


def test_tenants_do_not_see_each_other(user: User) -> None:
    elsewhere = Organization.objects.create(slug="elsewhere", name="Elsewhere")
    eve = User.objects.create_user(elsewhere, "eve", PASSWORD, role=User.Role.ADMIN)
    group = Group.objects.create(organization=user.organization, name="Board")
    assert [*users_for(eve)] == [eve]
    for pub in (user.pub, uuid.uuid4()):
        with pytest.raises(NotFound):
            find_user(eve, pub)
    with pytest.raises(NotFound):
        find_user_named(eve, "anna", "board", Capability.SEE_USERS)
    with pytest.raises(NotFound):
        groups.find_group(eve, group.pk)
    mine = groups.create_group(eve, "Board", [eve, user])
    assert [*mine.members.all()] == [eve]


def test_groups(user: User, organization: Organization) -> None:
    carl = member(organization)
    groups.create_groups(user, ["Sales", "Sales", "Board "])
    assert sorted(groups.groups_for(carl).values_list("name", flat=True)) == ["Board", "Sales"]
    board = Group.objects.get(name="Board")
    groups.change_group(user, board, "Directors", [carl])
    with pytest.raises(Invalid) as e:
        groups.change_group(user, board, "SALES", [carl])
    assert e.value.faults == {"name": ["already_used"]}
    assert groups.find_group(user, board.pk).size == 1  # type: ignore[attr-defined]
    for act in (
        lambda: groups.create_groups(carl, ["x"]),
        lambda: groups.change_group(carl, board, "x", []),
        lambda: groups.delete_group(carl, board),
        lambda: groups.groups_for(member(organization, "sue", role=User.Role.SIGNER)),
    ):
        with pytest.raises(Forbidden):
            act()
    groups.delete_group(user, board)
    assert User.objects.filter(pk=carl.pk).exists()


def test_sessions_end_when_they_are_over(user: User) -> None:
    client, _ = create_oauth_client(user, "signingtoday", Credential.Reach.USER, "x")
    session = tokens.begin(client, user)
    at = clock.now()
    assert tokens.prune(at + tokens.SESSION_LIFETIME * 2) == 0, "it can still be renewed"
    AccessToken.objects.update(expires_at=at)
    assert tokens.find("signingtoday", session.token) is None
    renewed = tokens.renew(client, session.refresh)
    assert renewed is not None
    assert tokens.find("signingtoday", renewed.token) is not None
    AccessToken.objects.update(refresh_until=at)
    assert tokens.renew(client, renewed.refresh) is None
    for made_up in ("", ".", "x.y", renewed.refresh.partition(".")[0]):
        assert tokens.renew(client, made_up) is None
    assert tokens.prune(at + tokens.SESSION_LIFETIME * 2) == 1
