"""Addresses of the console, mounted at /console/."""

from __future__ import annotations

from django.urls import path

from .views import envelopes, home, keys, login, messages

app_name = "console"
urlpatterns = [
    path("", home.home, name="home"),
    path("login", login.sign_in, name="login"),
    path("logout", login.sign_out, name="logout"),
    path("password", login.password, name="password"),
    path("envelopes", envelopes.envelope_list, name="envelopes"),
    path("envelopes/<int:envelope_id>", envelopes.timeline, name="envelope-timeline"),
    path("envelopes/<int:envelope_id>/people", envelopes.people, name="envelope-people"),
    path("envelopes/<int:envelope_id>/people/<int:recipient_id>/resend", envelopes.resend, name="resend"),
    path("envelopes/<int:envelope_id>/documents", envelopes.documents, name="envelope-documents"),
    path("envelopes/<int:envelope_id>/documents/<int:version_id>.pdf", envelopes.download, name="download"),
    path(
        "envelopes/<int:envelope_id>/evidence.pdf", envelopes.evidence, {"form": "pdf"}, name="evidence-pdf"
    ),
    path(
        "envelopes/<int:envelope_id>/evidence.json",
        envelopes.evidence,
        {"form": "json"},
        name="evidence-json",
    ),
    path("envelopes/<int:envelope_id>/messages", envelopes.messages, name="envelope-messages"),
    path("envelopes/<int:envelope_id>/webhooks", envelopes.webhooks, name="envelope-webhooks"),
    path("messages/<int:message_id>/again", messages.send_again, name="send-again"),
    path("outbox", messages.outbox_list, name="outbox"),
    path("outbox/<int:message_id>", messages.outbox_message, name="outbox-message"),
    path("outbox/<int:message_id>/html", messages.outbox_html, name="outbox-html"),
    path("keys", keys.key_list, name="keys"),
    path("keys/new", keys.new_key, name="new-key"),
    path("keys/<int:key_id>", keys.key, name="key"),
    path("keys/<int:key_id>/enable", keys.switch_key, {"on": True}, name="enable-key"),
    path("keys/<int:key_id>/disable", keys.switch_key, {"on": False}, name="disable-key"),
    path("keys/<int:key_id>/secret", keys.show_secret, name="key-secret"),
]
