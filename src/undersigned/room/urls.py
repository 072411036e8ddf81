"""Addresses of the signing room, mounted at /room/."""

from __future__ import annotations

from django.urls import path, register_converter

from . import (
    files,
    forward_pages,
    identification,
    part_pages,
    phone,
    reading,
    signing,
    talk_pages,
    tray_pages,
    views,
    wallet_pages,
)


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
    path("p/<str:token>", phone.pad, name="pad"),
    path("<opaque:room_id>/", views.home, name="home"),
    path("<opaque:room_id>/state", reading.state, name="state"),
    path("<opaque:room_id>/stay", reading.stay, name="stay"),
    path("<opaque:room_id>/open", views.reopen, name="reopen"),
    path("<opaque:room_id>/resend", views.resend, name="resend"),
    path("<opaque:room_id>/code", views.code, name="code"),
    path("<opaque:room_id>/code/again", views.code_again, name="code-again"),
    path("<opaque:room_id>/one-time", identification.one_time, name="one-time"),
    path("<opaque:room_id>/one-time/send", identification.one_time_send, name="one-time-send"),
    path("<opaque:room_id>/identify", identification.identify, name="identify"),
    path("<opaque:room_id>/identify/<slug:how>", identification.identify_ended, name="identify-ended"),
    path("<opaque:room_id>/identified", identification.identified, name="identified"),
    path("<opaque:room_id>/provider/<slug:provider>.png", identification.logo, name="provider-logo"),
    path("<opaque:room_id>/read", reading.read, name="read"),
    path("<opaque:room_id>/message", part_pages.dialog, name="dialog"),
    path("<opaque:room_id>/documents", part_pages.parts, name="parts"),
    path("<opaque:room_id>/document/<int:number>", part_pages.document, name="document"),
    path("<opaque:room_id>/document/<int:number>/form", part_pages.fill, name="fill"),
    path("<opaque:room_id>/document/<int:number>/file", part_pages.bring, name="bring"),
    path("<opaque:room_id>/document/<int:number>/form-<opaque:version>.css", part_pages.boxes, name="boxes"),
    path("<opaque:room_id>/tray", tray_pages.tray, name="tray"),
    path("<opaque:room_id>/task/<int:number>", tray_pages.task, name="task"),
    path("<opaque:room_id>/wallet", wallet_pages.wallet, name="wallet"),
    path("<opaque:room_id>/forward", forward_pages.forward, name="forward"),
    path("<opaque:room_id>/fields-<opaque:revision>.css", reading.places, name="places"),
    path("<opaque:room_id>/signature", signing.signature, name="signature"),
    path("<opaque:room_id>/phone", phone.phone, name="phone"),
    path("<opaque:room_id>/phone.svg", phone.code, name="phone-code"),
    path("<opaque:room_id>/sign", signing.sign, name="sign"),
    path("<opaque:room_id>/ask", talk_pages.ask, name="ask"),
    path("<opaque:room_id>/done", views.done, name="done"),
    path("<opaque:room_id>/refuse", signing.refuse, name="refuse"),
    path("<opaque:room_id>/later", views.later, name="later"),
    path("<opaque:room_id>/file/<int:number>", files.unsigned, name="file"),
    path("<opaque:room_id>/original/<int:number>", files.original, name="original"),
    path("<opaque:room_id>/sealed/<int:number>", files.sealed, name="sealed"),
    path(
        "<opaque:room_id>/page/<opaque:document>/<opaque:version>/<int:page>-<int:width>.jpg",
        files.page,
        name="page",
    ),
    path("<opaque:room_id>/text/<opaque:document>/<opaque:version>/<int:page>.json", files.text, name="text"),
    path("<opaque:room_id>/words/<int:number>", files.words, name="words"),
    path("<opaque:room_id>/signature.svg", files.typed, name="typed"),
    path("<opaque:room_id>/picture", files.uploaded, name="uploaded"),
    path("<opaque:room_id>/kept", files.kept, name="kept"),
]
ticket_patterns = [path("std/<uuid:ticket>/signature", views.ticket, name="ticket")]
"""Addresses that programs hand out, for one signature each; at the root."""
