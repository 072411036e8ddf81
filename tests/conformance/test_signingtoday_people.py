"""Signing Today's operations on people, generated from the contract: every documented status in the documented form; and users' rules.

Sessions, passwords and the organisation's login service have more in `test_signingtoday_logins`.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from typing import Any, get_args

import pytest
from django.http import HttpResponse

from undersigned.accounts.models import Capability, User
from undersigned.delivery import account
from undersigned.delivery.models import Message
from undersigned.dialects.signingtoday import user_wire
from undersigned.dialects.signingtoday.api import openapi

from .today_caller import Today
from .today_contract import CONTRACT, OPERATIONS, refused, same_shape
from .today_people import LOGIN, PASSWORD, assertion, named, own_token, person, robot, saml, text

pytestmark = [pytest.mark.django_db]

MINE = (
    "getToken", "logout", "getCurrentUser", "passwordLost", "adminPasswordReset", "ownPasswordReset",
    "changePasswordByToken", "serviceChangePassword", "samlLogin", "getPasswordToken", "getServiceConfiguration",
    "listUsers", "createUser", "listUserGroups", "createUserGroups", "getUser", "updateUser", "enableUser", "setUserRole",
)  # fmt: skip
PUBLIC = {"getToken", "passwordLost", "changePasswordByToken", "samlLogin", "getServiceConfiguration"}
Scene = Callable[[Today], HttpResponse]


def example(operation: str) -> Any:
    """The documented body, in this organisation."""
    text = json.dumps(OPERATIONS[operation]["request"]["example"])
    return json.loads(text.replace("bit4id", "board").replace("A12345678z", PASSWORD))


def last_admin(today: Today) -> HttpResponse:
    return today.put(f"/user/{today.user.pub}/role", query={"newRole": "signer"})


def without_token(operation: str) -> Scene:
    def scene(today: Today) -> HttpResponse:
        today.token = str(uuid.uuid4())
        return call(today, operation, today.user)

    return scene


def as_signer(operation: str) -> Scene:
    def scene(today: Today) -> HttpResponse:
        return call(today.as_user(person(today, "only")), operation, today.user)

    return scene


def nobody(operation: str) -> Scene:
    return lambda today: call(today, operation, None)


def call(today: Today, operation: str, user: User | None) -> HttpResponse:
    """The operation, well-formed, about somebody."""
    one = OPERATIONS[operation]
    path = one["path"].replace("{id}", str(user.pub if user else uuid.uuid4()))
    query: dict[str, str] = {}
    for parameter in one["parameters"]:
        if parameter.get("required") and parameter["in"] == "query":
            about = named(user) if user else {"username": "nobody", "domain": "board"}
            query[parameter["name"]] = (about | {"newRole": "instructor"})[parameter["name"]]
    body = one.get("request")
    if body and body.get("body_is_raw_text"):
        return text(today, path, PASSWORD, query)
    return today.send(
        one["method"], path, json.dumps(example(operation)).encode() if body else b"", query=query
    )


def users_filled(today: Today) -> HttpResponse:
    """Somebody has all that there is in the example."""
    assert today.post("/users", example("createUser")).status_code == 201
    return today.get("/users", {"$count": "True", "$filter": 'username == "jdo"'})


def groups_filled(today: Today) -> HttpResponse:
    assert today.post("/users/groups", example("createUserGroups")).status_code == 204
    return today.get("/users/groups", {"$count": "true"})


def own(today: Today) -> HttpResponse:
    assert today.post("/users", example("createUser")).status_code == 201
    return today.as_user(User.objects.get(username="jdo")).get("/auth/user")


SCENES: dict[tuple[str, int], Scene] = {
    ("getToken", 200): lambda today: today.ask_token(**LOGIN),
    ("logout", 204): lambda today: today.get("/auth/logout"),
    ("getCurrentUser", 200): own,
    ("passwordLost", 204): lambda today: today.get("/auth/passwordLost", named(today.user)),
    ("adminPasswordReset", 204): lambda today: today.get("/auth/passwordReset", named(person(today))),
    ("ownPasswordReset", 204): lambda today: today.post(
        "/auth/passwordReset", {"currentPassword": LOGIN["password"], "newPassword": PASSWORD}
    ),
    ("ownPasswordReset", 403): lambda today: today.post(
        "/auth/passwordReset", {"currentPassword": "wrong", "newPassword": PASSWORD}
    ),
    ("changePasswordByToken", 204): lambda today: text(
        today, "/auth/changePassword", json.dumps(PASSWORD), {"passwordToken": own_token(today)}
    ),
    ("changePasswordByToken", 409): lambda today: text(
        today, "/auth/changePassword", PASSWORD, {"passwordToken": str(uuid.uuid4())}
    ),
    ("serviceChangePassword", 204): lambda today: text(
        today, "/service/changePassword", PASSWORD, named(robot(today))
    ),
    ("serviceChangePassword", 409): lambda today: text(
        today, "/service/changePassword", PASSWORD, named(person(today))
    ),
    ("samlLogin", 303): lambda today: saml(today, assertion(today)),
    ("samlLogin", 409): lambda today: saml(today, assertion(today, secret="guessed")),
    ("getPasswordToken", 200): lambda today: today.get("/auth/passwordToken"),
    ("getServiceConfiguration", 200): lambda today: Today(today.credential, "", today.user).get("/service/configuration"),
    ("listUsers", 200): users_filled,
    ("createUser", 201): lambda today: today.post("/users", example("createUser")),
    ("createUser", 400): lambda today: today.post("/users", {"user": {"email": "no address", "role": "king"}}),
    ("listUserGroups", 200): groups_filled,
    ("createUserGroups", 204): lambda today: today.post("/users/groups", example("createUserGroups")),
    ("createUserGroups", 400): lambda today: today.post("/users/groups", [{"name": ""}]),
    ("getUser", 200): lambda today: (own(today), today.get(f"/user/{User.objects.get(username='jdo').pub}"))[1],
    ("updateUser", 204): lambda today: today.put(f"/user/{person(today).pub}", example("updateUser")),
    ("updateUser", 400): lambda today: today.put(f"/user/{person(today).pub}", {"language": "tlh"}),
    ("enableUser", 204): lambda today: today.delete(f"/user/{person(today).pub}"),
    ("setUserRole", 204): lambda today: call(today, "setUserRole", person(today)),
    ("setUserRole", 400): lambda today: today.put(f"/user/{person(today).pub}/role", query={"newRole": "king"}),
    ("setUserRole", 409): last_admin,
    **{(o, 400): lambda today, o=o: today.get(OPERATIONS[o]["path"], {"$filter": "nothing =="}) for o in ("listUsers", "listUserGroups")},
    **{(o, 401): without_token(o) for o in MINE if o not in PUBLIC},
    **{(o, 403): as_signer(o) for o in MINE if o not in {*PUBLIC, "ownPasswordReset"}},
    **{(o, 404): nobody(o) for o in ("getUser", "updateUser", "enableUser", "setUserRole")},
}  # fmt: skip
RESPONSES = [
    (name, response["status"])
    for name in MINE
    for response in OPERATIONS[name]["responses"]
    if response["status"] != 500  # below
]


@pytest.mark.parametrize(("operation", "status"), RESPONSES, ids=str)
def test_documented_response(operation: str, status: int, today: Today) -> None:
    as_documented(operation, status, SCENES[operation, status](today))


def as_documented(operation: str, status: int, response: HttpResponse) -> None:
    documented = next(r for r in OPERATIONS[operation]["responses"] if r["status"] == status)
    assert response.status_code == status, response.content
    if status >= 400:
        refused(status, response)
    elif "example" in documented:
        assert response["Content-Type"] == "application/json"
        same_shape(json.loads(response.content), documented["example"])
    else:
        assert response.content == b""
        assert set(documented.get("headers", ())) <= set(response.headers)


def test_a_fault_of_ours(today: Today, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr("undersigned.dialects.signingtoday.users.users_for", crash)
    today.client.raise_request_exception = False
    response = today.get("/users")
    assert response.status_code == 500
    refused(500, response)


@pytest.mark.parametrize("operation", MINE)
def test_described(operation: str) -> None:
    one = OPERATIONS[operation]
    plain = {re.sub(r"\{\w+\}", "{}", path): methods for path, methods in openapi()["paths"].items()}
    described = plain["/api" + re.sub(r"\{\w+\}", "{}", one["path"])][one["method"].lower()]
    assert {str(r["status"]) for r in one["responses"]} - {"500"} <= {str(s) for s in described["responses"]}
    parameters = {p["name"] for p in described.get("parameters", ()) if p["in"] == "query"}
    assert {p["name"] for p in one["parameters"] if p["in"] == "query"} <= parameters
    assert bool(one.get("request")) == ("requestBody" in described)
    assert ("security" in described) == (operation not in PUBLIC or operation == "getToken")


def test_words_are_those_of_the_contract() -> None:
    enums = CONTRACT["enums"]
    assert enums["Role"] == [*get_args(user_wire.RoleWord)] == [*user_wire.ROLES]
    assert enums["Language"] == [*get_args(user_wire.LanguageWord)]
    assert enums["Capability"] == [*get_args(user_wire.CapabilityWord)] == [*user_wire.CAPABILITIES]
    assert {*user_wire.CAPABILITIES.values()} == set(Capability) - {Capability.OPERATE}
    documented = {f["name"] for f in CONTRACT["models"]["User"]["fields"]} | {"templateData"}
    assert documented == set(user_wire.UserModel.model_json_schema(by_alias=True)["properties"])


# --- users ---------------------------------------------------------------------------------------
def test_a_user_is_read_as_it_was_written(today: Today) -> None:
    given = example("createUser")
    made = json.loads(today.post("/users", given).content)
    found = today.read(f"/user/{made[0]}")
    expected = given["user"] | {"capabilities": []}
    assert {name: found[name] for name in expected if name != "groups"} == {
        name: value for name, value in expected.items() if name != "groups"
    }
    assert [(g["name"], g["domain"]) for g in found["groups"]] == [("Marketing BU", "board")]
    assert (found["id"], found["createdBy"], found["deletedAt"]) == (made[0], str(today.user.pub), None)
    assert today.ask_token(grant_type="password", username="jdo@board", password=PASSWORD).status_code == 200


def test_without_a_password_a_link_goes_out(today: Today) -> None:
    given = example("createUser")
    del given["password"]
    assert today.post("/users", given).status_code == 201
    message = Message.objects.get(purpose="welcome")
    assert (message.address, message.language) == ("john.doe@email.com", "en")
    token = account.link(message).rpartition("/")[2]
    query = {"passwordToken": token}
    assert text(today, "/auth/changePassword", PASSWORD, query).status_code == 204
    assert today.ask_token(grant_type="password", username="jdo@board", password=PASSWORD).status_code == 200
    assert not account.still_wanted(message)


def test_a_put_leaves_name_domain_and_role(today: Today) -> None:
    user = person(today)
    given = {
        "id": str(uuid.uuid4()),
        "username": "other",
        "domain": "abroad",
        "role": "admin",
        "phone": 3_901_234,
    }
    assert today.put(f"/user/{user.pub}", given).status_code == 204
    user.refresh_from_db()
    assert (user.username, user.role, user.name, user.phone) == ("jdo", User.Role.SIGNER, "John", "3901234")


def test_disabled_users_are_out_at_once_and_may_come_back(today: Today) -> None:
    theirs = today.as_user(person(today, role=User.Role.MEMBER))
    path = f"/user/{theirs.user.pub}"
    assert theirs.get("/auth/user").status_code == 200
    assert today.delete(path).status_code == 204
    assert theirs.get("/auth/user").status_code == 401
    assert today.read(path)["deletedAt"] is not None
    refresh = today.ask_token(grant_type="refresh_token", refresh_token=theirs.refresh)
    assert (refresh.status_code, json.loads(refresh.content)["error"]) == (400, "invalid_grant")
    login = {"grant_type": "password", "username": "jdo@board", "password": PASSWORD}
    assert today.ask_token(**login).status_code == 400
    assert today.delete(path, {"enabled": "True"}).status_code == 204
    assert today.ask_token(**login).status_code == 200
    assert theirs.get("/auth/user").status_code == 401, "the old session stays ended"


def test_the_last_administrator_stays(today: Today) -> None:
    assert last_admin(today).status_code == 409
    assert today.delete(f"/user/{today.user.pub}").status_code == 409
    other = person(today, role=User.Role.ADMIN)
    assert last_admin(today).status_code == 204
    assert today.as_user(other).delete(f"/user/{other.pub}").status_code == 409


def test_a_role_brings_its_capabilities(today: Today) -> None:
    user = person(today)
    path = f"/user/{user.pub}"
    assert today.put(path, {"capabilities": ["dst.list.all"]}).status_code == 204
    assert today.read(path)["capabilities"] == ["dst.list.all"]
    assert today.put(f"{path}/role", query={"newRole": "admin"}).status_code == 204
    brought = set(CONTRACT["enums"]["Capability"]) - {"organizations.access.write.user"}
    assert set(today.read(path)["capabilities"]) == brought
    assert today.put(f"{path}/role", query={"newRole": "instructor"}).status_code == 204
    assert today.read(path)["capabilities"] == []


def test_who_only_signs_makes_no_envelopes(today: Today) -> None:
    from undersigned.envelopes.actor import Actor
    from undersigned.envelopes.create_envelope import create_envelope
    from undersigned.envelopes.errors import Forbidden

    user = person(today)
    with pytest.raises(Forbidden):
        create_envelope(Actor.from_user(user), "signingtoday", "x")
    user.role = User.Role.MEMBER
    assert create_envelope(Actor.from_user(user), "signingtoday", "x").pub


def test_the_list(today: Today) -> None:
    for name, surname in (("Ada", "Bo"), ("ada", "Ek"), ("Cleo", "Bo")):
        person(today, f"{name}.{surname}", name=name, surname=surname, extra={"dept": {"no": 7}})

    def names(**query: str) -> list[str]:
        found = today.read("/users", {f"${k}": v for k, v in query.items()})
        assert found["count"] is None
        return [user["username"] for user in found["values"]]

    assert names() == ["Ada.Bo", "Cleo.Bo", "ada.Ek", "anna"]
    assert names(filter='name == "Ada"') == ["Ada.Bo"]
    assert names(filter="name==A*") == ["Ada.Bo", "ada.Ek", "anna"]
    assert names(filter='$filter=name == "Ada" or surname == "Ek"') == ["Ada.Bo", "ada.Ek"]
    assert names(filter="not (surname==Bo) and role==signer") == ["ada.Ek"]
    assert names(filter='username =in= (anna, "ada.Ek")') == ["ada.Ek", "anna"]
    assert names(filter="extraData.dept.no == 7 and surname != Bo") == ["ada.Ek"]
    assert names(filter="name =like= le") == ["Cleo.Bo"]
    assert names(filter="deletedAt == null and createdAt > 2021-10-17T07:26Z", orderBy="username,desc") == [
        "anna", "ada.Ek", "Cleo.Bo", "Ada.Bo"
    ]  # fmt: skip
    assert names(top="1", skip="1") == ["Cleo.Bo"]
    assert names(orderBy="$orderBy=surname,asc", top="2") == ["Ada.Bo", "Cleo.Bo"]
    page = today.read("/users", {"$count": "True", "$top": "0"})
    assert page == {"count": 4, "values": []}


def test_all_faults_at_once(today: Today) -> None:
    response = today.get(
        "/users", {"$filter": "nothing==1", "$top": "-1", "$orderBy": "extraData", "$count": "x"}
    )
    assert response.status_code == 400
    assert [one["target"] for one in json.loads(response.content)] == [
        "$filter",
        "$orderBy",
        "$top",
        "$count",
    ]
    response = today.post("/users", {"user": {"username": "a@b", "email": "x", "groups": [{"name": ""}, 1]}})
    assert {one["target"] for one in json.loads(response.content)} == {
        "user.groups[0].name",
        "user.groups[1]",
    }
    response = today.post("/users", {"user": {"username": "a@b", "email": "x"}})
    assert {one["target"] for one in json.loads(response.content)} == {"username", "email"}
