"""`undersigned credential`: what a new client of each API can reach."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner

from undersigned.accounts.credentials import find_oauth_client
from undersigned.accounts.models import Credential, User
from undersigned.app.cli.credential import command

pytestmark = [pytest.mark.django_db]


@pytest.mark.parametrize(
    ("api", "reach", "handle"),
    [
        ("signspace", Credential.Reach.ROBOT, True),
        ("signicat", Credential.Reach.CLIENT, False),
        ("signingtoday", Credential.Reach.USER, False),
    ],
)
def test_a_client_is_made_and_told_once(api: str, reach: str, handle: bool, user: User) -> None:
    told = CliRunner().invoke(
        command, ["add", str(user), "--api", api, "--description", "loans"], catch_exceptions=False
    )
    assert told.exit_code == 0, told.output
    found = dict(re.findall(r"^(\w+):\s+(\S+)$", told.output, re.MULTILINE))
    client = find_oauth_client(api, found["client_id"], found["client_secret"])
    assert client is not None
    assert client.reach == reach
    assert ("acting_handle" in found) == handle


def test_no_webhook_where_the_api_has_none(user: User) -> None:
    arguments = [
        "add",
        str(user),
        "--api",
        "signicat",
        "--description",
        "x",
        "--webhook",
        "https://a.example/",
    ]
    told = CliRunner().invoke(command, arguments)
    assert told.exit_code == 2
    assert not Credential.objects.filter(dialect="signicat").exists()
