"""`undersigned worker`: one worker process, for further machines."""

from __future__ import annotations

import click

from undersigned.app import prepare
from undersigned.app.settings import UnsafeSettings
from undersigned.base import bounded

from .options import apply, refuse, settings_options
from .setup import django_setup

_OPTIONS = (
    "demo",
    "public_url",
    "data_dir",
    "database_url",
    "storage_url",
    "mail_url",
    "mail_from",
    "sms_url",
    "master_key_file",
    "log_level",
)


@click.command()
@click.option(
    "--threads", type=click.IntRange(1, 64), default=4, show_default=True, help="Jobs run at the same time."
)
@settings_options(*_OPTIONS, "webhook_allow_private", "timestamp_authority", "max_upload_mb")
def command(threads: int, **options: str | bool | None) -> None:
    """Run one worker process (for further machines).

    `undersigned serve` starts workers of its own. Further ones need the same settings, the same PostgreSQL database and the same
    storage; any number may run on any number of machines. The database is brought up to date by `serve`, not by this command.

    SIGTERM or Ctrl-C lets jobs that have begun end.
    """
    try:
        prepare.check(apply(options))
    except UnsafeSettings as e:
        refuse(e.reasons)
    bounded.start()
    django_setup()
    from undersigned.jobs.worker import Worker

    Worker(threads).run()
