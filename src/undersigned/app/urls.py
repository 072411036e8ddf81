"""All addresses: each API at its vendor's paths, the pages for people elsewhere."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from undersigned.app.identified import identified
from undersigned.dialects.signicat import addresses as signicat_addresses
from undersigned.dialects.signicat import api as signicat
from undersigned.dialects.signingtoday import api as signingtoday
from undersigned.dialects.signspace import api as signspace
from undersigned.dialects.signsquid import api as signsquid
from undersigned.public import api_docs
from undersigned.public.health import health
from undersigned.room.urls import ticket_patterns

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health),
    path("identified", identified),
    path("demo-provider/", include("undersigned.app.demo_provider")),
    path("language", require_POST(set_language), name="language"),
    path("api/v1/", include(signsquid.urlpatterns)),
    path("api/v1/", include(signspace.urlpatterns)),
    path("", include(signspace.token_patterns)),
    path("api/", include(signingtoday.urlpatterns)),
    *(path(f"{base}/", include(signicat.urlpatterns)) for base in signicat_addresses.BASES),
    path("", include(signicat.root_patterns)),
    path("room/", include("undersigned.room.urls")),
    path("", include((ticket_patterns, "tickets"))),
    path("console/", include("undersigned.console.urls")),
    path("", include("undersigned.public.urls")),
]
api_docs.register("signsquid", "Signsquid", signsquid.openapi)
api_docs.register("signicat", "Signicat", signicat.openapi)
api_docs.register("signingtoday", "Signing Today", signingtoday.openapi)
api_docs.register("signspace", "SignSpace", signspace.openapi)

handler400 = "undersigned.app.errors.bad_request"
handler403 = "undersigned.app.errors.forbidden"
handler404 = "undersigned.app.errors.not_found"
handler500 = "undersigned.app.errors.server_error"
