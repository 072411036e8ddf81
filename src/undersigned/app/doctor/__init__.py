"""Is all well? Checks of a running installation, for `undersigned doctor` and the console. They change nothing and print no secret."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from urllib.parse import unquote, urlsplit

from django.db import Error, InterfaceError, OperationalError, connection

from . import data, keys, scanning, sending, times, work
from .findings import Finding, Level, Look, fail, passed_over, words

logger = logging.getLogger(__name__)
Check = Callable[[Look], list[Finding]]

CHECKS: list[tuple[str, Check, bool]] = [
    ("settings", keys.settings, False),
    ("account", data.account, False),
    ("database", data.database, False),
    ("master key", keys.master_key, False),
    ("stored secrets", keys.stored_secrets, True),
    ("certificates", keys.certificates, True),
    ("timestamps", times.timestamps, True),
    ("clock", times.clocks, True),
    ("storage", data.storage, False),
    ("disk", data.disk, False),
    ("virus scan", scanning.scanner, False),
    ("mail", sending.mail, False),
    ("SMS", sending.sms, False),
    ("push", sending.push, False),
    ("webhooks", sending.webhooks, False),
    ("identity providers", sending.providers, True),
    ("public address", sending.public_address, False),
    ("worker", work.worker, True),
    ("queue", work.queue, True),
    ("attention", work.attention, True),
]
"""Name, function, whether it needs the database. In this order: each tells of what those after it stand on."""


def examine(look: Look) -> Iterator[Finding]:
    """All findings, one check after the other. A check that fails itself is a finding too."""
    secrets = _secrets(look)
    for name, check, needs_database in CHECKS:
        for found in _run(name, check, needs_database, look):
            yield Finding(found.check, found.level, _hidden(found.text, secrets), _hidden(found.fix, secrets))


def _run(name: str, check: Check, needs_database: bool, look: Look) -> list[Finding]:
    if needs_database and not look.database:
        return [passed_over(name, "the database does not answer")]
    try:
        return check(look)
    except (OperationalError, InterfaceError) as e:
        look.database = False
        connection.close()
        return [fail(name, f"The database went away: {words(e)}.", "See the database's own log.")]
    except Error as e:
        return [fail(name, f"The database refuses: {words(e)}.", "See the line about the database.")]
    except Exception as e:
        logger.debug("check %s", name, exc_info=True)
        return [fail(name, f"This could not be checked: {words(e)}.", "Report this as a mistake of ours.")]


def worst(findings: list[Finding]) -> Level:
    """The level of the whole."""
    levels = {f.level for f in findings}
    return Level.FAIL if Level.FAIL in levels else Level.WARN if Level.WARN in levels else Level.OK


def _secrets(look: Look) -> list[str]:
    """What must stand in no sentence, not even in what a library says of an error."""
    s = look.settings
    urls = [urlsplit(url) for url in (s.mail_url, s.database_url, s.sms_url, s.push_url)]
    found = [s.master_key, s.sms_url, s.push_url, s.mail_url, s.database_url]
    found += [word for url in urls if url.password for word in (url.password, unquote(url.password))]
    found += [part for part in re.split(r"[/:@?&=]", f"{s.sms_url} {s.push_url}") if len(part) > 5]
    return sorted((f for f in found if f and f != "{to}"), key=len, reverse=True)


def _hidden(text: str, secrets: list[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, "…")
    return text


__all__ = ["CHECKS", "Finding", "Level", "Look", "examine", "worst"]
