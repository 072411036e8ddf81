"""Signing Today's operations on devices, robots and identities, generated from the contract: every documented status in the documented form."""

from __future__ import annotations

import io
import json
import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from PIL import Image, ImageDraw

from tests.pdfs import make_pdf
from undersigned.accounts import devices, robots
from undersigned.accounts.endpoints import MASK, endpoint_of
from undersigned.accounts.models import Capability, Device, DeviceChallenge, Organization, User
from undersigned.base import clock
from undersigned.dialects.signingtoday.api import openapi
from undersigned.files.models import File
from undersigned.sealing import identities
from undersigned.sealing.models import SigningIdentity

from .today_caller import Today
from .today_contract import OPERATIONS, refused, same_shape
from .today_people import person

pytestmark = [pytest.mark.django_db]
MINE = (
    "listDevices", "getDeviceChallenge", "registerDevice", "deleteDevice", "registerPushToken", "deletePushToken",
    "getRobotToken", "deleteRobotToken", "getRobotConfiguration", "setRobotConfiguration",
    "listIdentities", "getAppearance", "setAppearance", "deleteAppearance",
)  # fmt: skip
PUBLIC = {"registerDevice"}
PHONE = "e6419924-fd1d-4c42-9fa2-88023461f5df"
API = "signingtoday"
Scene = Callable[[Today], HttpResponse]


def example(operation: str) -> Any:
    return json.loads(json.dumps(OPERATIONS[operation]["request"]["example"]))


def trusted(today: Today, device_id: str = PHONE) -> str:
    """A paired device of the caller; its token."""
    return devices.register(devices.challenge(today.user), device_id, 'John Doe"s Iphone', API)


def picture(kind: str = "PNG", size: tuple[int, int] = (400, 160)) -> bytes:
    drawn = Image.new("RGB", size, "white")
    ImageDraw.Draw(drawn).line([(20, 120), (200, 30), (380, 130)], fill="black", width=9)
    out = io.BytesIO()
    drawn.save(out, kind)
    return out.getvalue()


def parts(data: bytes = b"", **given: Any) -> dict[str, Any]:
    file = SimpleUploadedFile("name.png", data or picture())
    return {
        "file": file,
        "filename": "my name.png",
        "resourceType": "Image",
        "title": "Sales Contract",
    } | given


def address(user: User, identity: SigningIdentity | None = None) -> str:
    return f"/user/{user.pub}/identity/{identity.pub if identity else uuid.uuid4()}/appearance"


def with_look(today: Today) -> str:
    """An identity with a look; the address of the latter."""
    path = address(today.user, identities.make_identity(today.user, "Token John Doe"))
    assert today.upload("POST", path, parts()).status_code == 200
    return path


def listed_identities(today: Today) -> HttpResponse:
    with_look(today)
    return today.get(f"/user/{today.user.pub}/identities")


def call(today: Today, operation: str, whose: User) -> HttpResponse:
    """The operation, well-formed, about what somebody has; no identity of theirs is named."""
    path, method = OPERATIONS[operation]["path"], OPERATIONS[operation]["method"]
    path = path.replace("{id}", str(whose.pub)).replace("{identity-id}", str(uuid.uuid4()))
    if operation == "setAppearance":
        return today.upload("POST", path, parts())
    query = {"deviceId": PHONE} if "device" in path or "push" in path else {}
    body = json.dumps(example(operation)).encode() if OPERATIONS[operation].get("request") else b""
    return today.send(method, path, body, query=query)


def without_token(operation: str) -> Scene:
    def scene(today: Today) -> HttpResponse:
        today.token = str(uuid.uuid4())
        return call(today, operation, today.user)

    return scene


def another_signers(operation: str) -> Scene:
    return lambda today: call(today.as_user(person(today)), operation, today.user)


def configured(today: Today) -> HttpResponse:
    assert today.put("/robot/configuration", example("setRobotConfiguration")).status_code == 204
    return today.get("/robot/configuration")


def device_listed(today: Today) -> HttpResponse:
    trusted(today)
    return today.get("/devices", {"$count": "True"})


SCENES: dict[tuple[str, int], Scene] = {
    ("listDevices", 200): device_listed,
    ("getDeviceChallenge", 200): lambda today: today.get("/device/authorization", Accept="application/json"),
    ("registerDevice", 200): lambda today: today.post(
        "/device/authorization", example("registerDevice") | {"challenge": devices.challenge(today.user)}
    ),
    ("registerDevice", 401): lambda today: today.post("/device/authorization", example("registerDevice")),
    ("deleteDevice", 204): lambda today: (trusted(today), call(today, "deleteDevice", today.user))[1],
    ("registerPushToken", 204): lambda today: (
        trusted(today, example("registerPushToken")["deviceId"]), call(today, "registerPushToken", today.user)
    )[1],
    ("registerPushToken", 409): lambda today: call(today, "registerPushToken", today.user),
    ("deletePushToken", 204): lambda today: (trusted(today), call(today, "deletePushToken", today.user))[1],
    ("getRobotToken", 200): lambda today: today.get("/robot/authentication"),
    ("deleteRobotToken", 204): lambda today: today.delete("/robot/authentication"),
    ("getRobotConfiguration", 200): configured,
    ("setRobotConfiguration", 204): lambda today: call(today, "setRobotConfiguration", today.user),
    ("listIdentities", 200): listed_identities,
    ("listIdentities", 404): lambda today: today.get(f"/user/{uuid.uuid4()}/identities"),
    ("getAppearance", 200): lambda today: today.get(with_look(today)),
    ("setAppearance", 200): lambda today: today.upload(
        "POST", address(today.user, identities.make_identity(today.user)), parts()
    ),
    ("setAppearance", 400): lambda today: today.upload(
        "POST", address(today.user, identities.make_identity(today.user)), parts(b"no picture", resourceType="Word")
    ),
    ("deleteAppearance", 204): lambda today: today.delete(with_look(today)),
    **{(o, 401): without_token(o) for o in MINE if o not in PUBLIC},
    **{(o, 403): another_signers(o) for o in ("listIdentities", "getAppearance", "setAppearance", "deleteAppearance")},
    **{(o, 404): lambda today, o=o: call(today, o, today.user) for o in ("getAppearance", "setAppearance", "deleteAppearance")},
}  # fmt: skip
RESPONSES = [
    (name, response["status"])
    for name in MINE
    for response in OPERATIONS[name]["responses"]
    # 500 is a fault of ours; a new look takes the former one's place, so that there is no conflict.
    if response["status"] != 500 and (name, response["status"]) != ("setAppearance", 409)
]


@pytest.mark.parametrize(("operation", "status"), RESPONSES, ids=str)
def test_documented_response(operation: str, status: int, today: Today) -> None:
    response = SCENES[operation, status](today)
    documented = next(r for r in OPERATIONS[operation]["responses"] if r["status"] == status)
    assert response.status_code == status, response.content
    if status >= 400:
        refused(status, response)
    elif "example" in documented:
        found, expected = json.loads(response.content), documented["example"]
        if operation == "listIdentities":  # of a smart card
            expected[0]["providerData"] = {}
        for resource in (
            [expected]
            if operation == "setAppearance"
            else [expected[0]["appearance"]]
            if operation == "listIdentities"
            else []
        ):
            resource["extraData"] = {}
        same_shape(found, expected)
    elif operation != "getAppearance":
        assert response.content == b""


@pytest.mark.parametrize("operation", MINE)
def test_described(operation: str) -> None:
    one = OPERATIONS[operation]
    plain = {re.sub(r"\{[\w-]+\}", "{}", path): methods for path, methods in openapi()["paths"].items()}
    described = plain["/api" + re.sub(r"\{[\w-]+\}", "{}", one["path"])][one["method"].lower()]
    assert {str(r["status"]) for r in one["responses"]} - {"500"} <= {str(s) for s in described["responses"]}
    parameters = {p["name"] for p in described.get("parameters", ()) if p["in"] == "query"}
    assert {p["name"] for p in one["parameters"] if p["in"] == "query"} <= parameters
    assert bool(one.get("request")) == ("requestBody" in described)
    assert ("security" in described) == (operation not in PUBLIC)


# --- devices -------------------------------------------------------------------------------------
def test_a_phone_from_the_code_to_its_removal(today: Today) -> None:
    challenge = today.read("/device/authorization")
    assert challenge == {
        "userId": str(today.user.pub),
        "baseURL": "http://testserver/api",
        "challenge": challenge["challenge"],
    }
    phone = Today(today.credential, "", today.user)
    pairing = {"challenge": challenge["challenge"], "deviceId": PHONE, "name": "phone"}
    [phone.token] = json.loads(phone.post("/device/authorization", pairing).content)
    assert phone.post("/device/authorization", pairing).status_code == 401, "once"
    [found] = phone.read("/devices")["values"]
    assert (found["deviceId"], found["name"], found["userId"]) == (PHONE, "phone", str(today.user.pub))
    assert isinstance(found["_instance_id"], int)
    assert phone.post("/notifications/push-token", {"deviceId": PHONE, "token": "t"}).status_code == 204
    assert Device.objects.get().push_token == "t"
    assert phone.get("/robot/authentication").status_code == 403, "it would outlive the device"
    assert phone.get("/device/authorization").status_code == 403
    assert today.delete("/device/authorization", {"deviceId": PHONE}).status_code == 204
    assert phone.get("/devices").status_code == 401
    assert today.delete("/device/authorization", {"deviceId": PHONE}).status_code == 404


@pytest.mark.parametrize(
    ("accept", "is_picture"),
    [
        ("image/png", True),
        ("image/png, */*", True),
        ("application/json", False),
        ("application/json, image/png", False),
        ("*/*", False),
        ("", False),
    ],
)
def test_the_code_as_a_picture(today: Today, accept: str, is_picture: bool) -> None:
    response = today.get("/device/authorization", Accept=accept)
    assert (response["Content-Type"] == "image/png") == is_picture
    if is_picture:
        with Image.open(io.BytesIO(response.content)) as opened:
            assert opened.format == "PNG"
            assert min(opened.size) > 200


def test_a_challenge_ends(today: Today) -> None:
    former = today.read("/device/authorization")["challenge"]
    current = today.read("/device/authorization")["challenge"]
    for challenge, status in ((former, 401), ("", 400), (current, 200)):
        assert (
            today.post("/device/authorization", {"challenge": challenge, "deviceId": "x"}).status_code
            == status
        )
    late = today.read("/device/authorization")["challenge"]
    DeviceChallenge.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    assert today.post("/device/authorization", {"challenge": late, "deviceId": "x"}).status_code == 401


def test_devices_of_others(today: Today, today_colleague: Today, today_stranger: Today) -> None:
    trusted(today_colleague)
    whose = {"userId": str(today_colleague.user.pub)}
    assert today_colleague.read("/devices")["values"][0]["deviceId"] == PHONE
    assert today.read("/devices")["values"] == []
    assert today.read("/devices", whose)["values"][0]["deviceId"] == PHONE
    assert today_colleague.get("/devices", {"userId": str(today.user.pub)}).status_code == 403
    assert today_stranger.get("/devices", whose).status_code == 404
    assert today_stranger.delete("/device/authorization", whose | {"deviceId": PHONE}).status_code == 404
    assert today.delete("/device/authorization", {"deviceId": PHONE}).status_code == 404
    assert today.post("/notifications/push-token", {"deviceId": PHONE, "token": "t"}).status_code == 409
    assert today.delete("/notifications/push-token", {"deviceId": PHONE}).status_code == 204
    assert today.delete("/device/authorization", whose | {"deviceId": PHONE}).status_code == 204


# --- robots --------------------------------------------------------------------------------------
def test_the_lifetime_token(today: Today) -> None:
    robot = person(today, "loader", kind=User.Kind.ROBOT, role=User.Role.MEMBER)
    whose = {"username": "loader", "domain": "board"}
    token = today.read("/robot/authentication", whose)["accessToken"]
    assert today.read("/robot/authentication", whose)["accessToken"] == token == str(uuid.UUID(token))
    program = Today(today.credential, "", robot, token)
    assert program.read("/robot/authentication")["accessToken"] == token
    assert program.read("/robot/authentication", whose)["accessToken"] == token
    assert program.get("/robot/authentication", {"username": "anna"}).status_code == 403
    assert program.get("/auth/logout").status_code == 204
    assert program.get("/devices").status_code == 200, "it lasts"
    renewed = robots.renew_token(robot, API)
    assert program.get("/devices").status_code == 401
    assert Today(today.credential, "", robot, renewed).get("/devices").status_code == 200
    assert today.delete("/robot/authentication", whose).status_code == 204
    assert today.delete("/robot/authentication", whose).status_code == 204
    assert Today(today.credential, "", robot, renewed).get("/devices").status_code == 401


def test_tokens_and_configurations_of_other_organizations(today: Today, today_stranger: Today) -> None:
    for query in (
        {"username": "anna", "domain": "board"},
        {"username": "anna"},
        {"username": "eve", "domain": "board"},
    ):
        for path in ("/robot/authentication", "/robot/configuration"):
            assert today_stranger.get(path, query).status_code == 404
        assert today_stranger.delete("/robot/authentication", query).status_code == 404
        assert today_stranger.put("/robot/configuration", {}, query).status_code == 404


def test_nobody_becomes_more_by_another_accounts_token(today: Today) -> None:
    person(today, "operator", capabilities=[Capability.OPERATE])
    assert today.get("/robot/authentication", {"username": "operator"}).status_code == 403


def test_a_configuration_is_read_as_it_was_written_but_for_secrets(today: Today) -> None:
    assert today.read("/robot/configuration") == {
        "requestHeaders": {},
        "authentication": None,
        "webhooks": {"dst": None},
    }
    given = example("setRobotConfiguration")
    assert today.put("/robot/configuration", given).status_code == 204
    found = today.read("/robot/configuration")
    masked = {"password": MASK, "clientKey": MASK}
    assert found == given | {"authentication": given["authentication"] | masked}
    assert (
        today.put("/robot/configuration", found | {"webhooks": {"dst": "https://other.example/"}}).status_code
        == 204
    )
    kept = endpoint_of(today.user)
    assert (kept.url, kept.auth.password, kept.auth.client_key) == (
        "https://other.example/",
        "A12345678z",
        "clientKey",
    )
    without = {"authentication": {"username": "jdo", "authMode": "digest"}}
    assert today.put("/robot/configuration", without).status_code == 204
    kept = endpoint_of(today.user)
    assert (kept.auth.mode, kept.auth.password, kept.url, kept.headers) == ("digest", "A12345678z", "", {})
    assert today.put("/robot/configuration", {}).status_code == 204
    assert today.read("/robot/configuration")["authentication"] is None


def test_all_faults_of_a_configuration_at_once(today: Today) -> None:
    given = {
        "requestHeaders": {"Host": ["x"], "X": [1]},
        "authentication": {"authMode": "ntlm", "username": 1},
        "webhooks": {"dst": "ftp://x.example/"},
    }
    response = today.put("/robot/configuration", given)
    assert response.status_code == 400
    assert [one["target"] for one in json.loads(response.content)] == [
        "requestHeaders.X[0]",
        "authentication.authMode",
        "authentication.username",
    ]
    given |= {"authentication": None, "requestHeaders": {"Host": ["x"]}}
    targets = [one["target"] for one in json.loads(today.put("/robot/configuration", given).content)]
    assert targets == ["webhooks.dst", "requestHeaders"]
    assert today.put("/robot/configuration", {"requestHeaders": {"X": ["a\r\nY: b"]}}).status_code == 400


# --- identities ----------------------------------------------------------------------------------
def test_the_wallet(today: Today) -> None:
    assert today.read(f"/user/{today.user.pub}/identities") == []
    identity = identities.make_identity(today.user, "Mine")
    [found] = today.read(f"/user/{today.user.pub}/identities")
    assert (found["id"], found["label"], found["valid"], found["appearance"]) == (
        str(identity.pub),
        "Mine",
        True,
        None,
    )
    assert (found["providerType"], found["issuerCommonName"]) == ("server", "Signer Authority")
    certificate = x509.load_pem_x509_certificate(found["rawCertificate"].encode())
    assert identities.common_name(certificate.subject) == found["subjectCommonName"] == today.user.full_name
    identities.remove_identity(identity)
    assert today.read(f"/user/{today.user.pub}/identities") == []


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "PDF_Document"])
def test_a_look_is_cleaned(today: Today, kind: str) -> None:
    path = address(today.user, identities.make_identity(today.user))
    is_pdf = kind == "PDF_Document"
    data = make_pdf(pages=1, text="Anna Virtanen") if is_pdf else picture(kind)
    given = parts(data, resourceType=kind if is_pdf else "Image", filename="my name.jpeg")
    made = json.loads(today.upload("POST", path, given).content)
    assert (made["filename"], made["type"], made["mimetype"], made["pages"]) == (
        "my name.png",
        "Image",
        "image/png",
        1,
    )
    response = today.get(path)
    assert response["Content-Disposition"] == 'attachment; filename="my_name.png"'
    with Image.open(io.BytesIO(response.getvalue())) as opened:
        assert (opened.format, opened.mode) == ("PNG", "RGBA")


def test_a_look_is_replaced_and_removed(today: Today) -> None:
    path = with_look(today)
    former = File.objects.get(kind=File.Kind.APPEARANCE)
    assert today.upload("POST", path, parts(picture("JPEG"))).status_code == 200
    former.refresh_from_db()
    assert former.blob is None
    assert today.delete(path).status_code == 204
    assert today.get(path).status_code == 404
    assert today.delete(path).status_code == 404
    assert not File.objects.filter(kind=File.Kind.APPEARANCE).exclude(blob=None).exists()


@pytest.mark.parametrize(
    "data",
    [b"GIF89a", b"%PDF-1.7 nothing", picture(size=(50, 20)), b"\x89PNG\r\n\x1a\n" + bytes(50)],
    ids=len,
)
def test_what_is_no_picture(today: Today, data: bytes) -> None:
    path = address(today.user, identities.make_identity(today.user))
    response = today.upload("POST", path, parts(data))
    assert response.status_code == 400
    assert [one["target"] for one in json.loads(response.content)] == ["file"]


def test_a_look_that_is_too_large(today: Today) -> None:
    path = address(today.user, identities.make_identity(today.user))
    assert today.upload("POST", path, parts(bytes(6 << 20))).status_code == 413


def test_foreign_identities_are_like_unknown_ones(
    today: Today, today_colleague: Today, today_stranger: Today, organization: Organization
) -> None:
    path = with_look(today)
    assert (
        today_stranger.get(path).status_code == today_stranger.get(address(today_stranger.user)).status_code
    )
    whose = str(today_stranger.user.pub)
    stolen = path.replace(str(today.user.pub), whose)
    for method in ("GET", "DELETE"):
        assert today_stranger.send(method, stolen).status_code == 404
        assert today_stranger.send(method, path).status_code == 404
        assert today_colleague.send(method, path).status_code == 403
        assert (
            today_colleague.send(
                method, path.replace(str(today.user.pub), str(today_colleague.user.pub))
            ).status_code
            == 404
        )
    assert today_stranger.get(f"/user/{today.user.pub}/identities").status_code == 404
    assert today_colleague.get(f"/user/{today.user.pub}/identities").status_code == 403
    assert today.read(f"/user/{today_colleague.user.pub}/identities") == []


def test_no_look_without_the_scanner(today: Today, settings: LazySettings) -> None:
    settings.CLAMD = "tcp://127.0.0.1:1"
    path = address(today.user, identities.make_identity(today.user))
    response = today.upload("POST", path, parts())
    assert (response.status_code, response.has_header("Retry-After")) == (503, True)
