"""`undersigned serve`: everything in one process tree."""

from __future__ import annotations

import sys

import click

from undersigned.app import supervisor
from undersigned.app.settings import UnsafeSettings

from .options import apply, refuse, settings_options


@click.command()
@settings_options()
def command(**options: str | bool | None) -> None:
    """Start the server: web process, workers, and in demo mode a demo organisation.

    Without options it runs in demo mode on http://127.0.0.1:8040, with SQLite and files in the folder ./data; addresses and passwords
    are printed and written to data/credentials.json.

    Every option can be given as the environment variable in brackets instead. The master key can be given only so, or in a file.

    SIGTERM or Ctrl-C lets requests and jobs that have begun end, for ten seconds at most.
    """
    settings = apply(options)
    try:
        sys.exit(supervisor.serve(settings))
    except UnsafeSettings as e:
        refuse(e.reasons)
    except OSError as e:
        raise click.ClickException(
            f"cannot start on {settings.host} port {settings.port}: {e.strerror or e}"
        ) from e
