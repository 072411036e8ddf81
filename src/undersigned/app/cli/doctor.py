"""`undersigned doctor`: is all well?"""

from __future__ import annotations

import base64
import binascii
import json
import os
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from undersigned.app.settings import Settings, UnsafeSettings

from .options import apply, settings_options
from .setup import django_setup

if TYPE_CHECKING:
    from undersigned.app.doctor import Finding

EXIT = {"ok": 0, "warn": 1, "fail": 2}
_COLOUR = {"ok": "green", "warn": "yellow", "fail": "red"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.option("--mail-to", default="", metavar="ADDRESS", help="Also send a mail there.")
@settings_options()
def command(as_json: bool, mail_to: str, **options: str | bool | None) -> None:
    """Check keys, certificates, database, storage, mail, clock, workers, disk and address, and say how to mend what is wrong.

    Run it as the server's user with the server's options, while the server runs. It changes nothing and prints no secret.

    Exit code, as monitoring wants it: 0 all is well, 1 warnings, 2 something does not work.
    """
    settings = apply(options)
    problem = _key_problem(settings)
    if problem:
        # The other checks go on without a key; in demo mode loading the settings would make one.
        os.environ["UNDERSIGNED_DEMO"] = "false"
        for name in ("UNDERSIGNED_MASTER_KEY", "UNDERSIGNED_MASTER_KEY_FILE"):
            os.environ.pop(name, None)
    django_setup()
    from undersigned.app.doctor import Look, examine, worst
    from undersigned.delivery.outbox import is_address

    if mail_to and not is_address("email", mail_to):
        raise click.BadParameter(f"{mail_to!r} is not one mail address", param_hint="--mail-to")
    findings = []
    for found in examine(Look(settings, problem, mail_to)):
        findings.append(found)
        if not as_json:
            _print(found)
    level = worst(findings)
    if as_json:
        click.echo(
            json.dumps(
                {"status": level, "findings": [asdict(f) for f in findings]}, indent=2, ensure_ascii=False
            )
        )
    else:
        click.echo(_summary(findings))
    sys.exit(EXIT[level])


def _print(found: Finding) -> None:
    click.echo(f"{click.style(f'{found.level:<5}', fg=_COLOUR[found.level])} {found.check:<15} {found.text}")
    if found.fix:
        click.echo(f"{'':22}Fix: {found.fix}")


def _summary(findings: list[Finding]) -> str:
    warnings, failures = (sum(f.level == level for f in findings) for level in ("warn", "fail"))
    if not warnings and not failures:
        return f"All is well: {len(findings)} checks."
    return f"{failures} failed, {warnings} warned, {len(findings) - failures - warnings} well."


def _key_problem(settings: Settings) -> str:
    """Why there is no usable master key; empty when there is. Makes none."""
    own = settings.data_dir / "master.key"
    if settings.demo and not settings.master_key and not settings.master_key_file and not own.exists():
        return f"there is none in {own}: no server has been started with these options"
    try:
        keys = settings.master_keys()
    except UnsafeSettings as e:
        return "; ".join(e.reasons)
    except OSError as e:
        return f"{e.strerror}: {settings.master_key_file or own}"
    for number, key in enumerate(keys, 1):
        try:
            if len(base64.b64decode(key, validate=True)) < 32:
                return f"key {number} is shorter than 32 bytes"
        except binascii.Error:
            return f"key {number} is not base64"
    return ""
