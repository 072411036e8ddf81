"""Which kinds of work exist. Rooms register theirs in a module `handlers`, which workers import."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils.module_loading import autodiscover_modules

if TYPE_CHECKING:
    from .run import Run

Payload = dict[str, Any]
Function = Callable[[Payload, "Run"], None]


class RetryLater(Exception):
    """Raised by a handler: not now, again after `delay`. The attempt is not counted; `reason` is shown beside the job."""

    def __init__(self, delay: timedelta, reason: str) -> None:
        super().__init__(reason)
        self.delay = delay
        self.reason = reason


class GiveUp(Exception):
    """Raised by a handler: no attempt can succeed; the job is dead."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class LeaseLost(Exception):
    """Another worker may have the job: roll back and write nothing more."""


def exponential(attempt: int) -> float:
    """Seconds until the next attempt after `attempt` failed ones: 5, 10, 20 … up to an hour, with a fifth of jitter."""
    return min(5.0 * 2.0 ** min(attempt - 1, 20), 3600.0) * random.uniform(0.9, 1.1)  # noqa: S311 - spreads load, guards nothing


@dataclass(frozen=True)
class Handler:
    """A registered function and how it is run; see `handler`."""

    kind: str
    function: Function
    max_attempts: int
    lease: float
    backoff: Callable[[int], float]
    on_dead: Callable[[Payload, str], None] | None


_handlers: dict[str, Handler] = {}
LEASE = 20.0
"""Seconds. Who was killed keeps nobody waiting longer than this; who lives renews three times as often."""


def handler(
    kind: str,
    *,
    max_attempts: int = 10,
    lease: float = LEASE,
    backoff: Callable[[int], float] = exponential,
    on_dead: Callable[[Payload, str], None] | None = None,
) -> Callable[[Function], Function]:
    """Register a function `(payload, run)` for `kind`.

    It may run more than once and must be idempotent; `run.finish()` inside its own transaction makes its rows and the finish mark one
    commit. An exception means another attempt after `backoff(attempts)` seconds, and after `max_attempts` the job is dead; `on_dead`
    is then called with the payload and the reason in the transaction that marks it.

    `lease` (seconds) is how long a job whose worker vanished waits before it runs again; while the function runs, the lease is renewed,
    so that it may be shorter than the work.
    """

    def register(function: Function) -> Function:
        known = _handlers.get(kind)
        if known is not None and known.function is not function:
            raise ValueError(f"two handlers for {kind!r}")
        _handlers[kind] = Handler(kind, function, max_attempts, lease, backoff, on_dead)
        return function

    return register


def find(kind: str) -> Handler | None:
    """The handler of `kind`, None when this release does not know it."""
    return _handlers.get(kind)


def discover() -> None:
    """Import the module `handlers` of every installed application."""
    autodiscover_modules("handlers")
