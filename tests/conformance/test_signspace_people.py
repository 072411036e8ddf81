"""SignSpace and people: order, invitations, identity, owners, refusals, and what becomes of a request that was stopped."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from undersigned.accounts.models import Group, Organization, User
from undersigned.dialects.signspace import handles, reading, wire
from undersigned.envelopes.errors import Conflict
from undersigned.envelopes.models import (
    AssignmentState,
    Grant,
    RecipientState,
    Signature,
)

from .signers import run_jobs
from .signspace_caller import (
    ANN,
    BOB,
    CREATE,
    EVE,
    NOBODY,
    Space,
    envelope_of,
    errors,
    mails,
    recipient_of,
    refused,
)

pytestmark = [pytest.mark.django_db]


# --- A13, A14: order, duplicates -------------------------------------------------------------------------------
def test_the_important_comes_first_and_ties_as_listed(space: Space) -> None:
    low, none, high, tie = (
        space.file("low", b"l", importance_order=-5),
        space.file("none", b"n"),
        space.file("high", b"h", importance_order=9),
        space.file("tie", b"t", importance_order=9),
    )
    task = space.task(files=[low, tie, none, high], create_conversation=False)
    assert task["files"] == [tie, high, none, low]


def test_a_person_is_named_once_in_a_role(space: Space) -> None:
    twice = [ANN, ANN | {"handle": "ANN@example.com"}]
    content = {"title": "a", "files": [space.file()], "participants": twice}
    assert errors(space.post(CREATE, content)) == {"participants.1.handle": ["Named twice in this role"]}
    both = space.task(ANN, ANN | {"role": "watcher"})
    assert [p["role"] for p in both["participants"]] == ["signer", "watcher"]
    only_watchers = {"title": "a", "files": [space.file()], "participants": [EVE]}
    assert "participants" in errors(space.post(CREATE, only_watchers))


# --- A17 and the states of people ----------------------------------------------------------------------------------
def test_repetitions_change_nothing(space: Space) -> None:
    task = space.task(ANN)
    for operation, status in (
        ("tasks.open", "open"),
        ("tasks.cancel", "cancelled"),
        ("tasks.cancel", "cancelled"),
    ):
        assert space.done(operation, {"task": task["_id"]})["status"] == status
    assert len(mails(task, "invitation")) == 1
    assert len(mails(task, "cancelled")) == 1
    refused(space.post("tasks.hold", {"task": task["_id"]}), 409, "invalid_state")


def test_in_order_each_is_asked_when_their_turn_comes(space: Space) -> None:
    task = space.task(ANN, EVE, BOB, participants_list_order_respected="true")
    assert [p["status"] for p in task["participants"]] == ["pending", "waiting", "waiting"]
    assert [m.address for m in mails(task, "invitation")] == [ANN["handle"]]
    run_jobs()
    with pytest.raises(Conflict, match="not_your_turn"):
        space.sign(task, BOB)
    space.sign(task, ANN)
    assert [p["status"] for p in space.now(task)["participants"]] == ["signed", "waiting", "pending"]
    assert [m.address for m in mails(task, "your_turn")] == [BOB["handle"]]


def test_a_refusal_holds_the_request_and_its_reason_reaches_the_owners(
    space: Space, organization: Organization, user: User
) -> None:
    team = Group.objects.create(organization=organization, name="Team")
    team.members.add(user)
    owners = [handles.group_handle(team), "outside@domain.com", "group:1234567890"]
    task = space.task(ANN, BOB, owners_handles=owners)
    space.sign(task, ANN)
    space.refuse(task, BOB, "Too dear.")
    found = space.now(task)
    bob = found["participants"][1]
    assert (found["status"], bob["status"], bob["decline_reason"]) == ("on_hold", "declined", "Too dear.")
    assert bob["declined_at"] is not None
    assert found["owners_handles"] == [space.robot.email, *owners]
    told = mails(task, "refused")
    assert sorted(m.address or "" for m in told) == sorted(
        [space.robot.email, user.email, "outside@domain.com"]
    )
    assert all("Too dear." in m.params for m in told)
    opened = space.done("tasks.open", {"task": task["_id"]})
    assert (opened["status"], opened["participants"][1]["status"]) == ("in_progress", "pending")
    assert opened["participants"][1]["decline_reason"] is None
    assert len(mails(task, "invitation")) == 3  # Ann and Bob, then Bob again
    space.sign(task, BOB)
    run_jobs()
    assert space.now(task)["signatures_completed_count"] == 2
    assert {a.state for a in envelope_of(task).assignments.all()} == {AssignmentState.DONE}
    assert {r.state for r in envelope_of(task).recipients.all()} == {RecipientState.DONE}


def test_watchers_hear_of_it_and_get_the_copy(space: Space) -> None:
    task = space.completed(ANN, EVE)
    purposes = [m.purpose for m in mails(task) if m.address == EVE["handle"]]
    assert purposes == ["under_way", "completed"]
    hidden = space.task(ANN, EVE, is_protected=True)
    assert EVE["handle"] not in {m.address for m in mails(hidden)}


# --- invitations -----------------------------------------------------------------------------------------------------
def test_people_are_invited_by_the_ways_that_were_named(space: Space) -> None:
    phone = {"phone_number": "+358 40 123-4567"}
    people = [
        ANN | phone | {"invitation_methods": ["sms"]},
        BOB | phone | {"invitation_methods": ["sms", "email", "sms"]},
        {"handle": "cid@example.com", "role": "signer", "display_name": "Cid Orr"} | phone,
    ]
    task = space.task(*people)
    assert [p["invitation_methods"] for p in task["participants"]] == [["sms"], ["sms", "email"], ["email"]]
    assert [m.address for m in mails(task, "invitation")] == [BOB["handle"], "cid@example.com"]
    texts = mails(task, "invitation", "sms")
    assert {m.address for m in texts} == {"+358401234567"}
    assert len(texts) == 2
    assert task["participants"][0]["phone_number"] == "+358 40 123-4567"
    hidden = space.task(people[0], is_protected=True)
    assert [m.purpose for m in mails(hidden, channel="sms")] == ["invitation_protected"]


@pytest.mark.parametrize(
    ("given_", "dialled"),
    [
        (
            "+3580412345678",
            "+358412345678",
        ),  # the page's own sample, with the trunk zero that nobody can dial
        ("+358412345678", "+358412345678"),
        ("+44 (0)20 7946 0018", "+442079460018"),
        ("+1-202-555-0143", "+12025550143"),
        ("+39 06 1234567", "+39061234567"),  # in Italy the zero is part of the number
    ],
)
def test_phones(space: Space, given_: str, dialled: str) -> None:
    task = space.task(ANN | {"phone_number": given_, "invitation_methods": ["sms"]})
    assert task["participants"][0]["phone_number"] == given_
    assert mails(task, "invitation", "sms")[0].address == dialled


@pytest.mark.parametrize(
    "given_",
    ["0401234567", "+123456", "+1234567890123456", "+35840x", "call me", "+٣٥٨٤٠١٢٣٤٥٦", "+" + " " * 70, 358],
)
def test_phones_that_are_none(space: Space, given_: object) -> None:
    content = {"title": "a", "files": [space.file()], "participants": [ANN | {"phone_number": given_}]}
    assert list(errors(space.post(CREATE, content))) == ["participants.0.phone_number"]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ({}, "Robby Roe"),
        ({"creator_name": "Una Known"}, "Una Known"),
        ({"creator_handle": "anna@board.example", "creator_name": "Ignored"}, "Anna Virtanen"),
        ({"creator_handle": "no@where.example", "creator_name": "Una Known"}, "Una Known"),
        ({"creator_handle": "no@where.example"}, "no@where.example"),
    ],
)
def test_who_is_shown_as_creator(space: Space, said: dict[str, str], shown: str) -> None:
    task = space.task(**said, company_name="Other Oy", recipient_language="fi")
    envelope = envelope_of(task)
    assert (envelope.creator_name, envelope.company_name) == (shown, "Other Oy")
    (mail,) = mails(task, "invitation")
    params = json.loads(mail.params)
    assert (params["sender"], params["organization"], mail.language) == (shown, "Other Oy", "fi")
    assert {name: task[name] for name in said} == said
    assert not any(
        value in json.dumps(envelope.wire) for value in said.values()
    )  # personal, so not in the open


# --- identity ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("said", "person", "level", "policy"),
    [
        ({}, {}, "light", {}),
        ({}, {"forced_auth_method": "light_email"}, "light_email", {"methods": ["link", "mail_code"]}),
        ({}, {"forced_auth_method": "light_email_or_sms"}, "light_email_or_sms", {"methods": ["link", "mail_code"]}),
        ({}, {"forced_auth_method": "light_email_or_sms", "invitation_methods": ["sms"], "phone_number": "+358401234567"}, "light_email_or_sms", {}),
        ({}, {"forced_auth_method": "strong"}, "strong", {"methods": ["link", "strong"], "moment": "sign"}),
        ({"signature_strength": "strong"}, {}, "strong", {"methods": ["link", "strong"], "moment": "sign"}),
        ({"signature_strength": "strong"}, {"forced_auth_method": "light_email"}, "light_email", {"methods": ["link", "mail_code"]}),
        ({"is_protected": True}, {"forced_auth_method": "light_email"}, "strong", {"methods": ["link", "strong"], "compare": ["name"]}),
        ({"is_protected": True}, {"nin": "12345-1"}, "strong", {"methods": ["link", "strong"], "compare": ["national_id", "name"]}),
        ({"is_protected": True}, {"nin": "12345-1", "display_name": ""}, "strong", {"methods": ["link", "strong"], "compare": ["national_id"]}),
    ],
)  # fmt: skip
def test_levels(
    space: Space, said: dict[str, Any], person: dict[str, Any], level: str, policy: dict[str, Any]
) -> None:
    task = space.task(ANN | person, **said)
    assert task["participants"][0]["effective_auth_method"] == level
    assert recipient_of(task, ANN).identity_policy == policy


@given(
    st.sampled_from(["", *wire.AUTH_METHODS]),
    st.sampled_from(wire.STRENGTHS),
    st.sampled_from([["sms"], ["email"], ["sms", "email"]]),
    st.booleans(),
    st.sampled_from([(), ("national_id",), ("name",), ("national_id", "name")]),
    st.booleans(),
)
def test_protection_is_never_lowered(
    forced: str, strength: str, ways: list[str], protected: bool, compare: tuple[str, ...], signs: bool
) -> None:
    found = reading.identity(
        forced=forced, strength=strength, ways=ways, protected=protected, compare=compare, signs=signs
    )
    assert found.methods[0] == "link"
    if protected:
        assert (found.methods[1:], found.moment) == (("strong",), "open")
        assert set(compare) <= set(found.compare) != set()  # who has said nothing lets nobody in
    else:
        assert not found.compare
        assert ("strong" in found.methods) == (
            signs and reading.level(forced, strength, protected=False) == "strong"
        )


def test_who_was_named_by_number_alone_signs_with_the_name_that_they_type(space: Space) -> None:
    person = {"handle": "new@example.com", "role": "signer", "nin": "12345-1"}
    task = space.task(person, ANN)
    space.sign(task, person)
    assert [p["display_name"] for p in space.now(task)["participants"]] == ["A B", "Ann Lee"]
    signature = Signature.objects.get(assignment__recipient=recipient_of(task, person))
    assert "A B" in x509.load_der_x509_certificate(bytes(signature.certificate)).subject.rfc4514_string()


# --- owners, space ---------------------------------------------------------------------------------------------------------
def test_owners_by_address_id_and_group(
    space: Space, space_colleague: Space, organization: Organization
) -> None:
    team = Group.objects.create(organization=organization, name="Team")
    team.members.add(space_colleague.robot)
    for handle in (
        space_colleague.robot.email,
        handles.user_id(space_colleague.robot),
        handles.group_handle(team),
    ):
        task = space.task(owners_handles=[handle])
        assert space_colleague.now(task)["_id"] == task["_id"]
        assert space_colleague.done("tasks.hold", {"task": task["_id"]})["status"] == "on_hold"
    unknown = space.task(owners_handles=["group:1234567890", "group:", "x", NOBODY])
    assert unknown["owners_handles"] == [space.robot.email, "group:1234567890", "group:", "x", NOBODY]
    assert Grant.objects.filter(envelope=envelope_of(unknown), user=None, group=None).count() == 4


def test_who_sees_but_does_not_own_may_not_change(space: Space, space_colleague: Space) -> None:
    person = {"handle": space_colleague.robot.email, "role": "signer"}
    task = space.task(person)
    assert [t["_id"] for t in space_colleague.read("tasks.list")] == [task["_id"]]
    refused(space_colleague.post("tasks.cancel", {"task": task["_id"]}), 403, "forbidden")
    one = {"conversations": [task["conversation"]]}
    refused(space_colleague.post("conversations.markDeleted", one), 403, "forbidden")
    hidden = space.task(person, invitation_type="force_swr")
    assert space_colleague.read("tasks.get", f"id={hidden['_id']}") == []
    (conversation,) = space.read("conversations.get", f"id={hidden['conversation']}")
    assert conversation["members_handles"] == []


# --- retention ---------------------------------------------------------------------------------------------------------------
def test_retention_keeps_what_is_left_out_and_null_clears(space: Space) -> None:
    task = space.task(
        retention_settings={
            "delete_signed_content_after_months": 60,
            "delete_unsigned_content_after_months": 12,
        }
    )
    setting = "conversations.setRetentionManually"
    found = space.done(
        setting,
        {
            "task": task["_id"],
            "retention_settings": {
                "delete_unsigned_content_after_months": None,
                "delete_conversations_and_tasks_after_months": 120,
            },
        },
    )["retention_settings"]
    assert found == {
        "delete_unsigned_content_after_months": None,
        "delete_signed_content_after_months": 60,
        "delete_conversations_and_tasks_after_months": 120,
    }
    assert space.now(task)["retention_settings"] == found
    both = space.done(
        setting, {"task": task["_id"], "conversation": task["conversation"], "retention_settings": {}}
    )
    assert both["retention_settings"] == found
    for wrong in (0, -1, 1.5, "12", True, 10**6):
        months = {"delete_signed_content_after_months": wrong}
        assert errors(space.post(setting, {"task": task["_id"], "retention_settings": months}))
