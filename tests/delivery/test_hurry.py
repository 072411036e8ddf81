"""The first attempt in the process that caused it, with real processes on both databases: in time, once, and never lost."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from .conftest import FreePort

pytestmark = pytest.mark.database
ROOT = Path(__file__).parents[2]
PRELUDE = """
import json, sys, time
import django; django.setup()
from django.conf import settings
settings.EMAIL_TIMEOUT = 600
from tests.delivery.conftest import Core
from undersigned.accounts.models import Organization
from undersigned.delivery import hurry, outbox, ports
from undersigned.delivery.models import Message
from undersigned.delivery.params import OwnWords, Params
from undersigned.jobs.models import Job
from tests.jobs.testing import run_due

def post(envelope, count):
    o, _ = Organization.objects.get_or_create(slug="acme", defaults={"name": "Acme Oy"})
    for n in range(count):
        outbox.post(outbox.Draft(o, "own_words", "email", f"{envelope}:{n}", f"m{n}@e{envelope}.example",
            Params(own=OwnWords(subject="s", body="b")), envelope_id=envelope))

def hurried(envelope, seconds):
    began = time.monotonic()
    hurry.send_now(envelope, seconds)
    return time.monotonic() - began

def states(envelope):
    return sorted(Message.objects.filter(envelope_id=envelope).values_list("state", flat=True))

def say(**what):
    print(json.dumps(what), flush=True)

ports.register(ports.Ports(Core(), Core(), Core()))
"""


@dataclass
class Slow:
    """An SMTP server that takes a mail only while the gate is open."""

    gate: threading.Event = field(default_factory=threading.Event)
    came: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    taken: list[str] = field(default_factory=list)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.came.release()
        await asyncio.get_running_loop().run_in_executor(None, self.gate.wait, 300)
        self.taken.extend(envelope.rcpt_tos)
        return "250 OK"


@pytest.fixture
def server() -> Iterator[tuple[Slow, int]]:
    slow = Slow()
    controller = FreePort(slow, hostname="127.0.0.1", port=0)
    controller.start()
    yield slow, controller.port
    slow.gate.set()
    controller.stop()


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Environment of an installation with the tables of the outbox and of jobs."""
    folder = tmp_path_factory.mktemp("hurry")
    kept = {k: v for k, v in os.environ.items() if not k.startswith("UNDERSIGNED_")}
    environment = kept | {
        "UNDERSIGNED_DATA_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "undersigned.app.django_settings",
    }
    server, name = os.environ.get("UNDERSIGNED_TEST_POSTGRES", ""), f"hurry_{uuid.uuid4().hex[:12]}"
    postgres = os.environ["UNDERSIGNED_TEST_DB"] == "postgresql"

    def admin(statement: str) -> None:
        url = urlsplit(server)._replace(path="/postgres").geturl()
        with psycopg.connect(url, autocommit=True, connect_timeout=3) as connection:
            connection.execute(statement.encode())

    if postgres:
        admin(f'CREATE DATABASE "{name}"')
        environment["UNDERSIGNED_DATABASE_URL"] = urlsplit(server)._replace(path=f"/{name}").geturl()
    code = "import django; django.setup()\nfrom django.core.management import call_command as c\n[c('migrate', room, verbosity=0) for room in ('delivery', 'jobs')]"
    subprocess.run([sys.executable, "-c", code], env=environment, cwd=ROOT, check=True, timeout=300)
    yield environment
    if postgres:
        admin(f'DROP DATABASE "{name}" WITH (FORCE)')


Start = Callable[[str], "subprocess.Popen[str]"]


@pytest.fixture
def start(database: dict[str, str], server: tuple[Slow, int]) -> Iterator[Start]:
    begun: list[subprocess.Popen[str]] = []
    environment = database | {"UNDERSIGNED_MAIL_URL": f"smtp://127.0.0.1:{server[1]}/?tls=none"}

    def make(code: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", PRELUDE + code],
            env=environment,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        begun.append(process)
        return process

    yield make
    for process in begun:
        process.kill()
        process.communicate()


def said(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, "the process ended without a word"
    return dict(json.loads(line))


def go_on(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def test_all_have_gone_when_it_returns_and_each_once(start: Start, server: tuple[Slow, int]) -> None:
    """While a worker is after the same messages."""
    slow, _port = server
    slow.gate.set()
    worker = start(
        "from undersigned.jobs.worker import Worker\nimport threading\nw = Worker(2)\n"
        "threading.Thread(target=lambda: (sys.stdin.readline(), w.stop()), daemon=True).start()\n"
        "say(up=True)\nw.run()"
    )
    said(worker)
    process = start("post(1, 6)\nhurried(1, 300)\nsay(states=states(1))")
    assert said(process) == {"states": ["sent"] * 6}
    go_on(worker)
    assert worker.wait(300) == 0
    assert Counter(slow.taken) == {f"m{n}@e1.example": 1 for n in range(6)}


def test_nobody_waits_longer_than_asked_for_a_slow_server(start: Start, server: tuple[Slow, int]) -> None:
    slow, _port = server
    process = start(
        "post(2, 2)\nsay(took=hurried(2, 0.3), states=states(2))\nsys.stdin.readline()\n"
        "while states(2) != ['sent'] * 2:\n    run_due()\n    time.sleep(0.02)\nsay(states=states(2))"
    )
    first = said(process)
    assert first["states"] == ["queued"] * 2
    assert first["took"] < 100
    slow.gate.set()
    go_on(process)
    said(process)
    assert Counter(slow.taken) == {"m0@e2.example": 1, "m1@e2.example": 1}, (
        "begun here or there, each goes once"
    )


def test_what_was_begun_is_ended_though_nobody_waits(start: Start, server: tuple[Slow, int]) -> None:
    slow, _port = server
    process = start(
        "import threading\npost(4, 1)\nthreading.Thread(target=hurried, args=(4, 300), daemon=True).start()\n"
        "sys.stdin.readline()\nsay(others=run_due())\nsys.stdin.readline()\n"
        "while states(4) != ['sent']: time.sleep(0.02)\nsay(attempts=list(Job.objects.filter("
        "unique_key=f'deliver:{Message.objects.get(envelope_id=4).pk}').values_list('attempts', flat=True)))"
    )
    assert slow.came.acquire(timeout=300)
    go_on(process)
    said(process)
    slow.gate.set()
    go_on(process)
    assert said(process) == {"attempts": [1]}
    assert slow.taken == ["m0@e4.example"]


def test_what_a_killed_process_had_begun_is_the_workers(start: Start, server: tuple[Slow, int]) -> None:
    slow, _port = server
    process = start("post(3, 1)\nhurried(3, 300)")
    assert slow.came.acquire(timeout=300)
    process.kill()
    process.wait(300)
    slow.gate.set()
    again = start(
        "from datetime import timedelta\nfrom django.db.models import F\nsay(states=states(3))\n"
        "Job.objects.filter(state='waiting').update(run_at=F('run_at') - timedelta(seconds=60))\n"
        "run_due()\nsay(states=states(3))"
    )
    assert said(again) == {"states": ["queued"]}
    assert said(again) == {"states": ["sent"]}, "once its lease has ended"
    assert set(slow.taken) == {"m0@e3.example"}


def test_who_comes_when_all_places_are_taken_waits_for_nothing(
    start: Start, server: tuple[Slow, int]
) -> None:
    process = start(
        "import threading\n[post(10 + n, 1) for n in range(hurry.THREADS + 1)]\n"
        "threads = [threading.Thread(target=hurried, args=(10 + n, 300)) for n in range(hurry.THREADS)]\n"
        "[t.start() for t in threads]\nsys.stdin.readline()\n"
        "say(took=hurried(10 + hurry.THREADS, 300), busy=threading.active_count() > hurry.THREADS)\n"
        "[t.join() for t in threads]\nsay(states=[states(10 + n) for n in range(hurry.THREADS + 1)])"
    )
    slow, _port = server
    for _ in range(4):
        assert slow.came.acquire(timeout=300)
    go_on(process)
    first = said(process)
    assert first["busy"]
    assert first["took"] < 100
    slow.gate.set()
    assert said(process) == {"states": [["sent"]] * 4 + [["queued"]]}


@pytest.mark.django_db
def test_in_a_transaction_nothing_happens(settings: Any) -> None:
    from undersigned.delivery import hurry

    began = time.monotonic()
    hurry.send_now(1, 60)
    assert time.monotonic() - began < 30
