"""Sheets at Signing Today: a transaction for each row, their groups and archives, and templates made of a file."""

from __future__ import annotations

import io
import secrets
import time
import tracemalloc
import zipfile

import pikepdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import load_workbook

from tests.pdfs import make_pdf
from undersigned.delivery.models import Message
from undersigned.envelopes.models import Envelope, EnvelopeState
from undersigned.jobs.models import Job

from .signers import run_jobs
from .today_caller import Today
from .today_contract import EXAMPLE
from .today_dsts import document, envelope_of, json_of, pdf, refuse, ticket
from .today_templates import BUYER, PRICE, by_file, embedded, table, template, with_role, workbook

pytestmark = [pytest.mark.django_db]


def test_a_thousand_rows(today: Today) -> None:
    dst = template(today, document=with_role(forms=[*document()["forms"], PRICE]))
    begun = time.monotonic()
    made = json_of(
        by_file(today, dst["id"], table(1000), {"publish": "True"}, title="Spring", tags='["2031"]')
    )
    print(f"1,000 rows in {time.monotonic() - begun:.1f} s")
    assert made["title"] == "Spring"
    assert len(set(made["dstIDs"])) == 1000
    one = today.read(f"/DST/{made['dstIDs'][7]}")
    assert (one["title"], one["tags"], one["status"]) == ("Sale 7", ["2031"], "downloadingInPublished")
    assert one["documents"][0]["forms"][1]["extraData"]["value"] == "7"
    (group,) = today.read("/DSTs/byFile")["values"]
    assert (group["instantiationGroupId"], group["templateId"], group["groupSize"]) == (
        made["instantiationGroup"], dst["id"], 1000,
    )  # fmt: skip


def test_three_bad_rows_of_a_thousand_make_nothing(today: Today) -> None:
    dst = template(today)
    rows = table(1000)
    rows[5][2], rows[500][:2], rows[1000][2] = "nonsense", ["", ""], ""
    for query in ({"dryRun": "true", "publish": "true"}, {"publish": "true"}):
        faults = json_of(by_file(today, dst["id"], rows, query), 400)
        assert [(f["target"], f["message"]) for f in faults] == [
            ("row 6 column Buyer.email", "Not valid"),
            ("row 501 column Buyer.name", "Required"),
            ("row 1001 column Buyer.email", "Required"),
        ]
    assert Envelope.objects.count() == 1
    assert not Message.objects.exists()
    assert not Job.objects.filter(kind="send_batch").exists()


def test_a_dry_run_makes_nothing(today: Today) -> None:
    dst = template(today)
    made = json_of(by_file(today, dst["id"], table(3), {"dryRun": "true"}))
    assert made == {"instantiationGroup": None, "title": dst["title"], "dstIDs": []}
    assert Envelope.objects.count() == 1


def test_a_group_is_counted_and_its_files_come_together(today: Today) -> None:
    dst = template(today)
    made = json_of(by_file(today, dst["id"], table(5), {"publish": "true"}))
    run_jobs()
    dsts = [today.read(f"/DST/{pub}") for pub in made["dstIDs"]]
    assert [d["status"] for d in dsts] == ["toSign"] * 5
    ticket(dsts[0]).sign()
    refuse(dsts[1])
    envelope_of(dsts[2]).__class__.objects.filter(pub=made["dstIDs"][2]).update(state=EnvelopeState.EXPIRED)
    envelope_of(dsts[3]).__class__.objects.filter(pub=made["dstIDs"][3]).update(state=EnvelopeState.FAILED)
    run_jobs()
    (group,) = today.read("/DSTs/byFile", {"$orderBy": "generatedAt,desc", "$top": 5})["values"]
    assert {k: v for k, v in group.items() if k.startswith(("inState", "groupSize"))} == {
        "groupSize": 5, "inStateSigned": 1, "inStateRejected": 1, "inStateExpired": 1, "inStateError": 1,
    }  # fmt: skip
    response = today.get(f"/DSTs/instantiationGroup/{made['instantiationGroup']}/resources")
    with zipfile.ZipFile(io.BytesIO(b"".join(response))) as archive:  # type: ignore[arg-type]
        names = archive.namelist()
        assert len(names) == len({n.lower() for n in names}) == 5
        assert names[0].startswith("0001 Sale 0/")
        assert b"/ByteRange" in archive.read(names[0]), "the signed one"
        assert b"/ByteRange" not in archive.read(names[4])


def test_the_archive_is_never_held_as_a_whole(today: Today) -> None:
    data = io.BytesIO()
    with pikepdf.open(io.BytesIO(make_pdf())) as heavy:
        heavy.Root.Weight = heavy.make_stream(secrets.token_bytes(1 << 20))
        heavy.save(data)
    body = embedded(data.getvalue(), template=True)
    body["documents"][0] |= {"forms": [], "signerGroups": [{"signers": [BUYER]}]}
    dst = json_of(today.post("/robot/DSTs", body))
    group = json_of(by_file(today, dst["id"], table(60)))["instantiationGroup"]
    response = today.get(f"/DSTs/instantiationGroup/{group}/resources")
    tracemalloc.start()
    size = sum(len(piece) for piece in response)  # type: ignore[arg-type]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size > 60 << 20
    assert peak < 12 << 20, f"{peak >> 20} MB for an archive of {size >> 20} MB"


def test_as_csv_with_semicolons(today: Today) -> None:
    dst = template(today)
    data = "\ufeffbuyer.NAME;Buyer.Email\nÅsa;asa@example.com\n".encode()
    made = json_of(
        today.upload(
            "POST", f"/DST/{dst['id']}/instantiate/byFile", {"file": SimpleUploadedFile("x.csv", data)}
        )
    )
    (pub,) = made["dstIDs"]
    assert today.read(f"/DST/{pub}")["documents"][0]["signerGroups"][0]["signers"][0]["name"] == "Åsa"


@pytest.mark.parametrize(
    ("data", "target"),
    [
        (b"", "file"),
        (b"\x89PNG\x00", "file"),
        (b"a,b\n1,2,3\n", "row 2 column C"),
        (b"Seller.email\nx@example.com\n", "row 1 column Seller.email"),
    ],
)
def test_what_is_no_sheet(data: bytes, target: str, today: Today) -> None:
    dst = template(today)
    response = today.upload(
        "POST", f"/DST/{dst['id']}/instantiate/byFile", {"file": SimpleUploadedFile("x.csv", data or b" ")}
    )
    assert [f["target"] for f in json_of(response, 400)] == [target]
    missing = today.upload(
        "POST", f"/DST/{dst['id']}/instantiate/byFile", {"file": "/Users/user/template.csv"}
    )
    assert [f["target"] for f in json_of(missing, 400)] == ["file"]
    bad = by_file(today, dst["id"], table(1), tags='{"no": "array"}')
    assert [f["target"] for f in json_of(bad, 400)] == ["tags[0]"]


def test_the_sample_can_be_sent_back(today: Today) -> None:
    dst = template(today, document=with_role(forms=[*document()["forms"], PRICE]), title="=HYPERLINK(1)")
    response = today.get(f"/DST/{dst['id']}/instantiate/byFile")
    data = b"".join(response)  # type: ignore[arg-type]
    sheet = load_workbook(io.BytesIO(data)).active
    assert [c.value for c in sheet[1]][:2] == ["Buyer.name", "Buyer.surname"]
    assert "price" in [c.value for c in sheet[1]]
    assert all(c.data_type in ("s", "n") for row in sheet.iter_rows() for c in row), "nothing is a formula"
    back = today.upload(
        "POST", f"/DST/{dst['id']}/instantiate/byFile", {"file": SimpleUploadedFile("s.xlsx", data)}
    )
    assert len(json_of(back)["dstIDs"]) == 1


def test_a_template_of_a_file(today: Today) -> None:
    made = json_of(today.upload("POST", "/DSTs/byFile", {"file": pdf("lease.pdf")}))
    assert (made["title"], made["template"], made["status"], len(made["documents"])) == (
        "lease",
        True,
        "draft",
        1,
    )
    assert made["resources"][0]["filename"] == "lease.pdf"
    made = json_of(today.upload("POST", "/DSTs/byFile", {"file": workbook(table(1), "sales.xlsx")}))
    (one,) = made["documents"]
    assert [s["templateLabel"] for g in one["signerGroups"] for s in g["signers"]] == ["Buyer"]
    assert [f["extraData"] for f in one["forms"]] == [{"label": "price"}]
    assert EXAMPLE["title"]
