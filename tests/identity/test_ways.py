"""Names of methods: one of several before reading, one anew as part of signing, and what the sender knows of the person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import LazySettings

from tests.envelopes.signing import prepared
from undersigned.accounts.models import Organization
from undersigned.delivery.models import Message
from undersigned.delivery.render import render
from undersigned.envelopes import appearance, audit, letters, proofs, shown
from undersigned.envelopes.enter_one_time_code import enter_one_time_code
from undersigned.envelopes.errors import CodeLocked, Conflict, NotFound, WrongPerson
from undersigned.envelopes.models import Envelope, IdentityProof, Recipient, Signature, Sitting
from undersigned.envelopes.open_sitting import again, reopen_sitting
from undersigned.envelopes.prove_identity import begin_sign_in, buttons, prove_identity, ways
from undersigned.envelopes.record import evidence_record
from undersigned.envelopes.send_one_time_code import send_one_time_code
from undersigned.envelopes.sign import SignRequest, sign
from undersigned.identity import providers
from undersigned.identity.errors import Untrusted
from undersigned.identity.expected import Expected, Pair
from undersigned.identity.policy import IdentityPolicy, SignWay

from .conftest import Make, opened
from .liar import LIISA, Liar

pytestmark = [pytest.mark.django_db, pytest.mark.database]
ANY = IdentityPolicy(any_of=("nbid", "nbid-mobil", "scid-sms"))
TO_SIGN = IdentityPolicy(
    sign_ways=(SignWay(asked_as="nbid-sign", statement=True), SignWay(asked_as="scid-sms"))
)
DRAWN = IdentityPolicy(sign_ways=(SignWay(asked_as="nbid-sign"), SignWay(method="link", drawn=True)))


@pytest.fixture(autouse=True)
def bank(liar: Liar, organization: Organization) -> None:
    liar.provider(organization, asked_as=["nbid", "nbid-mobil", "nbid-sign"])


def at_the_bank(liar: Liar, sitting: Sitting, key: str = "bank") -> None:
    prove_identity(sitting, liar.visit(begin_sign_in(sitting, key, "en")[0]))


def by_code(sitting: Sitting) -> None:
    send_one_time_code(sitting)
    message = Message.objects.filter(purpose="code").latest("pk")
    [code] = [
        word for word in render(message).text.split() if len(word.strip(".#")) == 6 and word[:6].isdigit()
    ][:1]
    enter_one_time_code(sitting, code[:6])


def expecting(person: Recipient, attributes: list[Pair] = [], hints: list[Pair] = []) -> None:  # noqa: B006
    said = Expected(attributes=tuple(attributes), hints=tuple(hints))
    Recipient.objects.filter(pk=person.pk).update(claims=said.model_dump_json())


def signs(sitting: Sitting, key: str = "k" * 24) -> None:
    prepared(sitting.recipient.envelope)
    sitting = again(sitting)
    appearance.keep(sitting, appearance.Look("typed", name="Matti", hand="caveat"))
    sitting = again(sitting)
    seen = shown.current(sitting.recipient)
    sign(sitting, SignRequest("I agree.", "en", seen.revision, seen.digest, key))


# --- names ----------------------------------------------------------------------------------------
def test_a_name_leads_to_a_provider(liar: Liar, organization: Organization, settings: LazySettings) -> None:
    of_all = liar.provider(None, "nbid", asked_as=["ftn", "nbid-sign"])
    own = providers.Provider.objects.get(key="bank")
    assert providers.by_name(organization, "bank") == own
    assert providers.by_name(organization, "nbid-sign") == own, (
        "the organisation's own before the installation's"
    )
    assert providers.by_name(organization, "nbid") == of_all, "a key before another's further names"
    assert providers.by_name(organization, "ftn") == of_all
    assert providers.by_name(organization, "FTN") is None
    assert providers.by_name(organization, "") is None
    own.disabled_at = own.created_at
    own.save()
    assert providers.by_name(organization, "nbid-mobil") is None
    demo = liar.provider(None, "demo", demo=True)
    assert providers.by_name(organization, "sbid") == demo, "in demo mode it answers to what nobody else does"
    assert providers.by_name(organization, "scid-sms") is None, "which is a one-time code"
    settings.DEMO = False
    assert providers.by_name(organization, "sbid") is None


def test_names_are_checked_and_belong_to_one(liar: Liar, organization: Organization) -> None:
    other = liar.provider(organization, "other", asked_as=["nbid"])
    assert providers.faults(other)["asked_as"] == "taken"
    other.asked_as = ["bank"]
    assert providers.faults(other)["asked_as"] == "taken"
    other.asked_as = ["a name"]
    assert providers.faults(other)["asked_as"] == "invalid"
    other.asked_as = ["sbid-sign"]
    assert "asked_as" not in providers.faults(other)


# --- before reading -------------------------------------------------------------------------------
def test_one_of_several_opens(asked: Make, liar: Liar) -> None:
    person = asked(ANY)
    assert person.identity.protects
    sitting = opened(person)
    assert proofs.asked(sitting) == "choose"
    assert not proofs.may_read(sitting)
    assert [(w.asked_as, w.method) for w in proofs.offered_ways(sitting)] == [
        ("nbid", "strong"),
        ("nbid-mobil", "strong"),
        ("scid-sms", "sms_code"),
    ]
    with pytest.raises(NotFound):
        proofs.choose_way(sitting, "sbid")
    proofs.choose_way(sitting, "nbid-mobil")
    assert proofs.asked(sitting) == "strong"
    assert [p.key for p in buttons(sitting)] == ["bank"]
    at_the_bank(liar, sitting)
    sitting = again(sitting)
    assert proofs.asked(sitting) is None
    assert proofs.may_read(sitting)
    proof = IdentityProof.objects.get(method="strong")
    assert (proof.asked_as, proof.moment) == ("nbid-mobil", "open")


def test_a_code_among_them(asked: Make) -> None:
    sitting = opened(asked(ANY))
    with pytest.raises(Conflict, match="not_asked"):
        send_one_time_code(sitting)
    proofs.choose_way(sitting, "scid-sms")
    assert proofs.asked(sitting) == "sms_code"
    by_code(sitting)
    assert proofs.may_read(again(sitting))
    assert IdentityProof.objects.get(method="sms_code").asked_as == "scid-sms"


def test_pressing_a_providers_button_chooses(asked: Make, liar: Liar) -> None:
    sitting = opened(asked(ANY))
    at_the_bank(liar, sitting, "nbid-mobil")
    assert IdentityProof.objects.get(method="strong").asked_as == "nbid-mobil"


def test_what_leads_nowhere_is_not_offered_and_nobody_gets_on(asked: Make, liar: Liar) -> None:
    person = asked(ANY, phone="")
    assert [w.asked_as for w in proofs.offered_ways(opened(person))] == ["nbid", "nbid-mobil"]
    nobody = asked(IdentityPolicy(any_of=("sbid", "scid-sms")), phone="", email="liisa@example.com")
    sitting = opened(nobody)
    assert proofs.asked(sitting) == "unavailable"
    assert not proofs.may_read(sitting)
    with pytest.raises(Conflict, match="not_asked"):
        begin_sign_in(sitting, "bank", "en")
    noted = Envelope.objects.get(pk=nobody.envelope_id).needs_attention
    assert noted == "nobody can be identified: no provider or address for sbid, scid-sms"
    liar.provider(nobody.envelope.organization, "sbid")
    sitting = opened(nobody)
    assert proofs.asked(sitting) == "strong", "the only one is chosen by itself"
    assert Envelope.objects.get(pk=nobody.envelope_id).needs_attention == ""


def test_a_protected_mail_names_the_ways(asked: Make) -> None:
    person = asked(ANY)
    params = letters.people_params(person.envelope, person, person.created_at)
    assert params.title == ""
    assert params.methods == ("Great Bank / Great Bank / a code by SMS",)
    assert [p.key for p in ways(person)] == ["bank"]


# --- as part of signing ---------------------------------------------------------------------------
def test_signing_asks_anew_and_uses_the_proof_up(asked: Make, liar: Liar) -> None:
    sitting = opened(asked(TO_SIGN))
    assert proofs.may_read(sitting), "reading is free"
    assert proofs.asked(sitting) == "choose"
    assert not proofs.may_sign(sitting)
    assert proofs.signing_way(sitting) is None
    at_the_bank(liar, sitting)
    sitting = again(sitting)
    assert proofs.asked(sitting) is None
    assert proofs.may_sign(sitting)
    way = proofs.signing_way(sitting)
    assert way is not None
    assert (way.asked_as, way.statement) == ("nbid-sign", True)
    proof = proofs.signing_proof(sitting)
    assert proof is not None
    assert (proof.moment, proof.asked_as, proof.method) == ("sign", "nbid-sign", "strong")
    signs(sitting)
    assert [s.proof for s in Signature.objects.all()] == [proof] * 2, "the document's and the declaration's"
    assert proofs.signing_proof(again(sitting)) is None, "used up"
    record = evidence_record(Envelope.objects.get(), {})
    said = [(p["method"], p["moment"], p["asked_as"]) for p in record["people"][0]["proofs"]]
    assert said == [("link", "open", ""), ("eid", "sign", "nbid-sign")]
    [detail] = [d for e, d in audit.trail(sitting.recipient.envelope) if e.kind == "identified"]
    assert (detail["moment"], detail["asked_as"], detail["provider"]) == ("sign", "nbid-sign", "Great Bank")


def test_a_proof_for_signing_holds_for_half_an_hour_in_its_sitting(
    asked: Make, liar: Liar, organization: Organization
) -> None:
    person = asked(TO_SIGN)
    sitting, other = opened(person), opened(person)
    at_the_bank(liar, sitting)
    assert proofs.may_sign(again(sitting))
    assert not proofs.may_sign(again(other))
    Organization.objects.filter(pk=organization.pk).update(clock_offset=timedelta(minutes=31))
    assert not proofs.may_sign(again(sitting))
    assert proofs.asked(again(sitting)) == "strong", "the chosen way stays chosen"
    Organization.objects.filter(pk=organization.pk).update(clock_offset=timedelta(0))
    reopen_sitting(again(sitting))
    assert not proofs.may_sign(again(sitting)), "what was proved before a pause counts no more"


def test_opening_does_not_count_for_signing(asked: Make, liar: Liar) -> None:
    both = IdentityPolicy(any_of=("nbid",), sign_ways=(SignWay(asked_as="nbid"),))
    sitting = opened(asked(both))
    url = begin_sign_in(sitting, "bank", "en")[0]
    at_the_bank(liar, sitting)
    sitting = again(sitting)
    assert proofs.may_read(sitting)
    assert proofs.asked(sitting) == "strong"
    assert not proofs.may_sign(sitting)
    with pytest.raises(Conflict, match="not_asked"):
        prove_identity(sitting, liar.visit(url))  # begun before reading: no proof for signing
    at_the_bank(liar, sitting)
    assert proofs.may_sign(again(sitting))
    moments = IdentityProof.objects.filter(method="strong").order_by("pk").values_list("moment", flat=True)
    assert list(moments) == ["open", "sign"]


def test_a_drawn_signature_needs_no_proof(asked: Make, liar: Liar) -> None:
    sitting = opened(asked(DRAWN))
    assert proofs.asked(sitting) == "choose"
    proofs.choose_way(sitting, "")
    sitting = again(sitting)
    assert proofs.asked(sitting) is None
    way = proofs.signing_way(sitting)
    assert way is not None
    assert (way.asked_as, way.drawn) == ("", True)
    assert proofs.may_sign(sitting)
    proofs.choose_way(sitting, "nbid-sign")
    assert not proofs.may_sign(again(sitting)), "until it is signed, another way may be chosen"


def test_a_provider_that_lost_its_name_on_the_way(asked: Make, liar: Liar) -> None:
    sitting = opened(asked(TO_SIGN))
    answer = liar.visit(begin_sign_in(sitting, "nbid-sign", "en")[0])
    providers.Provider.objects.filter(key="bank").update(asked_as=["nbid"])
    liar.provider(sitting.recipient.envelope.organization, "another", asked_as=["nbid-sign"])
    with pytest.raises(Untrusted, match="no longer"):
        prove_identity(again(sitting), answer)


# --- what the sender knows ------------------------------------------------------------------------
def pair(name: str, value: str, *asked_as: str) -> Pair:
    return Pair(name=name, value=value, asked_as=asked_as)


@pytest.mark.parametrize(
    ("attributes", "claims", "passes"),
    [
        ([pair("national-id", " 010170-999r")], {}, True),
        ([pair("national-id", "010170-999S")], {}, False),
        ([pair("national-id", "010170-999S", "ftn")], {}, True),
        ([pair("national-id", "010170-999S", "ftn", "nbid-mobil")], {}, False),
        ([pair("national_id", "010170-999R"), pair("name", "meikäläinen MATTI")], {}, True),
        ([pair("national-id", "010170-999R"), pair("name", "Maija Meikäläinen")], {}, False),
        ([pair("first-name", "Matti")], {}, False),
        ([pair("first-name", "matti")], {"given_name": "Matti Juhani"}, True),
        ([pair("first-name", "")], {"given_name": "Matti Juhani"}, False),
        ([pair("last-name", "Virtanen")], {"family_name": "Meikäläinen"}, False),
        ([pair("birth-date", "1.1.1970")], {"birthdate": "1970-01-01"}, True),
        ([pair("date-of-birth", "1970-01-02")], {"birthdate": "1970-01-01"}, False),
        ([pair("email", "Matti@Example.com")], {"email": "matti@example.com", "email_verified": True}, True),
        ([pair("email", "matti@example.com")], {"email": "matti@example.com"}, False),
        (
            [pair("email", "matti@example.com")],
            {"email": "matti@example.com", "email_verified": False},
            False,
        ),
        (
            [pair("mobile", "0047 912 34 567")],
            {"phone_number": "+4791234567", "phone_number_verified": True},
            True,
        ),
        ([pair("mobile", "91234567")], {"phone_number": "+4791234567", "phone_number_verified": True}, False),
        ([pair("username", "MATTI7")], {"username": "matti7"}, True),
        ([pair("username", "matti7")], {}, False),
        ([pair("age", "52")], {"age": 52}, True),
        ([pair("email_verified", "true")], {"email_verified": {"a": 1}}, False),
    ],
)
def test_who_passes(
    asked: Make, liar: Liar, attributes: list[Pair], claims: dict[str, Any], passes: bool
) -> None:
    providers.Provider.objects.update(scope="openid profile email phone")
    person = asked(ANY)
    expecting(person, attributes)
    liar.person |= claims
    sitting = opened(person)
    if passes:
        at_the_bank(liar, sitting, "nbid-mobil")
        assert proofs.may_read(again(sitting))
        return
    with pytest.raises(WrongPerson):
        at_the_bank(liar, sitting, "nbid-mobil")
    assert not proofs.may_read(again(sitting))
    assert not IdentityProof.objects.filter(method="strong").exists(), "nothing of a stranger is kept"
    assert Recipient.objects.get(pk=person.pk).code_failures == 1


def test_five_wrong_persons_lock(asked: Make, liar: Liar) -> None:
    person = asked(TO_SIGN)
    expecting(person, [pair("national-id", "010170-999R", "nbid-sign")])
    liar.person = dict(LIISA)
    sitting = opened(person)
    for _ in range(4):
        with pytest.raises(WrongPerson):
            at_the_bank(liar, sitting)
    with pytest.raises(CodeLocked):
        at_the_bank(liar, sitting)
    with pytest.raises(CodeLocked):
        begin_sign_in(opened(person), "bank", "en")


def test_a_code_proves_its_own_address_and_nothing_else(asked: Make) -> None:
    policy = IdentityPolicy(any_of=("scid-sms", "mail_code"))
    person = asked(policy)
    for attributes, offered in [
        ([pair("mobile", "+358 40 123 4567")], ["scid-sms"]),
        ([pair("mobile", "+358401234568")], []),
        ([pair("mobile", "+358401234568", "nbid")], ["scid-sms", "mail_code"]),
        ([pair("email", "MATTI@example.com")], ["mail_code"]),
        ([pair("national-id", "010170-999R")], []),
    ]:
        expecting(person, attributes)
        assert [w.asked_as for w in proofs.offered_ways(again(opened(person)))] == offered


def test_the_first_hint_that_applies_goes_along(asked: Make, liar: Liar) -> None:
    person = asked(ANY)
    hints = [pair("phone", "555", "ftn"), pair("nid", "010170-999R", "nbid"), pair("mail", "a b")]
    expecting(person, hints=hints)
    for key, hint in [("nbid", "010170-999R"), ("nbid-mobil", "010170-999R")]:
        url = begin_sign_in(again(opened(person)), key, "en")[0]
        assert parse_qs(urlsplit(url).query)["login_hint"] == [hint], "one provider by several names"
    expecting(person, hints=hints[:1])
    url = begin_sign_in(again(opened(person)), "nbid", "en")[0]
    assert "login_hint" not in url
