"""The state machine of Signing Today's transactions, from the draft to each of its ends. A row of the contract that is unknown here fails."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from undersigned.dialects.signingtoday import dst_wire as wire
from undersigned.dialects.signingtoday import states
from undersigned.envelopes.models import Envelope, EnvelopeState, Phase

from .signers import run_jobs
from .today_caller import Today
from .today_contract import CONTRACT
from .today_dsts import (
    TEXT_FORM,
    document,
    draft,
    envelope_of,
    fill,
    filling,
    json_of,
    published,
    refuse,
    ticket,
    two_signers,
)

pytestmark = [pytest.mark.django_db]


def test_every_state_has_its_word(today: Today) -> None:
    """Each word of the contract is shown, and found by `$filter`, for some row of the core; every row has exactly one."""
    dst = draft(today)
    shown = set()
    for state in EnvelopeState:
        for phase in Phase if state == EnvelopeState.SENT else [Phase.NONE]:
            for ready in (False, True):
                Envelope.objects.filter(pub=dst["id"]).update(state=state, phase=phase, send_when_ready=ready)
                row = Envelope.objects.get(pub=dst["id"])
                word = states.status(row)
                mine = Envelope.objects.filter(pk=row.pk)
                assert [w for w in wire.STATUSES if mine.filter(states.with_status(w)).exists()] == [word]
                shown.add(word)
    assert shown == set(wire.STATUSES)
    assert today.read("/DSTs", {"$filter": f"status=={word}"})["values"][0]["status"] == word


def test_states_without_anything_to_fill(today: Today) -> None:
    dst = draft(today)
    assert dst["status"] == "draft"
    dst = json_of(today.post(f"/DST/{dst['id']}/publish"))
    assert dst["status"] == "published", "while pages are made final"
    run_jobs()
    dst = today.read(f"/DST/{dst['id']}")
    assert (dst["status"], dst["documents"][0]["status"]) == ("toSign", "filled")
    ticket(dst).sign()
    assert today.read(f"/DST/{dst['id']}")["status"] == "toSign", "until the files are sealed"
    run_jobs()
    dst = today.read(f"/DST/{dst['id']}")
    assert (dst["status"], dst["documents"][0]["status"]) == ("signed", "signed")
    assert [(s["status"], s["documentId"], s["signatureRequestId"]) for s in dst["signatures"]] == [
        ("signed", 0, 0)
    ]


def test_states_with_something_to_fill(today: Today) -> None:
    dst = filling(today)
    assert (dst["status"], dst["documents"][0]["status"]) == ("toFill", "plain")
    assert today.get(f"/DST/{dst['id']}/sign/0/0").status_code == 409, "not before that"
    found = json_of(fill(today, dst))
    assert found["status"] == "toFill", "until the pages are final"
    form = found["documents"][0]["forms"][1]
    assert (form["filled"], form["extraData"]) == (True, {"value": "Blue"})
    run_jobs()
    dst = today.read(f"/DST/{dst['id']}")
    assert (dst["status"], dst["documents"][0]["status"]) == ("toSign", "filled")
    assert fill(today, dst, "Red").status_code == 409, "what people sign stays"


def test_refused_for_good(today: Today) -> None:
    dst = published(today, two_signers())
    refuse(dst, 1)
    dst = today.read(f"/DST/{dst['id']}")
    assert dst["status"] == "rejected"
    (signature,) = dst["signatures"]
    assert (signature["status"], signature["declinedReason"]) == ("declined", "Not at this price")
    assert today.get(f"/DST/{dst['id']}/sign/0/0").status_code == 409


def test_left_out(today: Today) -> None:
    """A signature that may be left out is refused, and the others go on; where all are, the transaction is rejected."""
    dst = published(today, two_signers(declinable=True, groups=2))
    assert today.get(f"/DST/{dst['id']}/sign/0/1").status_code == 409, "after the first group"
    refuse(dst, 0)
    dst = today.read(f"/DST/{dst['id']}")
    assert dst["status"] == "toSign"
    assert [s["status"] for s in dst["signatures"]] == ["declined"]
    ticket(dst, 1).sign()
    run_jobs()
    assert today.read(f"/DST/{dst['id']}")["status"] == "signed"
    dst = published(today, two_signers(declinable=True))
    refuse(dst, 0)
    refuse(dst, 1)
    assert today.read(f"/DST/{dst['id']}")["status"] == "rejected"


@pytest.mark.parametrize("forms", [(), (TEXT_FORM,)], ids=["toSign", "toFill"])
def test_expired(forms: tuple[dict[str, Any], ...], today: Today) -> None:
    dst = published(today, document(forms=[*document()["forms"], *forms]))
    expires = datetime.fromisoformat(dst["expiresAt"])
    assert expires - datetime.fromisoformat(dst["createdAt"]) == timedelta(days=30)
    organization = today.user.organization
    organization.clock_offset = timedelta(days=31)
    organization.save()
    from undersigned.envelopes.expire_envelope import expire_envelope

    assert expire_envelope(envelope_of(dst).pk)
    assert today.read(f"/DST/{dst['id']}")["status"] == "expired"


def test_rows_of_the_state_machine_are_known() -> None:
    """Those that are not above belong to templates, robots and sources (`test_signingtoday_templates`, `test_signingtoday_robot_dsts`)."""
    here = {
        ("draft", "publish", "published"),
        ("published", "automatic, not a template, some form toFill", "toFill"),
        ("published", "automatic, not a template, nothing to fill", "toSign"),
        ("toFill", "last form filled", "toSign"),
        ("toSign", "last signature done (or declined where declinable)", "signed"),
        ("toSign", "signature that is not declinable refused", "rejected"),
        ("toFill", "expiresAt reached", "expired"),
        ("toSign", "expiresAt reached", "expired"),
    }
    rest = {tuple(row) for row in CONTRACT["state_machine"]} - here
    assert {event.partition(" ")[0].rstrip(",") for _, event, _ in rest} == {
        "POST", "robot", "all", "download", "modify", "replace",
    }  # fmt: skip
