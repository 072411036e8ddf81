"""`python -m tests.crash.placed WEBHOOK_URL`: kill -9 before and after every commit on one contract's way, each exactly once.

With an installation's options. A child does a piece of work and kills itself at the first commit (or bringing of bytes) at which nobody
died before; the next child does the same work again, as a client repeats a call and a worker a job whose lease ran out; until one
lives. So the commit points enumerate themselves, those of the second attempts included. Prints JSON: the points, and the manifest for
`tests.crash.check`.
"""

from __future__ import annotations

import base64
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from undersigned.app import prepare
from undersigned.app.cli.setup import django_setup
from undersigned.app.settings import Settings
from undersigned.app.supervisor import fork

django_setup()

from django.db import connection, connections  # noqa: E402
from django.db.backends.base.base import BaseDatabaseWrapper  # noqa: E402
from django.db.models.functions import Now  # noqa: E402
from django.test import Client  # noqa: E402

from tests.pdfs import make_pdf  # noqa: E402
from undersigned.accounts.models import Credential  # noqa: E402
from undersigned.base import bounded  # noqa: E402
from undersigned.delivery.models import Message  # noqa: E402
from undersigned.envelopes import appearance, links  # noqa: E402
from undersigned.envelopes.enter_code import enter_code  # noqa: E402
from undersigned.envelopes.models import Recipient, Sitting  # noqa: E402
from undersigned.envelopes.open_sitting import again, open_sitting  # noqa: E402
from undersigned.envelopes.shown import current  # noqa: E402
from undersigned.envelopes.sign import SignRequest, sign  # noqa: E402
from undersigned.files import storage  # noqa: E402
from undersigned.jobs import registry  # noqa: E402
from undersigned.jobs.models import Job  # noqa: E402
from undersigned.jobs.run import claim, execute  # noqa: E402

CONTRACT = {
    "name": "Agreement 1",
    "emails": ["first@one.example", "second@two.example"],
    "phone": "+15550000001",
}
WRITES = ("INSERT", "UPDATE", "DELETE")


class Points:
    """In a child: counts the commits of what is going on, and dies at the first one that is not in `passed`."""

    def __init__(self, passed: set[str], told: int) -> None:
        self.passed, self.told, self.work, self.number = passed, told, "", 0

    def begin(self, work: str) -> None:
        self.work, self.number = work, 0

    def around(self, what: str, act: Callable[[], Any]) -> Any:
        self.number += 1
        name = f"{self.work}, {what} {self.number}"
        self._here(f"{name}, before")
        result = act()
        self._here(f"{name}, after")
        return result

    def _here(self, point: str) -> None:
        if point not in self.passed:
            os.write(self.told, point.encode())
            os.kill(os.getpid(), signal.SIGKILL)

    def install(self) -> None:
        commit, put = BaseDatabaseWrapper._commit, storage.put

        def watched(self_: BaseDatabaseWrapper) -> None:
            self.around("commit", lambda: commit(self_))

        def executed(execute_: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            if connection.in_atomic_block or not sql.lstrip().upper().startswith(WRITES):
                return execute_(sql, params, many, context)
            return self.around("statement", lambda: execute_(sql, params, many, context))

        BaseDatabaseWrapper._commit = watched  # type: ignore[method-assign]
        connection.execute_wrappers.append(executed)
        storage.put = lambda *arguments: self.around("bytes", lambda: put(*arguments))


class Killer:
    """The parent: has the work done by children, until one lives. `points`: where they die."""

    def __init__(self, points: type[Points] = Points) -> None:
        self.passed: set[str] = set()
        self.points = points

    def survive(self, work: str, function: Callable[[Points], None]) -> None:
        while (point := self._child(work, function)) is not None:
            self.passed.add(point)
            # The lease of whoever died is over.
            Job.objects.filter(state=Job.State.WAITING).exclude(token=None).update(run_at=Now())

    def _child(self, work: str, function: Callable[[Points], None]) -> str | None:
        connections.close_all()
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                os.close(read)
                points = self.points(self.passed, write)
                points.install()
                points.begin(work)
                function(points)
                status = 0
            except BaseException as e:  # noqa: BLE001 - to be seen
                print(f"{work}: {type(e).__name__}: {e}", file=sys.stderr, flush=True)
            finally:
                os._exit(status)
        os.close(write)
        with os.fdopen(read) as pipe:
            point = pipe.read()
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if status not in (0, -signal.SIGKILL):
            raise SystemExit(f"{work}: a child failed")
        return point if status else None


def all_due(points: Points) -> None:
    """As a worker: until nothing is due."""
    while True:
        points.begin("claim")
        run = claim()
        if run is None:
            return
        message = Message.objects.filter(pk=run.payload.get("message")).first()
        points.begin(f"{run.handler.kind} {message.channel}" if message else run.handler.kind)
        execute(run)


class Journey:
    """One contract, as an integrator and two people take it on its way."""

    def __init__(self, killer: Killer, key: str) -> None:
        self.killer, self.id = killer, ""
        self.headers = {"authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}

    def call(self, name: str, path: str, body: bytes, status: int) -> str:
        """A call of the API under kills, with its key; its `Location`."""
        location = Path(os.environ["TMPDIR"]) / "location"

        def act(_points: Points) -> None:
            headers = self.headers | {"Idempotency-Key": name}
            answer = Client(headers=headers).post(path, body, content_type="application/octet-stream")
            assert answer.status_code == status, answer.content
            location.write_text(answer.headers.get("Location", ""))

        self.killer.survive(name, act)
        return location.read_text()

    def create(self) -> None:
        made = self.call("create", "/api/v1/contracts", json.dumps({"name": CONTRACT["name"]}).encode(), 201)
        self.id = made.rsplit("/", 1)[1]
        version = f"/api/v1/contracts/{self.id}/versions/1"
        for number, email in enumerate(CONTRACT["emails"]):
            person = {
                "name": f"Person {number}",
                "email": email,
                "mobilePhone": CONTRACT["phone"] if number else None,
            }
            self.call(f"signatory {number}", f"{version}/signatories", json.dumps(person).encode(), 201)
        self.call("upload", f"{version}/files?filename=a.pdf", make_pdf(1, "Agreement 1"), 201)
        self.call("publish", version, b"", 200)

    def sign(self, name: str, email: str) -> None:
        recipient = Recipient.objects.select_related("envelope").get(email=email)
        opened = open_sitting(links.url(recipient).rsplit("/", 1)[1], "127.0.0.1", "test").sitting
        enter_code(opened, recipient.code or "")
        sitting = Sitting.objects.get(pk=opened.pk)
        appearance.keep(sitting, appearance.Look("typed", "", "Person", "caveat", b""))
        what = current(recipient)
        request = SignRequest("I agree.", "en", what.revision, what.digest, request_key=name)
        self.killer.survive(name, lambda _points: sign(again(sitting), request))


def _prepare(settings: Settings) -> None:
    prepare.run(settings)


def main(webhook: str) -> None:
    settings = Settings()
    # Not in this process: the threads of the storage library do not survive a fork, but it counts on them.
    assert os.waitpid(fork(lambda: _prepare(settings), "prepare"), 0)[1] == 0
    registry.discover()
    Credential.objects.update(webhook_url=webhook)
    key = json.loads(settings.credentials_path.read_text())["signsquid"]["api_key"]
    bounded.start()
    killer = Killer()
    journey = Journey(killer, key)
    journey.create()
    killer.survive("work", all_due)
    journey.sign("first signature", CONTRACT["emails"][0])
    killer.survive("work", all_due)
    journey.sign("last signature", CONTRACT["emails"][1])
    killer.survive("work", all_due)
    json.dump({"points": sorted(killer.passed), "contracts": [CONTRACT | {"id": journey.id}]}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
