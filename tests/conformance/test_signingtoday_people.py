"""Signing Today's operations on people, generated from the contract: every documented status in the documented form."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import uuid
from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlencode

import pytest
from django.http import HttpResponse
from django.test import Client

from undersigned.accounts import password_tokens
from undersigned.accounts.credentials import create_lasting_token
from undersigned.accounts.login import PER_ADDRESS, PER_PAIR
from undersigned.accounts.models import Capability, Credential, Group, PasswordToken, User
from undersigned.base import clock
from undersigned.delivery import account
from undersigned.delivery.models import Message
from undersigned.dialects.signingtoday import user_wire
from undersigned.dialects.signingtoday.api import openapi

from .today_caller import Today

pytestmark = [pytest.mark.django_db]

CONTRACT: dict[str, Any] = json.loads((Path(__file__).parent / "contracts/signingtoday.json").read_text())
OPERATIONS = {o["id"]: o for o in CONTRACT["operations"]}
MINE = (
    "getToken", "logout", "getCurrentUser", "passwordLost", "adminPasswordReset", "ownPasswordReset",
    "changePasswordByToken", "serviceChangePassword", "samlLogin", "getPasswordToken", "getServiceConfiguration",
    "listUsers", "createUser", "listUserGroups", "createUserGroups", "getUser", "updateUser", "enableUser", "setUserRole",
)  # fmt: skip
PUBLIC = {"getToken", "passwordLost", "changePasswordByToken", "samlLogin", "getServiceConfiguration"}
LOGIN = {"grant_type": "password", "username": "anna@board", "password": "correct horse battery"}
PASSWORD = "a sentence of my own"
SECRET = "what the login service and we know"
FORM = "application/x-www-form-urlencoded"
Scene = Callable[[Today], HttpResponse]


def example(operation: str) -> Any:
    """The documented body, in this organisation."""
    text = json.dumps(OPERATIONS[operation]["request"]["example"])
    return json.loads(text.replace("bit4id", "board").replace("A12345678z", PASSWORD))


def person(today: Today, login: str = "jdo", **fields: Any) -> User:
    given = {"email": f"{login}@board.example", "role": User.Role.SIGNER, "name": "John", "surname": "Doe"}
    return User.objects.create_user(today.user.organization, login, PASSWORD, **(given | fields))


def robot(today: Today) -> User:
    return person(today, "loader", kind=User.Kind.ROBOT, email="", role=User.Role.MEMBER)


def named(user: User) -> dict[str, str]:
    return {"username": user.username, "domain": user.organization.slug}


def assertion(today: Today, *, domain: str = "", secret: str = SECRET, **members: Any) -> dict[str, str]:
    """A form as the organisation's login service sends it."""
    today.user.organization.login_secret = SECRET
    today.user.organization.save()
    now = clock.now()
    said = {
        "_not_before": (now - timedelta(minutes=1)).isoformat(),
        "_not_onorafter": (now + timedelta(minutes=5)).isoformat(),
        "userid": "jdo",
        "givenName": "John",
        "surname": "Doe",
        "rfc822Mailbox": "john.doe@board.example",
        "eduPersonPrincipalName": "jdo@board",
        "isMemberOf": ["Marketing BU"],
    }
    message = json.dumps({k: v for k, v in (said | members).items() if v is not None}).encode()
    return {
        "domain": domain or "board",
        "IDToken1": base64.b64encode(message).decode(),
        "IDToken2": hmac.new(secret.encode(), message, hashlib.sha256).hexdigest(),
    }


def saml(today: Today, form: dict[str, str]) -> HttpResponse:
    return today.send("POST", "/auth/saml", urlencode(form).encode(), FORM)


def text(today: Today, path: str, body: str, query: dict[str, str]) -> HttpResponse:
    return today.send("POST", path, body.encode(), "text/plain", query)


def own_token(today: Today) -> str:
    found: str = today.read("/auth/passwordToken")[0]
    return found


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


def refused(status: int, response: HttpResponse) -> None:
    """The error bodies of the contract."""
    if status == 404:
        assert response.content == b""
        return
    found = json.loads(response.content)
    assert isinstance(found, list) == (status == 400)
    for one in found if status == 400 else [found]:
        assert set(one) == ({"code", "message"} if status == 500 else {"code", "message", "target"})
        assert one["message"]


def same_shape(value: Any, documented: Any, at: str = "$") -> None:
    """The members and JSON types of the example; more may be there, and null where the example has null."""
    if documented is None:
        return
    assert type(value) is type(documented), at
    if isinstance(documented, dict):
        assert set(documented) <= set(value), at
        for name in documented:
            same_shape(value[name], documented[name], f"{at}.{name}")
    elif isinstance(documented, list):
        assert len(value) >= len(documented), at
        for found in value:
            same_shape(found, documented[0], f"{at}[]")


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


# --- tokens --------------------------------------------------------------------------------------
def test_a_session_is_renewed_and_a_stolen_refresh_token_ends_it(today: Today) -> None:
    first = json.loads(today.ask_token(**LOGIN).content)
    second = json.loads(
        today.ask_token(grant_type="refresh_token", refresh_token=first["refresh_token"]).content
    )
    assert second["access_token"] != first["access_token"]
    today.token = second["access_token"]
    assert today.get("/auth/user").status_code == 200
    again = today.ask_token(grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert (again.status_code, json.loads(again.content)["error"]) == (400, "invalid_grant")
    assert today.get("/auth/user").status_code == 401
    last = today.ask_token(grant_type="refresh_token", refresh_token=second["refresh_token"])
    assert last.status_code == 400


def test_token_requests_that_are_refused(today: Today, today_stranger: Today) -> None:
    for status, error, form in (
        (400, "invalid_grant", LOGIN | {"password": "wrong"}),
        (400, "invalid_grant", LOGIN | {"username": "nobody@board"}),
        (400, "invalid_request", {"grant_type": "password"}),
        (400, "unsupported_grant_type", {"grant_type": "client_credentials"}),
        (401, "invalid_client", LOGIN | {"basic": "Basic eDp5"}),
        (401, "invalid_client", LOGIN | {"basic": ""}),
        (400, "invalid_grant", {"grant_type": "refresh_token", "refresh_token": today_stranger.refresh}),
    ):
        response = today.ask_token(**form)
        assert (response.status_code, json.loads(response.content)["error"]) == (status, error), form
    # A client's users are those of its organisation.
    assert today_stranger.ask_token(**LOGIN).status_code == 400


def test_guessing_ends_after_a_while_and_logging_in_does_not(today: Today) -> None:
    for _ in range(PER_ADDRESS + 5):
        assert today.ask_token(**LOGIN).status_code == 200
    for _ in range(PER_PAIR):
        assert today.ask_token(**(LOGIN | {"password": "guess"})).status_code == 400
    refused_now = today.ask_token(**LOGIN)
    assert refused_now.status_code == 429
    assert int(refused_now["Retry-After"]) > 0


@pytest.mark.parametrize("kind", [Credential.Kind.LIFETIME, Credential.Kind.DEVICE])
def test_lasting_tokens(today: Today, kind: Credential.Kind) -> None:
    credential, token = create_lasting_token(today.user, "signingtoday", kind, "x")
    lasting = Today(credential, "", today.user, token)
    assert lasting.read("/auth/user")["username"] == "anna"
    assert lasting.get("/auth/logout").status_code == 204
    assert lasting.get("/auth/user").status_code == 200, "it stays until it is revoked"
    assert lasting.get("/auth/passwordToken").status_code == 403
    User.objects.update(disabled_at=clock.now())
    assert lasting.get("/auth/user").status_code == 401


def test_a_urlencoded_form_does_as_well(today: Today) -> None:
    response = today.client.generic(
        "POST", "/api/oauth/token", urlencode(LOGIN).encode(), FORM, headers={"Authorization": today.basic}
    )
    assert response.status_code == 200


# --- passwords -----------------------------------------------------------------------------------
def test_a_password_token_works_once(today: Today) -> None:
    query = {"passwordToken": own_token(today)}
    assert text(today, "/auth/changePassword", "short", query).status_code == 400
    assert text(today, "/auth/changePassword", PASSWORD, query).status_code == 204
    assert today.get("/auth/user").status_code == 401, "all sessions have ended"
    assert text(today, "/auth/changePassword", PASSWORD, query).status_code == 409
    assert today.ask_token(**(LOGIN | {"password": PASSWORD})).status_code == 200


def test_a_password_token_is_over_after_an_hour(today: Today) -> None:
    query = {"passwordToken": own_token(today)}
    PasswordToken.objects.update(expires_at=clock.now())
    assert text(today, "/auth/changePassword", PASSWORD, query).status_code == 409


def test_quotation_marks_around_a_password_are_the_clients(today: Today) -> None:
    machine = robot(today)
    for body in (json.dumps('my "own" words'), 'my "own" words'):
        assert text(today, "/service/changePassword", body, named(machine)).status_code == 204
        machine.refresh_from_db()
        assert machine.check_password('my "own" words')
    login = {"grant_type": "password", "username": "loader@board", "password": 'my "own" words'}
    assert today.ask_token(**login).status_code == 200


def test_a_lost_password_tells_nothing(today: Today) -> None:
    bare = Today(today.credential, "", today.user)
    answers = [
        bare.get("/auth/passwordLost", {"username": name, "domain": domain})
        for name, domain in (("anna", "board"), ("nobody", "board"), ("anna", "nowhere"))
    ]
    assert {(a.status_code, a.content) for a in answers} == {(204, b"")}
    assert [m.purpose for m in Message.objects.all()] == ["password_lost"]


def test_who_is_cleared_is_out_and_gets_a_link(today: Today) -> None:
    theirs = today.as_user(person(today))
    assert today.get("/auth/passwordReset", named(theirs.user)).status_code == 204
    assert theirs.get("/auth/user").status_code == 401
    login = {"grant_type": "password", "username": "jdo@board", "password": PASSWORD}
    assert today.ask_token(**login).status_code == 400
    message = Message.objects.get(purpose="password_cleared")
    row = PasswordToken.objects.get(user=theirs.user)
    assert account.link(message).endswith(password_tokens.link_token(row))


# --- the organisation's login service --------------------------------------------------------------
def test_who_is_vouched_for(today: Today) -> None:
    response = saml(today, assertion(today))
    assert response.status_code == 303
    page, _, fragment = response["Location"].partition("#")
    assert page == "http://testserver/console/vouched"
    assert Client().get(page.removeprefix("http://testserver")).status_code == 200
    theirs = Today(today.credential, "", today.user, re.findall("access_token=([^&]+)", fragment)[0])
    found = theirs.read("/auth/user")
    assert (found["username"], found["role"], found["email"]) == ("jdo", "signer", "john.doe@board.example")
    assert [g["name"] for g in found["groups"]] == ["Marketing BU"]
    again = saml(today, assertion(today, surname="Smith", isMemberOf=[], groups=["Sales"]))
    assert again.status_code == 303
    found = theirs.read("/auth/user")
    assert (found["surname"], [g["name"] for g in found["groups"]]) == ("Smith", ["Sales"])
    assert Group.objects.filter(name="Marketing BU").exists()


def test_what_is_not_believed(today: Today, today_stranger: Today) -> None:
    now = clock.now()
    person(today, "gone", disabled_at=now)
    person(today, "boss", role=User.Role.ADMIN, capabilities=[Capability.OPERATE])
    robot(today)
    forged = assertion(today)
    changed = base64.b64encode(base64.b64decode(forged["IDToken1"]).replace(b"jdo", b"anna")).decode()
    used = assertion(today)
    assert saml(today, used).status_code == 303
    for form in (
        used,  # a second time
        forged | {"IDToken1": changed},
        forged | {"IDToken2": ""},
        forged | {"IDToken2": "0" * 64},
        forged | {"domain": "abroad"},  # it has no login service
        forged | {"domain": "nowhere"},
        forged | {"IDToken1": "%%%"},
        {},
        assertion(today, secret=""),
        assertion(today, _not_onorafter=now.isoformat()),
        assertion(today, _not_onorafter=None),
        assertion(today, _not_before=(now + timedelta(hours=1)).isoformat()),
        assertion(today, _not_onorafter=(now + timedelta(days=2)).isoformat()),
        assertion(today, eduPersonPrincipalName="eve@abroad"),
        assertion(today, eduPersonPrincipalName="gone@board"),
        assertion(today, eduPersonPrincipalName="boss@board"),
        assertion(today, eduPersonPrincipalName="loader@board"),
    ):
        response = saml(today, deepcopy(form))
        assert response.status_code == 409, form
        refused(409, response)
    assert (
        not User.objects.filter(organization=today_stranger.user.organization)
        .exclude(username="eve")
        .exists()
    )


def test_an_empty_secret_signs_nothing(today: Today) -> None:
    form = assertion(today, secret="")
    today.user.organization.login_secret = None
    today.user.organization.save()
    assert saml(today, form).status_code == 409
