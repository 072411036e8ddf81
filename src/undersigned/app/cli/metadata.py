"""`undersigned metadata`: fields and templates for describing envelopes, and their ids for API calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .setup import django_setup

if TYPE_CHECKING:
    from undersigned.accounts.models import Organization
    from undersigned.envelopes.errors import Invalid

KINDS = ("text", "number", "date", "person")


@click.group()
def command() -> None:
    """Make and list what an organisation wants to know of its envelopes.

    First fields, then templates that hold them. Administrators can do the same in the console.
    """


@command.group()
def field() -> None:
    """Fields: one thing to know each."""


@command.group()
def template() -> None:
    """Templates: sets of fields."""


@field.command("add")
@click.argument("organization", metavar="ORGANISATION")
@click.argument("name")
@click.option("--kind", type=click.Choice(KINDS), default="text", show_default=True)
def add_field(organization: str, name: str, kind: str) -> None:
    """Make a field and print its id."""
    owner = _organization(organization)
    from undersigned.envelopes import metadata_templates as core
    from undersigned.envelopes.errors import Invalid

    try:
        click.echo(core.add_field(owner, name, kind).pub)
    except Invalid as e:
        raise _refused(e) from e


@field.command("list")
@click.argument("organization", metavar="ORGANISATION")
def list_fields(organization: str) -> None:
    """List the fields: id, kind, name."""
    for row in _organization(organization).metadata_fields.order_by("pk"):
        click.echo(f"{row.pub}\t{row.kind}\t{row.name}{_archived(row.archived_at)}")


@template.command("add")
@click.argument("organization", metavar="ORGANISATION")
@click.argument("name")
@click.option("--field", "fields", multiple=True, help="Id of a field that may be filled in; repeatable.")
@click.option("--required", multiple=True, help="Id of a field that must be filled in; repeatable.")
def add_template(organization: str, name: str, fields: tuple[str, ...], required: tuple[str, ...]) -> None:
    """Make a template and print its id. Fields that must be filled in come first."""
    owner = _organization(organization)
    from undersigned.envelopes import metadata_templates as core
    from undersigned.envelopes.errors import Invalid

    chosen = [core.Chosen(pub, required=True) for pub in required] + [core.Chosen(pub) for pub in fields]
    try:
        click.echo(core.add_template(owner, name, chosen).pub)
    except Invalid as e:
        raise _refused(e) from e


@template.command("list")
@click.argument("organization", metavar="ORGANISATION")
def list_templates(organization: str) -> None:
    """List the templates with their fields; those marked with * must be filled in."""
    for row in _organization(organization).metadata_templates.prefetch_related("places__field"):
        click.echo(f"{row.pub}\t{row.name}{_archived(row.archived_at)}")
        for place in row.places.all():
            mark = "*" if place.required else " "
            click.echo(f"  {mark} {place.field.pub}\t{place.field.kind}\t{place.field.name}")


def _organization(slug: str) -> Organization:
    django_setup()
    from undersigned.accounts.models import Organization

    found = Organization.objects.filter(slug=slug).first()
    if found is None:
        raise click.ClickException(f"there is no organisation {slug}")
    return found


def _archived(at: object) -> str:
    return "\tarchived" if at else ""


def _refused(e: Invalid) -> click.ClickException:
    return click.ClickException("; ".join(f"{name}: {', '.join(codes)}" for name, codes in e.faults.items()))
