"""All addresses: each API at its vendor's paths, the pages for people elsewhere."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from undersigned.public.health import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health),
    path("room/", include("undersigned.room.urls")),
]
