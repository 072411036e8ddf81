"""`undersigned organisation`: what belongs to a whole tenant."""

from __future__ import annotations

import secrets

import click

from .setup import django_setup
from .user import find_user


@click.group()
def command() -> None:
    """Set an organisation's register number, its login service's secret, and who is in its groups."""


@command.command("set")
@click.argument("slug", metavar="ORGANISATION")
@click.option("--name", default=None, help="Its name, as people read it.")
@click.option("--business-id", default=None, help="Its number in the register of companies, e.g. 3042282-9.")
@click.option("--country", default=None, help="Two letters, e.g. fi.")
def set_organisation(slug: str, **given: str | None) -> None:
    """Set what is given and leave the rest as it is."""
    django_setup()
    from undersigned.accounts.models import Organization
    from undersigned.base.text import is_one_line

    values = {name: value.strip() for name, value in given.items() if value is not None}
    if not all(is_one_line(value) for value in values.values()) or len(values.get("country", "")) > 2:
        raise click.BadParameter("one line each; the country has two letters")
    if not Organization.objects.filter(slug=slug).update(**values):
        raise click.ClickException(f"there is no organisation {slug}")
    click.echo("done")


@command.command("login-secret")
@click.argument("slug", metavar="ORGANISATION")
@click.option("--off", is_flag=True, help="Take it away: nobody is believed any more.")
def login_secret(slug: str, off: bool) -> None:
    """Make the secret by which the organisation's own login service vouches for its people (Signing Today API), and print it, once."""
    django_setup()
    from undersigned.accounts.models import Organization

    found = Organization.objects.filter(slug=slug).first()
    if found is None:
        raise click.ClickException(f"there is no organisation {slug}")
    found.login_secret = None if off else secrets.token_hex(32)
    found.save(update_fields=["login_secret"])
    click.echo("done" if off else f"secret: {found.login_secret}")


@command.command()
@click.argument("login", metavar="NAME@ORGANISATION")
@click.argument("name", metavar="GROUP")
@click.option("--off", is_flag=True, help="Take the user out of the group.")
def group(login: str, name: str, off: bool) -> None:
    """Put a user into a group of their organisation, which is made if need be, and print the handle that the SignSpace API knows it by."""
    django_setup()
    from undersigned.accounts.models import Group
    from undersigned.base.db import atomic
    from undersigned.dialects.signspace.handles import group_handle

    user = find_user(login)
    with atomic():
        found, _ = Group.objects.get_or_create(organization=user.organization, name=name)
        if off:
            found.members.remove(user)
        else:
            found.members.add(user)
    click.echo(group_handle(found))
