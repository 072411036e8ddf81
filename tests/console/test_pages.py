"""What the pages show and do."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from tests.envelopes.signing import prepared
from tests.queries import Queries
from undersigned.accounts.credentials import find_api_key
from undersigned.accounts.models import Credential
from undersigned.base.clock import now
from undersigned.delivery.models import Message, MessageAttempt, WebhookEvent
from undersigned.delivery.outbox import announce
from undersigned.envelopes import links
from undersigned.envelopes.enter_code import enter_code
from undersigned.envelopes.models import AuditEvent, Document, DocumentVersion
from undersigned.envelopes.open_sitting import open_sitting
from undersigned.envelopes.postpone import postpone
from undersigned.files.models import File
from undersigned.files.store import new_file
from undersigned.identity.policy import IdentityPolicy, SignWay

from . import world as worlds
from .world import World


def text(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200, url
    return response.content.decode()


def of(name: str, world: World) -> str:
    return reverse(f"console:{name}", kwargs={"envelope_id": world.sent.pk})


def test_home_shows_what_waits_and_what_failed(world: World, visit: Callable[[str], Client]) -> None:
    body = text(visit("owner"), reverse("console:home"))
    assert "Lease of the boathouse" in body
    assert "550 5.1.1 User unknown" in body
    assert "Loan agreement" not in body  # refused: waits for nobody
    assert "Nothing is being sent" in body


def test_states_in_words(world: World, visit: Callable[[str], Client]) -> None:
    body = text(visit("owner"), reverse("console:envelopes"))
    rows = {
        re.sub(r"<[^>]+>", "", m[0]): re.sub(r"<[^>]+>", "", m[1]).strip()
        for m in re.findall(r'class="title"[^>]*>(.*?)</a>.*?class="badge[^"]*">(.*?)</span>', body, re.S)
    }
    assert rows["Lease of the boathouse"] == "Waiting for signatures"
    assert rows["Draft of the statutes"] == "Draft"
    assert rows["Loan agreement"] == "Refused"
    assert rows["Employment contract"] == "Draft"  # the new version; the replaced one is not listed
    assert "waits for Bea Berg, Carl Coast" in body


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=declined", {"Loan agreement"}),
        ("q=boathouse", {"Lease of the boathouse"}),
        ("q=fia", {"Loan agreement"}),
        ("q=bea.berg%40", {"Lease of the boathouse"}),
        ("q=loan&state=sent", set()),
        ("q=athouse", set()),  # words from their beginning
        ("origin=console", {"Tenancy agreement", "Parking space"}),
        ("origin=console&q=ivy&state=draft", {"Tenancy agreement"}),
        ("failed=on", {"Lease of the boathouse"}),
        ("overdue=on", set()),
        ("until=2001-01-01", set()),
        ("since=2001-01-01&q=loan", {"Loan agreement"}),
        ("sort=due&state=sent", {"Lease of the boathouse"}),
        (
            "state=nonsense",
            {
                "Lease of the boathouse",
                "Draft of the statutes",
                "Loan agreement",
                "Employment contract",
                "Tenancy agreement",
                "Parking space",
            },
        ),
    ],
)
def test_filters(world: World, visit: Callable[[str], Client], query: str, found: set[str]) -> None:
    body = text(visit("owner"), f"{reverse('console:envelopes')}?{query}")
    assert set(re.findall(r'class="title"[^>]*>(.*?)</a>', body)) == found


def test_paging_visits_every_row_once_both_ways(world: World, visit: Callable[[str], Client]) -> None:
    for number in range(60):
        worlds_row(world, f"Row {number}")
    client, url, seen, last = visit("owner"), "?", [], ""
    while url:
        body = text(client, reverse("console:envelopes") + url)
        seen += re.findall(r'class="title"[^>]*>(.*?)</a>', body)
        last, url = url, _link(body, "next")
    assert len(seen) == 66
    assert len(set(seen)) == 66
    back = []
    url = last
    while url:
        body = text(client, reverse("console:envelopes") + url)
        back += re.findall(r'class="title"[^>]*>(.*?)</a>', body)[::-1]
        url = _link(body, "prev")
    assert back[: len(seen)] == seen[::-1]


def worlds_row(world: World, title: str) -> None:
    from undersigned.envelopes.actor import Actor
    from undersigned.envelopes.create_collection import create_collection
    from undersigned.envelopes.models import Collection

    create_collection(
        Actor(world.owner.organization, world.owner, None, Credential.Reach.ACCOUNT),
        "signsquid",
        Collection.Kind.CONTRACT,
        title,
    )


def _link(body: str, rel: str) -> str:
    found = re.search(rf'href="(\?[^"]*)" rel="{rel}"', body)
    return found[1].replace("&amp;", "&") if found else ""


def test_timeline_is_the_audit_trail(world: World, visit: Callable[[str], Client]) -> None:
    url = reverse("console:envelope-timeline", kwargs={"envelope_id": world.declined.pk})
    body = text(visit("owner"), url)
    for event in AuditEvent.objects.filter(envelope=world.declined):
        assert event.hash in body
    assert "Eino Eskola refused to sign" in body
    assert "The interest is not what we agreed." in body
    assert "somebody" not in body


def test_who_puts_it_off_is_in_the_timeline(world: World, visit: Callable[[str], Client]) -> None:
    prepared(world.sent)
    recipient = world.sent.recipients.order_by("position")[0]
    sitting = open_sitting(links.token(recipient), "198.51.100.7", "Test").sitting
    enter_code(sitting, recipient.code or "")
    sitting.refresh_from_db()
    postpone(sitting)
    url = reverse("console:envelope-timeline", kwargs={"envelope_id": world.sent.pk})
    assert "Bea Berg put it off" in text(visit("owner"), url)


def test_people(world: World, visit: Callable[[str], Client]) -> None:
    body = text(visit("owner"), of("envelope-people", world))
    for words in ("Bea Berg", "+358401234567", "Has opened it", "link + code", "Send the link again"):
        assert words in body


def test_what_people_must_prove_and_what_they_have(world: World, visit: Callable[[str], Client]) -> None:
    recipient = world.sent.recipients.order_by("position")[1]
    recipient.identity_policy = IdentityPolicy(
        any_of=("nbid", "sms_code"),
        sign_ways=(SignWay(asked_as="nbid-sign"), SignWay(method="link", drawn=True)),
    ).model_dump(mode="json")
    recipient.save()
    sitting = open_sitting(links.token(recipient), "192.0.2.7", "test").sitting
    for method, provider in (("strong", "Great Bank"), ("sms_code", "sms"), ("strong", "Great Bank")):
        recipient.proofs.create(sitting=sitting, method=method, provider=provider, at=now())
    body = text(visit("owner"), of("envelope-people", world))
    for words in (
        "<dd>link + nbid / code by SMS</dd>",
        "<dt>Proof to sign</dt><dd>nbid-sign / drawn signature</dd>",
        "<dd>link + strong identification (Great Bank) + code by SMS</dd>",
    ):
        assert words in body
    assert body.count("Proof to sign") == 1


def test_resend_queues_one_message(world: World, visit: Callable[[str], Client]) -> None:
    recipient = world.sent.recipients.order_by("position")[1]
    url = reverse("console:resend", kwargs={"envelope_id": world.sent.pk, "recipient_id": recipient.pk})
    before = Message.objects.filter(recipient_id=recipient.pk, purpose="invitation").count()
    response = visit("owner").post(url, follow=True)
    assert "The link goes to carl.coast@example.com again." in response.content.decode()
    assert Message.objects.filter(recipient_id=recipient.pk, purpose="invitation").count() == before + 1


def test_resend_where_nothing_is_left_to_sign(world: World, visit: Callable[[str], Client]) -> None:
    recipient = world.declined.recipients.order_by("position")[0]
    url = reverse("console:resend", kwargs={"envelope_id": world.declined.pk, "recipient_id": recipient.pk})
    before = Message.objects.count()
    response = visit("owner").post(url, follow=True)
    assert "nothing was sent" in response.content.decode()
    assert Message.objects.count() == before


def test_messages_show_each_answer_word_for_word(world: World, visit: Callable[[str], Client]) -> None:
    body = text(visit("owner"), of("envelope-messages", world))
    assert "451 4.7.1 Greylisted, try again later" in body
    assert "550 5.1.1 &lt;bea.berg@example.com&gt;: User unknown" in body


def test_send_again(world: World, visit: Callable[[str], Client]) -> None:
    failed = Message.objects.get(state=Message.State.FAILED)
    response = visit("owner").post(reverse("console:send-again", kwargs={"message_id": failed.pk}))
    assert response["Location"] == of("envelope-messages", world)
    failed.refresh_from_db()
    assert failed.state == Message.State.QUEUED


def test_outbox_shows_the_mail_with_its_link(world: World, visit: Callable[[str], Client]) -> None:
    from undersigned.envelopes import links

    recipient = world.sent.recipients.order_by("position")[1]
    message = Message.objects.get(recipient_id=recipient.pk, purpose="invitation")
    client = visit("owner")
    page = client.get(reverse("console:outbox-message", kwargs={"message_id": message.pk}))
    assert links.url(recipient) in page.content.decode()
    assert "frame-src 'self'" in page["Content-Security-Policy"]
    html = client.get(reverse("console:outbox-html", kwargs={"message_id": message.pk}))
    assert links.url(recipient) in html.content.decode()
    assert "sandbox" in html["Content-Security-Policy"]
    assert "script" not in html["Content-Security-Policy"]
    assert html["X-Frame-Options"] == "SAMEORIGIN"


def test_webhooks_show_body_and_replay(world: World, visit: Callable[[str], Client]) -> None:
    event = WebhookEvent.objects.create(
        organization=world.owner.organization,
        owner_user=world.owner,
        dialect="signsquid",
        pub="event-1",
        kind="SomeoneSigned",
        body=b'{"id": "event-1", "name": "<Bea>"}',
        envelope_id=world.sent.pk,
    )
    [post] = announce(event)
    MessageAttempt.objects.create(
        message=post, at=post.created_at, outcome="failed", answer="500 Internal <Error>", duration_ms=9
    )
    Message.objects.filter(pk=post.pk).update(state="failed")
    client = visit("owner")
    body = text(client, of("envelope-webhooks", world))
    assert "&quot;name&quot;: &quot;&lt;Bea&gt;&quot;" in body
    assert "500 Internal &lt;Error&gt;" in body
    assert "https://hooks.example.com/signsquid" in body
    response = client.post(reverse("console:send-again", kwargs={"message_id": post.pk}))
    assert response["Location"] == of("envelope-webhooks", world)
    post.refresh_from_db()
    assert post.state == Message.State.QUEUED


def test_download_gives_the_bytes(world: World, visit: Callable[[str], Client]) -> None:
    document = world.sent.documents.get()
    version = document.versions.get(kind="original")
    response = visit("owner").get(
        reverse("console:download", kwargs={"envelope_id": world.sent.pk, "version_id": version.pk})
    )
    content = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    assert content.startswith(b"%PDF-")
    assert len(content) == int(response["Content-Length"])
    assert response["Content-Disposition"] == 'attachment; filename="Lease of the boathouse.pdf"'
    assert "sandbox" in response["Content-Security-Policy"]


def test_what_is_signed_apart_from_its_pdf_is_called_what_it_is(
    world: World, visit: Callable[[str], Client]
) -> None:
    document = world.sent.documents.get()
    Document.objects.filter(pk=document.pk).update(format=Document.Format.CADES)
    original = document.versions.get(kind="original")
    assert original.file.blob is not None
    names = {}
    for seq, kind in enumerate(("prepared", "signed", "sealed"), 90):
        file = new_file(original.file.blob, File.Kind.VERSION, "Lease - signature 1.p7s")
        version = DocumentVersion.objects.create(
            document=document, seq=seq, kind=kind, file=file, sha256="0" * 64, created_at=now()
        )
        address = {"envelope_id": world.sent.pk, "version_id": version.pk}
        names[kind] = visit("owner").get(reverse("console:download", kwargs=address))["Content-Disposition"]
    assert names == {
        "prepared": 'attachment; filename="Lease of the boathouse - prepared.pdf"',
        "signed": 'attachment; filename="Lease - signature 1.p7s"',
        "sealed": 'attachment; filename="Lease of the boathouse - sealed.asice"',
    }
    page = visit("owner").get(of("envelope-documents", world)).content.decode()
    assert "CAdES B-LTA" in page
    assert "Its signatures lie beside it, in one container (ASiC-E)." in page


def test_evidence_is_not_found_before_there_is_one(world: World, visit: Callable[[str], Client]) -> None:
    for name in ("evidence-pdf", "evidence-json"):
        assert visit("owner").get(of(name, world)).status_code == 404


def test_a_key_is_shown_once_and_works(world: World, visit: Callable[[str], Client]) -> None:
    client = visit("owner")
    response = client.post(
        reverse("console:new-key"),
        {"description": "Night job", "webhook_url": "https://x.example/h", "dialect": "signsquid"},
    )
    assert response.status_code == 201
    found = re.search(r"<pre[^>]*>([A-Za-z0-9]{32})</pre>", response.content.decode())
    assert found is not None
    credential = find_api_key("signsquid", found[1])
    assert credential is not None
    assert (credential.user, credential.description) == (world.owner, "Night job")
    assert "no-store" in response["Cache-Control"]
    assert found[1] not in text(client, reverse("console:key", kwargs={"key_id": credential.pk}))
    client.post(reverse("console:disable-key", kwargs={"key_id": credential.pk}))
    assert find_api_key("signsquid", found[1]) is None
    client.post(reverse("console:enable-key", kwargs={"key_id": credential.pk}))
    assert find_api_key("signsquid", found[1]) is not None


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "ftp://x.example/", "https://user:pw@x.example/", "nonsense"]
)
def test_odd_webhook_addresses_are_refused(world: World, visit: Callable[[str], Client], url: str) -> None:
    before = Credential.objects.count()
    response = visit("owner").post(
        reverse("console:new-key"), {"description": "x", "webhook_url": url, "dialect": "signsquid"}
    )
    assert response.status_code == 422
    assert "There is a problem" in response.content.decode()
    assert Credential.objects.count() == before


def test_the_webhook_secret_is_shown_on_request_only(world: World, visit: Callable[[str], Client]) -> None:
    client, kwargs = visit("owner"), {"key_id": world.key.pk}
    assert (world.key.webhook_secret or "?") not in text(client, reverse("console:key", kwargs=kwargs))
    assert (world.key.webhook_secret or "?") in client.post(
        reverse("console:key-secret", kwargs=kwargs)
    ).content.decode()


def test_the_webhook_address_can_be_changed(world: World, visit: Callable[[str], Client]) -> None:
    visit("owner").post(
        reverse("console:key", kwargs={"key_id": world.key.pk}),
        {"description": "Bookings", "webhook_url": "http://new.example/"},
    )
    world.key.refresh_from_db()
    assert (world.key.description, world.key.webhook_url) == ("Bookings", "http://new.example/")


@pytest.mark.parametrize("page", ["home", "envelopes", "outbox", "keys", "attention"])
def test_the_number_of_queries_does_not_grow(world: World, visit: Callable[[str], Client], page: str) -> None:
    client, url = visit("admin"), reverse(f"console:{page}")
    client.get(url)
    with Queries(connection) as few:
        client.get(url)
    for number in range(6):
        worlds.sent(
            world.owner, f"More {number}", [("Ida Iso", "+358401234567"), ("Jan Jung", "")], world.key
        )
    with Queries(connection) as many:
        client.get(url)
    assert len(many) == len(few), [q["sql"] for q in many]
    assert len(many) <= 14


@pytest.mark.parametrize("tab", ["timeline", "people", "documents", "messages", "webhooks"])
def test_the_number_of_queries_of_an_envelope_does_not_grow(
    world: World, visit: Callable[[str], Client], tab: str
) -> None:
    client = visit("owner")
    small = worlds.sent(world.owner, "Small", [("A Aa", "")], world.key)
    large = worlds.sent(world.owner, "Large", [(f"Person {n}", "+358401234567") for n in range(8)], world.key)
    counts = []
    for envelope in (small, large):
        with Queries(connection) as queries:
            client.get(reverse(f"console:envelope-{tab}", kwargs={"envelope_id": envelope.pk}))
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_no_inline_script_or_style(world: World, visit: Callable[[str], Client]) -> None:
    client = visit("owner")
    urls: list[Any] = [
        reverse(f"console:{p}") for p in ("home", "envelopes", "outbox", "keys", "new-key", "password")
    ]
    for url in [
        *urls,
        *[of(f"envelope-{t}", world) for t in ("timeline", "people", "documents", "messages", "webhooks")],
    ]:
        body = text(client, url)
        assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=", body), url
