"""All addresses: each API at its vendor's paths, the pages for people elsewhere."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from undersigned.dialects.signsquid import api as signsquid

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include(signsquid.urlpatterns)),
    path("room/", include("undersigned.room.urls")),
]

handler400 = "undersigned.dialects.shared.errors.bad_request"
handler403 = "undersigned.dialects.shared.errors.forbidden"
handler404 = "undersigned.dialects.shared.errors.not_found"
handler500 = "undersigned.dialects.shared.errors.server_error"
