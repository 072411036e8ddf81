"""Does it cost more among a million? `python -m benchmarks.scale DATABASE-URL` prints JSON (PostgreSQL).

Two databases, one of 1,000 and one of 1,000,000 envelopes, each behind a server of its own; calls alternate between the two. All is asked
in the organisation that owns three tenths: by an account of fifty contracts over the API, by its administrator in the console.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from contextlib import ExitStack
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlsplit

from .databases import created, replaced
from .server import Server
from .throughput import Client, draft, request

SIZES = (1_000, 1_000_000)
CALLS = 150


def fill(count: int) -> dict[str, Any]:
    """Load so many envelopes into the empty database of the environment; gives the requests to ask, and the seconds."""
    from undersigned.app.cli.setup import django_setup

    django_setup()
    from django.db import connection

    from undersigned.app import prepare
    from undersigned.app.django_settings import UNDERSIGNED

    from .load import load

    prepare.run(UNDERSIGNED)
    begun = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        cursor.execute("SET session_replication_role = replica")  # no look-up of each row's parents
        cursor.execute("SET maintenance_work_mem = '256MB'")
        indexes = dropped(cursor)
        load(count)
        for definition in indexes:
            cursor.execute(definition)
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("VACUUM ANALYZE")
    seconds = round(time.perf_counter() - begun, 1)
    return {"seconds": seconds, "requests": {k: v.decode() for k, v in requests().items()}}


def dropped(cursor: Any) -> list[str]:
    """Drop all indexes but those of constraints: built anew at the end they take a tenth of the time. Gives their definitions."""
    cursor.execute(
        "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid "
        "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = current_schema() "
        "AND (c.relname LIKE 'envelopes!_%' ESCAPE '!' OR c.relname LIKE 'delivery!_%' ESCAPE '!') "
        "AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)"
    )
    found = cursor.fetchall()
    for name, _ in found:
        cursor.execute(f"DROP INDEX {name}")
    return [definition for _, definition in found]


def requests() -> dict[str, bytes]:
    """What is asked, by an account of fifty in the big organisation and by an administrator of it."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from undersigned.accounts.credentials import create_api_key
    from undersigned.accounts.models import Organization, User

    from .load import BIG

    big = Organization.objects.get(slug=BIG)
    reader, admin = (
        User.objects.create(organization=big, username=name, role=role)
        for name, role in (("reader", User.Role.MEMBER), ("admin", User.Role.ADMIN))
    )
    key = "Basic " + b64encode(f"{create_api_key(reader, 'signsquid', 'bench')[1]}:".encode()).decode()
    contracts = [draft(reader, f"Agreement {n}").collection.pub for n in range(50)]
    writer = User.objects.get(organization=big, username="user-1")
    other = "Basic " + b64encode(f"{create_api_key(writer, 'signsquid', 'bench')[1]}:".encode()).decode()
    session = SessionStore()
    session[SESSION_KEY] = str(admin.pk)
    session[BACKEND_SESSION_KEY] = "undersigned.accounts.login.OrganizationBackend"
    session[HASH_SESSION_KEY] = admin.get_session_auth_hash()
    session.save()
    cookie = f"console={session.session_key}"
    return {
        "create": request("POST", "/api/v1/contracts", b'{"name": "Benchmark"}', Authorization=other),
        "get": request("GET", f"/api/v1/contracts/{contracts[25]}", Authorization=key),
        "list": request("GET", "/api/v1/contracts", Authorization=key),
        "console list": request("GET", "/console/envelopes", Cookie=cookie),
        "console search": request("GET", "/console/envelopes?q=agreement+4f3a", Cookie=cookie),
    }


def measure(url: str) -> dict[str, Any]:
    """For each operation: 95th percentile in milliseconds at each size, and the ratio of the large to the small."""
    with ExitStack() as stack:
        servers, filled = [], []
        for size in SIZES:
            own = stack.enter_context(created(replaced(url, f"{urlsplit(url).path.lstrip('/')}_{size}")))
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="undersigned-bench-"))
            options = {
                "data_dir": folder,
                "database_url": own,
                "workers": "0",
                "public_url": "http://127.0.0.1",
            }
            environment = {f"UNDERSIGNED_{k.upper()}": v for k, v in options.items()}
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.scale", "--fill", str(size)],
                env=os.environ | environment | {"UNDERSIGNED_LOG_LEVEL": "ERROR"},
                stdout=subprocess.PIPE,
                check=True,
            )
            filled.append(json.loads(done.stdout))
            server = Server("undersigned.app.cli", "serve", **options)
            stack.callback(server.stop)
            servers.append(server)
        clients = [Client(server.port) for server in servers]
        return {"load_seconds": filled[-1]["seconds"], "operations": alternate(clients, filled)}


def alternate(clients: list[Client], filled: list[dict[str, Any]]) -> dict[str, Any]:
    result = {}
    for operation in filled[0]["requests"]:
        times: list[list[float]] = [[] for _ in clients]
        for number in range(-CALLS // 10, CALLS):  # the first warm up
            for client, of, spent in zip(clients, filled, times, strict=True):
                begun = time.perf_counter()
                status = client.call(of["requests"][operation].encode())
                if number >= 0:
                    spent.append((time.perf_counter() - begun) * 1000)
                assert status in (200, 201), (operation, status)
        p95 = [quantiles(spent, n=20)[-1] for spent in times]
        result[operation] = {
            "p95_ms": [round(p, 1) for p in p95],
            "p50_ms": [round(median(spent), 1) for spent in times],
            "ratio": round(p95[-1] / p95[0], 2),
        }
    return result


def main() -> None:
    if sys.argv[1] == "--fill":
        json.dump(fill(int(sys.argv[2])), sys.stdout)
    else:
        json.dump(measure(sys.argv[1]), sys.stdout)


if __name__ == "__main__":
    main()
