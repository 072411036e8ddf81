"""Signing keys, devices and the account's own server: one's own, of robots also an administrator's, and nobody else's."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image, ImageDraw

from tests.sealing.authority_of_others import PASSWORD, OtherAuthority
from undersigned.accounts import devices, robots
from undersigned.accounts.credentials import find_lasting_token
from undersigned.accounts.endpoints import Endpoint, endpoint_of, keep_endpoint
from undersigned.accounts.models import Device, User
from undersigned.base.http_auth import HttpAuth
from undersigned.delivery import outbox
from undersigned.delivery.models import MessageAttempt, WebhookEvent
from undersigned.files.models import File
from undersigned.sealing import identities
from undersigned.sealing.models import SigningIdentity

from .world import World

pytestmark = pytest.mark.django_db
API = "signingtoday"
Visit = Callable[[str], Client]


def path(name: str, *args: object) -> str:
    return reverse(f"console:{name}", args=args)


def text(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


def upload(data: bytes, name: str = "key.p12") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def picture() -> bytes:
    drawn = Image.new("RGB", (400, 160), "white")
    ImageDraw.Draw(drawn).line([(20, 120), (200, 30), (380, 130)], fill="black", width=9)
    out = io.BytesIO()
    drawn.save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def robot(world: World) -> User:
    return User.objects.create_user(world.owner.organization, "loader", name="Loader", kind=User.Kind.ROBOT)


# --- signing keys --------------------------------------------------------------------------------
def test_a_key_is_made_named_and_destroyed(world: World, visit: Visit) -> None:
    owner = visit("owner")
    assert "No keys yet." in text(owner, path("signing-keys"))
    assert owner.post(path("make-signing-key"), {"label": "My key"}).status_code == 302
    [identity] = identities.identities_of(world.owner)
    page = text(owner, path("signing-keys"))
    for words in ("My key", world.owner.full_name, "Signer Authority", "Renewed by itself"):
        assert words in page
    assert owner.post(path("remove-signing-key", identity.pub)).status_code == 302
    assert "No keys yet." in text(owner, path("signing-keys"))


def test_a_key_is_brought(world: World, visit: Visit, tmp_path: object) -> None:
    others = OtherAuthority(tmp_path)  # type: ignore[arg-type]
    others.close()
    owner, data = visit("owner"), others.pkcs12(*others.issue("Ines Owner"))
    wrong = owner.post(path("bring-signing-key"), {"file": upload(data), "password": "wrong"})
    assert wrong.status_code == 422
    assert "does not open the file" in wrong.content.decode()
    assert "wrong" not in re.findall(r'type="password"[^>]*value="([^"]*)"', wrong.content.decode())
    none = owner.post(path("bring-signing-key"), {"file": upload(b"nothing"), "password": ""})
    assert "This is not a PKCS#12 file" in none.content.decode()
    assert owner.post(path("bring-signing-key"), {}).status_code == 422
    assert not SigningIdentity.objects.exists()
    given = {"file": upload(data), "password": PASSWORD, "label": ""}
    assert owner.post(path("bring-signing-key"), given).status_code == 302
    page = text(owner, path("signing-keys"))
    for words in ("Ines Owner", "Emicert"):
        assert words in page


def test_a_look_is_kept_shown_and_taken_away(world: World, visit: Visit) -> None:
    owner, identity = visit("owner"), identities.make_identity(world.owner, "Mine")
    look = path("signing-key-look", identity.pub)
    assert owner.get(look).status_code == 404
    bad = owner.post(look, {"file": upload(b"no picture", "a.png")})
    assert (bad.status_code, "This is no picture" in bad.content.decode()) == (422, True)
    assert owner.post(look, {"file": upload(picture(), "a.png")}).status_code == 302
    assert look in text(owner, path("signing-keys"))
    assert owner.get(look).content.startswith(b"\x89PNG")
    assert owner.post(look, {"remove": "1"}).status_code == 302
    assert owner.get(look).status_code == 404
    assert not File.objects.filter(kind=File.Kind.APPEARANCE).exclude(blob=None).exists()


def test_keys_of_others_are_like_unknown_ones(world: World, visit: Visit, robot: User) -> None:
    identity = identities.make_identity(world.owner, "Mine")
    for who in ("other", "admin", "stranger"):
        visitor = visit(who)
        assert "Mine" not in text(visitor, path("signing-keys"))
        assert visitor.post(path("remove-signing-key", identity.pub)).status_code == 404
        assert visitor.get(path("signing-key-look", identity.pub)).status_code == 404
        assert visitor.get(f"{path('signing-keys')}?of={world.owner.pub}").status_code == 404
        assert visitor.post(path("make-signing-key"), {"of": str(world.owner.pub)}).status_code == 404
    for who in ("owner", "stranger"):
        assert visit(who).get(f"{path('signing-keys')}?of={robot.pub}").status_code == 404
    assert visit("owner").get(path("signing-keys") + "?of=x").status_code == 404
    assert SigningIdentity.objects.get().removed_at is None


def test_an_administrator_gives_a_robot_its_key(world: World, visit: Visit, robot: User) -> None:
    admin = visit("admin")
    assert admin.post(path("make-signing-key"), {"label": "Seal", "of": str(robot.pub)}).status_code == 302
    assert identities.identities_of(robot).get().label == "Seal"
    assert "Seal" in text(admin, f"{path('signing-keys')}?of={robot.pub}")
    page = text(admin, path("person", robot.pub))
    assert f"{path('endpoint')}?of={robot.pub}" in page


# --- devices -------------------------------------------------------------------------------------
def test_a_device_is_trusted_by_a_code_and_removed(world: World, visit: Visit) -> None:
    owner = visit("owner")
    assert "You trust no device yet." in text(owner, path("devices"))
    shown = owner.post(path("devices"))
    assert "<svg" in shown.content.decode()
    token = devices.register(devices.challenge(world.owner), "phone-1", "Ines’ phone", API)
    assert "Ines’ phone" in text(owner, path("devices"))
    device = Device.objects.get()
    assert visit("other").post(path("remove-device", device.pk)).status_code == 404
    assert owner.post(path("remove-device", device.pk)).status_code == 302
    assert find_lasting_token(API, token) is None


# --- the account's own server ---------------------------------------------------------------------
FORM = {
    "url": "https://hooks.example/dst",
    "headers": "X-Tenant: 7\nX-Many: a\nX-Many: b\n",
    "mode": "basic",
    "username": "jdo",
    "password": "A12345678z",
}


def test_a_server_is_described(world: World, visit: Visit) -> None:
    owner = visit("owner")
    assert owner.post(path("endpoint"), FORM).status_code == 302
    kept = endpoint_of(world.owner)
    assert (kept.url, kept.headers) == (FORM["url"], {"X-Tenant": ("7",), "X-Many": ("a", "b")})
    assert kept.auth == HttpAuth("basic", "jdo", "A12345678z")
    page = text(owner, path("endpoint"))
    assert "A12345678z" not in page
    assert kept.secret not in page
    assert kept.secret in owner.post(path("endpoint-secret")).content.decode()
    assert owner.post(path("endpoint"), FORM | {"password": "", "mode": "digest"}).status_code == 302
    assert endpoint_of(world.owner).auth == HttpAuth("digest", "jdo", "A12345678z")
    assert owner.post(path("endpoint"), FORM | {"password": "", "mode": ""}).status_code == 302
    assert endpoint_of(world.owner).auth == HttpAuth()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"url": "ftp://x.example/"}, "Enter an address such as"),
        ({"headers": "nothing"}, "Write each header as Name: value"),
        ({"headers": "Host: x"}, "one that is ours to set"),
        ({"username": "a:b"}, "has no colon"),
        ({"client_certificate": "x", "client_key": "x"}, "no private key in PEM"),
    ],
)
def test_what_is_wrong_with_a_server(world: World, visit: Visit, changed: dict[str, str], words: str) -> None:
    response = visit("owner").post(path("endpoint"), FORM | changed)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert endpoint_of(world.owner) == Endpoint()


def test_the_token_is_shown_renewed_and_revoked(world: World, visit: Visit) -> None:
    owner, page = visit("owner"), path("lasting-token")
    token = robots.lasting_token(world.owner, API)
    assert token not in text(owner, path("endpoint"))
    assert token in owner.post(page, {"do": "show"}).content.decode()
    renewed = owner.post(page, {"do": "renew"}).content.decode()
    assert find_lasting_token(API, token) is None
    assert robots.lasting_token(world.owner, API) in renewed
    assert owner.post(page, {"do": "revoke"}).status_code == 302
    assert not robots.has_token(world.owner, API)


def test_events_with_their_attempts(world: World, visit: Visit) -> None:
    keep_endpoint(world.owner, API, Endpoint("https://hooks.example/dst"))
    event = WebhookEvent.objects.create(
        organization=world.owner.organization,
        owner_user=world.owner,
        dialect=API,
        pub="e1",
        kind="DST_STATUS_CHANGED",
        body=b"{}",
        envelope_id=world.sent.pk,
    )
    [message] = outbox.announce(event)
    MessageAttempt.objects.create(
        message=message, at=message.created_at, outcome="retry", answer="503 busy", duration_ms=7
    )
    owner = visit("owner")
    for page in (path("endpoint"), path("envelope-webhooks", world.sent.pk)):
        for words in ("DST_STATUS_CHANGED", "503 busy"):
            assert words in text(owner, page)
    assert "Server of the account" in text(owner, path("envelope-webhooks", world.sent.pk))
    assert "503 busy" not in text(visit("other"), path("endpoint"))


def test_who_only_signs_has_no_programs(world: World, visit: Visit) -> None:
    User.objects.filter(pk=world.owner.pk).update(role=User.Role.SIGNER)
    owner = visit("owner")
    assert path("endpoint") not in text(owner, path("password"))
    for name in ("endpoint", "endpoint-secret", "lasting-token"):
        assert owner.post(path(name)).status_code == 404
    assert owner.get(path("signing-keys")).status_code == 200
