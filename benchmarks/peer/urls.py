"""The peer's addresses: the same as Undersigned's."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path

from .contracts import api
from .sign import sign


def healthz(_: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


urlpatterns = [
    path("healthz", healthz),
    path("api/v1/", api.urls),
    path("room/<str:pub>/sign", sign),
]
