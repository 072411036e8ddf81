"""Phones that users trust: challenges, tokens, removal."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from undersigned.accounts import devices
from undersigned.accounts.credentials import find_lasting_token
from undersigned.accounts.models import Credential, Device, DeviceChallenge, Organization, User
from undersigned.base.errors import Conflict, Forbidden, Invalid, NotFound

pytestmark = pytest.mark.django_db
API = "signingtoday"


def test_a_phone_is_trusted_once_a_challenge(user: User) -> None:
    challenge = devices.challenge(user)
    token = devices.register(challenge, "phone-1", "Anna's phone", API)
    found = find_lasting_token(API, token)
    assert found is not None
    assert found.user == user
    with pytest.raises(NotFound):
        devices.register(challenge, "phone-2", "", API)
    assert bytes(DeviceChallenge.objects.get().secret_hash) != challenge.encode()


def test_the_same_phone_again_keeps_its_token_and_is_renamed(user: User) -> None:
    first = devices.register(devices.challenge(user), "phone-1", "old", API)
    assert devices.register(devices.challenge(user), "phone-1", "new", API) == first
    assert [d.name for d in devices.devices_of(user)] == ["new"]


def test_a_new_challenge_voids_the_former_and_each_ends_after_ten_minutes(user: User) -> None:
    former, current = devices.challenge(user), devices.challenge(user)
    with pytest.raises(NotFound):
        devices.register(former, "phone-1", "", API)
    DeviceChallenge.objects.update(expires_at=timezone.now())
    with pytest.raises(NotFound):
        devices.register(current, "phone-1", "", API)
    assert DeviceChallenge.objects.get().expires_at - timezone.now() < timedelta(minutes=10)


def test_a_disabled_users_challenge_and_token_are_void(user: User) -> None:
    token = devices.register(devices.challenge(user), "phone-1", "", API)
    challenge = devices.challenge(user)
    user.disabled_at = timezone.now()
    user.save()
    assert find_lasting_token(API, token) is None
    with pytest.raises(NotFound):
        devices.register(challenge, "phone-2", "", API)


def test_removal_takes_token_and_push_token(user: User) -> None:
    token = devices.register(devices.challenge(user), "phone-1", "", API)
    devices.set_push_token(user, "phone-1", "push-1")
    devices.remove(user, "phone-1")
    assert find_lasting_token(API, token) is None
    assert Credential.objects.get(kind="device").secret is None
    assert not Device.objects.exists()
    with pytest.raises(NotFound):
        devices.remove(user, "phone-1")
    assert devices.register(devices.challenge(user), "phone-1", "", API) != token


def test_push_tokens_are_for_ones_own_trusted_phones(user: User, organization: Organization) -> None:
    other = User.objects.create_user(organization, "carl")
    devices.register(devices.challenge(other), "phone-1", "", API)
    with pytest.raises(Conflict, match="not_trusted"):
        devices.set_push_token(user, "phone-1", "t")
    with pytest.raises(NotFound):
        devices.remove(user, "phone-1")
    devices.set_push_token(other, "phone-1", "t")
    devices.remove_push_token(user, "phone-1")
    assert Device.objects.get().push_token == "t"
    devices.remove_push_token(other, "phone-1")
    assert Device.objects.get().push_token is None


@pytest.mark.parametrize(("device_id", "name"), [("", ""), ("x" * 201, ""), ("a\nb", ""), ("ok", "a\x00")])
def test_unusable_names(user: User, device_id: str, name: str) -> None:
    challenge = devices.challenge(user)
    with pytest.raises(Invalid):
        devices.register(challenge, device_id, name, API)
    devices.register(challenge, "ok", "ok", API)  # the challenge was not used up


def test_twenty_phones_are_enough(user: User) -> None:
    for n in range(devices.DEVICES_MAX):
        devices.register(devices.challenge(user), f"phone-{n}", "", API)
    with pytest.raises(Conflict, match="too_many_devices"):
        devices.register(devices.challenge(user), "one more", "", API)
    devices.register(devices.challenge(user), "phone-0", "known", API)


def test_a_phone_cannot_get_what_outlives_it(user: User) -> None:
    token = devices.register(devices.challenge(user), "phone-1", "", API)
    credential = find_lasting_token(API, token)
    assert credential is not None
    with pytest.raises(Forbidden):
        devices.refuse_device(credential)
