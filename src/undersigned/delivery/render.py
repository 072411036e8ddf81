"""From a message to what is sent, and what the console shows of it. Links and codes come from the port, at this moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from undersigned.files import storage
from undersigned.files.models import File

from . import ports, texts
from .models import Message
from .params import FileRef, Params, one_line

ATTACHMENTS_LIMIT = 10 * 1024 * 1024
"""Bytes that may travel with one mail; larger sets are fetched by a link. Many mail servers refuse more than twice this."""


@dataclass(frozen=True)
class Attachment:
    """A stored file under the name it gets in the mail. `size` in bytes."""

    name: str
    media_type: str
    size: int
    read: Callable[[], bytes]


@dataclass(frozen=True)
class Rendered:
    """What a person or a receiver gets. Empty: `subject`, `html`, `sender`, `reply_to` of an SMS or webhook."""

    text: str
    subject: str = ""
    html: str = ""
    sender: str = ""
    reply_to: str = ""
    attachments: tuple[Attachment, ...] = ()


def render(message: Message) -> Rendered:
    """The message in its own language (English when unknown), with its link or code.

    Raises ports.NotRegistered, and what the port's renderer raises.
    """
    if message.channel == Message.Channel.WEBHOOK:
        return Rendered(
            bytes(message.webhook_event.body).decode(errors="replace") if message.webhook_event else ""
        )
    with translation.override(_language(message.language)):
        return _sms(message) if message.channel == Message.Channel.SMS else _mail(message)


def _language(wanted: str) -> str:
    try:
        return translation.get_supported_language_variant(wanted)
    except LookupError:
        return settings.LANGUAGE_CODE


def _secrets(message: Message, wanted: texts.Secret) -> dict[str, str]:
    """The one secret that the text has a place for; whatever else the port offers stays out."""
    if not wanted:
        return {}
    return {wanted: one_line(ports.registered().renderer.secrets(message)[wanted])}


def _sms(message: Message) -> Rendered:
    secrets = _secrets(message, texts.secret("sms", message.purpose))
    params = Params.model_validate_json(message.params)
    return Rendered(texts.sms(message.purpose, texts.Material(params, message.organization.name, secrets)))


def _mail(message: Message) -> Rendered:
    params = Params.model_validate_json(message.params)
    attachments = () if params.protected else _attachments(message, params.files)
    secret = "" if attachments else texts.secret("email", message.purpose)
    material = texts.Material(
        params, message.organization.name, _secrets(message, secret), attached=bool(attachments)
    )
    words = texts.mail(message.purpose, material)
    return Rendered(
        text=plain(words),
        subject=words.subject,
        html=render_to_string("delivery/mail/layout.html", {"words": words}),
        sender=texts.sender_name(message.purpose, material),
        reply_to=texts.reply_to(message.purpose, material),
        attachments=attachments,
    )


def _attachments(message: Message, refs: tuple[FileRef, ...]) -> tuple[Attachment, ...]:
    """All of the files, or none when one is gone or together they are too large."""
    found = File.objects.filter(
        organization=message.organization_id, erased_at=None, pk__in=[r.file for r in refs]
    )
    blobs = {file.pk: file.blob for file in found.select_related("blob") if file.blob is not None}
    if len(blobs) < len({r.file for r in refs}) or sum(blobs[r.file].size for r in refs) > ATTACHMENTS_LIMIT:
        return ()

    def attachment(ref: FileRef) -> Attachment:
        blob = blobs[ref.file]
        return Attachment(ref.name, blob.media_type, blob.size, lambda: b"".join(storage.read(blob)))

    return tuple(attachment(ref) for ref in refs)


def plain(words: texts.Words) -> str:
    """The text part: one paragraph a block, the sender's own words indented."""
    return "\n\n".join(_plain(block) for block in words.body + words.footer) + "\n"


def _plain(block: texts.Block) -> str:
    if block.kind == "link":
        return f"{block.text} {block.url}"
    if block.kind == "quote":
        return "\n".join(f"    {line}".rstrip() for line in block.text.split("\n"))
    return block.text
