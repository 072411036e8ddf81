"""Login of users to the console as `username@slug`."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from .models import User


class OrganizationBackend(BaseBackend):
    """Checks `username@slug` and password; unknown and wrong take the same time."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **_: Any
    ) -> User | None:
        name, _at, slug = (username or "").rpartition("@")
        user = (
            User.objects.filter(organization__slug=slug, username=name, kind=User.Kind.PERSON)
            .select_related("organization")
            .first()
        )
        if user is None:
            make_password(password)
            return None
        return user if user.check_password(password or "") and user.is_active else None

    def get_user(self, user_id: int) -> User | None:
        user = User.objects.filter(pk=user_id).select_related("organization").first()
        return user if user is not None and user.is_active else None
