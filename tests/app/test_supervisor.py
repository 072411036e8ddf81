"""`undersigned serve` as its users meet it: a real process tree outside demo mode."""

from __future__ import annotations

import base64
import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from undersigned.app.supervisor import Child, Supervisor

LEAST = {
    "UNDERSIGNED_DEMO": "false",
    "UNDERSIGNED_MASTER_KEY": base64.b64encode(bytes(32)).decode(),
    "UNDERSIGNED_PUBLIC_URL": "https://sign.example",
    "UNDERSIGNED_MAIL_URL": "smtp://127.0.0.1:1",
    "UNDERSIGNED_TIMESTAMP_AUTHORITY": "built-in",
}


class Tree:
    """A running `undersigned serve` and its children."""

    def __init__(self, folder: Path, *options: str, **environment: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port: int = probe.getsockname()[1]
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("UNDERSIGNED_", "PYTHONDONTWRITE"))}
        command = [
            sys.executable,
            "-m",
            "undersigned.app.cli",
            "serve",
            "--data-dir",
            str(folder / "data"),
            "--port",
            str(self.port),
            *options,
        ]
        self.process = subprocess.Popen(
            command,
            env=kept | LEAST | environment,
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def children(self) -> list[int]:
        """Process ids in the order of their start: web first. Not the parser's, which every child shares."""
        return [pid for pid in self.below() if comm(pid).startswith(("web ", "worker "))]

    def below(self) -> list[int]:
        """Process ids of all children."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [int(pid) for pid in children]

    def healthy(self, host: str = "sign.example") -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        with contextlib.closing(connection):
            try:
                connection.request("GET", "/healthz", headers={"Host": host})
                return connection.getresponse().status == 200
            except OSError:
                return False

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


def comm(pid: int) -> str:
    """The name of a process; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Tree]]:
    trees: list[Tree] = []

    def make(*options: str, **environment: str) -> Tree:
        trees.append(Tree(tmp_path, *options, **environment))
        return trees[-1]

    yield make
    for tree in trees:
        tree.close()


def wait_for(condition: Callable[[], bool], seconds: float = 90) -> float:
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() < begun + seconds, "it did not happen in time"
        time.sleep(0.02)
    return time.monotonic() - begun


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="asks the Linux kernel who lives")
def test_whoever_is_killed_is_replaced_and_nobody_outlives_the_parent(start: Callable[..., Tree]) -> None:
    tree = start()
    wait_for(tree.healthy)
    wait_for(lambda: len(tree.children()) == 2)
    web, worker = tree.children()
    parser = next(pid for pid in tree.below() if comm(pid) not in ("web 0", "worker 0"))
    os.kill(web, signal.SIGKILL)
    assert wait_for(tree.healthy) < 10
    os.kill(worker, signal.SIGKILL)
    assert wait_for(lambda: len(tree.children()) == 2 and not {web, worker} & set(tree.children())) < 10
    children = tree.children()
    tree.process.kill()
    wait_for(lambda: not any(alive(pid) for pid in [*children, parser]), 10)
    assert not tree.healthy()
    assert oct((Path(tree.process.args[5]) / "undersigned.sqlite3").stat().st_mode)[-3:] == "600"  # type: ignore[index]


@pytest.mark.skipif(sys.platform != "linux", reason="asks the Linux kernel who lives")
def test_sigterm_ends_all_and_stdout_holds_the_banner_alone(start: Callable[..., Tree]) -> None:
    tree = start("--workers", "2")
    wait_for(tree.healthy)
    wait_for(lambda: len(tree.children()) == 3)
    children = tree.children()
    begun = time.monotonic()
    tree.process.terminate()
    out, errors = tree.process.communicate(timeout=30)
    assert time.monotonic() - begun < 10
    assert tree.process.returncode == 0, errors
    assert not any(alive(pid) for pid in children)
    assert out == f"Undersigned https://sign.example is served on 127.0.0.1 port {tree.port}\n"


def test_every_unsafe_setting_is_named(start: Callable[..., Tree]) -> None:
    tree = start("--web-processes", "2", **dict.fromkeys(LEAST, "") | {"UNDERSIGNED_DEMO": "false"})
    _, errors = tree.process.communicate(timeout=90)
    assert tree.process.returncode == 2
    for name in ("MASTER_KEY", "PUBLIC_URL", "MAIL_URL", "TIMESTAMP_AUTHORITY", "WEB_PROCESSES"):
        assert f"UNDERSIGNED_{name}" in errors
    assert "Traceback" not in errors


def test_invalid_option_is_named(start: Callable[..., Tree]) -> None:
    tree = start("--workers", "many")
    _, errors = tree.process.communicate(timeout=90)
    assert tree.process.returncode == 2
    assert "UNDERSIGNED_WORKERS" in errors
    assert "Traceback" not in errors


def test_taken_port_is_said(start: Callable[..., Tree]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        tree = start("--port", str(port))
        _, errors = tree.process.communicate(timeout=90)
    assert tree.process.returncode == 1
    assert f"port {port}" in errors
    assert "Traceback" not in errors


def test_failing_preparation_ends_the_start(start: Callable[..., Tree]) -> None:
    tree = start("--database-url", "postgresql://nobody@127.0.0.1:1/none?connect_timeout=2")
    out, errors = tree.process.communicate(timeout=90)
    assert (tree.process.returncode, out) == (1, "")
    assert "127.0.0.1" in errors


STUBBORN = """
import signal, sys, time
from undersigned.app import supervisor
supervisor.STOP_SECONDS = 0.5
def stubborn():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("up", flush=True)
    time.sleep(60)
supervisor.Supervisor([supervisor.Child("stubborn", stubborn)]).run()
"""


def test_child_that_does_not_end_is_killed() -> None:
    process = subprocess.Popen([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE)
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        process.terminate()
        assert process.wait(5) == 0


SERVING = """
import os, sys, time
from undersigned.app import supervisor
def serving():
    os.write(1, b"%d\\n" % os.getpid())
    time.sleep(60)
supervisor.Supervisor([supervisor.Child("serving", serving)]).run()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks the Linux kernel who lives")
def test_whoever_served_and_is_killed_is_replaced_at_once_however_often() -> None:
    process = subprocess.Popen([sys.executable, "-c", SERVING], stdout=subprocess.PIPE)
    with process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        for _ in range(4):
            time.sleep(1.1)
            killed = time.monotonic()
            os.kill(pid, signal.SIGKILL)
            pid = int(process.stdout.readline())
            assert time.monotonic() - killed < 0.5
            assert comm(pid) == "serving"
        process.kill()
        wait_for(lambda: not alive(pid), 10)


def test_only_a_start_that_fails_backs_off() -> None:
    supervisor = Supervisor([])
    child = Child("c", lambda: None)
    delays = []
    for _ in range(8):
        child.started = time.monotonic()
        supervisor._plan_restart(child)
        delays.append(round(child.restart_at - time.monotonic(), 1))
    assert delays == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    for _ in range(8):
        child.started = time.monotonic() - 2
        supervisor._plan_restart(child)
        assert child.restart_at - time.monotonic() < 0.01
