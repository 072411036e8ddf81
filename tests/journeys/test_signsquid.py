"""The whole product, as its users meet it: an integrator with curl, two people with browsers, a validator with the files alone."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from standardwebhooks import Webhook

from tests.journeys.conftest import Server, until
from tests.journeys.curl import Answer, curl
from tests.pdfs import make_pdf

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys")]
NAME = "avtale é.pdf"


class Client:
    """The vendor's real client in few lines."""

    def __init__(self, server: Server) -> None:
        self.server, self.key = server, server.key

    def post(self, path: str, body: object = None) -> Answer:
        data = "" if body is None else json.dumps(body)
        return curl(
            self.key, "POST", f"{self.server.api}{path}", "-H", "Content-Type: application/json", "-d", data
        )

    def get(self, path: str) -> Answer:
        return curl(self.key, "GET", f"{self.server.api}{path}")

    def contract(self, pdf: Path, *signatories: dict[str, object]) -> str:
        """Create, fill and publish a contract; its id."""
        created = self.post("/contracts", {"name": "Contrat d\u2019essai 10 \u20ac"})
        assert created.lines == ["HTTP/1.1 201 Created"]
        assert created.headers["Content-Length"] == "0"
        contract = created.headers["Location"].rsplit("/", 1)[1]
        assert re.fullmatch(r"[0-9a-f]{24}", contract)
        for signatory in signatories:
            assert self.post(f"/contracts/{contract}/versions/1/signatories", signatory).lines == [
                "HTTP/1.1 201 Created"
            ]
        # As the known client uploads: both lengths, Expect, and the name in the address as it is.
        size = str(pdf.stat().st_size)
        uploaded = curl(
            self.key,
            "POST",
            f"{self.server.api}/contracts/{contract}/versions/1/files?filename={NAME.replace(' ', '%20')}",
            *("-T", "-", "-H", f"Content-Length: {size}", "-H", "Expect: 100-continue"),
            stdin=pdf,
        )
        assert uploaded.lines == ["HTTP/1.1 100 Continue", "HTTP/1.1 201 Created"]
        published = self.post(f"/contracts/{contract}/versions/1")
        assert published.lines == ["HTTP/1.1 200 OK"]
        return contract


def sign_in_browser(page: Page, link: str, code: str) -> None:
    """As a person does: open, identify, read, type a signature, agree."""
    page.goto(link)
    assert "/room/l/" in page.url
    page.get_by_role("button", name="Read the documents").click()
    assert link.rsplit("/", 1)[1] not in page.url
    page.get_by_label("Code").fill(code.lower())
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Read the documents"))
    page.locator("#bar .primary").click()  # its word is shorter on phones
    page.get_by_role("radio", name="Type").check()
    page.get_by_role("button", name="Use this").click()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name=re.compile("Sign 1 document")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        re.compile("You have signed|Everybody has signed"), timeout=30000
    )


def link_in(text: str) -> str:
    found = re.search(r"http://\S+/room/l/\S+", text)
    assert found, text
    return found.group()


def pdfsig(path: Path) -> list[str]:
    if shutil.which("pdfsig") is None:
        pytest.skip("pdfsig is not installed")
    output = subprocess.run(["pdfsig", "-nocert", path], capture_output=True, text=True, check=False).stdout
    return re.findall(r"Signature Validation: (.*)", output)


def test_from_curl_to_a_sealed_contract(server: Server, chromium: Browser, tmp_path: Path) -> None:
    client = Client(server)
    pdf = tmp_path / "in.pdf"
    pdf.write_bytes(make_pdf(pages=3, text="Avtale"))
    contract = client.contract(
        pdf,
        {"name": "Jörg Müller", "email": "jorg@example.com", "mobilePhone": None},
        {"name": "Ελένη Παπαδοπούλου", "email": "eleni@example.com", "mobilePhone": "7065551234"},
    )
    version = client.get(f"/contracts/{contract}/versions/1").json()
    assert (version["published"], version["status"]) == (True, "WaitingForSignatoryAction")
    jorg, eleni = version["signatories"]
    assert jorg["smsStatus"] is None
    until(
        "the SMS",
        lambda: (
            client.get(f"/contracts/{contract}").json()["versions"][0]["signatories"][1]["smsStatus"]
            == "Sent"
        ),
    )

    for position, signatory in enumerate((jorg, eleni), start=1):
        mail = server.mailbox.to(signatory["email"], "asks you to sign")
        body = mail.get_body(("plain",))
        assert body is not None
        text = body.get_content()
        assert signatory["code"] not in text
        context = chromium.new_context(viewport={"width": 390, "height": 844})
        sign_in_browser(context.new_page(), link_in(text), signatory["code"])
        context.close()
        state = client.get(f"/contracts/{contract}").json()
        assert [s["status"] for s in state["versions"][0]["signatories"]].count("Agreed") == position

    state = client.get(f"/contracts/{contract}").json()
    assert state["status"] == "Agreed"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", state["agreed"])
    _check_webhooks(server, client, contract)
    sealed = _download_sealed(server, contract, tmp_path)
    _check_files(server, sealed, tmp_path)
    _check_evidence(server, chromium, sealed, tmp_path)
    for signatory in (jorg, eleni):
        mail = server.mailbox.to(signatory["email"], "All have signed")
        attached = [a.get_content() for a in mail.iter_attachments()]
        assert attached == [sealed.read_bytes()]


def _check_webhooks(server: Server, client: Client, contract: str) -> None:
    posts = until("three events", lambda: len(found := _posts_about(server, contract)) >= 3 and found)
    events = [json.loads(body) for _, body in posts]
    assert sorted(e["type"] for e in events) == ["EveryoneSigned", "SomeoneSigned", "SomeoneSigned"]
    secret = Webhook(server.credentials["signsquid"]["webhook"]["secret"])
    for headers, body in posts:
        event = json.loads(body)
        assert event["event"]["contractId"] == contract
        assert client.get(f"/webhookevents/{event['id']}").body == body
        assert client.get(f"/webhookevents/{event['privateId']}").lines == ["HTTP/1.1 404 Not Found"]
        secret.verify(body, headers)


def _posts_about(server: Server, contract: str) -> list[tuple[dict[str, str], bytes]]:
    return [post for post in list(server.receiver.posts) if contract.encode() in post[1]]


def _download_sealed(server: Server, contract: str, folder: Path) -> Path:
    address = f"{server.api}/contracts/{contract}/versions/1/files/{NAME.replace(' ', '%20')}"
    answer = until(
        "the sealed file", lambda: (a := curl(server.key, "GET", address)).lines == ["HTTP/1.1 200 OK"] and a
    )
    path = folder / "sealed.pdf"
    path.write_bytes(answer.body)
    return path


def _check_files(server: Server, sealed: Path, folder: Path) -> None:
    assert pdfsig(sealed)[:3] == ["Signature is Valid."] * 3
    checked = subprocess.run(["qpdf", "--check", sealed], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout
    root = folder / "root.pem"
    root.write_text(curl(server.key, "GET", f"{server.url}/ca/root.pem").body.decode())
    verdict = server.command("verify", str(sealed), "--root", str(root), "--json")
    assert verdict.returncode == 0, verdict.stdout + verdict.stderr
    report = json.loads(verdict.stdout)["files"][0]
    assert report["verdict"] == "valid"
    assert [s["level"] for s in report["signatures"] if s["kind"] == "signature"] == ["B-LTA"] * 3
    damaged = folder / "damaged.pdf"
    content = bytearray(sealed.read_bytes())
    content[len(content) // 3] ^= 1
    damaged.write_bytes(content)
    assert server.command("verify", str(damaged), "--root", str(root)).returncode == 1


def _check_evidence(server: Server, chromium: Browser, sealed: Path, folder: Path) -> None:
    """The owner fetches it in the console; it is checked with the files alone, on a machine that knows nothing of the server."""
    page = chromium.new_page()
    console = server.credentials["console"]
    page.goto(console["url"])
    page.get_by_role("textbox").first.fill(console["username"])
    page.locator("input[type=password]").fill(console["password"])
    page.get_by_role("button", name="Sign in").click()
    page.goto(f"{server.url}/console/envelopes")
    page.get_by_role("link", name=re.compile("Contrat d’essai")).first.click()
    page.get_by_role("link", name="Documents", exact=True).click()
    files = []
    for name in ("Evidence (PDF)", "Evidence (JSON)"):
        with page.expect_download() as download:
            page.get_by_role("link", name=name).click()
        files.append(folder / download.value.suggested_filename)
        download.value.save_as(files[-1])
    page.close()
    elsewhere = {k: v for k, v in server.environment.items() if not k.startswith("UNDERSIGNED_")}
    root = folder / "root.pem"
    for evidence in files:
        run = [sys.executable, "-m", "undersigned.app.cli", "verify", str(sealed), str(evidence)]
        for arguments in ([], ["--root", str(root)]):
            done = subprocess.run(
                [*run, *arguments], env=elsewhere, cwd=folder, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stdout + done.stderr
            assert "The record belongs to this file" in done.stdout
    other = folder / "other.pdf"
    other.write_bytes(make_pdf(text="Another"))
    foreign = subprocess.run(
        [sys.executable, "-m", "undersigned.app.cli", "verify", str(other), str(files[1])],
        env=elsewhere, cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert foreign.returncode == 1
    record = json.loads(files[1].read_text())
    assert {p["name"] for p in record["people"]} == {"Jörg Müller", "Ελένη Παπαδοπούλου"}
    assert all(
        proof["known_to_sender"]
        for p in record["people"]
        for proof in p["proofs"]
        if proof["method"] != "link"
    )


def test_the_sandbox_signer_signs_and_refuses(server: Server, tmp_path: Path) -> None:
    client = Client(server)
    pdf = tmp_path / "in.pdf"
    pdf.write_bytes(make_pdf(text="Avtale"))
    people = [{"name": n, "email": f"{n.lower()}@example.com"} for n in ("Aino", "Bo")]
    contract = client.contract(pdf, *people)
    codes = [s["code"] for s in client.get(f"/contracts/{contract}").json()["versions"][0]["signatories"]]
    links = []
    for person in people:
        body = server.mailbox.to(str(person["email"]), "asks you to sign").get_body(("plain",))
        assert body is not None
        links.append(link_in(body.get_content()))
    assert server.command("sandbox", "sign", links[0], "--code", "AAAAAA").returncode == 1
    signed = server.command("sandbox", "sign", links[0], "--code", codes[0])
    assert (signed.returncode, signed.stdout.strip()) == (0, "You have signed")
    refused = server.command("sandbox", "sign", links[1], "--code", codes[1], "--decline", "Too expensive")
    assert refused.returncode == 0, refused.stderr
    state = client.get(f"/contracts/{contract}").json()
    assert state["status"] == "Refused"
    assert [s["status"] for s in state["versions"][0]["signatories"]] == ["Agreed", "Refused"]
    body = server.mailbox.to("anna@harbour.example", "refused to sign").get_body(("plain",))
    assert body is not None
    assert "Too expensive" in body.get_content()
