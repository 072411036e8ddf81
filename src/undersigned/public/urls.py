"""Addresses that anybody may ask."""

from __future__ import annotations

from django.urls import path

from .views import docs, pki, verify

app_name = "public"
urlpatterns = [
    path("", docs.front, name="front"),
    path("verify", verify.verify, name="verify"),
    path("docs/<slug:dialect>", docs.reference, name="docs"),
    path("docs/<slug:dialect>/openapi.json", docs.schema, name="openapi"),
    path("ca/root.pem", pki.root, name="root"),
    path("crl/<slug:name>.crl", pki.crl, name="crl"),
    path("ocsp", pki.ocsp, name="ocsp"),
    path("ocsp/<path:encoded>", pki.ocsp, name="ocsp-get"),
    path("tsa", pki.tsa, name="tsa"),
]
