"""curl as the API's known client uses it: raw header text, whole status lines."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass
class Answer:
    """`lines`: every status line that was read, an interim one first; `headers` as spelled on the wire."""

    lines: list[str]
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def curl(key: str, method: str, url: str, *arguments: str, stdin: Path | None = None) -> Answer:
    command = ["curl", "-s", "-i", "--http1.1", "-u", f"{key}:", "-X", method, *arguments, url]
    source = stdin.open("rb") if stdin else subprocess.DEVNULL
    try:
        done = subprocess.run(command, stdin=source, capture_output=True, check=False, timeout=60)
    except FileNotFoundError:
        pytest.skip("curl is not installed")
    finally:
        if not isinstance(source, int):
            source.close()
    assert done.returncode == 0, done.stderr
    lines, rest, headers = [], done.stdout, {}
    while rest.startswith(b"HTTP/"):
        head, _, rest = rest.partition(b"\r\n\r\n")
        first, *others = head.decode("latin-1").split("\r\n")
        lines.append(first)
        headers = dict(line.split(": ", 1) for line in others)
    return Answer(lines, headers, rest)
