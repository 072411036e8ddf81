"""The list of envelopes, and one envelope's pages."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.contrib import messages as flash
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from undersigned.base.clock import now
from undersigned.console import rows, scope, words
from undersigned.console.forms import FilterForm
from undersigned.console.paging import paginate
from undersigned.delivery.models import Message, WebhookEvent
from undersigned.envelopes import audit
from undersigned.envelopes.access import visible
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.errors import Conflict, NotFound
from undersigned.envelopes.models import DocumentVersion, Envelope, EnvelopeState, Recipient, RecipientState
from undersigned.envelopes.resend_link import resend_link
from undersigned.files import storage
from undersigned.files.models import File
from undersigned.files.store import clean_name

from .messages import as_shown


@require_safe
@scope.page
def envelope_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    """All that one may see, newest first, by state, title and person."""
    form = FilterForm(request.GET, states=[(s.value, words.state_word(s).label) for s in words.STATES])
    form.is_valid()
    q, state = form.cleaned_data.get("q", ""), form.cleaned_data.get("state", "")
    page = paginate(request, rows.search(rows.listed(actor), actor, q, state))
    shown = rows.as_rows(page.rows, now(actor.organization.clock_offset))
    context = {"tab": "envelopes", "form": form, "page": page, "rows": shown, "filtered": bool(q or state)}
    return render(request, "console/envelopes.html", context)


def _page(request: HttpRequest, actor: Actor, envelope: Envelope, tab: str, **context: Any) -> HttpResponse:
    """One tab under the common head: state, who is next, due, other versions."""
    row = rows.as_rows([envelope], now(actor.organization.clock_offset))[0]
    versions = []
    if envelope.collection_id:
        versions = list(visible(actor).filter(collection=envelope.collection_id).order_by("position"))
    tabs = [
        ("timeline", _("Timeline")),
        ("people", _("People")),
        ("documents", _("Documents")),
        ("messages", _("Messages")),
    ]
    if WebhookEvent.objects.filter(envelope_id=envelope.pk).exists() or envelope.created_by_credential_id:
        tabs.append(("webhooks", _("Webhooks")))
    return render(
        request,
        f"console/envelope_{tab}.html",
        {
            "tab": "envelopes",
            "envelope": envelope,
            "row": row,
            "versions": versions if len(versions) > 1 else [],
            "tabs": [(f"console:envelope-{name}", label, name == tab) for name, label in tabs],
            **context,
        },
    )


@require_safe
@scope.page
def timeline(request: HttpRequest, actor: Actor, envelope_id: int) -> HttpResponse:
    """The audit trail, numbered, with its hashes."""
    envelope = scope.envelope(actor, envelope_id)
    entries = [words.entry(event, detail) for event, detail in audit.trail(envelope)]
    return _page(request, actor, envelope, "timeline", entries=entries[::-1])


@require_safe
@scope.page
def people(request: HttpRequest, actor: Actor, envelope_id: int) -> HttpResponse:
    """Who signs: proof demanded and given, invited, opened, signed."""
    envelope = scope.envelope(actor, envelope_id)
    sent = envelope.sent_at is not None
    codes = scope.may_read_codes(actor, envelope)
    shown = [
        {
            "row": r,
            "word": words.person_word(r, sent),
            "demanded": _methods(r.identity_policy.get("methods", [])),
            "given": _methods(dict.fromkeys(p.method for p in r.proofs.all())),
            "code": r.code if codes else None,
            "may_resend": _may_resend(envelope, r),
        }
        for r in envelope.recipients.prefetch_related("proofs").order_by("position")
    ]
    return _page(request, actor, envelope, "people", people=shown)


def _may_resend(envelope: Envelope, recipient: Recipient) -> bool:
    return (
        envelope.state == EnvelopeState.SENT
        and envelope.superseded_at is None
        and recipient.state == RecipientState.ACTIVE
        and bool(recipient.email)
    )


def _methods(names: Any) -> str:
    known = {"link": _("link"), "code": _("code")}
    return " + ".join(known.get(n, n) for n in names)


@require_POST
@scope.page
def resend(request: HttpRequest, actor: Actor, envelope_id: int, recipient_id: int) -> HttpResponse:
    """Send a person their link again, to the address on file."""
    envelope = scope.envelope(actor, envelope_id)
    recipient = envelope.recipients.filter(pk=recipient_id).first()
    if recipient is None:
        raise NotFound
    try:
        if not _may_resend(envelope, recipient):
            raise Conflict("not_open")
        resend_link(actor, recipient)
    except Conflict:
        flash.error(
            request,
            _("{name} has nothing to sign any more, so nothing was sent.").format(name=recipient.full_name),
        )
    else:
        flash.success(request, _("The link goes to {address} again.").format(address=recipient.email))
    return redirect("console:envelope-people", envelope_id=envelope.pk)


@require_safe
@scope.page
def documents(request: HttpRequest, actor: Actor, envelope_id: int) -> HttpResponse:
    """Each document with its versions, pages and digests."""
    envelope = scope.envelope(actor, envelope_id)
    shown = [
        {
            "row": d,
            "versions": [
                {"row": v, "label": _version(v), "sealed": v.kind == "sealed"} for v in d.versions.all()
            ],
        }
        for d in envelope.documents.filter(removed_at=None)
        .prefetch_related("versions__file__blob")
        .order_by("position")
    ]
    return _page(request, actor, envelope, "documents", documents=shown)


def _version(version: DocumentVersion) -> str:
    return {
        "original": _("Original, as uploaded"),
        "prepared": _("Prepared for signing"),
        "signed": _("With a signature"),
        "result": _("Result"),
        "sealed": _("Sealed"),
    }[version.kind]


@require_safe
@scope.page
def download(_request: HttpRequest, actor: Actor, envelope_id: int, version_id: int) -> HttpResponseBase:
    """One version of a document."""
    envelope = scope.envelope(actor, envelope_id)
    version = (
        DocumentVersion.objects.filter(pk=version_id, document__envelope=envelope)
        .select_related("file__blob", "document")
        .first()
        if version_id < 2**63
        else None
    )
    if version is None:
        raise NotFound
    stem = version.document.title.removesuffix(".pdf")
    suffix = (
        ""
        if version.kind == "original"
        else f" - {version.kind}" + (f" {version.seq}" if version.kind == "signed" else "")
    )
    return _file(version.file, f"{stem}{suffix}.pdf")


@require_safe
@scope.page
def evidence(_request: HttpRequest, actor: Actor, envelope_id: int, form: str) -> HttpResponseBase:
    """The sealed evidence, as PDF or JSON."""
    envelope = scope.envelope(actor, envelope_id)
    file = envelope.evidence if form == "pdf" else envelope.evidence_json
    if file is None:
        raise NotFound
    return _file(file, f"{envelope.title} - evidence.{form}")


def _file(file: File, name: str) -> HttpResponseBase:
    """Always an attachment, under a policy that lets nothing run."""
    if file.blob is None:
        raise NotFound
    response = StreamingHttpResponse(storage.read(file.blob), content_type=file.blob.media_type)
    response["Content-Disposition"] = content_disposition_header(True, clean_name(name)) or "attachment"
    response["Content-Length"] = str(file.blob.size)
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@require_safe
@scope.page
def messages(request: HttpRequest, actor: Actor, envelope_id: int) -> HttpResponse:
    """Mails and SMS about it with each attempt and the server's answer."""
    envelope = scope.envelope(actor, envelope_id)
    found = (
        scope.messages(actor)
        .filter(envelope_id=envelope.pk)
        .exclude(channel=Message.Channel.WEBHOOK)
        .order_by("pk")
    )
    names = dict(envelope.recipients.values_list("pk", "name"))
    readable = set(
        scope.readable_messages(actor).filter(envelope_id=envelope.pk).values_list("pk", flat=True)
    )
    shown = [
        {"m": s, "person": names.get(s.row.recipient_id or 0, ""), "readable": s.row.pk in readable}
        for s in as_shown(found)
    ]
    return _page(request, actor, envelope, "messages", shown=shown)


@require_safe
@scope.page
def webhooks(request: HttpRequest, actor: Actor, envelope_id: int) -> HttpResponse:
    """Events told to programs: body, address, attempts, replay."""
    envelope = scope.envelope(actor, envelope_id)
    posts: dict[int, list[Any]] = defaultdict(list)
    found = Message.objects.filter(
        envelope_id=envelope.pk, organization=actor.organization, channel=Message.Channel.WEBHOOK
    )
    for post in as_shown(found.select_related("credential").order_by("pk")):
        posts[post.row.webhook_event_id or 0].append(post)
    events = [
        {"row": e, "body": bytes(e.body).decode(errors="replace"), "posts": posts[e.pk]}
        for e in WebhookEvent.objects.filter(
            envelope_id=envelope.pk, organization=actor.organization
        ).order_by("pk")
    ]
    return _page(request, actor, envelope, "webhooks", events=events)
