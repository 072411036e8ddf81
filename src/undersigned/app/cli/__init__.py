"""The `undersigned` command, one module a subcommand."""

from __future__ import annotations

import click


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="undersigned")
def main() -> None:
    """Undersigned: a self-hosted electronic-signature server."""
