"""The server's options on the command line: one for each field of `Settings`, set as its variable before Django is set up."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

import click
from pydantic import ValidationError

from undersigned.app.settings import Settings

Command = TypeVar("Command", bound=Callable[..., Any])
PREFIX = "UNDERSIGNED_"
_SECRET = {"master_key"}  # other users of the machine see command lines


def settings_options(*names: str) -> Callable[[Command], Command]:
    """Add options for the named fields, for all when none is named."""

    def add(function: Command) -> Command:
        for name, field in reversed(Settings.model_fields.items()):
            if name in _SECRET or (names and name not in names):
                continue
            flag = name.replace("_", "-")
            boolean = bool in (field.annotation, *getattr(field.annotation, "__args__", ()))
            default = (
                f" [default: {field.default}]" if not boolean and field.default not in (None, "") else ""
            )
            option = click.option(
                f"--{flag}/--no-{flag}" if boolean else f"--{flag}",
                name,
                default=None,
                metavar=None if boolean else "VALUE",
                help=f"{field.description}{default} [{PREFIX}{name.upper()}]",
            )
            function = option(function)
        return function

    return add


def apply(values: dict[str, str | bool | None]) -> Settings:
    """Put given options into the environment and read all settings; exits with status 2 and one line a reason when one is not valid."""
    for name, value in values.items():
        if value is not None:
            os.environ[PREFIX + name.upper()] = str(value)
    try:
        return Settings()
    except ValidationError as e:
        refuse(
            [
                f"{PREFIX}{str(error['loc'][0]).upper()}: {error['msg']}"
                for error in e.errors()
                if error["loc"]
            ]
            or [str(e)]
        )


def refuse(reasons: list[str]) -> NoReturn:
    """Say why the server does not start and exit with status 2."""
    click.echo("Undersigned does not start like this:", err=True)
    for reason in reasons:
        click.echo(f"  {reason}", err=True)
    sys.exit(2)
