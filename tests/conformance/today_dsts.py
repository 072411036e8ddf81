"""Signing Today transactions as a program of its users makes them, and people with tickets."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse

from tests.envelopes.groups import Ticket
from tests.pdfs import make_pdf
from undersigned.envelopes.decline import decline
from undersigned.envelopes.models import Envelope

from .signers import run_jobs
from .today_caller import Today

ADAM = {"id": 0, "name": "Adam", "surname": "Smith", "email": "adam.smith@email.com"}
BEA = {"id": 1, "name": "Bea", "surname": "Stone", "email": "bea.stone@email.com"}
SIGNATURE_FORM = {
    "id": 0,
    "type": "SignatureForm",
    "positionX": "50.00",
    "positionY": "58.14",
    "width": "20.1",
    "height": "5.66",
    "page": 1,
    "signerId": 0,
    "extraData": {"signatureRequestId": 0},
}
TEXT_FORM = {
    "id": 7,
    "type": "TextForm",
    "positionX": 10,
    "positionY": 20,
    "width": 30,
    "height": 5,
    "page": 1,
    "signerId": 0,
    "toFill": True,
}
REQUEST = {"id": 0, "reason": "As the Buyer", "description": "The proponent", "signerId": 0}


def document(**members: Any) -> dict[str, Any]:
    """One signer, one signature."""
    plain = {
        "forms": [SIGNATURE_FORM],
        "signatureRequests": [REQUEST],
        "signerGroups": [{"label": "Group 1", "signers": [ADAM]}],
    }
    return deepcopy(plain | members)


def two_signers(*, declinable: bool = False, groups: int = 1) -> dict[str, Any]:
    """Adam and Bea, at once or one after the other."""
    second = {"id": 1, "reason": "As the Seller", "signerId": 1}
    signers = [[ADAM, BEA]] if groups == 1 else [[ADAM], [BEA]]
    return document(
        signatureRequests=[REQUEST | {"declinable": declinable}, second | {"declinable": declinable}],
        signerGroups=[{"label": f"Group {n}", "signers": s} for n, s in enumerate(signers, 1)],
    )


def pdf(name: str = "contract.pdf", pages: int = 1) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, make_pdf(pages=pages, text=name), "application/pdf")


def json_of(response: HttpResponse, status: int = 200) -> Any:
    assert response.status_code == status, response.content
    return json.loads(response.content)


def upload(today: Today, dst: str, name: str = "contract.pdf", **more: Any) -> Any:
    """A file comes into a draft."""
    parts = {"file": pdf(name), "filename": name, "resourceType": "PDF_Document", "title": "Contract"} | more
    return json_of(today.upload("PATCH", f"/DST/{dst}/resources", parts))


def draft(today: Today, *documents: dict[str, Any], **members: Any) -> Any:
    """A draft with files, as clients of the vendor make one: create, upload, put the plan on what was uploaded."""
    body = {"title": "Real estate sales contract"} | members
    dst = json_of(today.post("/DSTs", body), 201)["id"]
    wanted = documents or (document(),)
    for number in range(len(wanted)):
        made = upload(today, dst, f"paper {number}.pdf")
    plans = [
        {**plan, "plainDocumentUuid": made["documents"][n]["plainDocumentUuid"]}
        for n, plan in enumerate(wanted)
    ]
    return json_of(today.put(f"/DST/{dst}", body | {"documents": plans}))


def published(today: Today, *documents: dict[str, Any], **members: Any) -> Any:
    """Published, and its pages made final."""
    dst = draft(today, *documents, **members)["id"]
    json_of(today.post(f"/DST/{dst}/publish"))
    run_jobs()
    return today.read(f"/DST/{dst}")


def envelope_of(dst: Any) -> Envelope:
    return Envelope.objects.get(pub=dst["id"])


def ticket(dst: Any, request: int = 0, position: int = 1) -> Ticket:
    return Ticket(envelope_of(dst), str(request), position)


def refuse(dst: Any, request: int = 0, reason: str = "Not at this price") -> None:
    decline(ticket(dst, request).sitting, reason)


def finished(today: Today, *documents: dict[str, Any], **members: Any) -> Any:
    """Signed by all, and sealed."""
    dst = published(today, *documents, **members)
    for n, one in enumerate(dst["documents"], 1):
        for request in one["signatureRequests"]:
            ticket(dst, request["id"], n).sign()
    run_jobs()
    return today.read(f"/DST/{dst['id']}")


def filling(today: Today, *forms: dict[str, Any]) -> Any:
    return published(today, document(forms=[*document()["forms"], *(forms or (TEXT_FORM,))]))


def fill(today: Today, dst: Any, value: Any = "Blue", **form: Any) -> HttpResponse:
    given = TEXT_FORM | {"documentId": 0, "extraData": {"value": value}} | form
    return today.patch(f"/DST/{dst['id']}/fill", given)


UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
