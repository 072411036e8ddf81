"""Users and groups on the wire."""

from __future__ import annotations

import uuid
from typing import Any, Literal, get_args

from django.db.models import Q
from pydantic import Field

from undersigned.accounts.capabilities import capabilities_of
from undersigned.accounts.models import Capability, Group, User
from undersigned.accounts.user_details import Details
from undersigned.dialects.shared.fields import Fields

from .query_fields import Among, Identifier, Json, Moment, Number, Text, Truth, Words
from .reading import moment_text, plain_object
from .wire import Wire

RoleWord = Literal["admin", "instructor", "signer"]
LanguageWord = Literal["it", "en", "es", "fr"]
CapabilityWord = Literal[
    "user.pwd.clear",
    "user.create.all",
    "user.access.all",
    "user.delete.all",
    "dst.list.all",
    "dst.delete.all",
    "dst.create.modify_all",
    "devices.list.all",
    "devices.delete.all",
    "organizations.access.write.user",
]
ROLES: dict[str, str] = {
    "admin": User.Role.ADMIN,
    "instructor": User.Role.MEMBER,
    "signer": User.Role.SIGNER,
}
CAPABILITIES: dict[str, str] = {
    "user.pwd.clear": Capability.RESET_PASSWORDS,
    "user.create.all": Capability.CREATE_USERS,
    "user.access.all": Capability.SEE_USERS,
    "user.delete.all": Capability.DELETE_USERS,
    "dst.list.all": Capability.SEE_ENVELOPES,
    "dst.delete.all": Capability.DELETE_ENVELOPES,
    "dst.create.modify_all": Capability.CHANGE_ENVELOPES,
    "devices.list.all": Capability.SEE_DEVICES,
    "devices.delete.all": Capability.DELETE_DEVICES,
    "organizations.access.write.user": Capability.CHANGE_ORGANIZATION,
}
"""All but that of an operator, which this API cannot say."""
_ROLE_WORDS = {core: word for word, core in ROLES.items()}
_LANGUAGES = get_args(LanguageWord)


class UserGroup(Wire):
    """A group, known by its name."""

    id: int | None = None
    name: str
    domain: str | None = None


class UserModel(Wire):
    """An account."""

    id: uuid.UUID | None = Field(None, description="Read-only.")
    username: str | None = None
    domain: str | None = Field(None, description="Slug of the organisation.")
    language: LanguageWord | None = None
    name: str | None = None
    surname: str | None = None
    email: str | None = None
    phone: str | None = None
    role: RoleWord | None = None
    groups: list[UserGroup] | None = None
    capabilities: list[CapabilityWord] | None = None
    created_by: uuid.UUID | None = Field(None, description="Read-only.")
    created_at: str | None = Field(None, description="Read-only.")
    deleted_at: str | None = Field(None, description="Since when the account is disabled. Read-only.")
    automatic: bool | None = Field(None, description="Signs by itself. Set at creation.")
    extra_data: dict[str, Any] | None = None
    template_data: dict[str, Any] | None = Field(None, description="Values for text fields of templates.")


class NewUser(Wire):
    """Body of the call that creates one."""

    user: UserModel
    password: str | None = Field(None, description="Without it a mail with a link goes out.")


class Users(Wire):
    """A page of the list."""

    count: int | None
    values: list[UserModel]


class UserGroups(Wire):
    """A page of the list."""

    count: int | None
    values: list[UserGroup]


USERS = {
    "id": Identifier("pub"),
    "username": Text("username"),
    "domain": Text("organization__slug"),
    "language": Text("language"),
    "name": Text("name"),
    "surname": Text("surname"),
    "email": Text("email"),
    "phone": Text("phone"),
    "role": Words("role", {word: Q(role=core) for word, core in ROLES.items()}),
    "groups": Among("user", User.groups.through._default_manager.all, Text("group__name")),  # noqa: SLF001
    "groups.name": Among("user", User.groups.through._default_manager.all, Text("group__name")),  # noqa: SLF001
    "createdBy": Identifier("created_by__pub"),
    "createdAt": Moment("created_at"),
    "deletedAt": Moment("disabled_at"),
    "automatic": Truth("automatic"),
    "extraData": Json("extra"),
    "templateData": Json("template_data"),
}
"""What the list of users can be filtered and sorted by."""
GROUPS = {"id": Number("pk"), "name": Text("name"), "domain": Text("organization__slug")}


def user_out(user: User) -> UserModel:
    """An account; what is empty is null, since clients choke on an empty phone."""
    held = capabilities_of(user)
    return UserModel(
        id=user.pub,
        username=user.username,
        domain=user.organization.slug,
        language=language_word(user),
        name=user.name or None,
        surname=user.surname or None,
        email=user.email or None,
        phone=user.phone or None,
        role=_ROLE_WORDS[user.role],
        groups=[group_out(group, user.organization.slug) for group in user.groups.all()],
        capabilities=[word for word, core in CAPABILITIES.items() if core in held],
        created_by=user.created_by.pub if user.created_by else None,
        created_at=moment_text(user.created_at),
        deleted_at=moment_text(user.disabled_at),
        automatic=user.automatic,
        extra_data=user.extra,
        template_data=user.template_data,
    )


def language_word(user: User) -> LanguageWord:
    """One of the four that clients know."""
    spoken = (user.language or user.organization.language).partition("-")[0]
    return spoken if spoken in _LANGUAGES else "en"  # type: ignore[return-value]  # one of the words


def group_out(group: Group, slug: str) -> UserGroup:
    """A group of the organisation with this slug."""
    return UserGroup(id=group.pk, name=group.name, domain=slug)


def details_in(fields: Fields) -> Details:
    """What a body says of a user; notes faults. What is not sent, or null, stays as it is."""
    language = fields.choice("language", _LANGUAGES) if fields.has("language") else ""
    return Details(
        name=_text(fields, "name"),
        surname=_text(fields, "surname"),
        email=_text(fields, "email"),
        phone=_text(fields, "phone"),
        language=language or None,
        groups=_groups(fields),
        capabilities=_capabilities(fields),
        extra=plain_object(fields, "extraData") if fields.data.get("extraData") is not None else None,
        template_data=plain_object(fields, "templateData")
        if fields.data.get("templateData") is not None
        else None,
    )


def _text(fields: Fields, name: str) -> str | None:
    """Also a number: phones are declared as one."""
    value = fields.data.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return fields.text(name, most=1000) if value is not None else None


def _groups(fields: Fields) -> tuple[str, ...] | None:
    if fields.data.get("groups") is None:
        return None
    return tuple(group.text("name", required=True, most=200) for group in fields.objects("groups", most=100))


def _capabilities(fields: Fields) -> frozenset[str] | None:
    if fields.data.get("capabilities") is None:
        return None
    words = fields.texts("capabilities", most=50)
    for index, word in enumerate(words):
        if word not in CAPABILITIES:
            fields.fault(f"capabilities.{index}", f"Not one of {', '.join(CAPABILITIES)}")
    return frozenset(CAPABILITIES[word] for word in words if word in CAPABILITIES)


def role_in(fields: Fields) -> str:
    """The core's role; empty when none is sent."""
    return ROLES.get(fields.choice("role", tuple(ROLES)), "")
