"""Mail through a real SMTP server: headers, attachments, refusals."""

from __future__ import annotations

import io
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import transaction
from pydantic import ValidationError

from undersigned.accounts.models import Organization
from undersigned.delivery import outbox, render
from undersigned.delivery.models import Message
from undersigned.delivery.outbox import Draft
from undersigned.delivery.params import Params
from undersigned.files import storage, store
from undersigned.files.models import File

from .conftest import URL, Core, Mailbox
from .work import run_due

pytestmark = pytest.mark.django_db


def test_a_mail_arrives_with_its_headers(draft: Callable[..., Draft], mailbox: Mailbox, core: Core) -> None:
    message = outbox.post(draft(message="Tack så mycket"))
    run_due()
    message.refresh_from_db()
    [mail] = mailbox.parsed()
    assert mail["From"] == "Anna Virtanen via Acme Oy <sign@acme.example>"
    assert mail["To"] == "matti@example.fi"
    assert mail["Reply-To"] == "anna@acme.example"
    assert mail["Subject"] == "Anna Virtanen asks you to sign: Lease 2026"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"].endswith("@sign.example.com>")
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    body = mail.get_body(("plain",))
    assert body is not None
    assert URL in body.get_content()
    assert (message.state, message.transport, message.attempts) == ("sent", "smtp", 1)
    assert message.sent_at is not None
    assert message.last_error is None
    [attempt] = message.tries.all()
    assert (attempt.outcome, attempt.answer) == ("sent", "250 2.0.0 Ok: queued as Q1")
    assert core.told == [("sent", message.pk, "")]


@pytest.mark.parametrize(
    "name", ["Ελένη Παπαδοπούλου-Κωνσταντινοπολίτισσα", 'Q "x" <a@b.c>, y', "王小明", "x" * 300]
)
def test_any_name_makes_one_sender(
    name: str, draft: Callable[..., Draft], mailbox: Mailbox, core: Core
) -> None:
    outbox.post(draft(sender=name, title=name))
    run_due()
    [mail] = mailbox.parsed()
    [address] = mail["From"].addresses
    assert address.addr_spec == "sign@acme.example"
    assert address.display_name.startswith(name[:30])
    assert address.display_name.endswith(" via Acme Oy")
    assert mailbox.senders == ["sign@acme.example"]
    assert len(mail["Subject"].strip()) < 60
    assert not mail.defects


@pytest.mark.adversarial
@pytest.mark.parametrize(
    "break_", ["\r\nBcc: evil@example.com", "\nX: y", "\r", "\x85", "\u2028", "\u2029", "\v", "\f", "\0"]
)
@pytest.mark.parametrize("value", ["sender", "title", "name", "person", "sender_email", "files"])
def test_line_breaks_are_refused(value: str, break_: str) -> None:
    given = [{"name": f"a{break_}b.pdf", "file": 1}] if value == "files" else f"a{break_}b"
    with pytest.raises(ValidationError):
        Params.model_validate({value: given})


@pytest.mark.adversarial
def test_values_put_in_unchecked_are_checked_when_posted(draft: Callable[..., Draft], core: Core) -> None:
    unchecked = Params().model_copy(update={"person": "a\nBcc: evil@example.com", "title": "t"})
    with pytest.raises(ValidationError):
        outbox.post(draft("refused", params=unchecked))


@pytest.mark.adversarial
def test_somebodys_own_words_keep_their_lines_and_nothing_else() -> None:
    assert Params(reason="one\r\ntwo\x00\x1b[31m\u2028three\t!").reason == "one\ntwo  [31m\nthree !"
    assert len(Params(reason="x" * 9000).reason) == 5000


@pytest.mark.adversarial
@pytest.mark.parametrize(
    "address",
    [
        "a@b.fi\r\nBcc: c@d.fi",
        "a@b.fi, c@d.fi",
        "a@b.fi;c@d.fi",
        "A <a@b.fi>",
        "a@b.fi\n",
        "a b@c.fi",
        "@",
        "a",
        "",
        "a@b@c.fi",
    ],
)
def test_only_one_mailbox_is_an_address(address: str, draft: Callable[..., Draft], core: Core) -> None:
    with pytest.raises(ValueError, match="not one email address"):
        outbox.post(draft(address=address))


@pytest.mark.adversarial
def test_a_line_break_in_a_stored_row_never_reaches_a_header(
    draft: Callable[..., Draft], mailbox: Mailbox, core: Core
) -> None:
    message = outbox.post(draft())
    Message.objects.filter(pk=message.pk).update(address="a@b.fi\r\nBcc: evil@example.com")
    run_due()
    message.refresh_from_db()
    assert message.state == "failed"
    assert not mailbox.mails


def test_a_bounce_fails_at_once_with_the_servers_words(
    draft: Callable[..., Draft], mailbox: Mailbox, core: Core
) -> None:
    mailbox.rcpt = "550 5.1.1 <matti@example.fi>: Recipient address rejected: User unknown"
    message = outbox.post(draft())
    run_due()
    message.refresh_from_db()
    assert (message.state, message.attempts, message.last_error) == ("failed", 1, mailbox.rcpt)
    assert core.told == [("failed", message.pk, mailbox.rcpt)]
    assert [t.answer for t in message.tries.all()] == [mailbox.rcpt]


@pytest.mark.parametrize(
    ("rcpt", "data"),
    [("450 4.2.1 greylisted", ""), ("", "451 4.3.0 try again"), ("530 5.7.0 Authentication required", "")],
)
def test_what_may_pass_is_tried_again(
    rcpt: str, data: str, draft: Callable[..., Draft], mailbox: Mailbox, core: Core
) -> None:
    mailbox.rcpt, mailbox.data = rcpt, data
    message = outbox.post(draft())
    run_due()
    message.refresh_from_db()
    assert (message.state, message.last_error) == ("queued", rcpt or data)
    assert not core.told


def test_refused_content_fails_at_once(draft: Callable[..., Draft], mailbox: Mailbox, core: Core) -> None:
    mailbox.data = "554 5.7.1 Spam message rejected"
    message = outbox.post(draft())
    run_due()
    message.refresh_from_db()
    assert (message.state, message.last_error) == ("failed", mailbox.data)


def test_a_server_that_hangs_up_at_goodbye_got_the_mail_once(
    draft: Callable[..., Draft], mailbox: Mailbox, core: Core
) -> None:
    mailbox.hang_up = True
    message = outbox.post(draft())
    run_due()
    message.refresh_from_db()
    assert message.state == "sent"
    assert len(mailbox.mails) == 1


def test_no_server_is_tried_again(
    draft: Callable[..., Draft], mailbox: Mailbox, core: Core, settings: LazySettings
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        settings.EMAIL_PORT = closed.getsockname()[1]
        message = outbox.post(draft())
        run_due()
    message.refresh_from_db()
    assert message.state == "queued"
    assert "refused" in (message.last_error or "")


@pytest.fixture
def sealed(organization: Organization, settings: LazySettings, tmp_path: Path) -> Callable[[bytes], int]:
    settings.DATA_DIR = tmp_path
    settings.STORAGE_URL = (tmp_path / "files").as_uri()

    def bring(content: bytes, owner: Organization = organization) -> int:
        with store.receive(io.BytesIO(content), 1 << 30) as received:
            staged = store.stage(owner.pk, received.path, known=received)
        with transaction.atomic():
            return store.new_file(store.adopt(staged), File.Kind.VERSION, "x.pdf").pk

    return bring


def test_sealed_files_travel_byte_for_byte(
    draft: Callable[..., Draft], mailbox: Mailbox, core: Core, sealed: Callable[[bytes], int]
) -> None:
    content = b"%PDF-1.7\r\n\x00\xff\n.\r\nFrom here\n"
    outbox.post(draft("completed", files=[{"name": "Vuokrasopimus ä.pdf", "file": sealed(content)}]))
    run_due()
    [mail] = mailbox.parsed()
    [attached] = mail.iter_attachments()
    assert attached.get_filename() == "Vuokrasopimus ä.pdf"
    assert attached.get_content_type() == "application/pdf"
    assert attached.get_content() == content
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "Attached is the sealed file" in text
    assert "https://sign.example.com/verify" in text
    assert URL not in text


@pytest.mark.parametrize("why", ["large", "erased", "another tenant's"])
def test_a_link_goes_out_where_the_file_may_not(
    why: str,
    draft: Callable[..., Draft],
    core: Core,
    sealed: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stranger = Organization.objects.create(slug="other", name="Other")
    file = sealed(b"x" * 100, stranger) if why == "another tenant's" else sealed(b"x" * 100)
    if why == "large":
        monkeypatch.setattr(render, "ATTACHMENTS_LIMIT", 99)
    if why == "erased":
        File.objects.filter(pk=file).update(blob=None)
    it = render.render(outbox.post(draft("completed", files=[{"name": "a.pdf", "file": file}])))
    assert not it.attachments
    assert URL in it.text


def test_a_damaged_file_is_never_sent(
    draft: Callable[..., Draft], mailbox: Mailbox, core: Core, sealed: Callable[[bytes], int]
) -> None:
    message = outbox.post(draft("completed", files=[{"name": "a.pdf", "file": sealed(b"whole")}]))
    blob = File.objects.get(name="x.pdf").blob
    assert blob is not None
    with storage.local_path(blob) as path:
        path.chmod(0o600)
        path.write_bytes(b"wrong")
    run_due()
    message.refresh_from_db()
    assert message.state == "queued"
    assert not mailbox.mails
