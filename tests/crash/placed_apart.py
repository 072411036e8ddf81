"""`python -m tests.crash.placed_apart`: as `tests.crash.placed`, where a document is signed apart from its PDF and sealed into a container.

Prints JSON: the points, and what is not as if nobody had been killed.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

from tests.crash.placed import Killer, Points, all_due  # first: it sets Django up

# isort: split
from tests.envelopes.groups import GroupDialect, Ticket, asks, document, draft, person
from undersigned.accounts.models import User
from undersigned.app import prepare
from undersigned.app.settings import Settings
from undersigned.app.supervisor import fork
from undersigned.base import bounded
from undersigned.envelopes import audit, ports
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.models import AuditEvent, DocumentVersion, Envelope, Signature
from undersigned.envelopes.send import send
from undersigned.files import storage
from undersigned.jobs import registry
from undersigned.jobs.models import Job
from undersigned.sealing.authority import root_certificates
from undersigned.sealing.chain import first_break
from undersigned.sealing.verify import verify_file

WATCHED = ("sign apart", "seal")


class Apart(Points):
    """Dies in these works only; `tests.crash.placed` does in all others."""

    def around(self, what: str, act: Callable[[], Any]) -> Any:
        return super().around(what, act) if self.work in WATCHED else act()


class Dialect(GroupDialect):
    """Its numbers are given by many processes."""

    def new_public_id(self, kind: str, at: datetime) -> str:
        return f"{kind}-{secrets.token_hex(8)}"


def sent() -> None:
    user = User.objects.exclude(username="robot").order_by("pk")[0]
    asked = [asks("1", "a", profile="cades"), asks("2", "b", profile="cades")]
    envelope = draft(user, document([[person("a"), person("b")]], asked))
    send(Actor.from_user(user), envelope.pk)


def envelope() -> Envelope:
    return Envelope.objects.get(dialect=Dialect.name)


def faults() -> list[str]:
    found = envelope()
    counts = {
        "signatures": (Signature.objects.filter(assignment__envelope=found).count(), 2),
        "signed versions": (DocumentVersion.objects.filter(kind="signed").count(), 2),
        "sealed versions": (DocumentVersion.objects.filter(kind="sealed").count(), 1),
        "events of sealing": (AuditEvent.objects.filter(envelope=found, kind="sealed").count(), 1),
    }
    said = [f"{what}: {count}" for what, (count, wanted) in counts.items() if count != wanted]
    said += [
        f"{j.kind}: {j.error}"
        for j in Job.objects.exclude(state=Job.State.DONE).exclude(kind__startswith="tick")
    ]
    events = [audit.hashed_fields(e) | {"prev_hash": e.prev_hash, "hash": e.hash, "salt": None, "detail": None} for e, _ in audit.trail(found)]  # fmt: skip
    if (number := first_break(events)) is not None:
        said.append(f"the chain breaks at event {number}")
    blob = DocumentVersion.objects.get(kind="sealed").file.blob
    assert blob is not None
    with storage.local_path(blob) as path:
        report = verify_file(path, root_certificates())
    if (report.verdict, len(report.signers)) != ("valid", 3):
        said.append(f"{report.verdict}, {len(report.signers)} signatures")
    return said


def main() -> None:
    settings = Settings()
    # Not in this process: the threads of the storage library do not survive a fork, but it counts on them.
    assert os.waitpid(fork(lambda: prepare.run(settings), "prepare"), 0)[1] == 0
    registry.discover()
    ports.register(Dialect())
    bounded.start()
    killer = Killer(Apart)
    killer.survive("begin", lambda _points: sent())
    killer.survive("work", all_due)
    for key in ("1", "2"):
        # Opening the link writes too, and the ticket may be opened as often as one likes; the press is the same.
        killer.survive("sign apart", lambda points, key=key: _sign(points, key))  # type: ignore[misc]
        killer.survive("work", all_due)
    pid = os.fork()
    if pid == 0:  # the storage library's threads belong to whoever used it first
        json.dump({"points": sorted(killer.passed), "faults": faults()}, sys.stdout)
        sys.stdout.flush()
        os._exit(0)
    os.waitpid(pid, 0)


def _sign(points: Points, key: str) -> None:
    if Signature.objects.filter(assignment__key=key).exists():
        return  # whoever was killed after the commit
    points.begin("open")
    ticket = Ticket(envelope(), key)
    points.begin("sign apart")
    ticket.sign(key=f"press-{key}")


if __name__ == "__main__":
    main()
