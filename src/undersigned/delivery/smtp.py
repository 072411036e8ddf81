"""Mail by SMTP."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from email.utils import formataddr, parseaddr
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives, get_connection
from django.core.mail.backends import smtp

from undersigned.base import vault

from .errors import Rejected, Unreachable
from .models import Message
from .render import Rendered

_NOT_THE_MESSAGE = (530, 534, 535, 538)
"""Codes of RFC 4954 that speak of our login, not of the message: retried, since an operator mends them."""


class EmailBackend(smtp.EmailBackend):
    """Django's, but it keeps the server's answer to the message: its queue id answers the question where a mail is."""

    answer = ""

    @property
    def connection_class(self) -> Any:
        backend = self

        class Connection(super().connection_class):  # type: ignore[misc]
            def data(self, msg: Any) -> tuple[int, bytes]:
                code, words = super().data(msg)
                backend.answer = _words(code, words)
                return code, words

        return Connection


def message_id(message: Message) -> str:
    """The same at every attempt, so that mail servers and readers recognise a repetition; it does not give away our row numbers."""
    return f"<{vault.keyed_hash(str(message.pk), 'message-id').hex()[:32]}@{urlsplit(settings.PUBLIC_URL).hostname}>"


def build(message: Message, rendered: Rendered) -> EmailMultiAlternatives:
    """The mail as Django sends it. `Auto-Submitted` as in RFC 3834. Raises ValueError for a line break in a header."""
    mail = EmailMultiAlternatives(
        subject=rendered.subject,
        body=rendered.text,
        from_email=formataddr(
            (rendered.sender, rendered.address or parseaddr(settings.DEFAULT_FROM_EMAIL)[1])
        ),
        to=[message.address or ""],
        reply_to=[rendered.reply_to] if rendered.reply_to else None,
        headers={"Message-ID": message_id(message), "Auto-Submitted": "auto-generated"},
    )
    mail.attach_alternative(rendered.html, "text/html")
    for attachment in rendered.attachments:
        mail.attach(attachment.name, attachment.read(), attachment.media_type)
    return mail


def send(message: Message, rendered: Rendered) -> str:
    """Hand the message to the server; returns its answer. Raises Rejected (5xx, or no server is set) or Unreachable."""
    with _in_our_words():
        return hand_over(build(message, rendered))


def hand_over(mail: EmailMessage) -> str:
    """Send any mail; returns the server's answer. Raises Rejected or Unreachable."""
    with _in_our_words():
        connection = get_connection()
        with closing(connection):  # Django leaves one open that it could not log in to
            connection.send_messages([mail])
        return str(getattr(connection, "answer", ""))


def knock() -> None:
    """Connect, encrypt and log in as for a mail, and send none. Raises Rejected or Unreachable."""
    with _in_our_words():
        connection: Any = get_connection()
        with closing(connection):
            connection.open()
            connection.connection.noop()


@contextmanager
def _in_our_words() -> Iterator[None]:
    if not settings.MAIL_URL:
        raise Rejected("no mail server: UNDERSIGNED_MAIL_URL is not set")
    try:
        yield
    except smtplib.SMTPRecipientsRefused as e:
        raise _failure(*next(iter(e.recipients.values()))) from e
    except (smtplib.SMTPConnectError, smtplib.SMTPHeloError, smtplib.SMTPAuthenticationError) as e:
        raise Unreachable(_words(e.smtp_code, e.smtp_error)) from e
    except smtplib.SMTPResponseException as e:
        raise _failure(e.smtp_code, e.smtp_error) from e
    except OSError as e:  # SMTPException is one
        raise Unreachable(f"{type(e).__name__}: {e}") from e
    except ValueError as e:
        raise Rejected(f"{type(e).__name__}: {e}") from e


def _failure(code: int, words: bytes | str) -> Rejected | Unreachable:
    permanent = 500 <= code < 600 and code not in _NOT_THE_MESSAGE
    return (Rejected if permanent else Unreachable)(_words(code, words))


def _words(code: int, words: bytes | str) -> str:
    return f"{code} {words.decode(errors='replace') if isinstance(words, bytes) else words}"
