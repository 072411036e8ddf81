"""Trusted mobile devices: pairing, list, removal, and where push messages go."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import Field

from undersigned.accounts import devices
from undersigned.accounts.models import Capability, Device
from undersigned.accounts.pairing import begin_pairing
from undersigned.dialects.shared import callers
from undersigned.envelopes.errors import NotFound

from . import answers, errors, query, reading
from .answers import PAGING, USER_ID, described, empty, json_of, page_of, statuses, takes
from .auth import credential_of, user_of
from .port import DIALECT
from .query_fields import Moment, Text
from .wire import Wire

router = Router(tags=["devices"], by_alias=True)
DEVICE_ID = answers.query("deviceId", text="As the device calls itself.", required=True)
DEVICES = {"deviceId": Text("device_id"), "name": Text("name"), "registeredAt": Moment("registered_at")}
_PNG = {
    "responses": {
        200: {
            "description": "The challenge; for those who accept image/png and no JSON, as a QR code that holds this JSON",
            "content": {"image/png": {"schema": answers.FILE}},
        }
    }
}


class Challenge(Wire):
    """What a device must present, at the latest ten minutes later."""

    user_id: str
    base_url: str = Field(alias="baseURL")
    challenge: str


class Pairing(Wire):
    """A device presents the challenge that it was shown."""

    challenge: str
    device_id: str
    name: str = ""


class TrustedDevice(Wire):
    """A device that was paired."""

    instance_id: int = Field(alias="_instance_id")
    user_id: str
    device_id: str
    name: str
    registered_at: str | None


class TrustedDevices(Wire):
    """One page of devices."""

    count: int | None
    values: list[TrustedDevice]


class PushToken(Wire):
    """Where messages to a device go."""

    device_id: str
    token: str


@router.get(
    "/device/authorization",
    operation_id="getDeviceChallenge",
    summary="Issue a one-off pairing challenge, as JSON or as a QR code",
    response=statuses(200, Challenge),
    openapi_extra=_PNG,
)
def challenge(request: HttpRequest) -> HttpResponse:
    """The former one is void. Not for devices themselves: they would pair others."""
    devices.refuse_device(credential_of(request))
    pairing = begin_pairing(user_of(request))
    if _wants_picture(request):
        response = HttpResponse(pairing.png(), content_type="image/png")
    else:
        response = json_of(
            Challenge(user_id=pairing.user, base_url=pairing.base_url, challenge=pairing.challenge)
        )
    response["Vary"] = "Accept"
    return response


@router.post(
    "/device/authorization",
    auth=None,
    operation_id="registerDevice",
    summary="Redeem a pairing challenge; the answer is the device's token",
    response=statuses(200, list[str], 400, 409),
    openapi_extra=described((), takes(Pairing)),
)
def register(request: HttpRequest) -> HttpResponse:
    """A device that is known already keeps its token and gets the new name."""
    fields, _ = reading.fields_of(request)
    presented, device_id = fields.text("challenge", required=True), fields.text("deviceId", required=True)
    name = fields.text("name")
    reading.settle(fields)
    try:
        return json_of([devices.register(presented, device_id, name, DIALECT)])
    except NotFound:
        callers.count_failure(request)
        return errors.error(401, "Unknown, used or expired challenge")


@router.delete(
    "/device/authorization",
    operation_id="deleteDevice",
    summary="Forget a trusted device, its token and its push token",
    response=statuses(204, None, 400, 404),
    openapi_extra=described([DEVICE_ID, USER_ID]),
)
def remove(request: HttpRequest) -> HttpResponse:
    """Those of others need devices.delete.all."""
    device_id = reading.parameter(request, "deviceId", required=True)
    devices.remove(query.whose(request, Capability.DELETE_DEVICES) or user_of(request), device_id)
    return empty()


@router.get(
    "/devices",
    operation_id="listDevices",
    summary="List the trusted mobile devices of a user",
    response=statuses(200, TrustedDevices, 400, 404),
    openapi_extra=described([USER_ID, *PAGING]),
)
def list_devices(request: HttpRequest) -> HttpResponse:
    """Those of others need devices.list.all."""
    user = query.whose(request, Capability.SEE_DEVICES) or user_of(request)
    page = query.page(request, devices.devices_of(user), DEVICES)
    return page_of([_shown(device, str(user.pub)) for device in page.rows], page.count)


@router.post(
    "/notifications/push-token",
    operation_id="registerPushToken",
    summary="Attach a push token to a trusted device",
    response=statuses(204, None, 400, 409),
    openapi_extra=described((), takes(PushToken)),
)
def set_push_token(request: HttpRequest) -> HttpResponse:
    """409 for a device that is not one of the caller's."""
    fields, _ = reading.fields_of(request)
    device_id, token = fields.text("deviceId", required=True), fields.text("token", required=True)
    reading.settle(fields)
    devices.set_push_token(user_of(request), device_id, token)
    return empty()


@router.delete(
    "/notifications/push-token",
    operation_id="deletePushToken",
    summary="Detach the push token of a device",
    response=statuses(204, None, 400),
    openapi_extra=described([DEVICE_ID]),
)
def remove_push_token(request: HttpRequest) -> HttpResponse:
    devices.remove_push_token(user_of(request), reading.parameter(request, "deviceId", required=True))
    return empty()


def _shown(device: Device, user_id: str) -> TrustedDevice:
    return TrustedDevice(
        instance_id=device.pk,
        user_id=user_id,
        device_id=device.device_id,
        name=device.name,
        registered_at=reading.moment_text(device.registered_at),
    )


def _wants_picture(request: HttpRequest) -> bool:
    """Only who asks for a picture by name and for no JSON: the vendor's SDKs send lists of both."""
    accepted = request.headers.get("Accept", "").lower()
    return "image/png" in accepted and "json" not in accepted
