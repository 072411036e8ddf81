"""Everybody at every door of Signing Today's transactions: the answer that is theirs, foreign looks like unknown, and nothing changes for
who may not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import transaction

from tests.conformance.today_caller import Today
from tests.conformance.today_dsts import TEXT_FORM, document, draft, json_of, published
from undersigned.accounts.models import Organization, User

from .today_routes import ASKS, CALLERS, NOBODY, Ask
from .world import rows_of_all_tables

pytestmark = [pytest.mark.django_db, pytest.mark.adversarial]


@pytest.fixture(autouse=True)
def no_limits(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    settings.API_CALLS_PER_MINUTE = 100_000
    monkeypatch.setattr("undersigned.dialects.shared.callers.FAILURES", 1_000_000)
    monkeypatch.setattr("undersigned.envelopes.comment.WRITTEN_MAX", 1_000_000)


class People:
    """One of each, and what there is of the owner's."""

    def __init__(self) -> None:
        board = Organization.objects.create(slug="board", name="Board Oy")
        away = Organization.objects.create(slug="away", name="Away")

        def user(name: str, role: str, where: Organization = board) -> User:
            return User.objects.create_user(
                where, name, name=name.capitalize(), email=f"{name}@x.example", role=role
            )

        self.callers = {"owner": Today.of(user("owner", User.Role.MEMBER))}
        owner = self.callers["owner"]
        for name, role in {
            "outsider": User.Role.MEMBER,
            "reader": User.Role.MEMBER,
            "admin": User.Role.ADMIN,
            "participant": User.Role.SIGNER,
            "bystander": User.Role.SIGNER,
        }.items():
            self.callers[name] = owner.as_user(user(name, role))
        self.callers["stranger"] = Today.of(user("stranger", User.Role.ADMIN, away))
        self.callers["nobody"] = Today(owner.credential, "", owner.user)
        self.ids = self._things(owner)
        self.unknown = dict.fromkeys(self.ids, NOBODY) | {"note": "999999"}

    def _things(self, owner: Today) -> dict[str, str]:
        seen = {"visibleTo": [str(self.callers["reader"].user.pub)]}
        signer = {"id": 0, "userUUID": str(self.callers["participant"].user.pub)}
        adam = {"id": 1, "name": "Adam", "surname": "Smith", "email": "adam@x.example"}
        plan = document(
            signatureRequests=[{"id": 0, "signerId": 0}, {"id": 1, "signerId": 1}],
            signerGroups=[{"signers": [signer, adam]}],
        )
        forms = [*plan["forms"], TEXT_FORM]
        drawn = draft(owner, plan, **seen)
        running = published(owner, plan, **seen)
        found = {
            "draft": drawn["id"],
            "resource": drawn["resources"][0]["id"],
            "note": str(json_of(owner.post(f"/DST/{drawn['id']}/note", {"text": "Mine"}))["id"]),
            "running": running["id"],
            "filled": running["documents"][0]["filledDocumentUuid"],
            "filling": published(owner, plan | {"forms": forms}, **seen)["id"],
        }
        for name, public in (("template", False), ("public", True)):
            found[name] = draft(owner, plan, template=True, publicTemplate=public)["id"]
            assert owner.post(f"/DST/{found[name]}/publish").status_code == 200
        return found


def ask(today: Today, one: Ask, ids: dict[str, str]) -> tuple[int, bytes]:
    """In a transaction that is taken back: each finds what there was."""
    body = b"" if one.body is None else json.dumps(one.body).encode()
    with transaction.atomic():
        response: Any = today.send(one.method, one.path.format(**ids), body, query=one.query)
        content = b"".join(response)
        transaction.set_rollback(True)
    return response.status_code, content


def test_everybody() -> None:
    people = People()
    wrong = []
    for one in ASKS:
        for name in CALLERS:
            today = people.callers[name]
            status, content = ask(today, one, people.ids)
            if status != one.answers[name]:
                wrong.append((name, one.method, one.path, status, content[:200]))
            elif status == 404 and (404, content) != ask(today, one, people.unknown):
                wrong.append((name, one.method, one.path, "foreign looks otherwise than unknown"))
    assert not wrong, "\n".join(map(str, wrong))


def test_nothing_changes_for_who_may_not() -> None:
    people = People()
    before = rows_of_all_tables()
    for one in ASKS:
        for name in CALLERS:
            if one.answers[name] in (401, 403, 404):
                body = b"" if one.body is None else json.dumps(one.body).encode()
                people.callers[name].send(one.method, one.path.format(**people.ids), body, query=one.query)
    assert rows_of_all_tables() == before


def test_lists_hold_what_one_may_see() -> None:
    people = People()
    own = {people.ids[name] for name in ("draft", "running", "filling")}
    running = {people.ids[name] for name in ("running", "filling")}
    wanted = {
        "owner": own,
        "admin": own,
        "reader": own,
        "participant": running,
        "outsider": set(),
        "bystander": set(),
        "stranger": set(),
    }
    templates = {people.ids["template"], people.ids["public"]}
    offered = {people.ids["public"]}
    usable = {"owner": templates, "admin": templates, "reader": offered, "outsider": offered}
    for name, ids in wanted.items():
        values = people.callers[name].read("/DSTs")["values"]
        assert {dst["id"] for dst in values} == ids, name
        values = people.callers[name].read("/DSTs", {"template": "true"})["values"]
        assert {dst["id"] for dst in values} == usable.get(name, set()), name
    assert people.callers["bystander"].read("/notifications/dsts")["values"] == []
