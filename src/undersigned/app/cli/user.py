"""`undersigned user`: the people who log in to the console."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import click

from .setup import django_setup

if TYPE_CHECKING:
    from undersigned.accounts.models import User


@click.group()
def command() -> None:
    """Add users, set passwords, switch users off.

    People log in to the console as NAME@ORGANISATION, for example anna@board.
    """


@command.command()
@click.argument("login", metavar="NAME@ORGANISATION")
@click.option("--email", default="", help="Where mails to this user go.")
@click.option("--name", default="", help="First name.")
@click.option("--surname", default="", help="Family name.")
@click.option("--robot", is_flag=True, help="A program, which does not log in; its credentials act for it.")
@click.option("--admin", is_flag=True, help="May see and do everything in the organisation.")
@click.option(
    "--organisation-name", default="", help="Create the organisation with this name if it does not exist."
)
@click.option(
    "--language",
    default="",
    help="The user's language (en, fi, sv, …), and that of an organisation created with them: what signers get unless a request says otherwise.",
)
def add(
    login: str,
    email: str,
    name: str,
    surname: str,
    robot: bool,
    admin: bool,
    organisation_name: str,
    language: str,
) -> None:
    """Add a user and print a new password, once."""
    django_setup()
    from django.conf import settings
    from django.db import IntegrityError

    from undersigned.accounts.models import Organization, User
    from undersigned.base import languages
    from undersigned.base.db import atomic
    from undersigned.base.text import is_one_line
    from undersigned.delivery.outbox import is_address

    username, slug = _split(login)
    if email and not is_address("email", email):
        raise click.BadParameter(f"{email!r} is not one mail address")
    if not all(is_one_line(v) for v in (login, name, surname, organisation_name)):
        raise click.BadParameter("names are written on one line, without control characters")
    spoken = languages.supported(language)
    if language and spoken is None:
        raise click.BadParameter(f"{language!r} is not among {', '.join(dict(settings.LANGUAGES))}")
    password = None if robot else secrets.token_urlsafe(12)
    try:
        with atomic():
            organization = Organization.objects.filter(slug=slug).first()
            if organization is None:
                if not organisation_name:
                    raise click.ClickException(
                        f"there is no organisation {slug}; --organisation-name creates it"
                    )
                organization = Organization.objects.create(
                    slug=slug, name=organisation_name, language=spoken or settings.LANGUAGE_CODE
                )
            User.objects.create_user(
                organization,
                username,
                password,
                email=email,
                name=name,
                surname=surname,
                language=spoken or "",
                role=User.Role.ADMIN if admin else User.Role.MEMBER,
                kind=User.Kind.ROBOT if robot else User.Kind.PERSON,
            )
    except IntegrityError as e:
        raise click.ClickException(f"{login} exists already") from e
    click.echo(f"robot: {login}" if robot else f"login:    {login}\npassword: {password}")


@command.command()
@click.argument("login", metavar="NAME@ORGANISATION")
def password(login: str) -> None:
    """Give a user a new password and print it, once."""
    django_setup()
    from undersigned.accounts import passwords
    from undersigned.base.db import atomic

    user = find_user(login)
    new = secrets.token_urlsafe(12)
    with atomic():
        passwords.put(user, new)
    click.echo(f"password: {new}")


@command.command()
@click.argument("login", metavar="NAME@ORGANISATION")
def disable(login: str) -> None:
    """Switch a user off, be it the last administrator: no login, and none of their keys and tokens works."""
    _switch(login, on=False)


@command.command()
@click.argument("login", metavar="NAME@ORGANISATION")
def enable(login: str) -> None:
    """Switch a user on again."""
    _switch(login, on=True)


@command.command()
@click.argument("login", metavar="NAME@ORGANISATION")
@click.option("--off", is_flag=True, help="Take it away again.")
def operator(login: str, off: bool) -> None:
    """Make a user an operator: in the console they see, and run again, what failed in every organisation."""
    django_setup()
    from undersigned.accounts.models import Capability

    user = find_user(login)
    others = [c for c in user.capabilities if c != Capability.OPERATE]
    user.capabilities = others if off else [*others, Capability.OPERATE.value]
    user.save(update_fields=["capabilities"])
    click.echo(f"{login} is {'no longer ' if off else ''}an operator")


@command.command("list")
def list_users() -> None:
    """List all users."""
    django_setup()
    from undersigned.accounts.models import User

    for user in User.objects.select_related("organization").order_by("organization__slug", "username"):
        click.echo(f"{user}\t{user.full_name}\t{user.role}\t{'' if user.is_active else 'off'}")


def _switch(login: str, on: bool) -> None:
    django_setup()
    from undersigned.accounts import passwords
    from undersigned.base.clock import now
    from undersigned.base.db import atomic

    user = find_user(login)
    with atomic():
        user.disabled_at = None if on else now()
        user.save(update_fields=["disabled_at"])
        if not on:
            passwords.end_all(user)
    click.echo(f"{login} is switched {'on' if on else 'off'}")


def _split(login: str) -> tuple[str, str]:
    username, _, slug = login.rpartition("@")
    if not username or not slug:
        raise click.BadParameter("write NAME@ORGANISATION, for example anna@board")
    return username, slug


def find_user(login: str) -> User:
    from undersigned.accounts.models import User

    username, slug = _split(login)
    user = User.objects.filter(organization__slug=slug, username=username).first()
    if user is None:
        raise click.ClickException(f"there is no user {login}")
    return user
