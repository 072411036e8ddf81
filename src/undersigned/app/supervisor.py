"""One command, one tree of processes: this one starts the web processes and the workers, and starts them again when they die.

It loads the application but never uses it: no connection, no thread, so that children are forked from it in milliseconds and share its
memory. Everything that touches the database, preparation included, happens in children.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import logging
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from undersigned.base import bounded

from . import prepare
from .cli.setup import django_setup
from .settings import Settings

logger = logging.getLogger(__name__)
STOP_SECONDS = 9.5
"""From SIGTERM to SIGKILL."""
_FIRST_DELAY = 0.1
_LONGEST_DELAY = 5.0
_STEADY_SECONDS = 1.0
"""Who lived longer has served: it was killed, or died of one request, and is replaced at once. Shorter is a start that fails."""
_PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    """A process that is to exist."""

    name: str
    target: Callable[[], None]
    pid: int = 0
    started: float = 0.0
    restart_at: float = 0.0
    failures: int = 0


class Supervisor:
    """Keeps children alive until SIGTERM or SIGINT; then they end what they have begun, within `STOP_SECONDS`."""

    def __init__(self, children: list[Child]) -> None:
        self._children = children
        self._signals = 0
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)

    def run(self) -> None:
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask_to_stop)
        while not self._signals:
            now = time.monotonic()
            for child in self._children:
                if not child.pid and child.restart_at <= now:
                    child.pid, child.started = fork(child.target, child.name), now
            waiting = [child.restart_at - now for child in self._children if not child.pid]
            self._wait(max(min(waiting), 0.001) if waiting else None)
            for child in self._reap():
                self._plan_restart(child)
        self._stop()

    def _ask_to_stop(self, *_: object) -> None:
        self._signals += 1

    def _wait(self, seconds: float | None) -> None:
        select.select([self._read], [], [], seconds)
        try:
            os.read(self._read, 4096)
        except BlockingIOError:
            return

    def _reap(self) -> list[Child]:
        ended = []
        for child in self._children:
            if child.pid and os.waitpid(child.pid, os.WNOHANG)[0]:
                child.pid = 0
                ended.append(child)
        return ended

    def _plan_restart(self, child: Child) -> None:
        now = time.monotonic()
        if now - child.started > _STEADY_SECONDS:
            child.failures, delay = 0, 0.0
        else:
            delay = min(_FIRST_DELAY * 2**child.failures, _LONGEST_DELAY)
            child.failures += 1
        child.restart_at = now + delay
        if not self._signals:
            logger.error(
                "%s ended after %.1f s, starting again in %.1f s", child.name, now - child.started, delay
            )

    def _stop(self) -> None:
        deadline = time.monotonic() + STOP_SECONDS
        self._send(signal.SIGTERM)
        asked = self._signals
        while any(child.pid for child in self._children):
            left = deadline - time.monotonic()
            if left <= 0 or self._signals > asked:  # asked once more: now
                self._send(signal.SIGKILL)
                deadline, asked = time.monotonic() + STOP_SECONDS, self._signals
                continue
            self._wait(left)
            self._reap()

    def _send(self, number: signal.Signals) -> None:
        for child in self._children:
            if child.pid:
                os.kill(child.pid, number)


def fork(target: Callable[[], None], name: str) -> int:
    """Run `target` in a child that ends with it and dies with this process; returns its process id. `name`: what `ps` and `top` show."""
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(
            signal.SIGINT, signal.SIG_IGN
        )  # Ctrl-C reaches the whole group; the supervisor alone acts on it
        _die_with(parent)
        _call(name)
        target()
        status = 0
    except SystemExit as e:
        status = e.code if isinstance(e.code, int) else 1
    except BaseException:
        logger.exception("a process ends")
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _die_with(parent: int) -> None:
    """Have the kernel kill this process when the supervisor dies, however it does (Linux; elsewhere a supervisor killed hard leaves orphans)."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the kernel was told
        os._exit(1)


def _call(name: str) -> None:
    with contextlib.suppress(OSError):  # Linux alone has it
        Path("/proc/self/comm").write_text(name)


def serve(settings: Settings) -> int:
    """Prepare, then serve until told to stop; returns the exit status. Raises UnsafeSettings, OSError when the port is taken."""
    prepare.check(settings)
    os.umask(0o077)  # personal data: for nobody else on this machine
    listening = _bind(settings.host, settings.port)
    (settings.data_dir / "static").mkdir(parents=True, exist_ok=True)  # WhiteNoise wants it to exist
    bounded.start()  # one for all children, so that those started again have it at once
    web, worker = _load(settings, listening)
    said = _prepare(settings)
    if said is None:
        return 1
    # From here on clients wait instead of being refused, also while a web process starts anew.
    listening.listen(1024)
    default = f"Undersigned {settings.base_url} is served on {settings.host} port {settings.port}"
    print(said or default, flush=True)  # noqa: T201 - the banner is what stdout is for
    children = [Child(f"web {n}", web) for n in range(settings.web_processes)]
    children += [Child(f"worker {n}", worker) for n in range(settings.workers)]
    Supervisor(children).run()
    return 0


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, port))
    return listening


def _load(settings: Settings, listening: socket.socket) -> tuple[Callable[[], None], Callable[[], None]]:
    """Import the application once, for all children to share; returns what web processes and workers run."""
    django_setup()
    from django.conf import settings as django_settings
    from django.urls import get_resolver

    from undersigned.jobs import registry
    from undersigned.jobs.worker import Worker

    from . import wire
    from .wsgi import application

    _ = get_resolver().url_patterns
    registry.discover()
    for name in _wanted(settings):
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # the collector leaves shared pages alone

    # The largest file as base64 in JSON, and what is around it.
    max_body = django_settings.MAX_UPLOAD_BYTES * 4 // 3 + 2 * 1024 * 1024

    def web() -> None:
        threads, proxies = settings.web_threads, settings.trusted_proxies
        wire.serve(application, listening, threads=threads, max_body=max_body, trusted_proxies=proxies)

    def worker() -> None:
        listening.close()
        Worker().run()

    return web, worker


def _wanted(settings: Settings) -> list[str]:
    """What is loaded with its first use, where the settings say that it will be used: better once, before the fork."""
    found = ["apprise"] if settings.sms_url else []
    if settings.timestamp_authority not in ("", "built-in"):
        found.append("undersigned.sealing.remote_timestamp")
    return found


def _prepare(settings: Settings) -> str | None:
    """Run `prepare.run` in a child; what it wants said, None when it failed (the child has logged why)."""
    read, write = os.pipe()

    def target() -> None:
        os.close(read)
        said = prepare.run(settings)
        with os.fdopen(write, "w") as pipe:
            pipe.write(said)

    pid = fork(target, "prepare")
    os.close(write)
    with os.fdopen(read) as pipe:
        said = pipe.read()
    _, status = os.waitpid(pid, 0)
    return said if os.waitstatus_to_exitcode(status) == 0 else None
