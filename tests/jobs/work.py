"""`python -m tests.jobs.work THREADS`: a worker that knows the tests' kinds, SIGTERM ends it."""

from __future__ import annotations

import sys

import django

django.setup()

if __name__ == "__main__":
    import tests.jobs.kinds  # noqa: F401
    from undersigned.jobs.worker import Worker

    Worker(threads=int(sys.argv[1])).run()
