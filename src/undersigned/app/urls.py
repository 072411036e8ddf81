"""All addresses: each API at its vendor's paths, the pages for people elsewhere."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from undersigned.dialects.signsquid import api as signsquid
from undersigned.public import api_docs
from undersigned.public.health import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health),
    path("api/v1/", include(signsquid.urlpatterns)),
    path("room/", include("undersigned.room.urls")),
    path("console/", include("undersigned.console.urls")),
    path("", include("undersigned.public.urls")),
]
api_docs.register("signsquid", "Signsquid", signsquid.openapi)

handler400 = "undersigned.app.errors.bad_request"
handler403 = "undersigned.app.errors.forbidden"
handler404 = "undersigned.app.errors.not_found"
handler500 = "undersigned.app.errors.server_error"
