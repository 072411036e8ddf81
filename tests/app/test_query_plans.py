"""What pages ask of the database: no large table from end to end, and no more for fifty rows than for one."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from benchmarks.load import BIG, load
from benchmarks.throughput import draft
from tests.console import world as worlds
from tests.queries import Queries
from undersigned.accounts.credentials import create_api_key
from undersigned.accounts.models import Organization, User
from undersigned.base import clock
from undersigned.delivery.models import Message
from undersigned.envelopes.models import Collection, Envelope, MetadataTemplate

MANY = 5_000
LARGE = 2_000
"""Rows from which on a table counts as large."""
ENOUGH = 150
"""Rows that a page may read of a large table; the largest shows twenty-five."""

Ask = Callable[[str], Any]


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Any, settings: Any) -> None:
    settings.DATA_DIR = tmp_path
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    settings.STORAGE_URL = (tmp_path / "files").as_uri()


def program_of(user: User) -> dict[str, str]:
    _, key = create_api_key(user, "signsquid", "tests")
    return {"Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def read(sql: str) -> dict[str, int]:
    """Rows (or entries of a bitmap) that the statement read, also those that it then left out, by large table."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE reltuples >= %s", [LARGE])
        large = {name for (name,) in cursor.fetchall()}
        cursor.execute("SELECT indexrelid::regclass::text, indrelid::regclass::text FROM pg_index")
        of_index = dict(cursor.fetchall())
        cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + sql)
        ((plan,),) = cursor.fetchone()
    rows: dict[str, int] = {}
    nodes = [plan["Plan"]]
    for node in nodes:
        nodes += node.get("Plans", [])
        # A bitmap is read whole before the table is, and names its index only.
        in_bitmap = node["Node Type"] == "Bitmap Index Scan"
        table = of_index[node["Index Name"]] if in_bitmap else node.get("Relation Name")
        if table in large:
            seen = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
            rows[table] = rows.get(table, 0) + round(seen * node["Actual Loops"])
    return rows


@pytest.mark.django_db
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="plans are PostgreSQL's")
def test_pages_read_little_of_large_tables() -> None:
    load(MANY)
    big = Organization.objects.get(slug=BIG)
    account = User.objects.filter(organization=big).order_by("pk")[3]
    admin = User.objects.create(organization=big, username="admin", role=User.Role.ADMIN)
    template = MetadataTemplate.objects.create(
        organization=big, pub="0" * 24, name="Lease", created_at=clock.now()
    )
    of_big = Envelope.objects.filter(organization=big).order_by("pk").values_list("pk", flat=True)
    Envelope.objects.filter(pk__in=list(of_big[: 2 * ENOUGH])).update(metadata_template=template)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    # What the planner has no figures of yet.
    newcomer = User.objects.create(organization=big, username="newcomer")
    for n in range(50):
        draft(newcomer, f"Agreement {n}")
    contract = Collection.objects.filter(owner_user=account).latest("pk")
    envelope = Envelope.objects.filter(organization=big, state="sent").latest("pk")
    api, headers, of_newcomer = Client(), program_of(account), program_of(newcomer)
    console = logged_in(admin)
    asked: dict[str, Callable[[], Any]] = {
        "list": lambda: api.get("/api/v1/contracts", headers=headers),
        "list of a newcomer": lambda: api.get("/api/v1/contracts", headers=of_newcomer),
        "get": lambda: api.get(f"/api/v1/contracts/{contract.pub}", headers=headers),
        "create": lambda: api.post(
            "/api/v1/contracts", '{"name": "New"}', content_type="application/json", headers=headers
        ),
        "home": lambda: console.get("/console/"),
        "console": lambda: console.get("/console/envelopes"),
        "in a state": lambda: console.get("/console/envelopes?state=sent"),
        "described": lambda: console.get(f"/console/envelopes?template={template.pk}"),
        "search": lambda: console.get("/console/envelopes?q=agreement+4f"),
        "older": lambda: console.get(
            f"/console/envelopes?before={envelope.created_at.isoformat()}_{envelope.pk}".replace("+", "%2B")
        ),
        "outbox": lambda: console.get("/console/outbox"),
        "timeline": lambda: console.get(f"/console/envelopes/{envelope.pk}"),
        "people": lambda: console.get(f"/console/envelopes/{envelope.pk}/people"),
        "messages": lambda: console.get(f"/console/envelopes/{envelope.pk}/messages"),
    }
    slow = {}
    for name, ask in asked.items():
        with Queries(connection) as captured:
            assert ask().status_code in (200, 201), name
        for query in captured:
            if query["sql"].startswith("SELECT"):
                rows = read(query["sql"])
                if any(count > ENOUGH for count in rows.values()):
                    slow[name] = (rows, query["sql"])
    assert not slow


@pytest.mark.django_db
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="reads PostgreSQL's catalogue")
def test_no_index_is_the_beginning_of_another() -> None:
    """Each write would keep it, and no query needs it. Tables of the framework are its own affair."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT less.indexrelid::regclass::text, more.indexrelid::regclass::text FROM pg_index less "
            "JOIN pg_index more ON more.indrelid = less.indrelid AND more.indexrelid <> less.indexrelid "
            "JOIN pg_class c ON c.oid = less.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = current_schema() AND NOT less.indisunique AND less.indclass[0] = more.indclass[0] "
            "AND coalesce(less.indpred, more.indpred) IS NULL AND coalesce(less.indexprs, more.indexprs) IS NULL "
            "AND starts_with(more.indkey::text || ' ', less.indkey::text || ' ')"
        )
        found = dict(cursor.fetchall())
    framework = ("auth_", "accounts_group_members_")  # the second: Django's own table between two
    assert {less: more for less, more in found.items() if not less.startswith(framework)} == {}


@pytest.mark.django_db
def test_fifty_rows_ask_no_more_than_one() -> None:
    board = Organization.objects.create(slug="board", name="Board Oy", sandbox=True)
    owner = worlds.user(board, "anna", "Anna", "Virtanen", User.Role.ADMIN)
    headers = program_of(owner)
    console, api = logged_in(owner), Client()
    paths: dict[str, Callable[[], Any]] = {
        "list": lambda: api.get("/api/v1/contracts", headers=headers),
        "get": lambda: api.get(f"/api/v1/contracts/{Collection.objects.latest('pk').pub}", headers=headers),
        "home": lambda: console.get("/console/"),
        "console": lambda: console.get("/console/envelopes"),
        "outbox": lambda: console.get("/console/outbox"),
        "keys": lambda: console.get("/console/keys"),
    }

    def counted() -> dict[str, int]:
        counts = {}
        for name, ask in paths.items():
            ask()  # what is looked up once a process is not the page's
            with Queries(connection) as captured:
                assert ask().status_code == 200, name
            counts[name] = len([q for q in captured if "accounts_attempt" not in q["sql"]])
        return counts

    worlds.sent(owner, "Agreement", [("Bea Berg", ""), ("Carl Coast", "")])
    few = counted()
    for n in range(49):
        worlds.sent(owner, f"Agreement {n}", [("Bea Berg", ""), ("Carl Coast", "")])
    assert Message.objects.count() == 100
    assert counted() == few
    assert few["list"] <= 3
    assert few["get"] <= 7
