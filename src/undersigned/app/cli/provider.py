"""`undersigned provider`: the services that say who a signer is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .setup import django_setup

if TYPE_CHECKING:
    from undersigned.accounts.models import Organization
    from undersigned.identity.models import Provider


@click.group()
def command() -> None:
    """Add, list, test and switch the providers that identify signers (OpenID Connect).

    A provider belongs to one organisation (--organisation), or serves all of them. Register the redirect address that `add` prints with
    the provider.
    """


@command.command()
@click.argument("key")
@click.option("--name", required=True, help="In full, as it stands on the signer's button.")
@click.option("--issuer", required=True, help="The provider's https address.")
@click.option("--client-id", required=True, help="As the provider gave it to you.")
@click.option(
    "--client-secret-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File with the client's secret; none for a public client.",
)
@click.option("--organisation", default="", help="Slug; without it the provider serves all organisations.")
@click.option(
    "--asked-as",
    multiple=True,
    metavar="NAME",
    help="A further name by which APIs ask for it, such as nbid-sign; repeat it.",
)
@click.option("--scope", default="openid profile", show_default=True, help="Words with blanks between.")
@click.option("--acr", default="", help="Levels of assurance asked for; then one of them must come.")
@click.option("--prompt", default="login", show_default=True, help="OpenID Connect's prompt; empty: none.")
@click.option(
    "--claim",
    "claims",
    multiple=True,
    metavar="OURS=THEIRS",
    help="name, given_name, family_name, national_id, birthdate, email or phone to the provider's name; repeat it.",
)
@click.option(
    "--logo", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="PNG, square, up to 64 kB."
)
def add(
    key: str,
    name: str,
    issuer: str,
    client_id: str,
    client_secret_file: Path | None,
    organisation: str,
    asked_as: tuple[str, ...],
    scope: str,
    acr: str,
    prompt: str,
    claims: tuple[str, ...],
    logo: Path | None,
) -> None:
    """Add a provider and print the address to register with it.

    KEY is how programs name it, for example ftn.
    """
    django_setup()
    from undersigned.identity.models import Provider
    from undersigned.identity.providers import faults
    from undersigned.identity.sign_in import redirect_uri

    pairs = [claim.partition("=") for claim in claims]
    provider = Provider(
        organization=_organization(organisation) if organisation else None,
        key=key,
        name=name,
        issuer=issuer,
        client_id=client_id,
        asked_as=list(dict.fromkeys(asked_as)),
        client_secret=client_secret_file.read_text().strip() if client_secret_file else None,
        scope=scope,
        acr_values=acr,
        prompt=prompt,
        claims={ours: theirs for ours, _equals, theirs in pairs},
        logo=logo.read_bytes() if logo else None,
    )
    if found := faults(provider):
        raise click.ClickException("; ".join(f"{field}: {fault}" for field, fault in found.items()))
    provider.save()
    click.echo(f"redirect address: {redirect_uri()}\nTry it: undersigned provider test {key}")


@command.command()
@click.argument("key")
@click.argument("names", nargs=-1)
@click.option("--organisation", default="", help="Slug; without it the one that serves all.")
def names(key: str, names: tuple[str, ...], organisation: str) -> None:
    """Set the further names by which APIs ask for a provider; without any it has its key alone."""
    provider = _provider(key, organisation)
    from undersigned.identity.providers import faults

    provider.asked_as = list(dict.fromkeys(names))
    if "asked_as" in (found := faults(provider)):
        raise click.ClickException(f"names: {found['asked_as']}")
    provider.save(update_fields=["asked_as"])
    click.echo("done")


@command.command("list")
def list_providers() -> None:
    """List all providers: key, whose, on or off, name, issuer, client, further names."""
    django_setup()
    from undersigned.identity.models import Provider

    for p in Provider.objects.select_related("organization").order_by("organization__slug", "position", "pk"):
        whose = p.organization.slug if p.organization else "(all)"
        state = "off" if p.disabled_at else "on"
        click.echo(f"{p.key}\t{whose}\t{state}\t{p.name}\t{p.issuer}\t{p.client_id}\t{' '.join(p.asked_as)}")


@command.command()
@click.argument("key")
@click.option("--organisation", default="", help="Slug; without it the one that serves all.")
def test(key: str, organisation: str) -> None:
    """Ask a provider what it is and for its keys. Signing in needs a person: the console's page Sign-in does that."""
    django_setup()
    from undersigned.identity import discovery
    from undersigned.identity.errors import SignInFailed

    provider = _provider(key, organisation)
    try:
        about, keys = discovery.metadata(provider), discovery.keys(provider)
    except SignInFailed as e:
        raise click.ClickException(f"{provider.issuer}: {e}") from e
    click.echo(f"{provider.issuer} answers: {about.authorization_endpoint}, {len(keys)} keys for signatures")


@command.command()
@click.argument("key")
@click.option("--organisation", default="", help="Slug; without it the one that serves all.")
def disable(key: str, organisation: str) -> None:
    """Switch a provider off: nobody can be identified by it, also who is on their way."""
    _switch(key, organisation, on=False)


@command.command()
@click.argument("key")
@click.option("--organisation", default="", help="Slug; without it the one that serves all.")
def enable(key: str, organisation: str) -> None:
    """Switch a provider on again."""
    _switch(key, organisation, on=True)


def _switch(key: str, organisation: str, *, on: bool) -> None:
    django_setup()
    from undersigned.base.clock import now

    provider = _provider(key, organisation)
    provider.disabled_at = None if on else now()
    provider.save(update_fields=["disabled_at"])
    click.echo("done")


def _organization(slug: str) -> Organization:
    from undersigned.accounts.models import Organization

    found = Organization.objects.filter(slug=slug).first()
    if found is None:
        raise click.ClickException(f"there is no organisation {slug}")
    return found


def _provider(key: str, organisation: str) -> Provider:
    django_setup()
    from undersigned.identity.models import Provider

    found = Provider.objects.filter(key=key, organization__slug=organisation or None).first()
    if found is None:
        raise click.ClickException(
            f"there is no provider {key}" + (f" of {organisation}" if organisation else "")
        )
    return found
