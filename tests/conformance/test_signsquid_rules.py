"""Signsquid's rules beyond its examples, for what a contract is made of: bodies, phones, files, editing and versions."""

from __future__ import annotations

import json
import string
from datetime import datetime, timedelta

import pytest
from django.conf import LazySettings
from hypothesis import example, given
from hypothesis import strategies as st

from tests.pdfs import make_pdf
from undersigned.accounts.models import Organization
from undersigned.delivery.models import Message
from undersigned.dialects.signsquid import wire
from undersigned.dialects.signsquid.mapping import e164
from undersigned.envelopes.decline import decline
from undersigned.envelopes.errors import Conflict
from undersigned.envelopes.models import Collection

from .caller import INVALID, JOHN, REQUIRED, Caller, errors
from .signers import enter, envelope_at, refuse, signer

pytestmark = [pytest.mark.django_db]


# --- bodies --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (b"", {"name": REQUIRED}),
        (b"{}", {"name": REQUIRED}),
        (b'{"name": null}', {"name": REQUIRED}),
        (b'{"name": "  "}', {"name": REQUIRED}),
        (b'{"name": 5}', {"name": INVALID}),
        (b'{"name": ["a"]}', {"name": INVALID}),
        (b'{"name": "a\\u0000b"}', {"name": INVALID}),
        (b'{"name": "a\\nb"}', {"name": INVALID}),
        (b'{"name": "\\ud800"}', {"name": INVALID}),
        (json.dumps({"name": "x" * 1001}).encode(), {"name": ["TooLong"]}),
        (b"{", {}),
        (b"[]", {}),
        (b'"name"', {}),
        (b"null", {}),
        (b'{"name": NaN}', {}),
        (b"\xff\xfe", {}),
        (b"[" * 100_000, {}),
        (b'{"name": ' + b"9" * 5000 + b"}", {}),
        (b'{"name": "' + b"x" * (1 << 20) + b'"}', {}),
    ],
    ids=lambda v: repr(v)[:30],
)
def test_bodies_that_make_no_contract(api: Caller, body: bytes, wanted: object) -> None:
    assert errors(api.send("POST", "/contracts", body)) == wanted
    assert not Collection.objects.exists()


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_json_is_read_whatever_the_content_type(api: Caller, content_type: str) -> None:
    assert (
        api.send("POST", "/contracts", b'\xef\xbb\xbf{"name": "a", "unknown": {}}', content_type).status_code
        == 201
    )


@pytest.mark.parametrize("name", ["Prêt à 1\u00a0000 € — №7", "नमस्ते\u200dक", "合同", "x" * 1000])
def test_names_come_back_as_sent(api: Caller, name: str) -> None:
    path = api.published(JOHN, contract=api.contract(name))
    assert api.read(path.partition("/versions")[0])["name"] == name


def test_all_faults_are_named_at_once(api: Caller) -> None:
    path = f"{api.contract()}/versions/1"
    everything = {"name": 1, "email": {"a": 1}, "mobilePhone": 7065551234}
    assert errors(api.post(f"{path}/signatories", everything)) == {
        "name": INVALID,
        "email": INVALID,
        "mobilePhone": INVALID,
    }
    assert errors(api.post(f"{path}/signatories")) == {"name": REQUIRED, "email": REQUIRED}
    assert errors(api.upload(f"{path}/files", b"")) == {"filename": REQUIRED, "file": REQUIRED}
    assert errors(api.post(path)) == {"signatories": REQUIRED, "files": REQUIRED}
    assert api.read(path)["signatories"] == []


@pytest.mark.parametrize(
    "email",
    [
        "john",
        "john@",
        "@example.com",
        '"a b"@example.com',
        "a@b.com, c@d.com",
        "a@b\r\n.com",
        "\ud800@example.com",
        "a" * 400 + "@example.com",
    ],
)
def test_addresses_that_no_mail_can_go_to(api: Caller, email: str) -> None:
    assert errors(api.post(f"{api.contract()}/versions/1/signatories", JOHN | {"email": email})) == {
        "email": INVALID
    }


def test_an_address_is_used_once_in_a_version(api: Caller) -> None:
    path = f"{api.contract()}/versions/1/signatories"
    assert api.post(path, JOHN).status_code == 201
    assert errors(api.post(path, {"name": "Johnny", "email": "JOHN.doe@example.com"})) == {
        "email": ["Already used"]
    }
    assert errors(api.post(path, {"name": "", "email": JOHN["email"]})) == {
        "name": REQUIRED,
        "email": ["Already used"],
    }


# --- phones --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("given_", "wanted"),
    [
        ("7065551234", "+17065551234"),
        ("(706) 555-1234", "+17065551234"),
        ("706.555.1234", "+17065551234"),
        ("17065551234", "+17065551234"),
        ("+33 6 12 34 56 78", "+33612345678"),
        ("0033612345678", "+33612345678"),
        ("", None),
        ("   ", None),
        (
            "0612345678",
            "+10612345678",
        ),  # ten digits are taken as North American; the core refuses what cannot be dialled
        ("612345678", wire.UNREADABLE),
        ("27065551234", wire.UNREADABLE),
        ("+0612345678", wire.UNREADABLE),
        ("++33612345678", wire.UNREADABLE),
        ("٠٦١٢٣٤٥٦٧٨", wire.UNREADABLE),
        ("706555123x", wire.UNREADABLE),
        ("7065551234" + " " * 60, wire.UNREADABLE),
    ],
)
def test_phones(given_: str, wanted: str | None) -> None:
    assert e164(given_) == wanted


@given(st.text(alphabet=string.printable + "٣é\x00\ud800", max_size=80))
@example("00")
@example("+")
def test_a_phone_is_e164_or_refused(given_: str) -> None:
    found = e164(given_)
    if found is None:
        assert not given_.strip()
    elif found != wire.UNREADABLE:
        assert found[0] == "+"
        assert found[1:].isdigit()
        assert found.isascii()
        assert 8 <= len(found) <= 16
        assert e164(found) == found


@pytest.mark.parametrize("phone", [None, ""])
def test_no_phone(api: Caller, phone: str | None) -> None:
    path = api.draft(JOHN | {"mobilePhone": phone})
    assert api.post(path).status_code == 200
    assert api.read(path)["signatories"][0]["mobilePhone"] is None
    assert not Message.objects.filter(channel="sms").exists()


def test_a_phone_is_returned_as_given_and_gets_the_code(api: Caller) -> None:
    path = api.published(JOHN | {"mobilePhone": "(706) 555-1234"})
    assert api.read(path)["signatories"][0]["mobilePhone"] == "(706) 555-1234"
    assert Message.objects.get(channel="sms").address == "+17065551234"


# --- files ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("filename=a%20b.pdf", "a b.pdf"),
        ("filename=/etc/../passwd.pdf", "passwd.pdf"),
        ("filename=C:%5Cdocs%5Clease.pdf", "lease.pdf"),
        ("filename=contrat-%C3%A9t%C3%A9.pdf", "contrat-été.pdf"),
        ("filename=a%00b%0D%0A.pdf", "ab.pdf"),
        ("filename=a%26b%3F%23.pdf", "a&b?#.pdf"),
        ("filename=%FF.pdf", "\ufffd.pdf"),
        ("filename=" + "x" * 400 + ".pdf", "x" * 251 + ".pdf"),
    ],
    ids=lambda v: v[:24],
)
def test_file_names(api: Caller, query: str, name: str) -> None:
    path = f"{api.contract()}/versions/1/files"
    content = make_pdf()
    response = api.upload(f"{path}?{query}", content)
    assert response.status_code == 201, response.content
    assert api.read(path) == [{"filename": name, "size": len(content)}]
    back = api.get(response["Location"])
    assert back.getvalue() == content
    assert back["Content-Length"] == str(len(content))
    assert back["Content-Disposition"].startswith("attachment")


def test_files_that_are_refused(api: Caller, settings: LazySettings) -> None:
    path = f"{api.contract()}/versions/1/files"
    for query in ("", "?filename=", "?filename=dir/"):
        assert errors(api.upload(path + query, b"")) == {"filename": REQUIRED, "file": REQUIRED}
    assert errors(api.upload(f"{path}?filename=a.txt", b"hello")) == {"file": ["NotPdf"]}
    assert errors(api.upload(f"{path}?filename=a.pdf", make_pdf()[:300])) == {"file": ["Broken"]}
    for form in ("multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "Multipart/Mixed"):
        refused = api.send("POST", f"{path}?filename=a.pdf", make_pdf(), form)
        assert errors(refused) == {"file": ["Multipart is not supported"]}
    settings.MAX_UPLOAD_BYTES = 1000
    assert errors(api.upload(f"{path}?filename=a.pdf", b"%PDF-" + b"x" * 1000)) == {"file": ["TooLarge"]}
    settings.MAX_UPLOAD_BYTES = 1 << 20
    assert api.upload(f"{path}?filename=a.pdf", make_pdf()).status_code == 201
    assert errors(api.upload(f"{path}?filename=a.pdf", make_pdf(2))) == {"filename": ["Already used"]}
    assert [f["filename"] for f in api.read(path)] == ["a.pdf"]
    assert envelope_at(path.removesuffix("/files")).documents.count() == 1


def test_original_is_a_boolean(api: Caller) -> None:
    path = f"{api.draft()}/files/contract.pdf"
    assert api.get(f"{path}?original=true").getvalue() == api.get(path).getvalue()
    assert errors(api.get(f"{path}?original=maybe")) == {"original": INVALID}


# --- editing and versions ------------------------------------------------------------------------
def test_a_published_version_takes_nothing_more(api: Caller) -> None:
    path = api.published(JOHN)
    published = {"version": ["AlreadyPublished"]}
    assert errors(api.post(f"{path}/signatories", {"name": "A", "email": "a@example.com"})) == published
    assert errors(api.upload(f"{path}/files?filename=b.pdf", make_pdf())) == published
    assert errors(api.post(path)) == published
    assert Message.objects.filter(channel="email").count() == 1


def test_a_new_version_stops_the_former(api: Caller) -> None:
    path = api.published(JOHN)
    contract = path.partition("/versions")[0]
    recipient, code = signer(api, path, JOHN["email"])
    response = api.post(f"{contract}/versions")
    assert response["Location"].endswith(f"{contract}/versions/2")
    assert [v["status"] for v in api.read(contract)["versions"]] == ["NewVersionAvailable", "NotPublished"]
    assert api.read(contract)["status"] == "NotPublished"
    sitting = enter(recipient, code)
    with pytest.raises(Conflict, match="superseded"):
        decline(sitting, "")
    assert errors(api.post(path)) == {"version": ["NewVersionAvailable"]}
    assert errors(api.post(f"{contract}/versions")) == {"version": ["NotPublished"]}
    api.published(JOHN, contract=contract, version=2)
    assert [v["published"] for v in api.read(contract)["versions"]] == [True, True]


def test_expiry_is_a_calendar_month_and_changes_no_word(api: Caller, organization: Organization) -> None:
    path = api.published(JOHN)
    version = api.read(path)
    made = envelope_at(path).created_at
    expires = datetime.fromisoformat(version["expires"])
    assert (expires.month - made.month) % 12 == 1
    assert 28 <= (expires - made).days <= 31
    Organization.objects.filter(pk=organization.pk).update(clock_offset=timedelta(days=32))
    assert api.read(path)["status"] == "WaitingForSignatoryAction"
    with pytest.raises(Conflict, match="past_due"):
        refuse(api, path, JOHN["email"])
    later = api.read(api.post(f"{path.partition('/versions')[0]}/versions")["Location"])
    assert later["expires"] > version["expires"]


def test_one_refusal_stops_everybody(api: Caller) -> None:
    alex = {"name": "Alex Doe", "email": "alex.doe@example.com"}
    path = api.published(JOHN, alex)
    refuse(api, path, JOHN["email"], "The price is wrong.")
    assert "price" not in json.dumps(api.read(path))
    with pytest.raises(Conflict, match="stopped"):
        refuse(api, path, alex["email"])


def test_lists_are_newest_first(api: Caller) -> None:
    made = [api.contract(str(n)) for n in range(3)]
    assert [f"/contracts/{c['id']}" for c in api.read("/contracts")] == made[::-1]
