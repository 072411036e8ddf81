"""What is known of a user, and what it must be."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from undersigned.base.errors import Invalid
from undersigned.base.text import is_one_line

from .capabilities import brought_by
from .models import Capability, Group, User

NAME_MAX = 200
USERNAME_MAX = 150
GROUPS_MAX = 100
JSON_MAX = 64 * 1024
_USERNAME = re.compile(r"[^\s@/\\\"'<>:;,|]+")
_PHONE = re.compile(r"\+?[0-9 ()./-]{3,40}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


@dataclass(frozen=True)
class Details:
    """Of a user; None leaves what there is, or takes the default of a new one."""

    name: str | None = None
    surname: str | None = None
    email: str | None = None
    phone: str | None = None
    language: str | None = None
    groups: tuple[str, ...] | None = None
    """By name; those that are not there yet are made."""
    capabilities: frozenset[str] | None = None
    """Beside what the role brings."""
    extra: Mapping[str, Any] | None = None
    template_data: Mapping[str, Any] | None = None


def faults_of(details: Details) -> dict[str, list[str]]:
    """What is wrong with them: invalid, too_long, too_many, unknown; by field."""
    faults: dict[str, list[str]] = {}

    def check(field: str, code: str, wrong: Callable[[Any], bool]) -> None:
        value = getattr(details, field)
        if value and field not in faults and wrong(value):
            faults[field] = [code]

    for field in ("name", "surname"):
        check(field, "too_long", lambda v: len(v) > NAME_MAX)
        check(field, "invalid", lambda v: not is_one_line(v))
    check("email", "invalid", lambda v: not is_mail_address(v))
    check("phone", "invalid", lambda v: not _PHONE.fullmatch(v))
    check("language", "invalid", lambda v: len(v) > 16 or not _LANGUAGE.fullmatch(v))
    check("groups", "too_many", lambda v: len(v) > GROUPS_MAX)
    for index, group in enumerate(details.groups or ()):
        if codes := group_faults(group):
            faults[f"groups.{index}"] = codes
    check("capabilities", "unknown", lambda v: bool(v - set(Capability)))
    for field in ("extra", "template_data"):
        check(field, "too_long", lambda v: len(json.dumps(v)) > JSON_MAX)
    return faults


def username_faults(username: str) -> list[str]:
    """Of a login name, the part before the @."""
    if not username:
        return ["required"]
    if len(username) > USERNAME_MAX:
        return ["too_long"]
    return [] if _USERNAME.fullmatch(username) and is_one_line(username) else ["invalid"]


def group_faults(name: str) -> list[str]:
    """Of a group's name."""
    if not name.strip():
        return ["required"]
    if len(name) > NAME_MAX:
        return ["too_long"]
    return [] if is_one_line(name) else ["invalid"]


def is_mail_address(value: str) -> bool:
    """One mailbox that mails can be sent to; none in quotation marks, which hardly any server takes."""
    try:
        validate_email(value)
    except ValidationError:
        return False
    return len(value) <= 254 and '"' not in value


def refuse(faults: dict[str, list[str]]) -> None:
    """Raise Invalid when there are any."""
    if faults:
        raise Invalid(faults)


def put(user: User, details: Details) -> None:
    """Set what is given on the user, without saving."""
    for field in ("name", "surname", "email", "phone", "language"):
        value = getattr(details, field)
        if value is not None:
            setattr(user, field, value.strip())
    if details.capabilities is not None:
        # Who runs the installation is not the organisation's to say.
        kept = set(user.capabilities) & {Capability.OPERATE}
        user.capabilities = sorted((details.capabilities - brought_by(user.role)) | kept)
    if details.extra is not None:
        user.extra = dict(details.extra)
    if details.template_data is not None:
        user.template_data = dict(details.template_data)


def put_groups(user: User, names: tuple[str, ...] | None) -> None:
    """Let the saved user be in these groups and no others; missing ones are made. In the caller's transaction."""
    if names is None:
        return
    found = [
        Group.objects.get_or_create(organization=user.organization, name=name.strip())[0]
        for name in dict.fromkeys(names)
    ]
    user.groups.set(found)
