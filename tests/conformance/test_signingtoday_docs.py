"""The page about this API says what is so: its example is sent, its members and words are there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from undersigned.dialects.signingtoday import dst_wire, events, transactions
from undersigned.dialects.signingtoday.api import openapi

from .signers import run_jobs
from .today_caller import Today
from .today_dsts import envelope_of, json_of, ticket, upload

PAGE = (Path(__file__).parents[2] / "docs/signingtoday.md").read_text()


def bodies() -> list[str]:
    """What the example sends, in order."""
    flow = re.search(r"## The flow\n\n```sh\n(.*?)```", PAGE, re.DOTALL)
    assert flow
    return re.findall(r"-d '(\{.*?\})'(?: \$BASE)", flow[1].replace("'$FILE'", "FILE"), re.DOTALL)


@pytest.mark.django_db
def test_the_flow(today: Today) -> None:
    new, plan, filled = bodies()
    dst = json_of(today.post("/DSTs", json.loads(new)), 201)["id"]
    made = upload(today, dst)
    body = json.loads(plan.replace("FILE", made["resources"][0]["id"]))
    json_of(today.put(f"/DST/{dst}", body))
    json_of(today.post(f"/DST/{dst}/publish"))
    assert json_of(today.patch(f"/DST/{dst}/fill", json.loads(filled)))["status"] == "toFill"
    run_jobs()
    found = today.read(f"/DST/{dst}")
    assert "/std/" in json_of(today.get(f"/DST/{dst}/sign/0/0"))["url"]
    for request in (0, 1):
        ticket(found, request).sign()
    run_jobs()
    found = today.read(f"/DST/{dst}")
    assert found["status"] == "signed"
    assert today.get(f"/resource/{found['documents'][0]['signedDocumentUuid']}").status_code == 200
    assert envelope_of(found).return_url == "https://crm.example/done"


def test_words_and_paths_are_those_of_the_server() -> None:
    assert set(dst_wire.STATUSES) <= set(re.findall(r"`(\w+)`", PAGE))
    known = re.search(r"Transactions know (.*?)\.", PAGE, re.DOTALL)
    assert known
    assert set(re.findall(r"\w+", known[1])) - {"or"} == set(transactions.TABLE)
    for message in (events.DST_STATUS, events.SIGNATURE_STATUS):
        assert message in PAGE
    paths = {re.sub(r"\{\w+\}", "{}", path) for path in openapi()["paths"]}
    calls = re.search(r"\| call, below the base \| answer \|\n\|---\|---\|\n(.*?)\n\n", PAGE, re.DOTALL)
    assert calls
    for row in calls[1].splitlines()[:9]:
        for path in re.findall(r"(/[\w/{}]+[\w}])", row.split("|")[1].replace("?page=1&width=300", "")):
            assert any(p.endswith(re.sub(r"\{\w+\}", "{}", path)) for p in paths), path
