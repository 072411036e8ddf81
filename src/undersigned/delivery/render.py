"""From a message to what is sent, and what the console shows of it. Links and codes come from the port, at this moment."""

from __future__ import annotations

from dataclasses import dataclass

from django.template.loader import render_to_string
from django.utils import translation

from undersigned.base import languages
from undersigned.files import scan
from undersigned.files.models import Blob, File

from . import own_words, ports, push_texts, texts
from .errors import Unreachable
from .models import Message
from .outbox import Draft
from .params import FileRef, OwnWords, Params, one_line
from .words import Block, Material, Words

ATTACHMENTS_LIMIT = 10 * 1024 * 1024
"""Bytes that may travel with one mail; larger sets are fetched by a link. Many mail servers refuse more than twice this."""


@dataclass(frozen=True)
class Attachment:
    """A stored file under the name it gets in the mail. `size` in bytes."""

    name: str
    media_type: str
    blob: Blob

    @property
    def size(self) -> int:
        return self.blob.size

    def read(self) -> bytes:
        return b"".join(scan.read_clean(self.blob))


@dataclass(frozen=True)
class Rendered:
    """What a person or a receiver gets. Empty: `subject`, `html`, `sender`, `reply_to` of an SMS, push message or webhook; `address`, unless something
    else than the installation's own stands in From."""

    text: str
    subject: str = ""
    html: str = ""
    sender: str = ""
    address: str = ""
    reply_to: str = ""
    attachments: tuple[Attachment, ...] = ()


def render(message: Message, *, sending: bool = False) -> Rendered:
    """The message in its own language (English when unknown), with its link or code.

    `sending`: attachments go out, so they are scanned; with an infected one none goes. Raises Unreachable while the scanner does not answer, ports.NotRegistered, and what the port's renderer raises.
    """
    if message.channel == Message.Channel.WEBHOOK:
        return Rendered(
            bytes(message.webhook_event.body).decode(errors="replace") if message.webhook_event else ""
        )
    if message.channel == Message.Channel.URL:
        return Rendered(ports.registered().renderer.callback(message))
    with translation.override(languages.spoken(message.language)):
        if message.purpose == texts.OWN_WORDS:
            return _own(message)
        if message.channel == Message.Channel.PUSH:
            params = Params.model_validate_json(message.params)
            return Rendered(
                push_texts.words(message.purpose, Material(params, _organization(message, params), {}))
            )
        return _sms(message) if message.channel == Message.Channel.SMS else _mail(message, None, sending)


def _own(message: Message) -> Rendered:
    """In the sender's words; the link, where the look asks for one, and the variables are put in now."""
    own = Params.model_validate_json(message.params).own or OwnWords()
    renderer = ports.registered().renderer
    if message.channel == Message.Channel.SMS:
        return Rendered(renderer.expand(message, own.body))
    linked = message.recipient_id is not None and (own.style.button or own.style.link_text)
    url = one_line(renderer.secrets(message)["url"]) if linked else ""
    words = own_words.mail(own, url, lambda text: renderer.expand(message, text), message.organization.name)
    name, address, reply_to = own_words.sender(own.sender)
    return Rendered(
        text=plain(words),
        subject=words.subject,
        html=render_to_string("delivery/mail/layout.html", {"words": words}),
        sender=name or ("" if address else message.organization.name),
        address=address,
        reply_to=reply_to,
    )


def preview(draft: Draft, secrets: dict[str, str]) -> Rendered:
    """A mail as it would go, with `secrets` in place of its real link, so that seeing it lets nobody in."""
    message = Message(
        organization=draft.organization,
        purpose=draft.purpose,
        channel=draft.channel,
        params=draft.params.model_dump_json(exclude_defaults=True),
        language=draft.language,
    )
    with translation.override(languages.spoken(message.language)):
        return _mail(message, secrets)


def _secrets(message: Message, wanted: texts.Secret) -> dict[str, str]:
    """The one secret that the text has a place for; whatever else the port offers stays out."""
    if not wanted:
        return {}
    return {wanted: one_line(ports.registered().renderer.secrets(message)[wanted])}


def _sms(message: Message) -> Rendered:
    secrets = _secrets(message, texts.secret("sms", message.purpose))
    params = Params.model_validate_json(message.params)
    return Rendered(texts.sms(message.purpose, Material(params, _organization(message, params), secrets)))


def _mail(message: Message, given: dict[str, str] | None, sending: bool = False) -> Rendered:
    params = Params.model_validate_json(message.params)
    attachments = _attachments(message, params.files)
    if sending and not _clean(attachments):
        attachments = ()
    secret = "" if attachments else texts.secret("email", message.purpose)
    secrets = _secrets(message, secret) if given is None else given
    material = Material(params, _organization(message, params), secrets, attached=bool(attachments))
    words = texts.mail(message.purpose, material)
    return Rendered(
        text=plain(words),
        subject=words.subject,
        html=render_to_string("delivery/mail/layout.html", {"words": words}),
        sender=texts.sender_name(message.purpose, material),
        reply_to=texts.reply_to(message.purpose, material),
        attachments=attachments,
    )


def _organization(message: Message, params: Params) -> str:
    return params.organization or message.organization.name


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
        return Attachment(ref.name, blob.media_type, blob)

    return tuple(attachment(ref) for ref in refs)


def _clean(attachments: tuple[Attachment, ...]) -> bool:
    try:
        for attachment in attachments:
            scan.ensure_clean(attachment.blob)
    except scan.Infected:
        return False
    except scan.ScannerUnavailable as e:
        raise Unreachable(f"virus scanner: {e}") from e
    return True


def plain(words: Words) -> str:
    """The text part: one paragraph a block, the sender's own words indented."""
    return "\n\n".join(_plain(b) for b in words.body + words.footer if b.kind != "image") + "\n"


def _plain(block: Block) -> str:
    if block.kind in ("link", "button"):
        return f"{block.text} {block.url}".strip()
    if block.kind == "quote":
        return "\n".join(f"    {line}".rstrip() for line in block.text.split("\n"))
    return block.text
