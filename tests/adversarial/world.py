"""One world for all rooms: two organisations, their users with API keys, a contract that waits for its signers, and their sittings."""

from __future__ import annotations

import base64
import re
import secrets
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.test import Client
from django.utils.http import urlencode

from tests.conformance.signers import run_jobs
from tests.console import world as consoles
from undersigned.accounts import devices
from undersigned.accounts.credentials import create_api_key
from undersigned.accounts.models import Credential, Group, User
from undersigned.delivery.models import Message, WebhookEvent
from undersigned.envelopes import links
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.batch_sheet import Row, Rows
from undersigned.envelopes.copies import Copy
from undersigned.envelopes.copy_envelope import Mode, copy_envelope
from undersigned.envelopes.create_draft import create_draft
from undersigned.envelopes.draft_content import DraftContent, DraftDocument
from undersigned.envelopes.enter_code import enter_code
from undersigned.envelopes.make_batch import make_batch
from undersigned.envelopes.metadata_templates import Chosen, add_field, add_template
from undersigned.envelopes.models import DocumentVersion, Envelope, Recipient
from undersigned.envelopes.offer import offer
from undersigned.envelopes.open_sitting import open_sitting
from undersigned.envelopes.plan_parts import Part, set_parts
from undersigned.envelopes.roles import Player
from undersigned.identity.models import Provider
from undersigned.sealing import authority
from undersigned.sealing.identities import make_identity

from . import today_routes

UNKNOWN_ROOM = "0" * 24


@dataclass
class World:
    """`values`: for a kind of object ("own", "foreign" for who owns it not, "unknown") what stands for each placeholder of an address."""

    console: consoles.World
    keys: dict[str, str]
    clients: dict[str, Client]
    values: dict[str, dict[str, str]]
    rooms: dict[str, tuple[str, str]] = field(default_factory=dict)

    def address(self, pattern: str, which: str = "own") -> str:
        """The address of `pattern` with the placeholders filled for the object `which`."""
        values = today_routes.VALUES | self.values[which]
        if which != "unknown" and pattern.startswith("console/metadata/templates/"):
            values = values | self.values["template"]
        if which != "unknown" and re.search("^console/(templates/<int|batches/|instances/)", pattern):
            made = re.search("/(files|roles|places|check|delete)", pattern) and "instances" not in pattern
            values = values | self.values["template in making" if made else "template in use"]
        if which != "unknown" and pattern.startswith("console/drafts/"):
            values = values | self.values["draft"]
        if which != "unknown" and pattern.endswith(("/remind", "/cancel")):
            values = values | self.values["running"]
        return "/" + re.sub(r"<(?:[a-z]+:)?([a-z_]+)>", lambda m: values[m[1]], pattern)


def build() -> World:
    board = consoles.build()
    run_jobs()
    board.sent.refresh_from_db()
    board.sent.policy["discussion"] = True  # so that there is a door to try
    board.sent.save(update_fields=["policy"])
    people = {
        "right": board.owner,
        "colleague": board.other,
        "administrator": board.admin,
        "stranger": board.stranger,
    }
    made = World(board, _keys(people), {}, {})
    gone = consoles.user(board.owner.organization, "gone", "Gone", "Gunn", User.Role.ADMIN)
    made.keys["key of a disabled user"] = create_api_key(gone, "signsquid", "old")[1]
    for name, person in {**people, "disabled user": gone}.items():
        made.clients[name] = Client()
        made.clients[name].force_login(person)
    User.objects.filter(pk=gone.pk).update(disabled_at=datetime.now(UTC))
    made.clients["nobody"] = Client()
    bea, carl = board.sent.recipients.order_by("position")
    other = board.declined.recipients.order_by("position")[0]
    made.rooms = {
        "right": _sitting(bea),
        "before the code": _sitting(bea, with_code=False),
        "cookie of another link": _sitting(carl),
        "signer of another envelope": _sitting(other),
    }
    made.values = _values(made)
    return made


def _keys(people: dict[str, User]) -> dict[str, str]:
    keys = {name: create_api_key(person, "signsquid", name)[1] for name, person in people.items()}
    disabled, keys["disabled key"] = create_api_key(people["right"], "signsquid", "disabled")
    Credential.objects.filter(pk=disabled.pk).update(enabled=False)
    return keys | {"wrong key": "x" * 32}


def _sitting(recipient: Recipient, *, with_code: bool = True) -> tuple[str, str]:
    opened = open_sitting(links.token(recipient), "192.0.2.7", "test")
    if with_code:
        enter_code(opened.sitting, recipient.code or "")
    return opened.sitting.pub, opened.secret


def _values(world: World) -> dict[str, dict[str, str]]:
    sent = world.console.sent
    version = DocumentVersion.objects.filter(document__envelope=sent, kind="prepared").get()
    mail = Message.objects.filter(envelope_id=sent.pk, channel="email").exclude(state="failed").order_by("pk")
    event = WebhookEvent.objects.create(
        organization=sent.organization,
        owner_user=world.console.owner,
        dialect="signsquid",
        pub="01234567-89ab-4cde-8f01-23456789abcd",
        private_id="1",
        kind="agreed",
        body=b"{}",
    )
    field = add_field(sent.organization, "Cost centre")
    template = add_template(sent.organization, "Lease", [Chosen(field.pub)])
    collection = sent.collection
    assert collection is not None
    bank = Provider.objects.create(  # where nobody listens, and where we would not go
        organization=sent.organization, key="bank", name="Bank", issuer="https://127.0.0.1:1", client_id="c"
    )
    ivan = consoles.user(sent.organization, "ivan", "Ivan", "Ild", User.Role.SIGNER)
    owner = world.console.owner
    devices.register(devices.challenge(owner), "phone", "", "signingtoday")
    own = {
        "identity_pub": str(make_identity(owner).pub),
        "identity_id": str(make_identity(ivan).pub),
        "device_id": str(devices.devices_of(owner).get().pk),
        "user_pub": str(ivan.pub),
        "user_id": str(ivan.pub),
        "group_id": str(Group.objects.create(organization=sent.organization, name="Sales").pk),
        "contract_id": collection.pub,
        "version": "1",
        "filename": version.document.title,
        "event_id": event.pub,
        "token": links.token(sent.recipients.order_by("position")[0]),
        "room_id": world.rooms["right"][0],
        "number": "1",
        "document": "1",
        "page": "1",
        "width": "160",
        "envelope_id": str(sent.pk),
        "collection_id": str(collection.pk),
        "recipient_id": str(sent.recipients.order_by("position")[0].pk),
        "version_id": str(version.pk),
        "message_id": str(mail[0].pk),
        "key_id": str(world.console.key.pk),
        "template_id": "1",
        "batch_id": "1",
        "document_id": "1",
        "provider_id": str(bank.pk),
        "provider": "bank",
        "how": "cancelled",
        "job_id": "1",
        "comment_id": "999999",
        "pub": field.pub,
        "form": "csv",
        "group": "failed",
        "revision": "1",
        "dialect": "signsquid",
        "name": authority.ensure_authorities()["signers"].name,
        "order_id": "0" * 58,
        "task_id": "task1",
        "packaging_task_id": "p1",
        "archive_id": "0" * 58,
        "service": "board",
        "ticket": str(uuid.uuid4()),
        "encoded": base64.b64encode(b"x").decode(),
    }
    unknown = own | {
        "contract_id": secrets.token_hex(12),
        "event_id": "01234567-89ab-4cde-8f01-23456789abce",
        "token": secrets.token_urlsafe(32),
        "room_id": UNKNOWN_ROOM,
        "pub": secrets.token_hex(12),
        "user_pub": str(uuid.uuid4()),
        "user_id": str(uuid.uuid4()),
        "identity_pub": str(uuid.uuid4()),
        "identity_id": str(uuid.uuid4()),
        **dict.fromkeys(
            (
                "envelope_id",
                "collection_id",
                "document_id",
                "recipient_id",
                "version_id",
                "message_id",
                "key_id",
                "job_id",
                "comment_id",
                "provider_id",
                "group_id",
                "device_id",
                "template_id",
                "batch_id",
            ),
            "987654321",
        ),
    }
    draft = world.console.made
    return {
        "own": own,
        "unknown": unknown,
        "room page": own | {"version": version.sha256[:16]},
        "draft": {
            "envelope_id": str(draft.pk),
            "document_id": str(draft.documents.get().pk),
            "recipient_id": str(draft.recipients.order_by("position")[0].pk),
        },
        "template": {"pub": template.pub},
        **_templates(world),
        "running": {"envelope_id": str(world.console.running.pk)},
    }


def _templates(world: World) -> dict[str, dict[str, str]]:
    """One that is being made; one that is offered, an instance of it, and a batch."""
    actor = Actor.from_user(world.console.owner)

    def template() -> Envelope:
        file = consoles.pdf(world.console.owner, "lease.pdf")
        content = DraftContent("Lease", (DraftDocument(file=file),), template=True)
        return set_parts(create_draft(actor, "signingtoday", content).pk, [Part("Tenant")], ordered=False)

    making, offered = template(), offer(actor, template().pk)
    player = Player("Tia", email="tia@example.com")
    instance = copy_envelope(actor, offered.pk, Mode.INSTANTIATE, Copy(players={"Tenant": player}))
    batch, _made = make_batch(actor, offered.pk, Rows((Row(2, Copy(players={"Tenant": player})),)))
    return {
        "template in making": {
            "template_id": str(making.pk),
            "document_id": str(making.documents.get().pk),
        },
        "template in use": {
            "template_id": str(offered.pk),
            "batch_id": str(batch.pk),
            "envelope_id": str(instance.pk),
            "document_id": str(instance.documents.get().pk),
        },
    }


def call(client: Client, method: str, path: str, form: Any = None, media_type: str = "", **extra: Any) -> Any:
    """Answer of the server, its stream read to the end."""
    if isinstance(form, dict):
        form, media_type = urlencode(form).encode(), "application/x-www-form-urlencoded"
    response = client.generic(method, path, form or b"", content_type=media_type or "text/plain", **extra)
    if response.streaming:
        response.read = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    return response


def with_key(key: str) -> dict[str, str]:
    """Headers of a program with this API key."""
    return {"HTTP_AUTHORIZATION": "Basic " + base64.b64encode(f"{key}:".encode()).decode()} if key else {}


def with_cookie(secret: str) -> Client:
    """A browser that sends this cookie to any room."""
    client = Client()
    client.cookies.load({"room": secret})
    return client


def rows_of_all_tables() -> dict[str, Any]:
    """Everything stored, but what only counts or says when somebody called."""
    passing = {"accounts_attempt", "django_session"}
    found: dict[str, Any] = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table in passing:
                continue
            cursor.execute(f'SELECT * FROM "{table}"')
            names = [c[0] for c in cursor.description]
            skipped = {"last_used_at", "last_seen", "last_login"}
            keep = [i for i, name in enumerate(names) if name not in skipped]
            found[table] = sorted(
                str([bytes(r[i]) if isinstance(r[i], memoryview) else r[i] for i in keep])
                for r in cursor.fetchall()
            )
    return found


def sent_envelope(world: World) -> Envelope:
    world.console.sent.refresh_from_db()
    return world.console.sent
