"""A transaction in people's hands: one fills in, accepts a clause and signs; the other signs one document and leaves out the next."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, expect

from tests.pdfs import make_pdf

from .conftest import Server, until
from .signingtoday import Program
from .signingtoday_people import ADA, BEN, agree, device, heading, link, place, seen, sign_with_name

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys"), pytest.mark.usefixtures("patient")]
CLAUSE = "The buyer bears the risk from delivery <on>."


def test_two_documents_and_two_people(server: Server, chromium: Browser, tmp_path: Path) -> None:
    program, back = Program(server), server.receiver.url
    texts = [
        place(2, "TextForm", 0, 20, toFill=True) | {"extraData": {"label": "Place of birth"}},
        place(3, "TextForm", 0, 30, toFill=False) | {"extraData": {"label": "Remarks"}},
    ]
    clause = place(4, "ClauseForm", 0, 60)
    clause["extraData"] = {"text": CLAUSE, "signatureRequestId": 0}
    sale = {
        "forms": [place(0, "SignatureForm", 0, 75, 0), place(1, "SignatureForm", 1, 85, 1), *texts, clause],
        "signatureRequests": [
            {
                "id": 0,
                "reason": "As the buyer",
                "signerId": 0,
                "extraData": {"sign_urlback": f"{back}/signed"},
            },
            {"id": 1, "reason": "As the seller", "signerId": 1, "extraData": {"sign_urlback": None}},
        ],
        "signerGroups": [
            {"label": "Buyer", "signers": [ADA]},
            {"label": "Seller", "signers": [BEN]},
        ],
    }
    annex = {
        "forms": [place(0, "SignatureForm", 1, 70, 0)],
        "signatureRequests": [{"id": 0, "reason": "The annex", "signerId": 1, "declinable": True}],
        "signerGroups": [{"label": "Seller", "signers": [BEN]}],
    }
    files = {"Sale.pdf": make_pdf(pages=2, text="Sale"), "Annex.pdf": make_pdf(text="Annex")}
    dst = program.publish(
        "Sale of a boat", files, sale, annex, extraData={"dst_urlback": f"{back}/complete?x=a%20b"}
    )

    def state() -> Any:
        return program.call("GET", f"/DST/{dst}")

    def until_state(word: str) -> Any:
        return until(word, lambda: (found := state())["status"] == word and found)

    until_state("toFill")
    with device(chromium, 390, 844) as page:
        page.goto(link(server, "ada@example.com", "fill in"))
        page.get_by_role("button", name="Read the documents").click()
        heading(page, "Fill in your part")
        expect(page.locator("#at-1-1")).to_be_visible()
        seen(page, "fill", tmp_path)
        finish = page.get_by_role("button", name="Send what I filled in")
        finish.click()
        expect(page.locator(".summary")).to_contain_text("Enter Place of birth.")
        page.get_by_label("Place of birth").fill("Åbo")
        page.get_by_label("Remarks").fill("Sails included")
        page.get_by_label("Place of birth").focus()
        expect(page.locator("#at-2-1 .box-value")).to_have_text("Sails included")
        finish.click()
        # The pages are made final meanwhile, and the page goes on by itself.
        heading(page, "1 thing for you to do")
        seen(page, "tray", tmp_path)
        page.get_by_role("button", name="Next: read and sign").click()
        heading(page, "Read and sign this document")
        expect(page.locator("#mark-1")).to_be_visible()
        expect(page.locator("#place-1")).to_be_visible()
        seen(page, "task", tmp_path)
        sign_with_name(page)
        seen(page, "sign", tmp_path)
        agree(page)
        expect(page.locator(".summary")).to_contain_text("Accept the clause on page 1, or refuse.")
        seen(page, "sign-wrong", tmp_path)
        expect(page.get_by_text(CLAUSE)).to_be_visible()
        page.get_by_role("checkbox", name="I accept this clause").check()
        agree(page)
        page.wait_for_url(f"{back}/signed")
        expect(page.get_by_role("heading", level=1)).to_have_text("Back at the shop")

    found = state()
    [first, second] = found["documents"]
    assert found["status"] == "toSign"
    ticket = second["signatureRequests"][0]["extraData"]["st_signatureTicketUrl"]
    assert re.fullmatch(rf"{server.url}/std/[0-9a-f-]{{36}}/signature", ticket)
    foreign = f"{server.url}/std/{uuid4()}/signature"
    with device(chromium, 1280, 800) as page:
        page.goto(first["signatureRequests"][1]["extraData"]["st_ticketUrl"])
        expect(page.get_by_text("Annex.pdf")).to_have_count(0)
        page.get_by_role("button", name="Read the documents").click()
        heading(page, "Read and sign this document")
        expect(page.locator("#place-1")).to_be_visible()
        seen(page, "task", tmp_path)
        page.locator(".part-all").click()
        heading(page, "2 things for you to do")
        seen(page, "tray", tmp_path)
        page.go_back()
        sign_with_name(page)
        seen(page, "sign", tmp_path)
        agree(page)
        page.wait_for_url("**/task/2?after=1")  # the second one opens by itself
        expect(page.locator(".banner[role=status]")).to_have_text("Signed. Next: The annex")
        seen(page, "next", tmp_path)
        page.get_by_role("complementary").get_by_role("link", name="Leave out this signature").click()
        heading(page, "Leave out this signature?")
        seen(page, "leave-out", tmp_path)
        page.get_by_role("textbox").fill("Not part of the deal")
        page.get_by_role("button", name="Leave it out").click()
        page.wait_for_url(f"{back}/complete?x=a%20b")  # that completed it

    found = until_state("signed")
    assert [(s["status"], s["declinedReason"]) for s in found["signatures"]] == [
        ("signed", None),
        ("signed", None),
        ("declined", "Not part of the deal"),
    ]
    answer = chromium.new_page()
    assert answer.goto(foreign).status == 404  # type: ignore[union-attr]
    answer.goto(ticket)
    heading(answer, "You have already signed")
    answer.close()
    _sealed(program, found, server, tmp_path)


def _sealed(program: Program, dst: Any, server: Server, folder: Path) -> None:
    """The sale bears two signatures and the seal, and what was filled in; poppler and our own check agree, with the files alone."""
    path = folder / "sale signed.pdf"
    path.write_bytes(program.download(dst["documents"][0]["signedDocumentUuid"]))
    elsewhere = {k: v for k, v in server.environment.items() if not k.startswith("UNDERSIGNED_")}
    run = [sys.executable, "-m", "undersigned.app.cli", "verify", str(path)]
    verified = subprocess.run(run, env=elsewhere, cwd=folder, capture_output=True, text=True, check=False)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    for name in ("Ada Köhler", "Ben Seller"):
        assert name in verified.stdout
    if shutil.which("pdfsig") is None:
        pytest.skip("pdfsig is not installed")
    signed = subprocess.run(["pdfsig", "-nocert", path], capture_output=True, text=True, check=False).stdout
    validity = re.findall(r"Signature Validation: (.*)", signed)
    assert validity[:3] == ["Signature is Valid."] * 3, signed
    text = subprocess.run(["pdftotext", path, "-"], capture_output=True, text=True, check=False).stdout
    assert "Åbo" in text
    assert "Sails included" in text
