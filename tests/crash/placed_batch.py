"""`python -m tests.crash.placed_batch URL`: as `tests.crash.placed`, where a sheet makes envelopes, files are fetched, and all are sent.

URL: of a PDF. Prints JSON: the points, and what is not as if nobody had been killed.
"""

from __future__ import annotations

import base64
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.crash.placed import Killer, Points, all_due  # first: it sets Django up

# isort: split
from tests.conformance.today_caller import Today
from tests.pdfs import make_pdf
from undersigned.accounts.models import User
from undersigned.app import prepare
from undersigned.app.settings import Settings
from undersigned.app.supervisor import fork
from undersigned.base import bounded
from undersigned.delivery.models import Message
from undersigned.envelopes import audit
from undersigned.envelopes.models import AuditEvent, Collection, Document, Envelope
from undersigned.jobs import registry
from undersigned.jobs.models import Job
from undersigned.sealing.chain import first_break

ROWS = 3
WATCHED = ("sheet", "robot", "send_batch", "fetch_source")


class Making(Points):
    """Dies in these works only; `tests.crash.placed` does in all others."""

    def around(self, what: str, act: Callable[[], Any]) -> Any:
        return super().around(what, act) if self.work in WATCHED else act()


def document(source: dict[str, str], **signer: str) -> dict[str, Any]:
    return {
        "resource": {"filename": "lease.pdf", "title": "Lease", "source": source},
        "signatureRequests": [{"id": 0, "signerId": 0}],
        "signerGroups": [{"signers": [{"id": 0, **signer}]}],
    }


class Caller:
    """A program, whose calls are made by children; each call is repeated with its key until it is answered."""

    def __init__(self, killer: Killer, today: Today) -> None:
        self.killer, self.today = killer, today
        self.answer = Path(os.environ["TMPDIR"]) / "answer"

    def call(self, name: str, send: Callable[[Today, str], Any]) -> Any:
        def act(_points: Points) -> None:
            response = send(self.today, name)
            assert response.status_code == 200, response.content
            self.answer.write_bytes(response.content)

        self.killer.survive(name, act)
        return json.loads(self.answer.read_text())


def template(today: Today, key: str) -> Any:
    data = base64.b64encode(make_pdf(1, "Lease")).decode()
    inside = document({"type": "Embedded", "embeddedData": data}, templateLabel="Tenant")
    body = {"title": "Lease", "template": True, "status": "published", "documents": [inside]}
    return today.post("/robot/DSTs", body, Idempotency_Key=key)


def sheet(dst: str) -> Callable[[Today, str], Any]:
    rows = "".join(f"Tia {n},tia{n}@example.com\n" for n in range(ROWS))
    boundary = "sheet"
    part = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="x.csv"\r\n\r\n'
    body = f"{part}Tenant.name,Tenant.email\n{rows}\r\n--{boundary}--\r\n".encode()

    def send(today: Today, key: str) -> Any:
        return today.send(
            "POST",
            f"/DST/{dst}/instantiate/byFile",
            body,
            f"multipart/form-data; boundary={boundary}",
            {"publish": "true"},
            Idempotency_Key=key,
        )

    return send


def robot(url: str) -> Callable[[Today, str], Any]:
    papers = [document({"type": "URL", "sourceURL": url}, name="Ann", email="ann@example.com")] * 2
    body = {"title": "Fetched", "status": "published", "documents": papers}
    return lambda today, key: today.post("/robot/DSTs", body, Idempotency_Key=key)


def faults(made: dict[str, Any], fetched: dict[str, Any]) -> list[str]:
    found = {
        "batches": (Collection.objects.filter(kind="batch").count(), 1),
        "envelopes": (Envelope.objects.filter(collection__kind="batch").count(), ROWS),
        "named envelopes": (Envelope.objects.filter(pub__in=made["dstIDs"], state="sent").count(), ROWS),
        "fetched envelopes": (Envelope.objects.filter(pub=fetched["id"], state="sent").count(), 1),
        "copies of it": (Envelope.objects.filter(title="Fetched").count(), 1),
        "files": (
            Document.objects.filter(envelope__pub=fetched["id"], original__blob__isnull=False).count(),
            2,
        ),
        "events of fetching": (AuditEvent.objects.filter(kind="fetched").count(), 2),
    }
    said = [f"{what}: {count}" for what, (count, wanted) in found.items() if count != wanted]
    for envelope in Envelope.objects.filter(pub__in=[*made["dstIDs"], fetched["id"]]):
        if (sent := AuditEvent.objects.filter(envelope=envelope, kind="sent").count()) != 1:
            said.append(f"{envelope.title}: sent {sent} times")
        asked = Message.objects.filter(envelope_id=envelope.pk, purpose="invitation").count()
        if asked != 1:
            said.append(f"{envelope.title}: {asked} invitations")
        events = [audit.hashed_fields(e) | {"prev_hash": e.prev_hash, "hash": e.hash, "salt": None, "detail": None} for e, _ in audit.trail(envelope)]  # fmt: skip
        if (number := first_break(events)) is not None:
            said.append(f"{envelope.title}: the chain breaks at event {number}")
    said += [
        f"{j.kind}: {j.error}"
        for j in Job.objects.exclude(state=Job.State.DONE).exclude(kind__startswith="tick")
    ]
    return said


def main(url: str) -> None:
    settings = Settings()
    # Not in this process: the threads of the storage library do not survive a fork, but it counts on them.
    assert os.waitpid(fork(lambda: prepare.run(settings), "prepare"), 0)[1] == 0
    registry.discover()
    bounded.start()
    killer = Killer(Making)
    today = Today.of(User.objects.exclude(username="robot").order_by("pk")[0])
    caller = Caller(killer, today)
    dst = caller.call("template", template)["id"]
    made = caller.call("sheet", sheet(dst))
    fetched = caller.call("robot", robot(url))
    killer.survive("work", all_due)
    pid = os.fork()
    if pid == 0:  # the storage library's threads belong to whoever used it first
        json.dump({"points": sorted(killer.passed), "faults": faults(made, fetched)}, sys.stdout)
        sys.stdout.flush()
        os._exit(0)
    os.waitpid(pid, 0)


if __name__ == "__main__":
    main(sys.argv[1])
