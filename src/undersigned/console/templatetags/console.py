"""Template tags of the console."""

from __future__ import annotations

from django import template

from undersigned.console import scope

register = template.Library()


@register.simple_tag
def nothing_is_sent() -> bool:
    """Whether mails stay in the outbox because no mail service is set."""
    return scope.nothing_is_sent()
