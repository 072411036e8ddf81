"""People in the console: found, made, changed, out; their passwords; who may not look."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from undersigned.accounts.models import Capability, Group, User
from undersigned.delivery import account
from undersigned.delivery.models import Message

from .world import PASSWORD, World

NEW = "a sentence of my own"


def text(response: object) -> str:
    return response.content.decode()  # type: ignore[attr-defined,no-any-return]


def page_of(user: User) -> str:
    return reverse("console:person", args=[user.pub])


def make(world: World, count: int) -> None:
    User.objects.bulk_create(
        User(
            organization=world.admin.organization,
            username=f"u{n:03}",
            name="Una",
            surname=f"Zeta{n:03}",
            password="!",
        )
        for n in range(count)
    )


def test_the_list_is_found_in_and_goes_on(world: World, visit: Callable[[str], Client]) -> None:
    admin = visit("admin")
    make(world, 60)
    first = text(admin.get(reverse("console:people")))
    assert world.owner.full_name in first
    assert world.stranger.full_name not in first
    assert "Zeta059" not in first
    onward = re.findall(r'href="(\?[^"]*page=2)"', first)[0]
    assert "Zeta059" in text(admin.get(reverse("console:people") + onward))
    for query, found in (
        ("q=zeta00", 10), ("q=una+zeta059", 1), ("q=nobody", 0), ("role=admin", 1), ("state=off", 0), ("role=nonsense&page=99", 64),
        ("group=999999999999999999999&q=zeta05", 10),
    ):  # fmt: skip
        shown = text(admin.get(reverse("console:people") + f"?{query}"))
        numbers = re.findall(r"(\d+) accounts?<", shown)
        assert int(numbers[0]) if numbers else found == 0, query


def test_a_new_person_gets_a_link_and_chooses_a_password(
    world: World, visit: Callable[[str], Client]
) -> None:
    admin = visit("admin")
    Group.objects.create(organization=world.admin.organization, name="Sales")
    form = {
        "kind": "person", "username": "ivan", "name": "Ivan", "surname": "Ild", "email": "ivan@board.example",
        "role": "signer", "language": "de", "groups": ["Sales"],
    }  # fmt: skip
    wrong = admin.post(reverse("console:new-person-account"), form | {"email": "", "username": "anna"})
    assert wrong.status_code == 422
    assert "the link for the password goes there" in text(wrong)
    assert admin.post(reverse("console:new-person-account"), form).status_code == 302
    ivan = User.objects.get(username="ivan")
    assert (ivan.role, ivan.created_by, [g.name for g in ivan.groups.all()]) == (
        "signer",
        world.admin,
        ["Sales"],
    )
    assert "Has no password yet" in text(admin.get(page_of(ivan)))
    message = Message.objects.get(purpose="welcome", user=ivan)
    link = account.link(message).removeprefix("http://testserver")
    theirs = Client()
    shown = theirs.get(link)
    assert 'lang="de"' in text(shown)
    assert f"ivan@{ivan.organization.slug}" in text(shown)
    weak = theirs.post(link, {"new_password1": "short", "new_password2": "short"})
    assert weak.status_code == 422
    assert theirs.post(link, {"new_password1": NEW, "new_password2": NEW}).status_code == 302
    for again in (theirs.get(link), theirs.post(link, {"new_password1": NEW, "new_password2": NEW})):
        assert again.status_code == 404
    login = {"username": f"ivan@{ivan.organization.slug}", "password": NEW}
    assert theirs.post("/console/login", login).status_code == 302
    # Who only signs makes nothing.
    assert "New envelope" not in text(theirs.get("/console/"))
    assert theirs.get(reverse("console:new")).status_code == 403
    assert theirs.post(reverse("console:new"), {}).status_code == 403
    assert theirs.get(reverse("console:people")).status_code == 404


def test_a_program_needs_no_mailbox(world: World, visit: Callable[[str], Client]) -> None:
    form = {"kind": "automatic", "username": "stamp", "role": "member"}
    assert visit("admin").post(reverse("console:new-person-account"), form).status_code == 302
    stamp = User.objects.get(username="stamp")
    assert (stamp.kind, stamp.automatic) == (User.Kind.ROBOT, True)
    assert not Message.objects.filter(user=stamp).exists()
    shown = text(visit("admin").get(page_of(stamp)))
    assert "Program that signs by itself" in shown
    assert "Send a link" not in shown


def test_a_person_is_changed(world: World, visit: Callable[[str], Client]) -> None:
    admin, owner = visit("admin"), world.owner
    form = {"name": "Olga", "surname": owner.surname, "email": owner.email, "phone": "", "language": ""}
    assert admin.post(page_of(owner), form).status_code == 302
    wrong = admin.post(page_of(owner), form | {"email": "no address"})
    assert (wrong.status_code, "such as anna@example.com" in text(wrong)) == (422, True)
    rights = {"rights-role": "signer", "rights-beside": [Capability.SEE_ENVELOPES.value]}
    assert admin.post(reverse("console:person-rights", args=[owner.pub]), rights).status_code == 302
    owner.refresh_from_db()
    assert (owner.name, owner.role, owner.capabilities) == ("Olga", "signer", ["see_envelopes"])
    operate = rights | {"rights-beside": [Capability.OPERATE.value]}
    assert admin.post(reverse("console:person-rights", args=[owner.pub]), operate).status_code == 422


def test_the_last_administrator_stays(world: World, visit: Callable[[str], Client]) -> None:
    admin = visit("admin")
    for act, form in (("disable-person", {}), ("person-rights", {"rights-role": "member"})):
        shown = admin.post(reverse(f"console:{act}", args=[world.admin.pub]), form, follow=True)
        assert "last administrator" in text(shown), act
    world.admin.refresh_from_db()
    assert (world.admin.role, world.admin.disabled_at) == ("admin", None)


def test_who_is_disabled_is_out_of_the_console(world: World, visit: Callable[[str], Client]) -> None:
    admin, owner = visit("admin"), visit("owner")
    assert owner.get("/console/").status_code == 200
    admin.post(reverse("console:disable-person", args=[world.owner.pub]))
    assert owner.get("/console/").status_code == 302
    assert "Disabled" in text(admin.get(page_of(world.owner)))
    admin.post(reverse("console:enable-person", args=[world.owner.pub]))
    login = {"username": str(world.owner), "password": PASSWORD}
    assert Client().post("/console/login", login).status_code == 302


def test_a_link_for_a_new_password(world: World, visit: Callable[[str], Client]) -> None:
    admin = visit("admin")
    shown = admin.post(reverse("console:person-link", args=[world.owner.pub]), follow=True)
    assert f"on its way to {world.owner.email}" in text(shown)
    link = account.link(Message.objects.get(purpose="password_lost")).removeprefix("http://testserver")
    session = visit("owner")
    assert Client().post(link, {"new_password1": NEW, "new_password2": NEW}).status_code == 302
    assert session.get("/console/").status_code == 302, "sessions under the former password have ended"


def test_forgotten(world: World) -> None:
    told = set()
    for username in (str(world.owner), "nobody@board", "nonsense"):
        shown = text(Client().post(reverse("console:forgotten"), {"username": username}))
        told.add(re.sub(r"csrf\w+\" value=\"\w+", "", shown))
    assert len(told) == 1
    assert Message.objects.filter(purpose="password_lost").count() == 1
    for _ in range(20):
        last = Client().post(reverse("console:forgotten"), {"username": "nobody@board"})
    assert last.status_code == 429


def test_rights_that_one_lacks_are_not_offered(world: World, visit: Callable[[str], Client]) -> None:
    world.other.capabilities = [Capability.SEE_USERS, Capability.CREATE_USERS]
    world.other.save()
    other = visit("other")
    shown = text(other.get(page_of(world.admin)))
    assert "has rights that yours has not" in shown
    assert '<form method="post" class="stack"' not in shown
    assert other.post(page_of(world.admin), {"email": "other@board.example"}).status_code == 403
    new = text(other.get(reverse("console:new-person-account")))
    assert 'value="member"' in new
    assert 'value="admin"' not in new
    form = {"kind": "person", "username": "x", "email": "x@board.example", "role": "admin"}
    assert other.post(reverse("console:new-person-account"), form).status_code == 422
    world.other.capabilities = [Capability.SEE_USERS]
    world.other.save()
    assert other.get(page_of(world.owner)).status_code == 200
    assert other.post(page_of(world.owner), {}).status_code == 404
    assert other.get(reverse("console:groups")).status_code == 404


def test_groups(world: World, visit: Callable[[str], Client]) -> None:
    admin = visit("admin")
    assert "No group yet" in text(admin.get(reverse("console:groups")))
    everybody = [str(user.pub) for user in (world.owner, world.other, world.admin)]
    form = {"name": "Board", "members": everybody[:2], "shown": everybody}
    assert admin.post(reverse("console:new-group"), form).status_code == 302
    board = Group.objects.get()
    assert "2 members" in text(admin.get(reverse("console:groups")))
    taken = admin.post(reverse("console:new-group"), {"name": "board"})
    assert (taken.status_code, "This name is taken." in text(taken)) == (422, True)
    foreign = admin.post(
        reverse("console:group", args=[board.pk]), form | {"members": [str(world.stranger.pub)]}
    )
    assert foreign.status_code == 422
    page = reverse("console:group", args=[board.pk])
    admin.post(page, {"name": "Directors", "members": [], "shown": [str(world.admin.pub), "no id"]})
    assert board.members.count() == 2, "whom the page did not show stays"
    admin.post(page, {"name": "Directors", "members": everybody[:1], "shown": everybody})
    board.refresh_from_db()
    assert (board.name, [*board.members.all()]) == ("Directors", [world.owner])
    only = text(admin.get(reverse("console:people") + f"?group={board.pk}"))
    assert world.owner.full_name in only
    assert world.other.full_name not in only
    assert admin.post(reverse("console:delete-group", args=[board.pk])).status_code == 302
    assert not Group.objects.exists()


def test_a_group_among_many_people(world: World, visit: Callable[[str], Client]) -> None:
    """A page of fifty at a time, members first; the others are found by name, and stay what they are."""
    make(world, 60)
    last = User.objects.get(username="u059")
    group = Group.objects.create(organization=world.owner.organization, name="Sales")
    group.members.add(last)
    admin, page = visit("admin"), reverse("console:group", args=[group.pk])

    def boxes(address: str) -> list[str]:
        body = admin.get(address).content.decode()
        assert body.count('name="shown"') == body.count('type="checkbox"')
        return re.findall(r'name="shown" value="([^"]+)"', body)

    first = boxes(page)
    assert (len(first), first[0]) == (50, str(last.pub))
    assert 0 < len(boxes(page + "?q=&page=2")) < 50
    (found,) = boxes(page + "?q=zeta042")
    assert admin.post(page, {"name": "Sales", "shown": [found], "members": [found]}).status_code == 302
    assert set(group.members.values_list("username", flat=True)) == {"u042", "u059"}
    assert boxes(page)[:2] == [found, str(last.pub)]
    assert "Nothing matches." in text(admin.get(page + "?q=nobody"))
    assert len(boxes(page + "?q=%00")) == 50, "what nobody can look for is not looked for"


@pytest.mark.parametrize("who", ["owner", "other"])
def test_members_see_no_people(world: World, visit: Callable[[str], Client], who: str) -> None:
    assert "/console/people" not in text(visit(who).get("/console/"))
    for name in ("people", "new-person-account", "groups", "new-group"):
        assert visit(who).get(reverse(f"console:{name}")).status_code == 404
