"""Orders with a packaging task each: `python -m benchmarks.orders DATABASE-URL [NUMBER]` prints JSON (PostgreSQL).

They are made through the API, one after the other in this process; each is signed by its one person through the core; one worker
process with its usual threads does the rest: pages made final, the person's result, the package, seal and evidence of the order.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.pdfs import make_pdf

NUMBER = 1_000
PATIENCE = 900.0
"""Seconds without anything done after which the worker is given up."""
USER = "orders"
KINDS = ("prepare", "result", "package", "seal")


def measure(database_url: str, number: int) -> dict[str, Any]:
    """Rates, seconds, queries, and what is left or was done twice. Raises SystemExit when something is."""
    load = round(os.getloadavg()[0], 1)
    with tempfile.TemporaryDirectory(prefix="undersigned-bench-") as folder:
        options = {
            "data_dir": folder,
            "database_url": database_url,
            "public_url": "http://127.0.0.1",
            "log_level": "ERROR",
            "api_calls_per_minute": "10000000",
        }
        os.environ.update({f"UNDERSIGNED_{name.upper()}": value for name, value in options.items()})
        from undersigned.app.cli.setup import django_setup

        django_setup()
        from undersigned.app import prepare
        from undersigned.app.django_settings import UNDERSIGNED

        prepare.run(UNDERSIGNED)
        create, queries = made(number)
        with worker():
            drained()
        begun = time.perf_counter()
        sign_all()
        signing = time.perf_counter() - begun
        begun = time.perf_counter()
        with worker():
            packages = drained(begun)
            emptied = time.perf_counter() - begun
    return {
        "orders": number,
        "load_before": load,
        "created_per_second": round(number / create, 1),
        "queries": queries,
        "signed_per_second": round(number / signing, 1),
        "packages_per_second": round(number / packages, 2),
        "emptied_s": round(emptied, 1),
        "left": left(),
        "doubled": doubled(number),
    }


def made(number: int) -> tuple[float, list[int]]:
    """Seconds that it takes to make them, and how often the first and the last asked the database."""
    from django.db import connection
    from django.test import Client

    from tests.conformance.signicat_caller import Orders, sheet
    from tests.queries import Queries
    from undersigned.accounts.credentials import create_oauth_client
    from undersigned.accounts.models import Credential, Organization, User

    user = User.objects.create_user(Organization.objects.get(), USER)
    program = Orders(
        *create_oauth_client(user, "signicat", Credential.Reach.CLIENT, "bench"),
        client=Client(headers={"Host": "127.0.0.1"}),
    )
    program.token = json.loads(program.ask_token().content)["access_token"]
    document = program.document(make_pdf(3, "This agreement is made between the parties. " * 40))
    package = {
        "id": "package",
        "method": "pades",
        "documents": [{"taskId": "task1", "documentIds": ["contract"]}],
    }
    asked = []

    def make() -> None:
        task = program.task(documents=[sheet("contract", document)])
        with Queries(connection) as queries:
            program.order(task, packagingTasks=[package])
        asked.append(len(queries))

    def quickly() -> None:
        program.order(program.task(documents=[sheet("contract", document)]), packagingTasks=[package])

    begun = time.perf_counter()
    make()
    for _ in range(number - 2):
        quickly()
    make()
    return time.perf_counter() - begun, asked


def sign_all() -> None:
    """Each person opens the link and signs."""
    from undersigned.envelopes import links, shown
    from undersigned.envelopes.appearance import Look, keep
    from undersigned.envelopes.models import Recipient
    from undersigned.envelopes.open_sitting import again, open_sitting
    from undersigned.envelopes.sign import SignRequest, sign

    people = Recipient.objects.filter(envelope__owner_user__username=USER).order_by("pk")
    for person in people.select_related("envelope__organization"):
        sitting = open_sitting(links.token(person), "127.0.0.1", "bench").sitting
        keep(sitting, Look("typed", name="Anna Virtanen", hand="caveat"))
        seen = shown.current(person)
        sign(again(sitting), SignRequest("I agree.", "en", seen.revision, seen.digest, secrets.token_hex(8)))


@contextmanager
def worker() -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-m", "undersigned.app.cli", "worker"])
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


def drained(begun: float = 0.0) -> float:
    """Wait until nothing of an order's work waits; gives the seconds from `begun` until the last package was there."""
    from undersigned.envelopes.models import Package

    last, changed, built = -1, time.monotonic(), 0.0
    while waiting := left():
        if waiting != last:
            last, changed = waiting, time.monotonic()
        if time.monotonic() - changed > PATIENCE:
            raise SystemExit(f"{waiting} jobs are left, and nothing happens")
        if not built and not Package.objects.exclude(state=Package.State.COMPLETED).exists():
            built = time.perf_counter() - begun
        time.sleep(0.1)
    return built or time.perf_counter() - begun


def left() -> int:
    """Jobs of orders that are not done."""
    from undersigned.jobs.models import Job

    return Job.objects.filter(kind__in=KINDS).exclude(state=Job.State.DONE).count()


def doubled(number: int) -> int:
    """How many packages, results or seals are more or fewer than one for each order. Raises SystemExit when any is."""
    from undersigned.envelopes.models import AuditEvent, DocumentVersion, Envelope, Package
    from undersigned.jobs.models import Job

    ours = Envelope.objects.filter(owner_user__username=USER)
    ended = ("package_completed", "completed")
    events = AuditEvent.objects.filter(envelope__in=ours, kind__in=ended)
    counts = Counter(events.values_list("envelope", "kind"))
    wrong = sum(n != 1 for n in counts.values()) + abs(len(counts) - len(ended) * number)
    results = DocumentVersion.objects.filter(document__envelope__in=ours, kind=DocumentVersion.Kind.RESULT)
    made_of = Counter(results.values_list("document", flat=True))
    wrong += sum(n != 1 for n in made_of.values()) + abs(len(made_of) - number)
    packages = Package.objects.filter(state=Package.State.COMPLETED)
    wrong += abs(number - packages.values("file").distinct().count())
    wrong += abs(number - ours.filter(state="completed").count())
    wrong += abs(number - Job.objects.filter(kind="package").count())
    if wrong:
        raise SystemExit(f"{wrong} are missing or were made twice")
    return wrong


def main() -> None:
    number = int(sys.argv[2]) if len(sys.argv) > 2 else NUMBER
    if number < 2:
        raise SystemExit("at least 2: a first and a last one")
    json.dump(measure(sys.argv[1], number), sys.stdout)


if __name__ == "__main__":
    main()
