"""`undersigned metadata`: the ids that API calls want."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner

from undersigned.accounts.models import Organization
from undersigned.app.cli.metadata import command

pytestmark = pytest.mark.django_db


def run(*arguments: str, fails: bool = False) -> str:
    result = CliRunner().invoke(command, arguments)
    assert (result.exit_code != 0) is fails, result.output
    return result.output.strip()


def test_fields_and_templates(organization: Organization) -> None:
    cost = run("field", "add", "board", "Cost centre")
    ends = run("field", "add", "board", "Ends", "--kind", "date")
    template = run("template", "add", "board", "Lease", "--field", ends, "--required", cost)
    assert all(re.fullmatch("[0-9a-f]{24}", pub) for pub in (cost, ends, template))
    assert run("field", "list", "board") == f"{cost}\ttext\tCost centre\n{ends}\tdate\tEnds"
    listed = run("template", "list", "board")
    assert listed == f"{template}\tLease\n  * {cost}\ttext\tCost centre\n    {ends}\tdate\tEnds"
    assert "already_used" in run("field", "add", "board", "Ends", fails=True)
    assert "unknown" in run("template", "add", "board", "Other", "--field", "0" * 24, fails=True)
    assert "there is no organisation nowhere" in run("field", "list", "nowhere", fails=True)
