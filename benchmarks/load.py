"""Many envelopes at once (PostgreSQL): one made by the use cases, copied row by row inside the database.

Copies keep every column of the first, so that they stay true when a table grows; what must differ is said here. Two hundred
organisations, of which one owns three tenths.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

from django.db import connection

ORGANIZATIONS = 200
BIG = "big"
"""Slug of the organisation that owns three tenths."""
_USERS = 20
"""Users of the big organisation; the others have one each."""
_SLOTS = 1000


@dataclass(frozen=True)
class _Table:
    """`parents`: columns that refer to a copied row, and its table. `changed`: columns with an SQL expression over `g`, the copy's
    number, and `o`, whom it belongs to. `only`: which rows and copies."""

    name: str
    of_template: str
    parents: dict[str, str]
    changed: dict[str, str]
    only: str = "true"


_OWNER = {"organization_id": "o.organization_id", "owner_user_id": "o.user_id"}
_AGE = "t.created_at - g * interval '20 seconds'"
_IN_ENVELOPE = "envelope_id = %(envelope)s"
_TABLES = (
    _Table(
        "envelopes_collection",
        "id = %(collection)s",
        {},
        _OWNER
        | {
            "pub": "lpad(to_hex(g), 24, '0')",
            "title": "'Agreement ' || g || ' ' || md5(g::text)",
            "created_at": _AGE,
            "erase_at": "t.erase_at - g * interval '20 seconds' + interval '3 years'",
        },
    ),
    _Table(
        "envelopes_envelope",
        "id = %(envelope)s",
        {"collection_id": "envelopes_collection"},
        _OWNER
        | {
            "title": "'Agreement ' || g || ' ' || md5(g::text)",
            "state": "(ARRAY['completed','completed','completed','sent','completed','declined','draft'])[1 + mod(g, 7)]",
            "created_at": _AGE,
        },
    ),
    _Table(
        "envelopes_recipient",
        _IN_ENVELOPE,
        {"envelope_id": "envelopes_envelope"},
        {"name": "'Person ' || md5(g::text || t.id)", "email": "md5(g::text || t.id) || '@example.com'"},
    ),
    _Table(
        "envelopes_document", _IN_ENVELOPE, {"envelope_id": "envelopes_envelope"}, {"head_id": "NULL::bigint"}
    ),
    _Table(
        "envelopes_documentversion",
        "document_id = %(document)s",
        {"document_id": "envelopes_document"},
        {},
    ),
    _Table("envelopes_step", _IN_ENVELOPE, {"envelope_id": "envelopes_envelope"}, {}, "mod(g, 7) = 3"),
    _Table(
        "envelopes_assignment",
        _IN_ENVELOPE,
        {
            "envelope_id": "envelopes_envelope",
            "step_id": "envelopes_step",
            "recipient_id": "envelopes_recipient",
            "document_id": "envelopes_document",
        },
        {},
        "mod(g, 7) = 3",
    ),
    _Table("envelopes_auditevent", _IN_ENVELOPE, {"envelope_id": "envelopes_envelope"}, {}, "t.seq = 1"),
    _Table(
        "delivery_message",
        _IN_ENVELOPE + " AND channel = 'email'",
        {"envelope_id": "envelopes_envelope", "recipient_id": "envelopes_recipient"},
        {
            "organization_id": "o.organization_id",
            "dedup_key": "t.dedup_key || ':' || g",
            "state": "'sent'",
            "next_attempt_at": "NULL::timestamptz",
            "created_at": _AGE,
        },
        "mod(t.recipient_id, 2) = 0",
    ),
    _Table(
        "envelopes_searchword",
        _IN_ENVELOPE,
        {"envelope_id": "envelopes_envelope"},
        {
            "organization_id": "o.organization_id",
            "word": "CASE t.word WHEN 'agreement' THEN t.word ELSE convert_to(md5(g::text), 'UTF8') END",
        },
        "t.word IN ('agreement', 'person')",
    ),
)


def load(count: int) -> None:
    """Copy one envelope so many times. The organisation named BIG, with its users, is made first."""
    from undersigned.accounts.models import Organization, User

    organizations = [Organization(slug=BIG, name="Big Oy")]
    organizations += [Organization(slug=f"other-{n}", name=f"Other {n}") for n in range(1, ORGANIZATIONS)]
    Organization.objects.bulk_create(organizations)
    users = [User(organization=organizations[0], username=f"user-{n}") for n in range(_USERS)]
    users += [User(organization=o, username="user-0") for o in organizations[1:]]
    User.objects.bulk_create(users)
    known = _template(users[0])
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE owners (slot int PRIMARY KEY, organization_id bigint, user_id bigint)"
        )
        rows = []
        for slot in range(_SLOTS):
            of_big = slot % 10 < 3
            user = users[slot // 10 % _USERS] if of_big else users[_USERS + slot % (ORGANIZATIONS - 1)]
            rows.append((slot, user.organization_id, user.pk))
        cursor.executemany("INSERT INTO owners VALUES (%s, %s, %s)", rows)
        for table in _TABLES:
            _copy(cursor, table, known, count)
        cursor.execute("DROP TABLE owners")


def _template(user: Any) -> dict[str, int]:
    """One sent contract with two signers and a file; the ids of its rows."""
    from tests.pdfs import make_pdf
    from undersigned.accounts.models import Credential
    from undersigned.envelopes.actor import Actor
    from undersigned.envelopes.add_document import add_document
    from undersigned.envelopes.add_recipient import NewRecipient, add_recipient
    from undersigned.envelopes.create_collection import create_collection
    from undersigned.envelopes.models import Collection
    from undersigned.envelopes.send import send
    from undersigned.files.store import receive, store_pdf

    actor = Actor(user.organization, user, None, Credential.Reach.ACCOUNT)
    envelope = create_collection(actor, "signsquid", Collection.Kind.CONTRACT, "Agreement").envelopes.get()
    for n in (1, 2):
        add_recipient(actor, envelope.pk, NewRecipient(name=f"Person {n}", email=f"p{n}@example.com"))
    with receive(io.BytesIO(make_pdf())) as received:
        document = add_document(
            actor, envelope.pk, store_pdf(user.organization, received, "a.pdf", user=user)
        )
    send(actor, envelope.pk)
    assert envelope.collection_id is not None
    return {"collection": envelope.collection_id, "envelope": envelope.pk, "document": document.pk}


def _copy(cursor: Any, table: _Table, known: dict[str, int], count: int) -> None:
    # The rows of the first have ids without gaps, so each copy's are its own moved by so many times as many.
    moved = {"id": f"t.id + g * {_rows_of(cursor, table, known)}"}
    for column, parent in table.parents.items():
        of = next(t for t in _TABLES if t.name == parent)
        moved[column] = f"t.{column} + g * {_rows_of(cursor, of, known)}"
    cursor.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND table_schema = current_schema()",
        [table.name],
    )
    columns = [name for (name,) in cursor.fetchall()]
    values = [(moved | table.changed).get(name, f't."{name}"') for name in columns]
    names = ", ".join(f'"{name}"' for name in columns)
    cursor.execute(
        f"INSERT INTO {table.name} ({names}) SELECT {', '.join(values)} "
        f"FROM {table.name} t CROSS JOIN generate_series(1, {count}) g JOIN owners o ON o.slot = mod(g, {_SLOTS}) "
        f"WHERE {table.of_template} AND {table.only}",
        known,
    )
    cursor.execute(
        f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), (SELECT max(id) FROM {table.name}))"
    )


def _rows_of(cursor: Any, table: _Table, known: dict[str, int]) -> int:
    cursor.execute(f"SELECT count(*) FROM {table.name} WHERE {table.of_template}", known)
    rows: int = cursor.fetchone()[0]
    return rows
