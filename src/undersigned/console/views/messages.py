"""Mails, SMS and webhook posts with each attempt, and the outbox."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.contrib import messages as flash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from undersigned.accounts.models import Device
from undersigned.console import scope, words
from undersigned.console.paging import paginate
from undersigned.delivery.models import Message, MessageAttempt
from undersigned.delivery.render import Rendered
from undersigned.delivery.render import render as rendered
from undersigned.envelopes.access import visible
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.errors import Conflict
from undersigned.envelopes.send_message_again import send_message_again
from undersigned.envelopes.set_message_aside import set_message_aside

MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
"""For the HTML of a mail, shown in a frame: nothing runs, nothing is fetched; links open outside the frame."""


@dataclass
class Attempt:
    """One try, in words."""

    row: MessageAttempt
    word: words.Word


@dataclass
class Shown:
    """A message with its attempts, in words."""

    row: Message
    word: words.Word
    purpose: str
    channel: str
    to: str
    attempts: list[Attempt] = field(default_factory=list)
    about: str = ""  # the title of its envelope, where a page shows it

    @property
    def may_repeat(self) -> bool:
        return self.row.state != Message.State.QUEUED


def as_shown(messages: Iterable[Message]) -> list[Shown]:
    """Messages as pages show them, with all attempts; one query whatever their number."""
    messages = list(messages)
    tries: dict[int, list[Attempt]] = defaultdict(list)
    for row in MessageAttempt.objects.filter(message__in=[m.pk for m in messages]).order_by("at", "pk"):
        tries[row.message_id].append(Attempt(row, words.attempt_word(row.outcome)))
    devices = _device_names([m for m in messages if m.channel == Message.Channel.PUSH])
    return [
        Shown(
            m,
            words.message_word(m),
            words.purpose(m),
            words.channel(m),
            devices.get((m.user_id, m.address), m.address or ""),
            tries[m.pk],
        )
        for m in messages
    ]


def _device_names(pushed: list[Message]) -> dict[tuple[int | None, str | None], str]:
    """What users call the devices that got these messages; no query where there are none."""
    if not pushed:
        return {}
    devices = Device.objects.filter(user__in={m.user_id for m in pushed if m.user_id is not None})
    return {(d.user_id, d.device_id): d.name for d in devices if d.name}


@require_safe
@scope.page
def outbox_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Mails and SMS that stay here, newest first."""
    channel = request.GET.get("channel", "")
    found = scope.readable_messages(actor)
    if channel in ("email", "sms", "push"):
        found = found.filter(channel=channel)
    page = paginate(request, found)
    shown = as_shown(page.rows)
    titles = dict(visible(actor).filter(pk__in=[m.row.envelope_id for m in shown]).values_list("pk", "title"))
    for message in shown:
        message.about = titles.get(message.row.envelope_id or 0, "")
    return render(
        request,
        "console/outbox.html",
        {"tab": "outbox", "page": page, "shown": shown, "channel": channel},
    )


@require_safe
@scope.page
def outbox_message(request: HttpRequest, actor: Actor, message_id: int) -> HttpResponse:
    """One message as it would have gone: text, and for a mail its HTML in a frame."""
    message = scope.readable_message(actor, message_id)
    shown = as_shown([message])[0]
    response = render(
        request,
        "console/message.html",
        {"tab": "outbox", "shown": shown, "mail": _rendered(message), "is_mail": message.channel == "email"},
    )
    response["Content-Security-Policy"] = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; frame-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    return response


@require_safe
@xframe_options_sameorigin
@scope.page
def outbox_html(_request: HttpRequest, actor: Actor, message_id: int) -> HttpResponse:
    """The HTML part alone, under a policy of its own."""
    mail = _rendered(scope.readable_message(actor, message_id))
    response = HttpResponse(mail.html.replace("<head>", '<head><base target="_blank">', 1) if mail else "")
    response["Content-Security-Policy"] = MAIL_POLICY
    return response


def _rendered(message: Message) -> Rendered | None:
    """None when its link or code is no longer to be had (erased, replaced)."""
    try:
        return rendered(message)
    except LookupError:
        return None


@require_POST
@scope.page
def send_again(request: HttpRequest, actor: Actor, message_id: int) -> HttpResponse:
    """Queue a message once more: send again, replay."""
    message = scope.message(actor, message_id)
    try:
        send_message_again(actor, message)
    except Conflict:
        flash.info(request, _("It is already on its way."))
    else:
        flash.success(request, _("Queued. It goes out within a few seconds."))
    return _back(request, message)


@require_POST
@scope.page
def set_aside(request: HttpRequest, actor: Actor, message_id: int) -> HttpResponse:
    """A failed message need not be sent again."""
    message = scope.message(actor, message_id)
    try:
        set_message_aside(actor, message)
    except Conflict:
        flash.info(request, _("It has not failed any more."))
    else:
        flash.success(request, _("Set aside. Its attempts stay on record."))
    return _back(request, message)


def _back(request: HttpRequest, message: Message) -> HttpResponse:
    """To the page that the button stood on."""
    if request.POST.get("on") == "attention":
        return redirect("console:attention")
    if message.envelope_id is None:
        return redirect("console:home")
    tab = "webhooks" if message.channel == Message.Channel.WEBHOOK else "messages"
    return redirect(f"console:envelope-{tab}", envelope_id=message.envelope_id)
