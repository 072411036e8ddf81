"""How long `undersigned serve` takes to its first answer, and what it holds when idle: `python -m benchmarks.start` prints JSON.

Once with an empty folder (the database and the demo organisation are made), then again and again. SQLite.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from statistics import median

from .server import Server

STARTS = 5


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="undersigned-bench-") as folder:
        seconds = []
        for _ in range(STARTS + 1):
            server = Server("undersigned.app.cli", "serve", data_dir=folder)
            seconds.append(server.seconds_to_first_answer)
            time.sleep(3)  # the nurseries have started
            memory = server.memory()
            server.stop()
    result = {"first_s": seconds[0], "again_s": median(seconds[1:])}
    json.dump({name: round(value, 2) for name, value in result.items()} | {"memory_mb": memory}, sys.stdout)


if __name__ == "__main__":
    main()
