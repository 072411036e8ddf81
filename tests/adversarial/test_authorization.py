"""Everybody at every door: who gets which answer, nothing changes for who may not, and foreign looks like unknown."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils.http import urlencode

from tests.conformance.signicat_caller import Orders
from tests.conformance.signspace_caller import Space, robot_of
from tests.conformance.today_caller import Today
from tests.console import world as consoles
from undersigned.accounts.models import User
from undersigned.base import clock
from undersigned.dialects.signicat.auth import TOKEN_PATHS

from . import world as worlds
from .routes import CALLERS, JSON, LOGGED_IN_ELSEWHERE, ORDERS, ROOM, ROWS, Row, patterns
from .world import World, call, rows_of_all_tables, with_cookie, with_key

pytestmark = [pytest.mark.django_db, pytest.mark.adversarial, pytest.mark.xdist_group("doors")]
PROGRAMS = ("api/", *(f"{base}/" for base in ORDERS))
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
Ask = Callable[[str, str, str, Row], Any]


def rows(*kinds: str) -> list[tuple[str, str, Row]]:
    return [(method, pattern, row) for (method, pattern), row in ROWS.items() if row.kind in kinds]


def seen(response: Any) -> tuple[Any, ...]:
    """All that a caller can tell answers apart by, but the request's id and the time."""
    headers = {k: v for k, v in response.items() if k not in ("X-Request-ID", "Location", "Expires")}
    return response.status_code, headers, b"" if response.streaming else response.content


def check(
    world: World, found: list[tuple[str, str, Row]], ask: Callable[[str, str, str, Row, str], Any]
) -> None:
    """Call `ask` (caller, method, address, row, pattern) for each row and caller; who may comes last."""
    wrong = []
    for method, pattern, row in found:
        own, unknown = address(world, pattern), address(world, pattern, "unknown")
        refused = {caller: status for caller, status in CALLERS[row.kind].items() if status is not None}
        before = rows_of_all_tables()
        for caller, status in refused.items():
            response = ask(caller, method, own, row, pattern)
            if response.status_code != status:
                wrong.append((caller, method, pattern, response.status_code))
            if own != unknown:
                other = seen(ask(caller, method, unknown, row, pattern))
                wrong += [
                    (caller, method, pattern, *d)
                    for d in zip(seen(response), other, strict=True)
                    if d[0] != d[1]
                ]
        if rows_of_all_tables() != before:
            wrong.append((method, pattern, "somebody who may not changed something"))
        allowed = [caller for caller in CALLERS[row.kind] if caller not in refused]
        for caller in allowed[-1:] if row.once else allowed:
            response = ask(caller, method, own, row, pattern)
            if response.status_code != row.right:
                wrong.append((caller, method, pattern, response.status_code))
    assert not wrong, "\n".join(map(str, wrong))


def address(world: World, pattern: str, which: str = "own") -> str:
    if which == "own" and "<opaque:version>" in pattern:
        which = "room page"
    return world.address(pattern, which)


def test_every_route_has_its_rows() -> None:
    assert {pattern for _, pattern in ROWS} == patterns()
    assert {row.kind for row in ROWS.values()} == set(CALLERS)


def test_no_route_takes_another_method(world: World) -> None:
    wrong = []
    for pattern in patterns():
        allowed = {method for method, known in ROWS if known == pattern}
        for method in set(METHODS) - allowed:
            client = (
                with_cookie(world.rooms["right"][1])
                if pattern.startswith("room/")
                else world.clients["administrator"]
            )
            response = call(client, method, address(world, pattern), **with_key(world.keys["right"]))
            # A room leads a signer to the page of their state before it looks at the method.
            if response.status_code not in ((303, 405) if pattern.startswith(ROOM) else (405,)):
                wrong.append((method, pattern, response.status_code))
    assert not wrong, "\n".join(map(str, wrong))


def test_programs(world: World, settings: LazySettings) -> None:
    settings.API_CALLS_PER_MINUTE = 10_000

    def ask(caller: str, method: str, path: str, row: Row, pattern: str) -> Any:
        # Each failure from an address of its own, since they are counted.
        asks.append(caller)
        extra = with_key(world.keys.get(caller, "")) | {
            "REMOTE_ADDR": f"10.0.{len(asks) // 250}.{len(asks) % 250}"
        }
        return call(Client(), method, path, row.form, row.media_type, **extra)

    asks: list[str] = []
    check(world, rows("api", "api object"), ask)


def test_programs_of_signspace(world: World, settings: LazySettings) -> None:
    """What another client's ids give is what unknown ids give, and nothing changes; whoever has no token gets nowhere."""
    settings.API_CALLS_PER_MINUTE = 10_000
    mine = Space.of(robot_of(world.console.owner.organization, "robot@board.example"))
    others = {
        "colleague": Space.of(robot_of(world.console.owner.organization, "other@board.example", "other")),
        "stranger": Space.of(robot_of(world.console.stranger.organization, "robot@far.example")),
    }
    gone = Space.of(robot_of(world.console.owner.organization, "gone@board.example", "former"))
    gone.credential.enabled = False
    gone.credential.save()
    nowhere = {"nobody": "", "wrong token": "x" * 43, "token of a disabled client": gone.token}
    task = mine.task()
    known = {"<task>": task["_id"], "<file>": task["files"][0], "<conversation>": task["conversation"]}
    wrong = []
    for method, pattern, row in rows("space"):
        before = rows_of_all_tables()
        for caller, token in nowhere.items():
            other = Space(mine.robot, mine.credential, "", token)
            other.client.defaults["REMOTE_ADDR"] = f"10.9.{len(pattern)}.{len(wrong)}"
            if (status := _ask_space(other, method, pattern, row, known).status_code) != 401:
                wrong.append((caller, method, pattern, status))
        about = any(name in json.dumps(row.form) for name in known)
        for caller, other in others.items() if about else ():
            unknown = dict.fromkeys(known, "0" * 24)
            found = [seen(_ask_space(other, method, pattern, row, ids)) for ids in (known, unknown)]
            found = [
                (s, {**h, "Content-Length": ""}, _without(b, *ids.values()))
                for (s, h, b), ids in zip(found, (known, unknown), strict=True)
            ]
            if found[0] != found[1]:
                wrong.append((caller, method, pattern, *found))
        if rows_of_all_tables() != before:
            wrong.append((method, pattern, "somebody who may not changed something"))
        if (status := _ask_space(mine, method, pattern, row, known).status_code) != row.right:
            wrong.append(("right", method, pattern, status))
    assert not wrong, "\n".join(map(str, wrong))


def _ask_space(space: Space, method: str, pattern: str, row: Row, ids: dict[str, str]) -> Any:
    text = json.dumps({"acting_handle": space.robot.email, **row.form} if method == "POST" else row.form)
    for name, value in ids.items():
        text = text.replace(name, value)
    operation = pattern.removeprefix("api/v1/")
    if method == "POST":
        return space.send("POST", operation, text.encode())
    return space.get(operation, urlencode(json.loads(text)))


@pytest.mark.parametrize("base", ORDERS)
def test_programs_of_signicat(base: str, world: World, settings: LazySettings) -> None:
    """As `test_programs_of_signspace`; a client of the same user is another client."""
    settings.API_CALLS_PER_MINUTE = 10_000
    mine, gone = Orders.of(world.console.owner), Orders.of(world.console.owner)
    others = {"colleague": Orders.of(world.console.owner), "stranger": Orders.of(world.console.stranger)}
    gone.credential.enabled = False
    gone.credential.save()
    nowhere = {"nobody": "", "wrong token": "x.x." + "x" * 43, "token of a disabled client": gone.token}
    ref = mine.document()
    package = {
        "id": "p1",
        "method": "pades",
        "documents": [{"taskId": "task1", "documentIds": ["document1"]}],
    }
    order = mine.order(mine.task(ref=ref), packagingTasks=[package])["id"]
    wrong = []
    asks = 0

    def ask(orders: Orders, method: str, pattern: str, row: Row, order_id: str, document: str) -> Any:
        ids = {"order_id": order_id, "task_id": "task1", "packaging_task_id": "p1", "archive_id": "0" * 58}
        ids["document_id"] = "document1" if "/tasks/" in pattern else document
        path = re.sub(r"<([a-z_]+)>", lambda m: ids[m[1]], pattern)
        headers = {"Authorization": f"Bearer {orders.token}"} if orders.token else {}
        media_type = row.media_type or "application/json"
        return orders.client.generic(
            method, f"/{path}", row.form or b"", content_type=media_type, headers=headers
        )

    for method, pattern, row in rows("orders"):
        if not pattern.startswith(f"{base}/"):
            continue
        before = rows_of_all_tables()
        for caller, token in nowhere.items():
            asks += 1
            other = Orders(mine.credential, "", token)
            other.client.defaults["REMOTE_ADDR"] = f"10.8.{asks // 20}.1"
            if (status := ask(other, method, pattern, row, order, ref).status_code) != 401:
                wrong.append((caller, method, pattern, status))
        for caller, other in others.items() if "<" in pattern else ():
            found = [
                seen(ask(other, method, pattern, row, *ids)) for ids in ((order, ref), ("0" * 58, "0" * 58))
            ]
            if found[0] != found[1] or found[0][0] != 404:
                wrong.append((caller, method, pattern, *found))
        if rows_of_all_tables() != before:
            wrong.append((method, pattern, "somebody who may not changed something"))
        if (status := ask(mine, method, pattern, row, order, ref).status_code) != row.right:
            wrong.append(("right", method, pattern, status))
    assert not wrong, "\n".join(map(str, wrong))


def test_programs_of_signing_today(world: World, settings: LazySettings) -> None:
    """Users and their passwords: who is no administrator is refused, and users of another organisation are unknown."""
    settings.API_CALLS_PER_MINUTE = 10_000
    console = world.console
    mine = Today.of(console.admin)
    gone = mine.as_user(consoles.user(console.owner.organization, "former", "For", "Mer"))
    User.objects.filter(username="former").update(disabled_at=clock.now())
    tokens = {"nobody": "", "wrong token": "x" * 43, "token of a disabled user": gone.token}
    others = {"colleague": mine.as_user(console.other), "stranger": Today.of(console.stranger)}
    wrong = []

    def ask(today: Today, method: str, pattern: str, row: Row, which: str = "own") -> Any:
        path = address(world, pattern, which).removeprefix("/api")
        query, body = row.form or ({}, None)
        content = body.encode() if isinstance(body, str) else json.dumps(body).encode() if body else b""
        return today.send(method, path, content, "text/plain" if isinstance(body, str) else JSON, query)

    for number, (method, pattern, row) in enumerate(rows("today", "today people")):
        before = rows_of_all_tables()
        for caller, token in tokens.items():
            other = Today(mine.credential, "", mine.user, token)
            other.client.defaults["REMOTE_ADDR"] = f"10.7.{number}.1"
            if (status := ask(other, method, pattern, row).status_code) != 401:
                wrong.append((caller, method, pattern, status))
        for caller, other in others.items() if row.kind == "today people" else ():
            found = seen(ask(other, method, pattern, row))
            if found[0] != CALLERS[row.kind][caller]:
                wrong.append((caller, method, pattern, found))
            if "<" in pattern and found != seen(ask(other, method, pattern, row, "unknown")):
                wrong.append((caller, method, pattern, "unknown looks otherwise"))
        if rows_of_all_tables() != before:
            wrong.append((method, pattern, "somebody who may not changed something"))
        if (status := ask(mine, method, pattern, row).status_code) != row.right:
            wrong.append(("right", method, pattern, status))
    assert not wrong, "\n".join(map(str, wrong))


def _without(content: bytes, *ids: str) -> bytes:
    """An answer may repeat what was asked for."""
    for value in ids:
        content = content.replace(value.encode(), b"")
    return content


def test_people_of_the_console(world: World) -> None:
    def ask(caller: str, method: str, path: str, row: Row, pattern: str) -> Any:
        client = world.clients[caller]
        if pattern == "console/logout":
            client = Client()
            client.cookies.update(world.clients[caller].cookies)
        return call(client, method, path, row.form, row.media_type, HTTP_ACCEPT="text/html")

    check(world, rows("console", "console object", "own object", "admin object", "operator"), ask)


def test_who_is_not_logged_in_is_led_to_the_login(world: World) -> None:
    for method, pattern, row in rows("console", "console object", "own object", "admin object", "operator"):
        for caller in ("nobody", "disabled user"):
            response = call(world.clients[caller], method, address(world, pattern), row.form, row.media_type)
            assert response["Location"].startswith("/console/login"), (caller, method, pattern)


def test_signers(world: World) -> None:
    secrets = {name: secret for name, (_, secret) in world.rooms.items()}

    def ask(caller: str, method: str, path: str, row: Row, pattern: str) -> Any:
        client = world.clients["right"] if caller == "console user" else with_cookie(secrets.get(caller, ""))
        if caller == "wrong cookie":
            client = with_cookie("x" * 43)
        return call(client, method, path, row.form, row.media_type)

    check(world, rows("room"), ask)


def test_signers_before_the_code(world: World) -> None:
    """With the right link and cookie, but without the code, nothing is shown and nothing done."""
    pub, secret = world.rooms["before the code"]
    client = with_cookie(secret)
    wrong = []
    for method, pattern, row in rows("room"):
        path = address(world, pattern).replace(world.rooms["right"][0], pub)
        response = call(client, method, path, row.form, row.media_type)
        if response.status_code != row.before:
            wrong.append((method, pattern, response.status_code))
        if response.status_code == 303 and response["Location"] not in (f"/room/{pub}/", f"/room/{pub}/code"):
            wrong.append((method, pattern, response["Location"]))
    assert not wrong, "\n".join(map(str, wrong))
    assert worlds.sent_envelope(world).state == "sent"


def test_forms_need_their_token(world: World) -> None:
    """CSRF: every form of people, also that which opens a link; programs and what changes nothing (/verify, PKI) have no cookie to abuse."""
    exempt = {
        "verify",
        "ocsp",
        "ocsp/<path:encoded>",
        "tsa",
        "demo-provider/token",
        "auth/token",
        *TOKEN_PATHS,
    }
    for (method, pattern), row in ROWS.items():
        if method != "POST" or pattern in exempt or pattern.startswith(PROGRAMS):
            continue
        client = Client(enforce_csrf_checks=True)
        cookies = (
            with_cookie(world.rooms["right"][1]) if pattern.startswith("room/") else world.clients["right"]
        )
        client.cookies.update(cookies.cookies)
        before = rows_of_all_tables()
        response = call(client, method, address(world, pattern), row.form, row.media_type)
        assert response.status_code == 403, pattern
        assert rows_of_all_tables() == before, pattern


def test_anybody(world: World) -> None:
    wrong = []
    for method, pattern, row in rows("public"):
        for caller in CALLERS["public"]:
            response = call(world.clients[caller], method, address(world, pattern), row.form, row.media_type)
            led_on = caller != "nobody" and (method, pattern) in LOGGED_IN_ELSEWHERE
            if response.status_code != (302 if led_on else row.right):
                wrong.append((caller, method, pattern, response.status_code))
    assert not wrong, "\n".join(map(str, wrong))


def test_a_link_gives_nothing_but_its_own_room(world: World) -> None:
    """GET of a link, known or not, sets no cookie; a room is found by its cookie, never by its id alone."""
    path = address(world, "room/l/<str:token>")
    assert not call(Client(), "GET", path).cookies.get("room")
    opened = call(Client(), "POST", path, {})
    assert opened.cookies["room"]["path"] == opened["Location"].rstrip("/")
    assert call(Client(), "GET", opened["Location"]).status_code == 404
