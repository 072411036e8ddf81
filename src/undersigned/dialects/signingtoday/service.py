"""The public configuration of the service."""

from __future__ import annotations

from typing import get_args

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Router

from .answers import json_of, statuses
from .user_wire import LanguageWord

router = Router(tags=["service"], by_alias=True)


@router.get(
    "/service/configuration",
    auth=None,
    operation_id="getServiceConfiguration",
    summary="Return the public application configuration",
    response=statuses(200, dict[str, object]),
)
def configuration(request: HttpRequest) -> HttpResponse:
    """What a program may want to know before anybody has logged in."""
    return json_of(
        {
            "baseURL": f"{settings.PUBLIC_URL}/api",
            "languages": list(get_args(LanguageWord)),
            "maxUploadBytes": settings.MAX_UPLOAD_BYTES,
        }
    )
