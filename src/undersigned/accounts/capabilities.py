"""What users may do: what their role brings, and what was given to them beside."""

from __future__ import annotations

from collections.abc import Iterable

from undersigned.base.errors import Forbidden

from .models import Capability, User

_BROUGHT: dict[str, frozenset[str]] = {
    # Not the installation's (`OPERATE`), and not the organisation's settings, which are its owner's to give.
    User.Role.ADMIN: frozenset(set(Capability) - {Capability.OPERATE, Capability.CHANGE_ORGANIZATION}),
    User.Role.MEMBER: frozenset(),
    User.Role.SIGNER: frozenset(),
}


def brought_by(role: str) -> frozenset[str]:
    """The capabilities that everybody in this role has."""
    return _BROUGHT[role]


def capabilities_of(user: User) -> frozenset[str]:
    """All that a user has, by role and beside."""
    return brought_by(user.role) | set(user.capabilities)


def may(user: User, capability: Capability) -> bool:
    """May the user do this? Who is disabled may nothing."""
    return user.is_active and capability in capabilities_of(user)


def may_create_envelopes(user: User) -> bool:
    """Who only signs makes none, unless that was given to them."""
    return user.role != User.Role.SIGNER or may(user, Capability.CHANGE_ENVELOPES)


def require(user: User, capability: Capability) -> None:
    """Raises Forbidden unless the user `may`."""
    if not may(user, capability):
        raise Forbidden


def require_over(user: User, other: User) -> None:
    """Raises Forbidden where `other` may do what `user` may not: else whoever changes accounts could become an administrator by
    giving an administrator's account another address."""
    require_to_give(user, capabilities_of(other))


def require_to_give(user: User, capabilities: Iterable[str]) -> None:
    """Raises Forbidden: nobody gives what they do not have."""
    if set(capabilities) - capabilities_of(user):
        raise Forbidden
