"""`undersigned credential`: API keys and OAuth clients."""

from __future__ import annotations

import click

from .setup import django_setup
from .user import find_user

_REACH = {"signspace": "robot", "signicat": "client", "signingtoday": "user"}
"""A SignSpace client sees what its robot owns or takes part in, a Signicat client what it made itself; a Signing Today client acts for
whoever of the organisation logs in with it."""


@click.group()
def command() -> None:
    """Make, list and switch API keys and OAuth clients.

    A key or client acts for one user; every event of the user's contracts goes to the webhook URL of each of their enabled keys.
    """


@command.command()
@click.argument("login", metavar="NAME@ORGANISATION")
@click.option(
    "--api",
    "--dialect",
    "dialect",
    type=click.Choice(["signsquid", "signspace", "signicat", "signingtoday"]),
    default="signsquid",
    show_default=True,
    help="Which API the key is for.",
)
@click.option("--description", required=True, help="What uses the key; one key for each use.")
@click.option("--webhook", default="", help="URL that events are posted to.")
def add(login: str, dialect: str, description: str, webhook: str) -> None:
    """Make an API key, or for the other APIs an OAuth client, and print its secret, once."""
    django_setup()
    from undersigned.accounts.credentials import create_api_key, create_oauth_client
    from undersigned.accounts.models import Credential
    from undersigned.dialects.signspace.mapping import handle_of

    _check(webhook)
    user = find_user(login)
    if dialect == "signsquid":
        credential, key = create_api_key(user, dialect, description, webhook)
        click.echo(f"id:  {credential.pk}\nkey: {key}")
        return
    if webhook:
        raise click.BadParameter("this API has no webhooks")
    credential, secret = create_oauth_client(user, dialect, Credential.Reach(_REACH[dialect]), description)
    handle = f"\nacting_handle: {handle_of(user)}" if dialect == "signspace" else ""
    click.echo(
        f"id:            {credential.pk}\nclient_id:     {credential.client_id}\nclient_secret: {secret}{handle}"
    )


@command.command("list")
@click.argument("login", metavar="NAME@ORGANISATION")
def list_credentials(login: str) -> None:
    """List a user's credentials."""
    django_setup()
    for c in find_user(login).credentials.order_by("pk"):
        switch = "on" if c.enabled else "off"
        click.echo(f"{c.pk}\t{c.dialect}\t{switch}\t{c.description}\t{c.client_id or c.webhook_url}")


@command.command()
@click.argument("credential_id", type=int)
@click.argument("url")
def webhook(credential_id: int, url: str) -> None:
    """Set the webhook URL of a credential; an empty one ("") takes it away."""
    django_setup()
    _check(url)
    _update(credential_id, webhook_url=url)


@command.command()
@click.argument("credential_id", type=int)
def disable(credential_id: int) -> None:
    """Switch a credential off."""
    _update(credential_id, enabled=False)


@command.command()
@click.argument("credential_id", type=int)
def enable(credential_id: int) -> None:
    """Switch a credential on."""
    _update(credential_id, enabled=True)


def _check(url: str) -> None:
    from django.core.exceptions import ValidationError

    from undersigned.accounts.credentials import check_webhook_url

    try:
        if url:
            check_webhook_url(url)
    except ValidationError as e:
        raise click.BadParameter(" ".join(e.messages)) from e


def _update(credential_id: int, **columns: object) -> None:
    django_setup()
    from undersigned.accounts.models import Credential

    if not Credential.objects.filter(pk=credential_id).update(**columns):
        raise click.ClickException(f"there is no credential {credential_id}")
    click.echo("done")
