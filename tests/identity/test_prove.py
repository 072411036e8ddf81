"""Strong identification through the use cases: who passes, who does not, and what is kept of it."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from tests.envelopes.signing import prepared
from undersigned.accounts.models import Organization
from undersigned.base import clock
from undersigned.delivery.models import Message
from undersigned.delivery.render import render
from undersigned.envelopes import appearance, audit, shown
from undersigned.envelopes.decline import decline
from undersigned.envelopes.errors import CodeLocked, Conflict, NotFound, WrongPerson
from undersigned.envelopes.models import Envelope, IdentityProof, Recipient, Signature, Sitting
from undersigned.envelopes.open_sitting import again
from undersigned.envelopes.prove_identity import begin_sign_in, prove_identity
from undersigned.envelopes.record import evidence_record
from undersigned.envelopes.remind import remind_by_plan
from undersigned.envelopes.sign import SignRequest, sign
from undersigned.identity.errors import Over, Untrusted
from undersigned.identity.oidc import Claims
from undersigned.identity.policy import IdentityPolicy
from undersigned.sealing.policies import POLICIES

from .conftest import Make, opened
from .liar import LIISA, Liar

pytestmark = [pytest.mark.django_db, pytest.mark.database]
STRONG = IdentityPolicy(methods=("link", "strong"))
ID = IdentityPolicy(methods=("link", "strong"), compare=("national_id",))
NAME = IdentityPolicy(methods=("link", "strong"), compare=("name",))
BOTH = IdentityPolicy(methods=("link", "strong"), compare=("national_id", "name"))
AT_SIGNING = IdentityPolicy(methods=("link", "strong"), moment="sign")


@pytest.fixture(autouse=True)
def bank(liar: Liar, organization: Organization) -> None:
    liar.provider(organization)


def identified(liar: Liar, sitting: Sitting) -> None:
    url, name = begin_sign_in(sitting, "bank", "en")
    assert name == "Great Bank"
    prove_identity(sitting, liar.visit(url))


def signs(sitting: Sitting) -> Signature:
    prepared(sitting.recipient.envelope)
    appearance.keep(sitting, appearance.Look("typed", name="Matti", hand="caveat"))
    seen = shown.current(sitting.recipient)
    sign(again(sitting), SignRequest("I agree.", "en", seen.revision, seen.digest, "k" * 24))
    return Signature.objects.get()


def kinds(recipient: Recipient) -> list[str]:
    return [event.kind for event, _detail in audit.trail(recipient.envelope)]


@pytest.mark.parametrize(
    ("policy", "national_id", "name", "passes"),
    [
        (STRONG, None, "Somebody Typed", True),
        (ID, " 010170-999r", "Somebody Typed", True),
        (ID, "010170-999S", "Matti Meikäläinen", False),
        (ID, None, "Matti Meikäläinen", False),
        (NAME, None, "meikäläinen matti", True),
        (NAME, None, "Matti Virtanen", False),
        (BOTH, "010170-999R", "Matti Meikäläinen", True),
        (BOTH, "010170-999R", "Maija Meikäläinen", False),
        (BOTH, "010170-999S", "Matti Meikäläinen", False),
    ],
)
def test_who_passes(
    asked: Make, liar: Liar, policy: IdentityPolicy, national_id: str | None, name: str, passes: bool
) -> None:
    person = asked(policy, national_id=national_id, name=name)
    sitting = opened(person)
    if passes:
        identified(liar, sitting)
        assert Sitting.objects.get().identified_at is not None
        assert kinds(person)[-1] == "identified"
        return
    with pytest.raises(WrongPerson) as refused:
        identified(liar, sitting)
    assert str(refused.value) == ""
    assert Sitting.objects.get().identified_at is None
    assert not IdentityProof.objects.filter(method="strong").exists(), "nothing of a stranger is kept"
    with pytest.raises(Conflict, match="not_identified"):
        decline(sitting, "no")
    assert kinds(person)[-1] == "wrong_person"
    detail = json.dumps([d for _e, d in audit.trail(person.envelope)], ensure_ascii=False)
    assert "Great Bank" in detail
    assert "-999" not in detail
    assert "Juhani" not in detail


def test_what_is_kept_and_what_the_signature_says(asked: Make, liar: Liar) -> None:
    person = asked(STRONG, name="M. Typed", national_id="010170-999R")
    sitting = opened(person)
    identified(liar, sitting)
    proof = IdentityProof.objects.get(method="strong")
    assert (proof.provider, proof.level) == ("Great Bank", "strong")
    assert Claims.from_json(proof.claims or "").national_id == "010170-999R"
    assert proof.token_hash
    assert proof.nonce_hash
    stored = (
        IdentityProof.objects.filter(pk=proof.pk).extra(select={"raw": "claims"}).values("raw").get()["raw"]
    )
    assert b"999R" not in bytes(stored)
    signature = signs(sitting)
    certificate = x509.load_der_x509_certificate(bytes(signature.certificate))
    subject = {a.oid: a.value for a in certificate.subject}
    assert subject[NameOID.COMMON_NAME] == "Matti Juhani Meikäläinen"
    policies = certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
    assert policies[0].policy_identifier.dotted_string == POLICIES["eid"]
    record = evidence_record(Envelope.objects.get(), {})
    [link, eid] = record["people"][0]["proofs"]
    assert (eid["method"], eid["provider"], eid["name"]) == ("eid", "Great Bank", "Matti Juhani Meikäläinen")
    assert eid["id_token_sha256"] == bytes(proof.token_hash).hex()
    assert "999R" not in json.dumps(record).upper(), "a national id is in no evidence"
    assert b"999R" not in bytes(signature.certificate)
    assert link["method"] == "link"


def test_a_compared_name_stays_the_senders(asked: Make, liar: Liar) -> None:
    sitting = opened(asked(NAME, name="Matti Meikäläinen"))
    identified(liar, sitting)
    certificate = x509.load_der_x509_certificate(bytes(signs(sitting).certificate))
    assert certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "Matti Meikäläinen"


def test_at_signing_only(asked: Make, liar: Liar) -> None:
    sitting = opened(asked(AT_SIGNING))
    with pytest.raises(Conflict, match="not_identified"):
        signs(sitting)
    identified(liar, sitting)
    assert signs(sitting).proof == IdentityProof.objects.get(method="strong")


def test_five_wrong_persons_lock(asked: Make, liar: Liar) -> None:
    person = asked(ID, national_id="010170-999R")
    sitting = opened(person)
    liar.person = dict(LIISA)
    for _ in range(4):
        with pytest.raises(WrongPerson):
            identified(liar, sitting)
    url, _name = begin_sign_in(sitting, "bank", "en")
    with pytest.raises(CodeLocked):
        identified(liar, sitting)
    liar.person = {"name": "Matti Meikäläinen", "urn:oid:1.2.246.21": "010170-999R"}
    with pytest.raises(CodeLocked):
        prove_identity(sitting, liar.visit(url))
    with pytest.raises(CodeLocked):
        begin_sign_in(opened(person), "bank", "en")
    assert kinds(person).count("wrong_person") == 5
    Recipient.objects.update(code_locked_until=clock.now() - timedelta(seconds=1))
    identified(liar, opened(person))


def test_an_answer_works_once_and_in_the_browser_that_began(asked: Make, liar: Liar) -> None:
    person = asked(STRONG)
    mine, theirs = opened(person), opened(person)
    answer = liar.visit(begin_sign_in(mine, "bank", "en")[0])
    with pytest.raises(Over):
        prove_identity(theirs, answer)
    prove_identity(mine, answer)
    with pytest.raises(Over):
        prove_identity(mine, answer)
    assert IdentityProof.objects.filter(method="strong").count() == 1


def test_an_id_token_proves_one_person_once(asked: Make, liar: Liar) -> None:
    """Also when a provider gives the same token to two sign-ins, nonce and all."""
    first, second = opened(asked(STRONG)), opened(asked(STRONG))
    answer = liar.visit(begin_sign_in(second, "bank", "en")[0])
    liar.token = liar.id_token()
    digest = hashlib.sha256(liar.token.encode()).digest()
    IdentityProof.objects.create(
        recipient=first.recipient, sitting=first, method="strong", at=clock.now(), token_hash=digest
    )
    with pytest.raises(Untrusted, match="proved somebody before"):
        prove_identity(second, answer)
    assert kinds(second.recipient)[-1] == "identification_failed"


def test_a_failure_is_in_the_trail(asked: Make, liar: Liar) -> None:
    person = asked(STRONG)
    liar.claims = {"nonce": "another"}
    with pytest.raises(Untrusted):
        identified(liar, opened(person))
    event, detail = audit.trail(person.envelope)[-1]
    assert (event.kind, detail["provider"], detail["why"]) == (
        "identification_failed",
        "Great Bank",
        "untrusted",
    )


def test_only_providers_that_may_be_used(
    asked: Make, liar: Liar, organization: Organization, settings
) -> None:
    off = liar.provider(organization, "off", disabled_at=clock.now())
    other = Organization.objects.create(slug="other", name="Other", sandbox=True)
    liar.provider(other, "foreign")
    liar.provider(None, "demo", demo=True)
    sitting = opened(asked(IdentityPolicy(methods=("link", "strong"), providers=("bank", "off", "foreign"))))
    for key in ("off", "foreign", "demo", "", "nonsense"):
        with pytest.raises(NotFound):
            begin_sign_in(sitting, key, "en")
    anybody = opened(asked(STRONG))
    begin_sign_in(anybody, "demo", "en")
    settings.DEMO = False
    with pytest.raises(NotFound):
        begin_sign_in(anybody, "demo", "en")
    settings.DEMO = True
    organization.sandbox = False
    organization.save()
    with pytest.raises(NotFound):
        begin_sign_in(Sitting.objects.get(pk=anybody.pk), "demo", "en")
    answer = liar.visit(begin_sign_in(sitting, "bank", "en")[0])
    type(off).objects.filter(key="bank").update(disabled_at=clock.now())
    with pytest.raises(Untrusted, match="no longer"):
        prove_identity(sitting, answer)


@pytest.mark.parametrize("moment", ["open", "sign"])
def test_no_mail_tells_what_it_is_about_before_the_person_is_known(asked: Make, moment: str) -> None:
    person = asked(IdentityPolicy(methods=("link", "strong"), moment=moment))  # type: ignore[arg-type]
    prepared(person.envelope)
    Recipient.objects.filter(pk=person.pk).update(remind_at=clock.now())
    remind_by_plan(person.pk)
    mails = list(Message.objects.filter(recipient_id=person.pk))
    assert len(mails) == 2
    for message in mails:
        mail = render(message)
        whole = mail.subject + mail.text + mail.html + mail.sender + mail.reply_to + message.params
        for word in ("Secret merger", "Matti", "Virtanen", "merger.pdf", "anna@"):
            assert (word in whole) is (moment == "sign" and word != "merger.pdf"), word
        if moment == "open":
            assert "identify yourself with Great Bank" in mail.text


def test_the_trail_reads_well(asked: Make, liar: Liar, monkeypatch: pytest.MonkeyPatch) -> None:
    from undersigned.sealing.evidence_words import event_sentence

    person = asked(ID, national_id="010170-999R")
    sitting = opened(person)
    liar.person = dict(LIISA)
    with pytest.raises(WrongPerson):
        identified(liar, sitting)
    liar.person = {"name": "Matti Meikäläinen", "urn:oid:1.2.246.21": "010170-999R"}
    identified(liar, sitting)
    sentences = [event_sentence(e.kind, d) for e, d in audit.trail(person.envelope)]
    assert sentences[-2:] == [
        "Somebody else than Matti Meikäläinen was identified by Great Bank, and was refused",
        "Matti Meikäläinen was identified by Great Bank",
    ]
