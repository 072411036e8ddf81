"""All addresses: each API at its vendor's paths, the pages for people elsewhere."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("room/", include("undersigned.room.urls")),
    path("console/", include("undersigned.console.urls")),
    path("", include("undersigned.public.urls")),
]

handler404 = "undersigned.public.errors.not_found"
handler500 = "undersigned.public.errors.server_error"
