"""`python -m tests.crash.placed_order`: as `tests.crash.placed`, in the jobs that seal one person's results and build a package.

Prints JSON: the points, and what is not as if nobody had been killed.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

from tests.crash.placed import Killer, Points, all_due
from tests.lifecycle.orders import Does, Person, order, text_pdf
from undersigned.accounts.models import Credential, User
from undersigned.app import prepare
from undersigned.app.settings import Settings
from undersigned.app.supervisor import fork
from undersigned.base import bounded
from undersigned.envelopes import audit
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.models import AuditEvent, DocumentVersion, Envelope, Package
from undersigned.envelopes.packages import NewPackage
from undersigned.files import storage
from undersigned.files.models import ArchiveEntry, File
from undersigned.jobs import registry
from undersigned.jobs.models import Job
from undersigned.sealing.authority import root_certificates
from undersigned.sealing.chain import first_break
from undersigned.sealing.verify import verify_pdf


class Sealing(Points):
    """Dies in these jobs only; `tests.crash.placed` does in all others."""

    def around(self, what: str, act: Callable[[], Any]) -> Any:
        return super().around(what, act) if self.work in ("result", "package") else act()


def sent() -> Envelope:
    user = User.objects.exclude(username="robot").order_by("pk")[0]
    return order(
        Actor(user.organization, user, None, Credential.Reach.ACCOUNT),
        {"anna": False, "bert": False},
        (text_pdf(user, "lease"),),
        (Does(recipient="anna", document=1, key="lease", to_archive=True), Does(recipient="bert", document=1)),
        (NewPackage("of anna", (("anna", "lease"),), to_archive=True),),
    )  # fmt: skip


def faults(envelope: Envelope) -> list[str]:
    found = {
        "results": DocumentVersion.objects.filter(document__envelope=envelope, kind="result").count(),
        "packages built": Package.objects.filter(envelope=envelope, state="completed").count(),
        "in the archive": ArchiveEntry.objects.count(),
        "events of sealing": AuditEvent.objects.filter(envelope=envelope, kind="sealed").count(),
        "events of packaging": AuditEvent.objects.filter(envelope=envelope, kind="package_completed").count(),
    }
    said = [
        f"{what}: {count}" for what, count in found.items() if count != {"in the archive": 2}.get(what, 1)
    ]
    said += [f"{j.kind}: {j.error}" for j in Job.objects.exclude(state=Job.State.DONE)]
    events = [audit.hashed_fields(e) | {"prev_hash": e.prev_hash, "hash": e.hash, "salt": None, "detail": None} for e, _ in audit.trail(envelope)]  # fmt: skip
    if (number := first_break(events)) is not None:
        said.append(f"the chain breaks at event {number}")
    for file in File.objects.filter(kind=File.Kind.ARCHIVE):
        assert file.blob is not None
        with storage.local_path(file.blob) as path:
            if (verdict := verify_pdf(path, root_certificates()).verdict) != "valid":
                said.append(f"{file.name}: {verdict}")
    return said


def main() -> None:
    settings = Settings()
    # Not in this process: the threads of the storage library do not survive a fork, but it counts on them.
    assert os.waitpid(fork(lambda: prepare.run(settings), "prepare"), 0)[1] == 0
    registry.discover()
    bounded.start()
    killer = Killer(Sealing)

    def begin(_points: Points) -> None:
        Person(sent(), "anna").sign()

    killer.survive("begin", begin)
    # The dialect of the order is registered where the core asks for it.
    from tests.lifecycle.orders import dialect

    dialect()
    killer.survive("work", all_due)
    pid = os.fork()
    if pid == 0:  # the storage library's threads belong to whoever used it first
        said = faults(Envelope.objects.get(dialect="orders"))
        json.dump({"points": sorted(killer.passed), "faults": said}, sys.stdout)
        sys.stdout.flush()
        os._exit(0)
    os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
