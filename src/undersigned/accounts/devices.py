"""Phones that a user trusts: each by scanning a challenge of ten minutes, and with a token of its own from then on."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.db.models import QuerySet

from undersigned.base import clock
from undersigned.base.db import atomic
from undersigned.base.errors import Conflict, Forbidden, Invalid, NotFound
from undersigned.base.text import is_one_line
from undersigned.base.vault import keyed_hash

from .credentials import create_lasting_token
from .models import Credential, Device, DeviceChallenge, User

LIFETIME = timedelta(minutes=10)
LONGEST = 200
"""Characters of a device's id and of its name."""
PUSH_TOKEN_MAX = 1000
DEVICES_MAX = 20
"""Of one user."""


def challenge(user: User) -> str:
    """What a device must present within ten minutes of real time, once: 128 random bits in hexadecimal. The former one is void."""
    value = secrets.token_hex(16)
    with atomic():
        DeviceChallenge.objects.update_or_create(
            user=user,
            defaults={
                "secret_hash": _hash(value),
                "expires_at": clock.now() + LIFETIME,
                "used_at": None,
            },
        )
    return value


def register(presented: str, device_id: str, name: str, dialect: str) -> str:
    """Trust a device; gives its token for this API. One that is known already keeps its token and gets the new name.

    Raises NotFound for a challenge that is unknown, used or over; Invalid: device_id, name; Conflict: too_many_devices.
    """
    faults = {
        field: ["invalid"]
        for field, value in (("device_id", device_id), ("name", name))
        if len(value) > LONGEST or not is_one_line(value)
    }
    if not device_id:
        faults["device_id"] = ["required"]
    if faults:
        raise Invalid(faults)
    with atomic():
        now = clock.now()
        open_ones = DeviceChallenge.objects.filter(used_at=None, expires_at__gt=now, user__disabled_at=None)
        found = (
            open_ones.select_for_update(of=("self",))
            .select_related("user__organization")
            .filter(secret_hash=_hash(presented))
            .first()
        )
        if found is None:
            raise NotFound
        found.used_at = now
        found.save(update_fields=["used_at"])
        return _trust(found.user, device_id, name, dialect)


def _trust(user: User, device_id: str, name: str, dialect: str) -> str:
    device = Device.objects.select_related("credential").filter(user=user, device_id=device_id).first()
    if device is not None:
        device.name = device.credential.description = name
        device.save(update_fields=["name"])
        device.credential.save(update_fields=["description"])
        return device.credential.secret or ""
    if Device.objects.filter(user=user).count() >= DEVICES_MAX:
        raise Conflict("too_many_devices")
    credential, token = create_lasting_token(user, dialect, Credential.Kind.DEVICE, name)
    Device.objects.create(
        user=user, device_id=device_id, name=name, credential=credential, registered_at=clock.now()
    )
    return token


def refuse_device(credential: Credential) -> None:
    """Raises Forbidden for the token of a device: what it could get for itself here would outlive its removal."""
    if credential.kind == Credential.Kind.DEVICE:
        raise Forbidden


def devices_of(user: User) -> QuerySet[Device]:
    """The user's devices."""
    return Device.objects.filter(user=user)


def remove(user: User, device_id: str) -> None:
    """Trust the device no more: its token is revoked, nothing is pushed to it. Raises NotFound."""
    with atomic():
        device = _locked(user, device_id)
        if device is None:
            raise NotFound
        credential = device.credential_id
        device.delete()
        Credential.objects.filter(pk=credential).update(enabled=False, secret=None)


def set_push_token(user: User, device_id: str, token: str) -> None:
    """Where messages to this device go. Raises Conflict: not_trusted, for a device that is not one of the user's; Invalid: token."""
    if not token or len(token) > PUSH_TOKEN_MAX or not is_one_line(token):
        raise Invalid({"token": ["invalid" if token else "required"]})
    with atomic():
        device = _locked(user, device_id)
        if device is None:
            raise Conflict("not_trusted")
        device.push_token = token
        device.save(update_fields=["push_token"])


def remove_push_token(user: User, device_id: str) -> None:
    """Push nothing to this device any more; one that is not there gets nothing anyway."""
    Device.objects.filter(user=user, device_id=device_id).update(push_token=None)


def _locked(user: User, device_id: str) -> Device | None:
    return Device.objects.select_for_update().filter(user=user, device_id=device_id).first()


def _hash(value: str) -> bytes:
    return keyed_hash(value, "device challenge")
