"""Kills at random under a stream of contracts, and what is left when all is quiet."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any

from .clients import Client, Contract, Person, Trouble, two_signers
from .product import Product, wait_for
from .receivers import Inbox, free_port, receiving

WEIGHTS = {"web": 10, "worker": 10, "supervisor": 1}
PAUSE = (0.2, 1.6)
"""Seconds between two kills, at random."""
KILLS_PER_CONTRACT = 10
"""At most: where a busy machine is too slow for anything to happen between two kills, killing it more tests nothing."""
QUIET = 600.0
"""Seconds in which everything must come to its end by itself, once nobody is killed any more."""


@dataclass(frozen=True)
class Plan:
    vendor: str
    kills: int
    workers: int
    clients: int = 4
    seed: int = 0
    contracts: int = 0
    """With no kills: how many to make."""
    web: int = 1


class Storm:
    """One run. `say` gets lines of progress."""

    def __init__(
        self, plan: Plan, folder: Path, database_url: str, inbox: Inbox, say: Any = print, **options: object
    ) -> None:
        self.plan, self.inbox, self.say, self.folder = plan, inbox, say, folder
        self.random = random.Random(plan.seed or None)
        self.trouble = Person.trouble = Trouble()
        self.product = Product(
            folder,
            free_port(),
            database_url,
            workers=plan.workers,
            web_processes=plan.web,
            mail_url=f"smtp://127.0.0.1:{inbox.smtp_port}/?tls=none",
            sms_url=f"json://127.0.0.1:{inbox.http_port}/sms/{{to}}",
            **options,
        )
        self.made: list[Contract] = []
        self.stuck: list[str] = []
        self.killed: Counter[str] = Counter()
        self.replaced: list[float] = []
        self._over = threading.Event()
        self._numbers = iter(range(1, 1_000_000))

    def run(self) -> dict[str, Any]:
        """Everything, from the first start to the verdict."""
        begun = time.monotonic()
        try:
            client = self._begin()
            threads = [
                threading.Thread(target=self._stream, args=[client], daemon=True)
                for _ in range(self.plan.clients)
            ]
            for thread in threads:
                thread.start()
            if self.plan.contracts:
                for thread in threads:
                    thread.join()
            self.disturb()
            self._over.set()
            calm = time.monotonic()
            for thread in threads:
                thread.join()
            self._settle()
            settled = time.monotonic() - calm
            self._stop()
            result = self._judge()
        finally:
            self.product.close()
        return {
            "database": self.plan.vendor, "workers": self.plan.workers, "kills": sum(self.killed.values()),
            "killed": dict(self.killed), "seconds": round(time.monotonic() - begun),
            "seconds_to_quiet": round(settled), "replaced_ms": _spread(self.replaced),
            "clients_met": dict(self.trouble.seen.most_common()),
        } | result  # fmt: skip

    def _begin(self) -> Client:
        self.product.start()
        credentials = json.loads((self.product.folder / "data" / "credentials.json").read_text())
        ((credential,),) = self.product.rows("SELECT id FROM accounts_credential WHERE dialect = 'signsquid'")
        hook = f"http://127.0.0.1:{self.inbox.http_port}/hook"
        self.product.python("undersigned.app.cli", "credential", "webhook", str(credential), hook)
        return Client(credentials["base_url"], credentials["signsquid"]["api_key"], self.trouble)

    def _stream(self, client: Client) -> None:
        while not self._over.is_set():
            number = next(self._numbers)
            if self.plan.contracts and number > self.plan.contracts:
                return
            try:
                two_signers(client, self.inbox, number, self.made)
            except Exception as e:  # noqa: BLE001 - a fault of the product; the others go on
                self.stuck.append(f"{type(e).__name__}: {e}")

    def disturb(self) -> None:
        """What happens to the product while clients are at work."""
        told = time.monotonic()
        while sum(self.killed.values()) < self.plan.kills and len(self.stuck) < 3:
            time.sleep(self.random.uniform(*PAUSE))
            if sum(self.killed.values()) < 10 + KILLS_PER_CONTRACT * sum(c.finished for c in self.made):
                self._kill_one()
            if time.monotonic() - told > 10:
                told = time.monotonic()
                self.say(self._progress())

    def _kill_one(self) -> None:
        kind = self.random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        living = self.product.processes()
        candidates = [name for name in living if name.startswith(kind)]
        if not candidates:
            return
        name = self.random.choice(candidates)
        killed = time.monotonic()
        with contextlib.suppress(ProcessLookupError):
            os.kill(living[name], signal.SIGKILL)
            self.killed[kind] += 1
        if kind == "supervisor":
            return
        while self.product.processes().get(name, living[name]) == living[name]:
            time.sleep(0.005)
            if time.monotonic() > killed + 30 or living["supervisor"] != self.product.processes().get(
                "supervisor"
            ):
                break
        self.replaced.append(time.monotonic() - killed)

    def _progress(self) -> str:
        finished = sum(c.finished for c in self.made)
        return f"{self.plan.vendor}: {sum(self.killed.values())} of {self.plan.kills} kills, {finished} contracts signed, {len(self.stuck)} stuck"

    def _settle(self) -> None:
        """Nobody helps: no command, no restart, no row touched."""
        undone = (
            "SELECT (SELECT count(*) FROM jobs_job WHERE state = 'waiting')"
            " + (SELECT count(*) FROM envelopes_envelope e JOIN envelopes_collection c ON c.id = e.collection_id"
            "    WHERE c.title LIKE 'Agreement %' AND e.state NOT IN ('completed', 'draft'))"
        )
        with contextlib.suppress(AssertionError):  # what is not done is told by the check
            wait_for("quiet", lambda: self.product.rows(undone) == [(0,)], QUIET, 0.25)

    def _stop(self) -> None:
        status = self.product.stop()
        if status != 0:
            self.stuck.append(f"SIGTERM: exit status {status}")
        with contextlib.suppress(AssertionError):
            wait_for("the last process to end", lambda: not self.product.strays(), 30)
        self.stuck += [f"process {pid} is still there" for pid in self.product.strays()]

    def _judge(self) -> dict[str, Any]:
        manifest = self.folder / "manifest.json"
        manifest.write_text(
            json.dumps({"contracts": [c.as_json() for c in self.made]} | self.inbox.as_json())
        )
        found = json.loads(self.product.python("tests.crash.check", str(manifest)))
        verified, bad = self._verify()
        faults = self.stuck + found["faults"] + bad
        return {
            "counts": found["counts"] | {"verified": verified, "supervisor starts": self.product.starts},
            "faults": faults,
        }

    def _verify(self) -> tuple[int, list[str]]:
        """`undersigned verify` on the sealed file and both forms of its evidence, of every contract, with the files alone."""
        bad, good = [], 0
        alone = {k: v for k, v in self.product.environment.items() if not k.startswith("UNDERSIGNED_")}
        folders = sorted((self.folder / "sealed").glob("*"))
        for start in range(0, len(folders), 50):
            batch = [
                f
                for folder in folders[start : start + 50]
                for f in folder.iterdir()
                if f.suffix == ".pdf" and f.name == "sealed.pdf"
            ]
            done = self._run_verify(alone, batch)
            if done.returncode:
                bad.append(f"verify: {done.stdout[-500:]} {done.stderr[-500:]}")
            good += len(batch) * (done.returncode == 0)
        for folder in folders[:: max(10, len(folders) // 20)]:
            done = self._run_verify(alone, sorted(folder.iterdir()))
            if done.returncode:
                bad.append(f"verify {folder.name} with evidence: {done.stdout[-500:]} {done.stderr[-500:]}")
        return good, bad

    def _run_verify(self, environment: dict[str, str], files: list[Path]) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "undersigned.app.cli", "verify", *map(str, files)]
        return subprocess.run(
            command, env=environment, cwd=self.folder, capture_output=True, text=True, check=False
        )


def run(plan: Plan, folder: Path, database_url: str, say: Any = print) -> dict[str, Any]:
    """One storm in `folder`, with its own receivers."""
    with receiving() as inbox:
        return Storm(plan, folder, database_url, inbox, say).run()


def tidy(folder: Path, result: dict[str, Any]) -> None:
    """Remove the installation, unless somebody must look at it."""
    if not result["faults"]:
        shutil.rmtree(folder, ignore_errors=True)


def _spread(seconds: list[float]) -> dict[str, float]:
    if len(seconds) < 2:
        return {}
    hundredths = quantiles(seconds, n=100)
    return {
        "median": round(hundredths[49] * 1000),
        "p99": round(hundredths[98] * 1000),
        "max": round(max(seconds) * 1000),
    }
