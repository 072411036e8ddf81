"""`python -m tests.crash.erased`: kill -9 before and after every commit, and every deletion of bytes, of an erasure, each exactly once.

With an installation's options; as in `placed` a child dies at the first point at which nobody died before, and the next tick goes on.
Prints JSON: the points, and what is not as if nobody had been killed.
"""

from __future__ import annotations

import base64
import json
import os
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from undersigned.app import prepare
from undersigned.app.cli.setup import django_setup
from undersigned.app.settings import Settings
from undersigned.app.supervisor import fork

django_setup()

from django.apps import apps  # noqa: E402
from django.conf import settings  # noqa: E402
from django.db import connections  # noqa: E402
from django.test import Client  # noqa: E402

from tests.pdfs import make_pdf  # noqa: E402
from undersigned.accounts.models import Organization  # noqa: E402
from undersigned.base import bounded, clock  # noqa: E402
from undersigned.envelopes import audit  # noqa: E402
from undersigned.envelopes.models import AuditEvent, Collection, DocumentVersion, Envelope  # noqa: E402
from undersigned.files import pages, storage  # noqa: E402
from undersigned.files.models import Blob  # noqa: E402
from undersigned.jobs import registry  # noqa: E402
from undersigned.jobs.run import claim, execute  # noqa: E402
from undersigned.lifecycle import retention  # noqa: E402
from undersigned.sealing.chain import first_break  # noqa: E402

from .placed import Killer, Points  # noqa: E402

PERSONAL = ("Zebedee", "zebedee@example.com", "Lease of the zoo")


def make(key: str) -> None:
    """A contract with two versions, both out for signature."""
    headers = {"authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}

    def post(path: str, body: bytes, status: int) -> str:
        answer = Client(headers=headers).post(path, body, content_type="application/octet-stream")
        assert answer.status_code == status, answer.content
        return str(answer.headers.get("Location", ""))

    contract = post("/api/v1/contracts", json.dumps({"name": PERSONAL[2]}).encode(), 201).rsplit("/", 1)[1]
    for number in (1, 2):
        if number > 1:
            post(f"/api/v1/contracts/{contract}/versions", b"", 201)
        version = f"/api/v1/contracts/{contract}/versions/{number}"
        person = {"name": PERSONAL[0], "email": PERSONAL[1]}
        post(f"{version}/signatories", json.dumps(person).encode(), 201)
        post(f"{version}/files?filename=a.pdf", make_pdf(1, f"Lease {number}"), 201)
        post(version, b"", 200)
        while (run := claim()) is not None:
            execute(run)
    for version in DocumentVersion.objects.filter(document__title="a.pdf").select_related("file__blob"):
        assert version.file.blob is not None
        pages.picture(version.file.blob, 1, 160)


def apart(function: Callable[[], None]) -> None:
    """In a process of its own: the threads of the storage library do not survive a fork, but it counts on them."""
    connections.close_all()
    assert os.waitpid(fork(function, "apart"), 0)[1] == 0


def erase(points: Points) -> None:
    delete = storage.delete
    storage.delete = lambda key: points.around("bytes", lambda: delete(key))
    points.begin("erase")
    retention.erase_due()


def faults() -> list[str]:
    found = []
    for model in apps.get_models():
        for row in model._default_manager.values():
            for column, value in row.items():
                text = (
                    bytes(value).decode("utf-8", "replace")
                    if isinstance(value, bytes | memoryview)
                    else value
                )
                found += [f"{model.__name__}.{column}: {w}" for w in PERSONAL if w in str(text)]
    for envelope in Envelope.objects.filter(collection__title=""):
        events = list(AuditEvent.objects.filter(envelope=envelope).order_by("seq"))
        chain: list[dict[str, Any]] = [
            audit.hashed_fields(e) | {"prev_hash": e.prev_hash, "hash": e.hash} for e in events
        ]
        if first_break(chain) is not None or chain[-1]["hash"] != envelope.audit_head:
            found.append(f"{envelope.pk}: chain")
        if [e.kind for e in events].count("erased") != 1:
            found.append(f"{envelope.pk}: erased more than once")
    return found


def main() -> None:
    options = Settings()
    apart(lambda: prepare.run(options) and None)
    registry.discover()
    bounded.start()
    apart(lambda: make(json.loads(options.credentials_path.read_text())["signsquid"]["api_key"]))
    collection = Collection.objects.get(title=PERSONAL[2])
    ours = Blob.objects.filter(files__name="a.pdf") | Blob.objects.filter(
        pk__in=DocumentVersion.objects.filter(document__envelope__collection=collection).values("file__blob")
    )
    keys = list(ours.values_list("storage_key", flat=True).distinct())
    Blob.objects.filter(storage_key__in=keys).update(staged_at=clock.now() - timedelta(days=2))
    ahead = clock.add_months(clock.now(), 36) - clock.now() + timedelta(days=1)
    Organization.objects.filter(pk=collection.organization_id).update(clock_offset=ahead)
    killer = Killer()
    killer.survive("erase", erase)
    wrong = faults()
    left = [key for key in keys if (settings.DATA_DIR / "files" / key).exists()]
    retention.sweep()
    wrong += [f"{key}: bytes" for key in keys if (settings.DATA_DIR / "files" / key).exists()]
    wrong += [f"{key}: pictures" for key in keys if (settings.DATA_DIR / "cache" / key).exists()]
    collection.refresh_from_db()
    if collection.erased_at is None:
        wrong.append("the collection is not erased")
    json.dump(
        {"points": sorted(killer.passed), "faults": wrong, "blobs": len(keys), "left": len(left)}, sys.stdout
    )


if __name__ == "__main__":
    main()
