"""What happens once before anything is served."""

from __future__ import annotations

import logging
from collections.abc import Callable

from .settings import Settings, UnsafeSettings

logger = logging.getLogger(__name__)

Hook = Callable[[Settings], str | None]


def check(settings: Settings) -> None:
    """Raise UnsafeSettings with every reason not to start."""
    reasons: list[str] = []
    try:
        settings.refuse_unsafe()
    except UnsafeSettings as e:
        reasons.extend(e.reasons)
    if settings.web_processes > 1 and not settings.database_url:
        reasons.append(
            "UNDERSIGNED_WEB_PROCESSES is more than 1, which needs UNDERSIGNED_DATABASE_URL: SQLite has one writer"
        )
    if reasons:
        raise UnsafeSettings(reasons)


def run(settings: Settings) -> str:
    """Bring the database up to date and run the hooks; returns what they want said at the start. Django is set up."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)
    return "".join(filter(None, (hook(settings) for hook in HOOKS)))


def _demo(settings: Settings) -> str | None:
    """The demo organisation and its credentials file."""
    if not settings.demo:
        return None
    from .demo import banner, seed

    return banner(seed(settings.base_url, settings.credentials_path), settings.credentials_path)


def _scanner(settings: Settings) -> None:
    """Said at each start, so that nobody takes it for granted."""
    if not settings.clamd:
        logger.warning(
            "no virus scanner is set (UNDERSIGNED_CLAMD): files are taken and handed out unchecked"
        )


HOOKS: list[Hook] = [_demo, _scanner]
"""Run in this order in a process of their own, at every start: each must find out for itself what is there already."""
