"""Users and groups."""

from __future__ import annotations

import hashlib

from django.http import HttpRequest, HttpResponse
from ninja import Router

from undersigned.accounts import create_user as creating
from undersigned.accounts.change_user import change_user
from undersigned.accounts.disable_user import disable_user, enable_user
from undersigned.accounts.find_user import find_user, users_for
from undersigned.accounts.groups import create_groups, groups_for
from undersigned.accounts.models import Capability, User
from undersigned.accounts.set_role import set_role
from undersigned.envelopes.errors import Forbidden

from . import answers, query, reading
from .answers import IDEMPOTENCY_KEY, LISTING, described, empty, json_of, page_of, statuses, takes
from .auth import once, user_of
from .errors import Faulty
from .user_wire import (
    GROUPS,
    ROLES,
    USERS,
    NewUser,
    UserGroup,
    UserGroups,
    UserModel,
    Users,
    details_in,
    group_out,
    role_in,
    user_out,
)

router = Router(tags=["users"], by_alias=True)
_NEW_ROLE = answers.query("newRole", required=True, enum=list(ROLES))
_ENABLED = answers.query("enabled", "boolean", "true enables, false (default) disables.")


@router.get(
    "/users",
    operation_id="listUsers",
    summary="List the users of the organization",
    response=statuses(200, Users, 400),
    openapi_extra=described(LISTING),
)
def list_users(request: HttpRequest) -> HttpResponse:
    """Needs user.access.all."""
    found = users_for(user_of(request)).prefetch_related("groups")
    page = query.page(request, found, USERS, "username")
    return page_of([user_out(user) for user in page.rows], page.count)


@router.post(
    "/users",
    operation_id="createUser",
    summary="Create a user",
    response=statuses(201, list[str], 400),
    openapi_extra=described([IDEMPOTENCY_KEY], takes(NewUser)),
)
def create(request: HttpRequest) -> HttpResponse:
    """Needs user.create.all. `automatic`, or `applicationName` in `extraData`, makes a robot: an instructor unless a role is named."""
    fields, raw = reading.fields_of(request)
    by = user_of(request)
    of_user = fields.object("user")
    if of_user is None:
        raise Faulty({"user": ["Required"]})
    details, role = details_in(of_user), role_in(of_user)
    username = of_user.text("username", required=True)
    password = fields.text("password") or None
    automatic = of_user.boolean("automatic")
    robot = automatic or bool((details.extra or {}).get("applicationName"))
    domain = of_user.text("domain")
    reading.settle(fields)
    if domain and domain != by.organization.slug:
        raise Forbidden

    def act() -> HttpResponse:
        user = creating.create_user(
            by,
            username,
            details,
            role=role or (User.Role.MEMBER if robot else User.Role.SIGNER),
            robot=robot,
            automatic=automatic,
            password=password,
        )
        return json_of([str(user.pub)], 201)

    return once(request, hashlib.sha256(raw).digest(), act)


@router.get(
    "/users/groups",
    operation_id="listUserGroups",
    summary="List the user groups",
    response=statuses(200, UserGroups, 400),
    openapi_extra=described(LISTING),
)
def list_groups(request: HttpRequest) -> HttpResponse:
    """For all but who only signs."""
    by = user_of(request)
    page = query.page(request, groups_for(by), GROUPS, "name")
    return page_of([group_out(group, by.organization.slug) for group in page.rows], page.count)


@router.post(
    "/users/groups",
    operation_id="createUserGroups",
    summary="Create user groups",
    response=statuses(204, None, 400),
    openapi_extra=described((), takes(UserGroup, array=True)),
)
def make_groups(request: HttpRequest) -> HttpResponse:
    """Needs user.create.all. Groups that are there already stay as they are."""
    fields, _ = reading.array_of(request)
    by = user_of(request)
    found = list(fields.objects("", required=True, most=1000))
    names = [group.text("name", required=True, most=200) for group in found]
    domains = {group.text("domain") for group in found} - {"", by.organization.slug}
    reading.settle(fields)
    if domains:
        raise Forbidden
    create_groups(by, names)
    return empty()


@router.get(
    "/user/{user_id}",
    operation_id="getUser",
    summary="Return one user",
    response=statuses(200, UserModel, 404),
)
def read(request: HttpRequest, user_id: str) -> HttpResponse:
    """Oneself, or with user.access.all anybody."""
    return json_of(user_out(find_user(user_of(request), reading.uuid_of(user_id))))


@router.put(
    "/user/{user_id}",
    operation_id="updateUser",
    summary="Update a user",
    response=statuses(204, None, 400, 404),
    openapi_extra=described((), takes(UserModel)),
)
def change(request: HttpRequest, user_id: str) -> HttpResponse:
    """Needs user.create.all; without it one's own language, extraData and templateData. What is left out stays, and so do username,
    domain and role; capabilities are those beside the role's."""
    fields, _ = reading.fields_of(request)
    details = details_in(fields)
    reading.settle(fields)
    by = user_of(request)
    change_user(by, find_user(by, reading.uuid_of(user_id), Capability.CREATE_USERS), details)
    return empty()


@router.delete(
    "/user/{user_id}",
    operation_id="enableUser",
    summary="Disable (or re-enable) a user",
    response=statuses(204, None, 400, 404, 409),
    openapi_extra=described([_ENABLED]),
)
def switch(request: HttpRequest, user_id: str) -> HttpResponse:
    """Needs user.delete.all."""
    by = user_of(request)
    user = find_user(by, reading.uuid_of(user_id), Capability.DELETE_USERS)
    if reading.boolean(request, "enabled"):
        enable_user(by, user)
    else:
        disable_user(by, user)
    return empty()


@router.put(
    "/user/{user_id}/role",
    operation_id="setUserRole",
    summary="Assign a predefined role, and its capabilities, to a user",
    response=statuses(204, None, 400, 404, 409),
    openapi_extra=described([_NEW_ROLE]),
)
def give_role(request: HttpRequest, user_id: str) -> HttpResponse:
    """Needs user.create.all, and all that the role brings."""
    by = user_of(request)
    word = reading.parameter(request, "newRole", required=True)
    if word not in ROLES:
        raise Faulty({"newRole": [f"Not one of {', '.join(ROLES)}"]})
    set_role(by, find_user(by, reading.uuid_of(user_id), Capability.CREATE_USERS), ROLES[word])
    return empty()
