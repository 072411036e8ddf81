"""Addresses of the signing room, mounted at /room/."""

from __future__ import annotations

from django.urls import path, register_converter

from . import files, views


class Opaque:
    """An id in an address: letters, digits, hyphen, underscore."""

    regex = "[A-Za-z0-9_-]{1,200}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(Opaque, "opaque")

app_name = "room"
urlpatterns = [
    path("l/<str:token>", views.link, name="link"),
    path("l/<str:token>/resend", views.link_resend, name="link-resend"),
    path("<opaque:room_id>/", views.home, name="home"),
    path("<opaque:room_id>/state", views.state, name="state"),
    path("<opaque:room_id>/open", views.reopen, name="reopen"),
    path("<opaque:room_id>/resend", views.resend, name="resend"),
    path("<opaque:room_id>/code", views.code, name="code"),
    path("<opaque:room_id>/code/again", views.code_again, name="code-again"),
    path("<opaque:room_id>/read", views.read, name="read"),
    path("<opaque:room_id>/signature", views.signature, name="signature"),
    path("<opaque:room_id>/sign", views.sign, name="sign"),
    path("<opaque:room_id>/done", views.done, name="done"),
    path("<opaque:room_id>/refuse", views.refuse, name="refuse"),
    path("<opaque:room_id>/file/<int:number>", files.unsigned, name="file"),
    path("<opaque:room_id>/sealed/<int:number>", files.sealed, name="sealed"),
    path(
        "<opaque:room_id>/page/<opaque:document>/<opaque:version>/<int:page>-<int:width>.jpg",
        files.page,
        name="page",
    ),
    path("<opaque:room_id>/text/<opaque:document>/<opaque:version>/<int:page>.json", files.text, name="text"),
    path("<opaque:room_id>/words/<int:number>", files.words, name="words"),
    path("<opaque:room_id>/signature.svg", files.typed, name="typed"),
    path("<opaque:room_id>/kept", files.kept, name="kept"),
]
