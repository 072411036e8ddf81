"""Mails to users about their account."""

from __future__ import annotations

from django.conf import settings

from undersigned.accounts import password_tokens
from undersigned.accounts.models import PasswordToken, User
from undersigned.accounts.ports import Reason

from .models import Message
from .outbox import Draft, post
from .params import Params

PURPOSES: tuple[Reason, ...] = ("welcome", "password_lost", "password_cleared")
WHILE_LINK_WORKS = "password link works"
"""Condition of these mails."""
_KEY = "password:"


class Letters:
    """Implements `accounts.ports.Letters`."""

    def password_link(self, token: PasswordToken, reason: Reason, by: User | None) -> None:
        user = token.user
        post(
            Draft(
                organization=user.organization,
                purpose=reason,
                channel=Message.Channel.EMAIL,
                dedup_key=f"{_KEY}{token.pk}",
                address=user.email,
                params=Params(
                    name=user.full_name,
                    sender=by.full_name if by else "",
                    title=str(user),
                    due_at=token.expires_at,
                ),
                language=user.language or user.organization.language,
                user=user,
                still_if=WHILE_LINK_WORKS,
            )
        )


def link(message: Message) -> str:
    """The address in such a mail; the page about unknown links once it is used."""
    row = PasswordToken.objects.filter(pk=_row(message)).first()
    return f"{settings.PUBLIC_URL}/console/new-password/{password_tokens.link_token(row) if row else 'over'}"


def still_wanted(message: Message) -> bool:
    """Does the link of such a mail still work?"""
    return password_tokens.still_open(_row(message))


def _row(message: Message) -> int:
    return int(message.dedup_key.removeprefix(_KEY))
