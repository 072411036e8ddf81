"""A real clamd with one signature of our own, so that nothing is downloaded and it is there in a third of a second."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from undersigned.files import clamd

MARK = b"UNDERSIGNED-TEST-VIRUS"
VIRUS = "Undersigned.Test.UNOFFICIAL"
LIMIT = 8 << 20


class Clamd:
    """In the foreground, on a socket in `folder`."""

    def __init__(self, folder: Path) -> None:
        if shutil.which("clamd") is None:
            pytest.skip("clamd is not installed (apt-get install clamav-daemon)")
        self.folder = folder
        self.socket = folder / "s"
        self.url = f"unix://{self.socket}"
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "db").mkdir(parents=True)
        self.know(MARK)
        (folder / "conf").write_text(
            f"Foreground yes\nDatabaseDirectory {folder / 'db'}\nLocalSocket {self.socket}\nAlertExceedsMax yes\n"
            f"StreamMaxLength {LIMIT}\nMaxScanSize {LIMIT}\nMaxFileSize {LIMIT}\n"
        )

    def know(self, *marks: bytes) -> None:
        """Its signatures from the next start on; there must be one."""
        lines = [f"Undersigned.Test:0:*:{mark.hex()}\n" for mark in marks]
        (self.folder / "db" / "test.ndb").write_text("".join(lines))

    def start(self) -> None:
        self.socket.unlink(missing_ok=True)
        command = ["clamd", "-c", str(self.folder / "conf")]
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        end = time.monotonic() + 30
        while time.monotonic() < end:
            try:
                clamd.version(self.url)
            except clamd.NoAnswer:
                assert self._process.poll() is None, (self.folder / "log").read_text()
                time.sleep(0.02)
            else:
                return
        raise AssertionError("clamd did not start")

    def stop(self, how: signal.Signals = signal.SIGKILL) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(30)
            self._process = None

    def pause(self) -> None:
        """It takes connections and says nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
