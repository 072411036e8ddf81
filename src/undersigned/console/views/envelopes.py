"""The list of envelopes, and one envelope's pages."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from urllib.parse import urlencode

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
from undersigned.console.paging import paginate, toggled
from undersigned.console.port import ConsolePort
from undersigned.delivery.models import Message, WebhookEvent
from undersigned.envelopes import audit
from undersigned.envelopes.access import owns, visible
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.discussion import may_take_part, place_of
from undersigned.envelopes.errors import Conflict, NotFound
from undersigned.envelopes.metadata import described
from undersigned.envelopes.models import (
    Collection,
    Document,
    DocumentVersion,
    Envelope,
    EnvelopeState,
    MetadataTemplate,
    Recipient,
    RecipientState,
)
from undersigned.envelopes.policy import Policy
from undersigned.envelopes.resend_link import resend_link
from undersigned.files import kinds, scan
from undersigned.files.models import File
from undersigned.files.store import clean_name

from .envelope_actions import offered
from .messages import as_shown


@require_safe
@scope.page
def envelope_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    """All that one may see, newest first or by due date, narrowed by the filters in its address."""
    form = filter_form(request, actor)
    filters = form.filters
    found = rows.narrowed(rows.listed(actor), actor, filters)
    column, descending = _order(request)
    if column == "due_at":
        found = found.filter(due_at__isnull=False)
    page = paginate(request, found, by=column, descending=descending)
    context = {
        "tab": "envelopes",
        "form": form,
        "page": page,
        "rows": rows.as_rows(page.rows, now(actor.organization.clock_offset)),
        "filtered": filters.any,
        "more_filters": bool(filters.origin or filters.template or filters.since or filters.until),
        "report": _report_query(request),
        "heads": _heads(request, column, descending),
        "by_due": column == "due_at",
    }
    return render(request, "console/envelopes.html", context)


def filter_form(request: HttpRequest, actor: Actor) -> FilterForm:
    """The list's filters, with what this person can choose."""
    templates = MetadataTemplate.objects.filter(organization=actor.organization).order_by("name", "pk")
    return FilterForm(
        request.GET,
        states=[(s.value, words.state_word(s).label) for s in words.STATES],
        origins=_origins(actor),
        templates=[(str(pk), name) for pk, name in templates.values_list("pk", "name")],
    )


def _report_query(request: HttpRequest) -> str:
    """The filters as they stand in the address, for the report of the same envelopes."""
    kept = [(k, v) for k, v in request.GET.items() if k not in ("before", "after", "sort") and v]
    return "?" + urlencode(kept) if kept else ""


def _order(request: HttpRequest) -> tuple[str, bool]:
    """Column and direction; only what an index carries."""
    match request.GET.get("sort"):
        case "due":
            return "due_at", False
        case "-due":
            return "due_at", True
        case "made":
            return "created_at", False
    return "created_at", True


def _heads(request: HttpRequest, column: str, descending: bool) -> dict[str, dict[str, str]]:
    """For each head that sorts: its address, and how the list is sorted by it now."""
    heads = {}
    for name, of in (("made", "created_at"), ("due", "due_at")):
        here = column == of
        heads[name] = {
            "url": toggled(request, name, not descending if here else name == "made"),
            "sort": ("descending" if descending else "ascending") if here else "none",
        }
    return heads


def _origins(actor: Actor) -> list[tuple[str, str]]:
    """The console, and each key whose envelopes one may see."""
    keys = scope.credentials(actor).order_by("description").values_list("pk", "description")
    return [(ConsolePort.name, _("Console")), *((str(pk), what) for pk, what in keys)]


def tab_page(
    request: HttpRequest, actor: Actor, envelope: Envelope, tab: str, status: int = 200, **context: Any
) -> HttpResponse:
    """One tab under the common head: state, who is next, due, other versions."""
    row = rows.as_rows([envelope], now(actor.organization.clock_offset))[0]
    versions = []
    if envelope.collection is not None and envelope.collection.kind == Collection.Kind.CONTRACT:
        versions = list(visible(actor).filter(collection=envelope.collection_id).order_by("position"))
    tabs = [
        ("timeline", _("Timeline")),
        ("people", _("People")),
        ("documents", _("Documents")),
        ("messages", _("Messages")),
    ]
    if WebhookEvent.objects.filter(envelope_id=envelope.pk).exists() or envelope.created_by_credential_id:
        tabs.append(("webhooks", _("Webhooks")))
    if Policy.model_validate(envelope.policy).discussion and may_take_part(actor, place_of(envelope)):
        tabs.append(("discussion", _("Discussion")))
    return render(
        request,
        f"console/envelope_{tab}.html",
        {
            "tab": "envelopes",
            "envelope": envelope,
            "row": row,
            "offered": offered(actor, envelope),
            "may_restore": envelope.collection is not None
            and envelope.collection.marked_deleted_at is not None
            and owns(actor, envelope.collection),
            "versions": versions if len(versions) > 1 else [],
            "metadata": [e for e in described(envelope) if e.value is not None],
            "tabs": [(f"console:envelope-{name}", label, name == tab) for name, label in tabs],
            **context,
        },
        status=status,
    )


@require_safe
@scope.page
def timeline(request: HttpRequest, actor: Actor, envelope_id: int) -> HttpResponse:
    """The audit trail, numbered, with its hashes."""
    envelope = scope.envelope(actor, envelope_id)
    entries = [words.entry(event, detail) for event, detail in audit.trail(envelope)]
    return tab_page(request, actor, envelope, "timeline", entries=entries[::-1])


@require_safe
@scope.page
def people(request: HttpRequest, actor: Actor, envelope_id: int) -> HttpResponse:
    """Who signs: proof demanded and given, invited, opened, signed."""
    envelope = scope.envelope(actor, envelope_id)
    sent = envelope.sent_at is not None
    shown = [
        {
            "row": r,
            "word": words.person_word(r, sent),
            "demanded": words.proofs_to_open(r.identity),
            "demanded_to_sign": words.proofs_to_sign(r.identity),
            "given": words.proofs_given(r.proofs.all()),
            "code": r.code if scope.may_read_code(actor, envelope, r) else None,
            "may_resend": _may_resend(envelope, r),
        }
        for r in envelope.recipients.prefetch_related("proofs").order_by("position")
    ]
    return tab_page(request, actor, envelope, "people", people=shown)


def _may_resend(envelope: Envelope, recipient: Recipient) -> bool:
    return (
        envelope.state == EnvelopeState.SENT
        and envelope.superseded_at is None
        and recipient.state == RecipientState.ACTIVE
        and recipient.invited_at is not None
        and bool(recipient.email)
    )


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
                {"row": v, "label": _version(d, v), "sealed": v.kind == "sealed"} for v in d.versions.all()
            ],
        }
        for d in envelope.documents.filter(removed_at=None)
        .prefetch_related("versions__file__blob")
        .order_by("position")
    ]
    return tab_page(request, actor, envelope, "documents", documents=shown)


def _version(document: Document, version: DocumentVersion) -> str:
    if document.by_statement and version.kind == "prepared":
        return _("Page for the signatures")
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
    if version.kind == "original":
        return _file(version.file, version.document.title)
    if version.document.detached and version.kind == "signed":
        return _file(version.file, version.file.name)
    name = version.document.signed_name if version.kind == "sealed" else version.document.pdf_name
    stem, _dot, ending = name.rpartition(".")
    suffix = f" - {version.kind}" + (f" {version.seq}" if version.kind == "signed" else "")
    return _file(version.file, f"{stem}{suffix}.{ending}")


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
    response = StreamingHttpResponse(
        scan.read_clean(file.blob), content_type=kinds.served_as(file.blob.media_type)
    )
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
    return tab_page(request, actor, envelope, "messages", shown=shown)


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
        for e in WebhookEvent.objects.filter(envelope_id=envelope.pk, organization=actor.organization)
        .select_related("owner_user__endpoint")
        .order_by("pk")
    ]
    return tab_page(request, actor, envelope, "webhooks", events=events)
