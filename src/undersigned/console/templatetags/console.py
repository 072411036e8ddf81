"""Template tags of the console."""

from __future__ import annotations

from typing import Any

from django import template
from django.forms import BoundField

from undersigned.accounts.capabilities import may, may_create_envelopes
from undersigned.accounts.models import Capability, User
from undersigned.console import scope

register = template.Library()


@register.simple_tag
def nothing_is_sent() -> bool:
    """Whether mails stay in the outbox because no mail service is set."""
    return scope.nothing_is_sent()


@register.filter
def may_operate(user: User) -> bool:
    """Whether they see what needs attention."""
    return scope.may_operate(user)


@register.filter
def may_see_people(user: User) -> bool:
    """Whether they see who is there."""
    return may(user, Capability.SEE_USERS)


@register.filter
def may_make_envelopes(user: User) -> bool:
    """Not who only signs."""
    return may_create_envelopes(user)


@register.filter
def options(field: BoundField) -> list[tuple[str, Any, bool]]:
    """The choices of a field, and whether each is chosen."""
    value = field.value()
    chosen = {str(v) for v in value} if isinstance(value, list | tuple | set) else {str(value)}
    return [(name, label, str(name) in chosen) for name, label in field.field.choices]  # type: ignore[attr-defined]


@register.filter
def meaning(about: dict[str, tuple[Any, Any]], value: str) -> Any:
    """What a choice means, of a table of names and meanings."""
    return about[value][1]
