"""Template tags of the console."""

from __future__ import annotations

from django import template

from undersigned.accounts.models import User
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
