"""`$filter`: whatever is asked, no fault of ours, no row of another tenant, and "not" is the opposite."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from undersigned.accounts.models import Group, Organization, User
from undersigned.dialects.signingtoday import filters
from undersigned.dialects.signingtoday.user_wire import USERS

from .today_caller import Today

pytestmark = [pytest.mark.django_db]
EXAMPLES = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

NAMES = [*USERS, "extraData.dept.no", "templateData.a", "extraData.a.b.c.0", "groups.name.x", "password", "pk", "nothing"]  # fmt: skip
OPERATORS = ["==", "!=", ">", ">=", "<", "<=", "=like=", "=in="]
VALUES = st.one_of(
    st.sampled_from([
        "anna", "*", "a*n", "null", "true", "False", "-1", "99999999999999999999", "2021-10-17T07:26Z",
        "9999-12-31T23:59:59.999999-14:00", "2018-12-19 09:26:03.478039", "admin", "signer", "%", "_", "\\", "\\*", "é",
        "9f2d4a3e-0000-4000-8000-000000000000", "a and b", "(", "__", "' or 1=1 --", "💥",
    ]),
    st.text(max_size=12),
)  # fmt: skip


@st.composite
def comparison(draw: st.DrawFn) -> str:
    name, operator, value = draw(st.sampled_from(NAMES)), draw(st.sampled_from(OPERATORS)), draw(VALUES)
    if draw(st.booleans()):
        value = json.dumps(value, ensure_ascii=False)
    blank = draw(st.sampled_from(["", " "]))
    if operator == "=in=":
        return f"{name}{blank}=in={blank}({value},{blank}x)"
    return f"{name}{blank}{operator}{blank}{value}"


EXPRESSION = st.recursive(
    comparison(),
    lambda inner: st.one_of(
        st.builds("({}) and {}".format, inner, inner),
        st.builds("{} or {}".format, inner, inner),
        st.builds("not ({})".format, inner),
        st.builds("not {}".format, inner),
    ),
    max_leaves=6,
)


@pytest.fixture
def crowded(today: Today, today_stranger: Today) -> Today:
    """People with all sorts of values, in two organisations."""
    for number, organization in enumerate((today.user.organization, today_stranger.user.organization)):
        for name in ("Milk", "Bread", "", "a%_\\*b"):
            user = User.objects.create_user(
                organization,
                f"{name or 'x'}{number}",
                name=name,
                extra={"dept": {"no": 7}, "on": True, "n": None},
            )
            user.groups.add(Group.objects.get_or_create(organization=organization, name=f"G{name}")[0])
    return today


@EXAMPLES
@given(text=st.one_of(EXPRESSION, st.text(max_size=60)))
def test_whatever_is_asked(crowded: Today, text: str) -> None:
    response = crowded.get("/users", {"$filter": text})
    assert response.status_code in (200, 400), (text, response.content)
    found = json.loads(response.content)
    if response.status_code == 400:
        assert {one["target"] for one in found} == {"$filter"}
    else:
        assert {user["domain"] for user in found["values"]} <= {"board"}


@EXAMPLES
@given(text=EXPRESSION)
def test_not_is_the_opposite(crowded: Today, text: str) -> None:
    try:
        condition = filters.parse(text, USERS)
        opposite = filters.parse(f"not ({text})", USERS)
    except filters.BadFilter:
        return
    everybody = set(User.objects.values_list("pk", flat=True))
    found = set(User.objects.filter(condition).values_list("pk", flat=True))
    others = set(User.objects.filter(opposite).values_list("pk", flat=True))
    assert found | others == everybody
    assert not found & others


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('name == "Milk" or surname == "Bread"', {"Milk0"}),
        ('name=="Milk"', {"Milk0"}),
        ("name==Milk", {"Milk0"}),
        ("$filter=name==Milk", {"Milk0"}),
        ("name == 'Milk' AND not (username==x)", {"Milk0"}),
        ('name == "a%_\\\\*b"', {"a%_\\*b0"}),
        ("name == *ILK", {"Milk0"}),
        ("name =like= rea", {"Bread0"}),
        ("name == null", {"x0"}),
        ("groups == GMilk", {"Milk0"}),
        ("groups.name == GM*", {"Milk0"}),
        ("groups == null", {"anna"}),
        ("name =in= (Milk, 'Bread')", {"Milk0", "Bread0"}),
        ("role==admin", {"anna"}),
        ("extraData.dept.no == 7 and extraData.on == true and name == Milk", {"Milk0"}),
        ("extraData.n == null and extraData.missing == null and name == Milk", {"Milk0"}),
        ("deletedAt == null and username < B", set()),
        ("not name == Milk and not name == Bread and role != admin and name != null", {"a%_\\*b0"}),
        ("automatic == False and name == Milk", {"Milk0"}),
        ("domain == abroad", set()),
    ],
)  # fmt: skip
def test_the_language(crowded: Today, text: str, found: set[str]) -> None:
    values = crowded.read("/users", {"$filter": text})["values"]
    assert {user["username"] for user in values} == found


@pytest.mark.parametrize(
    "text",
    [
        "name", "name==", "name = Milk", "name == Milk or", "(name == Milk", "name == Milk)", "== Milk", "name =in= Milk",
        'name == "Milk', "pk == 1", "password == x", "organization.slug == board", "extraData == 1", "extraData.a > 1",
        "createdAt > yesterday", "id > 1", "automatic == 1", "name == a and and name == b", "role > admin", "not",
        "(" * 11 + "name==a" + ")" * 11, " or ".join(["name==a"] * 51), "name==" + "x" * 2001, "name == a\x00",
        "extraData.a__b.c == 1 and",
    ],
)  # fmt: skip
def test_what_cannot_be_read(today: Today, text: str) -> None:
    response = today.get("/users", {"$filter": text})
    assert response.status_code == 400, response.content
    assert [one["target"] for one in json.loads(response.content)] == ["$filter"]


def test_a_list_costs_the_same_whatever_its_length(
    crowded: Today, organization: Organization, django_assert_max_num_queries: object
) -> None:
    crowded.read("/users")
    with django_assert_max_num_queries(8):  # type: ignore[operator]
        crowded.read("/users", {"$count": "true", "$filter": "groups == GMilk or name == *"})
