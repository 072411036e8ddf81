"""All addresses: each API at its vendor's paths, the pages for people elsewhere."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
