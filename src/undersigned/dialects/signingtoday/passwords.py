"""Passwords: lost, changed, cleared, chosen by a token. In texts the clear password is meant, perhaps in quotation marks."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Router

from undersigned.accounts import limits, password_tokens
from undersigned.accounts.change_password import change_password
from undersigned.accounts.choose_password import choose_password
from undersigned.accounts.clear_password import clear_password, set_robot_password
from undersigned.accounts.find_user import find_user_named
from undersigned.accounts.forget_password import forget_password
from undersigned.accounts.models import Capability, User
from undersigned.base.db import atomic
from undersigned.envelopes.errors import Forbidden

from . import answers, reading
from .answers import described, empty, json_of, statuses, takes
from .auth import caller_of, user_of
from .wire import Wire

router = Router(tags=["auth"], by_alias=True)
_WHO = [answers.query("username", required=True), answers.query("domain", required=True)]
_TEXT = {"required": True, "content": {"text/plain": {"schema": {"type": "string"}}}}


class OwnPassword(Wire):
    """Body of the call that changes one's own."""

    current_password: str
    new_password: str


@router.get(
    "/auth/passwordLost",
    auth=None,
    operation_id="passwordLost",
    summary="Ask for a password recovery e-mail",
    response=statuses(204, None, 400),
    openapi_extra=described(_WHO),
)
def lost(request: HttpRequest) -> HttpResponse:
    """The same answer whether or not there is such an account."""
    username, slug = _who(request)
    forget_password(username, slug, limits.client_address(request))
    return empty()


@router.get(
    "/auth/passwordReset",
    operation_id="adminPasswordReset",
    summary="Clear the password of another user",
    response=statuses(204, None, 400, 404, 409),
    openapi_extra=described(_WHO),
)
def clear(request: HttpRequest) -> HttpResponse:
    """Needs user.pwd.clear. The user is out at once and gets a link for a new password by mail."""
    by = user_of(request)
    clear_password(by, find_user_named(by, *_who(request), Capability.RESET_PASSWORDS))
    return empty()


@router.post(
    "/auth/passwordReset",
    operation_id="ownPasswordReset",
    summary="Change own password, knowing the present one",
    response=statuses(204, None, 400),
    openapi_extra=described((), takes(OwnPassword)),
)
def change(request: HttpRequest) -> HttpResponse:
    """403 for a wrong present password. All sessions of the account end, this one too."""
    fields, _ = reading.fields_of(request)
    present = fields.text("currentPassword", required=True, most=1000)
    new = fields.text("newPassword", required=True, most=1000)
    reading.settle(fields)
    change_password(user_of(request), present, new)
    return empty()


@router.get(
    "/auth/passwordToken",
    operation_id="getPasswordToken",
    summary="Issue a password token for the current user",
    response=statuses(200, list[str]),
)
def token(request: HttpRequest) -> HttpResponse:
    """Works once, for one hour. 403 for lifetime tokens and those of devices: whoever finds a phone must not take the account over."""
    if caller_of(request).token is None:
        raise Forbidden
    with atomic():
        return json_of([password_tokens.issue(user_of(request))])


@router.post(
    "/auth/changePassword",
    auth=None,
    operation_id="changePasswordByToken",
    summary="Set a password by redeeming a password token",
    response=statuses(204, None, 400, 409),
    openapi_extra=described([answers.query("passwordToken", required=True)], _TEXT),
)
def choose(request: HttpRequest) -> HttpResponse:
    """409 for a token that is unknown, used or over."""
    given = reading.parameter(request, "passwordToken", required=True)
    choose_password(given, reading.text_of(request), limits.client_address(request))
    return empty()


@router.post(
    "/service/changePassword",
    operation_id="serviceChangePassword",
    summary="Set the password of a service (robot) account",
    response=statuses(204, None, 400, 404, 409),
    openapi_extra=described(_WHO, _TEXT),
)
def change_of_robot(request: HttpRequest) -> HttpResponse:
    """Needs user.pwd.clear; 409 for an account that is no robot."""
    by = user_of(request)
    robot: User = find_user_named(by, *_who(request), Capability.RESET_PASSWORDS)
    set_robot_password(by, robot, reading.text_of(request))
    return empty()


def _who(request: HttpRequest) -> tuple[str, str]:
    return (
        reading.parameter(request, "username", required=True),
        reading.parameter(request, "domain", required=True),
    )
