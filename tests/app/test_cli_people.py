"""`undersigned user` and `undersigned organisation`: what concerns people's sessions and the organisation's login service."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner

from undersigned.accounts import tokens
from undersigned.accounts.credentials import create_oauth_client
from undersigned.accounts.models import Credential, User
from undersigned.app.cli import organisation
from undersigned.app.cli import user as users

pytestmark = [pytest.mark.django_db]


@pytest.mark.parametrize("act", ["password", "disable"])
def test_sessions_end(user: User, act: str) -> None:
    client, _ = create_oauth_client(user, "signingtoday", Credential.Reach.USER, "x")
    session = tokens.begin(client, user)
    told = CliRunner().invoke(users.command, [act, str(user)], catch_exceptions=False)
    assert told.exit_code == 0, told.output
    assert tokens.renew(client, session.refresh) is None
    User.objects.update(disabled_at=None)
    assert tokens.find("signingtoday", session.token) is None


def test_a_login_secret_is_made_told_once_and_taken_away(user: User) -> None:
    told = CliRunner().invoke(organisation.command, ["login-secret", "board"], catch_exceptions=False)
    user.organization.refresh_from_db()
    assert re.findall(r"secret: ([0-9a-f]{64})\n", told.output) == [user.organization.login_secret]
    told = CliRunner().invoke(
        organisation.command, ["login-secret", "board", "--off"], catch_exceptions=False
    )
    user.organization.refresh_from_db()
    assert (told.output, user.organization.login_secret) == ("done\n", None)
    assert CliRunner().invoke(organisation.command, ["login-secret", "nowhere"]).exit_code == 1
