"""Run a function on untrusted bytes in a disposable process with limits on memory, time and output.

A nursery process (`python -m undersigned.base.bounded`) has the parsers imported and forks one child a call, which costs a few
milliseconds. Arguments and results travel as JSON, so that a child taken over by a hostile file cannot hand back code. The nursery
has no secrets in its memory and ends with the last of the processes that use it.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import asdict, dataclass
from typing import Any

PRELOAD = (
    "pikepdf",
    "pyhanko.sign.signers",
    "pyhanko.pdf_utils.incremental_writer",
    "pypdfium2",
    "PIL.Image",
    # What these import only when it is needed, and so would in every child.
    "PIL.BmpImagePlugin",
    "PIL.GifImagePlugin",
    "PIL.JpegImagePlugin",
    "PIL.PngImagePlugin",
    "PIL.PpmImagePlugin",
    "pyhanko.pdf_utils.filters",
    "pyhanko.pdf_utils.metadata.xmp_xml",
    "tzdata.zoneinfo",
    "encodings.ascii",
    "encodings.utf_16_be",
    "encodings.utf_16_le",
)
"""What every nursery has imported; a function's own module it imports at the first call."""
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "LD_LIBRARY_PATH")
"""Of the environment, what the nursery gets. All else may hold secrets: our own options, PGPASSWORD, a cloud's keys."""
_HEADER = 8


@dataclass(frozen=True)
class Limits:
    """Bounds of one call: address space in bytes, processor and wall time in seconds, largest file written in bytes."""

    memory: int = 1 << 30
    cpu: int = 10
    wall: float = 20.0
    file_size: int = 512 << 20


class BoundedError(Exception):
    """The child did not answer: `reason` is "timeout", "memory" or "crashed"."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


class Refusal(Exception):
    """Raised by a bounded function to refuse its input; crosses the process border. `code` is a word, `detail` for the log."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail


_lock = threading.Lock()
_nursery: tuple[int, socket.socket, subprocess.Popen[bytes]] | None = None
"""The process that started it, the control socket, and the nursery itself, held so that it is not taken for forgotten."""


def run(target: str, /, limits: Limits | None = None, **arguments: Any) -> Any:
    """Call `target` ("package.module:function") with JSON-able keyword arguments in a bounded child; return its JSON-able result.

    Raises Refusal as raised by the function, BoundedError when the child broke a limit or died.
    """
    limits = limits or Limits()
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            _send_to_nursery(theirs, target.partition(":")[0])
        ours.settimeout(limits.wall)
        child = 0
        try:
            child = int.from_bytes(_receive(ours, _HEADER), "big")
            _send(
                ours,
                json.dumps({"target": target, "arguments": arguments, "limits": asdict(limits)}).encode(),
            )
            reply = json.loads(_receive(ours, int.from_bytes(_receive(ours, _HEADER), "big")))
        except TimeoutError as e:
            if child:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
            raise BoundedError("timeout", target) from e
        except (EOFError, ConnectionError) as e:
            raise BoundedError("crashed", target) from e
    if "result" in reply:
        return reply["result"]
    if reply["error"] == "Refusal":
        raise Refusal(reply["code"], reply["detail"])
    raise BoundedError(
        "memory" if reply["error"] == "MemoryError" else "crashed",
        f"{target}: {reply['error']}: {reply['detail']}",
    )


def start() -> None:
    """Start the nursery for this process and for those that will be forked from it, which then find it warm. Starts no thread."""
    with _lock:
        _control(fresh=False)


def _send_to_nursery(theirs: socket.socket, module: str) -> None:
    for attempt in (1, 2):
        with _lock:
            control = _control(fresh=attempt == 2)
            try:
                socket.send_fds(control, [module.encode()], [theirs.fileno()])
            except OSError:
                continue
            return
    raise BoundedError("crashed", "the nursery cannot be started")


def _control(fresh: bool) -> socket.socket:
    global _nursery
    if _nursery is not None and not fresh:  # ours, or that of the process which we were forked from
        return _nursery[1]
    ours, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)  # keeps messages apart
    environment = {k: v for k, v in os.environ.items() if k in INHERITED}
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "undersigned.base.bounded", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            env=environment | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
            start_new_session=True,
        )
    if _nursery is not None and _nursery[0] == os.getpid():  # it has died
        _nursery[1].close()
        _nursery[2].wait()
    _nursery = (os.getpid(), ours, process)
    return ours


@atexit.register
def _end_nursery() -> None:
    """Closing its socket ends the nursery; one that came by a fork belongs to the parent."""
    if _nursery is not None and _nursery[0] == os.getpid():
        _nursery[1].close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            _nursery[2].wait(2)


def _send(to: socket.socket, data: bytes) -> None:
    to.sendall(len(data).to_bytes(_HEADER, "big") + data)


def _receive(source: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = source.recv(min(size - len(parts), 1 << 20))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)


# --- the nursery and its children --------------------------------------------------------------
def _serve(control: socket.socket) -> None:
    for name in PRELOAD:
        importlib.import_module(name)
    gc.freeze()  # children's collections leave the shared pages alone
    signal.signal(
        signal.SIGCHLD, _reap
    )  # not SIG_IGN: the kernel would keep no account of what children cost
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 200, 1)
        if not message:
            return
        if (module := message.decode()) not in sys.modules:
            with contextlib.suppress(Exception):  # the child will say it
                importlib.import_module(module)
            gc.freeze()
        if os.fork() == 0:
            control.close()
            with socket.socket(fileno=descriptors[0]) as caller:
                _child(caller)
            os._exit(0)
        for descriptor in descriptors:
            os.close(descriptor)


def _reap(*_: object) -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _child(caller: socket.socket) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        caller.sendall(os.getpid().to_bytes(_HEADER, "big"))
        request = json.loads(_receive(caller, int.from_bytes(_receive(caller, _HEADER), "big")))
        limits = Limits(**request["limits"])
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu, limits.cpu + 1))
        resource.setrlimit(resource.RLIMIT_FSIZE, (limits.file_size, limits.file_size))
        resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))
        module, _, name = request["target"].partition(":")
        function = getattr(importlib.import_module(module), name)
        reply: dict[str, Any] = {"result": function(**request["arguments"])}
    except Refusal as e:
        reply = {"error": "Refusal", "code": e.code, "detail": e.detail}
    except Exception as e:  # noqa: BLE001 - whatever a parser throws becomes an answer
        reply = {"error": type(e).__name__, "detail": str(e)[:500]}
    with contextlib.suppress(OSError):
        _send(caller, json.dumps(reply).encode())


if __name__ == "__main__":
    from undersigned.base import bounded  # noqa: PLW0406 - the importable module, so that Refusal is one class

    bounded._serve(socket.socket(fileno=int(sys.argv[1])))  # noqa: SLF001
