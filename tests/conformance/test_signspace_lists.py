"""How SignSpace's requests are read beyond its examples: by their ids, in lists, by search (A9 to A11); and what reading and making them costs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.pdfs import make_pdf
from tests.queries import Queries
from undersigned.accounts.models import Organization
from undersigned.base.clock import now

from .signspace_caller import ANN, BOB, EVE, NOBODY, Space, errors, mails

pytestmark = [pytest.mark.django_db]


# --- A9, A10, A11: reading -----------------------------------------------------------------------------------
def test_tasks_get_leaves_out_what_it_does_not_know(space: Space, space_stranger: Space) -> None:
    one, two, foreign = space.task(), space.task(), space_stranger.task()
    ids = [two["_id"], NOBODY, "%00", "x", foreign["_id"], one["_id"], two["_id"]]
    assert [t["_id"] for t in space.read("tasks.get", "&".join(f"id={i}" for i in ids))] == [
        two["_id"],
        one["_id"],
    ]
    assert space.read("tasks.get", f"id={NOBODY}") == []
    assert "id" in errors(space.get("tasks.get", "id="))


def test_a_number_is_shown_to_its_client_alone_and_not_in_lists(space: Space, space_colleague: Space) -> None:
    person = ANN | {"nin": "12345-1"}
    task = space.task(person, owners_handles=[space_colleague.robot.email])
    nins = {
        "create": task["participants"][0]["nin"],
        "get": space.now(task)["participants"][0]["nin"],
        "list": space.read("tasks.list")[0]["participants"][0]["nin"],
        "other owner": space_colleague.now(task)["participants"][0]["nin"],
    }
    assert nins == {"create": "12345-1", "get": "12345-1", "list": None, "other owner": None}
    assert all("12345" not in str(m.params) for m in mails(task))


@pytest.mark.parametrize(
    "query",
    [
        "type=chat",
        "limit=0",
        "limit=-1",
        "limit=ten",
        "limit=1.5",
        "limit=%D9%A3",
        "offset=-1",
        "status=done",
    ],
)
def test_lists_refuse_what_they_do_not_know(space: Space, query: str) -> None:
    assert list(errors(space.get("tasks.list", query))) == [query.partition("=")[0]]


def test_lists_have_windows(space: Space) -> None:
    pubs = [space.task(create_conversation=False)["_id"] for _ in range(4)]
    pubs.reverse()
    assert [t["_id"] for t in space.read("tasks.list", "limit=2")] == pubs[:2]
    assert [t["_id"] for t in space.read("tasks.list", "limit=999999999&offset=1&type=")] == pubs[1:]


def test_the_search_of_an_organisation(space: Space, space_stranger: Space) -> None:
    Organization.objects.filter(pk=space.robot.organization_id).update(business_id="3042282-9", country="fi")
    task = space.completed(ANN, files=[space.file("Lease.pdf")], title="Winter lease")
    space_stranger.task()
    base = "business_id=3042282-9&country_code=FI"
    hour = timedelta(hours=1)
    early, late = ((now() + d).strftime("%Y-%m-%dT%H:%M:%S") for d in (-hour, hour))
    for query, found in (
        (base, 1),
        ("business_id=1234567-8&country_code=fi", 0),
        ("business_id=3042282-9&country_code=se", 0),
        (f"{base}&q=winter", 1),
        (f"{base}&q=summer", 0),
        (f"{base}&q=&tag=", 1),
        (f"{base}&tag=blue", 0),
        (f"{base}&status=complete&type=signing_request", 1),
        (f"{base}&status=canceled&status=open", 0),
        (f"{base}&latest={early}%2B00:00&oldest={late}+00:00", 1),
        (f"{base}&latest={late}%2B00:00", 0),
        (f"{base}&oldest={early}Z&offset=0&limit=5", 0),
        (f"{base}&offset=1", 0),
    ):
        assert len(space.read("tasks.searchByOrg", query)["tasks"]) == found, query
    (row,) = space.read("tasks.searchByOrg", base)["tasks"]
    assert (row["_id"], row["files"], row["contracting_parties"]) == (task["_id"], ["Lease.pdf"], ["Ann Lee"])
    assert set(errors(space.get("tasks.searchByOrg", "latest=x"))) == {
        "business_id",
        "country_code",
        "latest",
    }


def test_queries_do_not_grow_with_what_is_listed(space: Space) -> None:
    from django.db import connection

    def cost(*operations: str) -> list[int]:
        found = []
        for asked in operations:
            operation, _, query = asked.partition("?")
            space.read(operation, query)
            with Queries(connection) as queries:
                space.read(operation, query)
            found.append(len(queries))
        return found

    pubs = [space.task(ANN, EVE)]
    few = cost(
        "tasks.list", f"tasks.get?id={pubs[0]['_id']}", f"conversations.get?id={pubs[0]['conversation']}"
    )
    pubs += [space.task(ANN, BOB, EVE, files=[space.file(), space.file()]) for _ in range(3)]
    many = cost(
        "tasks.list",
        "tasks.get?" + "&".join(f"id={p['_id']}" for p in pubs),
        "conversations.get?" + "&".join(f"id={p['conversation']}" for p in pubs),
    )
    assert many == few


def test_queries_of_a_creation_grow_by_a_constant_for_each_person_and_file(space: Space) -> None:
    from django.db import connection

    files = [space.file(f"{n}.pdf", make_pdf(n)) for n in (1, 2, 3)]
    people = [ANN, BOB, {"handle": "cid@example.com", "role": "signer", "display_name": "Cid Orr"}]

    def cost(people: list[dict[str, Any]], files: list[str]) -> int:
        with Queries(connection) as queries:
            space.task(*people, files=files)
        return len(queries)

    cost(people[:1], files[:1])
    one, more_people, all_people = (cost(people[:n], files[:1]) for n in (1, 2, 3))
    assert all_people - more_people == more_people - one <= 30
    two_files, three_files = (cost(people[:1], files[:n]) for n in (2, 3))
    assert three_files - two_files == two_files - one <= 15
    assert one <= 90
