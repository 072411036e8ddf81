"""The `undersigned` command, one module a subcommand. Django is set up by those that need it, after options have set the environment."""

from __future__ import annotations

import importlib
from typing import Any

import click

COMMANDS = {
    "serve": "Start the server: web process, workers, and in demo mode a demo organisation.",
    "worker": "Run one worker process (for further machines).",
    "doctor": "Say whether all is well, and how to mend what is not.",
    "verify": "Check signed PDF files and evidence, with the files alone.",
    "user": "Add users, set passwords, switch users off.",
    "organisation": "Set an organisation's register number, and who is in its groups.",
    "credential": "Make, list and switch API keys and OAuth clients.",
    "metadata": "Make and list fields and templates for describing envelopes.",
    "provider": "Add, list, test and switch the providers that identify signers.",
    "sandbox": "Tools for integrators' own tests, on sandbox organisations.",
}


class _Lazy(click.Group):
    """Loads a subcommand's module when it is called, so that `--help` is instant."""

    def list_commands(self, _context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: Any = importlib.import_module(f"{__name__}.{name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="undersigned")
def main() -> None:
    """Undersigned: a self-hosted electronic-signature server.

    Options of the server are environment variables named UNDERSIGNED_…; `undersigned serve --help` lists them.
    """
