"""Kills before and after every commit from the first API call to the last copy."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from tests.conformance.file_server import serving
from tests.pdfs import make_pdf

from .product import Product, database
from .receivers import free_port, receiving

pytestmark = [pytest.mark.xdist_group("crash")]


def test_a_kill_before_and_after_every_commit_changes_nothing(tmp_path: Path) -> None:
    server = os.environ.get("UNDERSIGNED_TEST_POSTGRES", "")
    with database(os.environ["UNDERSIGNED_TEST_DB"], server) as url, receiving() as inbox:
        product = Product(
            tmp_path,
            free_port(),
            url,
            mail_url=f"smtp://127.0.0.1:{inbox.smtp_port}/?tls=none",
            sms_url=f"json://127.0.0.1:{inbox.http_port}/sms/{{to}}",
        )
        hook = f"http://127.0.0.1:{inbox.http_port}/hook"
        done = json.loads(product.python("tests.crash.placed", hook))
        manifest = tmp_path / "manifest.json"
        manifest.write_text(json.dumps({"contracts": done["contracts"]} | inbox.as_json()))
        found = json.loads(product.python("tests.crash.check", str(manifest)))
    assert found["faults"] == []
    # Each piece of work has points of both kinds, so the list is not short because something was not watched.
    points = {re.sub(r" \d+, (before|after)$", "", point) for point in done["points"]}
    for work in ("create", "upload", "publish", "prepare", "first signature", "last signature", "seal"):
        assert f"{work}, commit" in points
    for work in ("deliver email", "deliver sms", "deliver webhook"):
        assert {f"{work}, commit"} <= points
    assert {"upload, bytes", "last signature, bytes", "seal, bytes"} <= points
    # Killed between the receiver's answer and our mark: these came again, under the same id (the check has compared them).
    assert found["counts"]["mails that came again, same Message-ID"] >= 1
    assert found["counts"]["webhooks that came again, same id and body"] >= 1


def test_nor_does_one_while_results_are_sealed_and_packages_are_built(tmp_path: Path) -> None:
    with database(os.environ["UNDERSIGNED_TEST_DB"], os.environ.get("UNDERSIGNED_TEST_POSTGRES", "")) as url:
        done = json.loads(Product(tmp_path, free_port(), url).python("tests.crash.placed_order"))
    assert done["faults"] == []
    points = {re.sub(r" \d+, (before|after)$", "", point) for point in done["points"]}
    assert {"result, bytes", "result, commit", "package, bytes", "package, commit"} <= points


def test_nor_does_one_while_a_sheet_makes_envelopes_and_files_are_fetched(tmp_path: Path) -> None:
    with (
        database(os.environ["UNDERSIGNED_TEST_DB"], os.environ.get("UNDERSIGNED_TEST_POSTGRES", "")) as url,
        serving() as server,
    ):
        server.files = {"/lease.pdf": make_pdf(2, "Lease")}
        product = Product(tmp_path, free_port(), url, webhook_allow_private=True)
        done = json.loads(product.python("tests.crash.placed_batch", server.url("/lease.pdf")))
    assert done["faults"] == []
    points = {re.sub(r" \d+, (before|after)$", "", point) for point in done["points"]}
    assert {"sheet, commit", "robot, commit", "send_batch, commit"} <= points
    assert {"fetch_source, bytes", "fetch_source, commit"} <= points


def test_nor_does_one_while_documents_are_signed_apart_from_their_pdf(tmp_path: Path) -> None:
    with database(os.environ["UNDERSIGNED_TEST_DB"], os.environ.get("UNDERSIGNED_TEST_POSTGRES", "")) as url:
        done = json.loads(Product(tmp_path, free_port(), url).python("tests.crash.placed_apart"))
    assert done["faults"] == []
    points = {re.sub(r" \d+, (before|after)$", "", point) for point in done["points"]}
    assert {"sign apart, bytes", "sign apart, commit", "seal, bytes", "seal, commit"} <= points
