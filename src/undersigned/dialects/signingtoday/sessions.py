"""Who is logged in, and logging out."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Router

from .answers import empty, statuses
from .auth import caller_of

router = Router(tags=["auth"])


@router.get("/auth/logout", response=statuses(204, None), summary="End the session of the presented token")
def logout(request: HttpRequest) -> HttpResponse:
    """The access token and the refresh token of its session end. Lifetime tokens and those of devices stay until they are revoked."""
    if (token := caller_of(request).token) is not None:
        token.delete()
    return empty()
