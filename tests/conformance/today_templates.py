"""Templates of Signing Today, and what is made of them: roles and who takes them, sheets with a row for each copy, files inside a call."""

from __future__ import annotations

import base64
import io
from copy import deepcopy
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from openpyxl import Workbook

from tests.pdfs import make_pdf

from .today_caller import Today
from .today_contract import OPERATIONS
from .today_dsts import TEXT_FORM, document, draft, json_of

BUYER = {"id": 0, "templateLabel": "Buyer", "role": "signer"}
PRICE = TEXT_FORM | {"extraData": {"label": "price"}}
ADAM = {"name": "Adam", "surname": "Smith", "email": "adam.smith@email.com"}


def with_role(**members: Any) -> dict[str, Any]:
    return document(signerGroups=[{"label": "Group 1", "signers": [BUYER]}], **members)


def template(today: Today, **members: Any) -> Any:
    """Published: somebody signs as the Buyer."""
    made = draft(today, members.pop("document", with_role()), template=True, **members)
    return json_of(today.post(f"/DST/{made['id']}/publish"))


def workbook(rows: list[list[Any]], name: str = "sheet.xlsx") -> SimpleUploadedFile:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    data = io.BytesIO()
    book.save(data)
    return SimpleUploadedFile(name, data.getvalue())


def table(count: int) -> list[list[Any]]:
    head = ["Buyer.name", "Buyer.surname", "Buyer.email", "price", "title"]
    return [head, *(["Maria", f"Rossi {n}", f"m{n}@example.com", n, f"Sale {n}"] for n in range(count))]


def by_file(
    today: Today, dst: str, rows: list[list[Any]], query: dict[str, Any] | None = None, **parts: Any
) -> HttpResponse:
    return today.upload("POST", f"/DST/{dst}/instantiate/byFile", {"file": workbook(rows)} | parts, query)


def embedded(data: bytes | None = None, **members: Any) -> dict[str, Any]:
    """A transaction whose file is inside."""
    body = deepcopy(OPERATIONS["robotCreateDST"]["request"]["example"])
    source = {"type": "Embedded", "embeddedData": base64.b64encode(data or make_pdf()).decode()}
    body["documents"][0]["resource"]["source"] = source
    return body | members


def roles(**players: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"roleName": name, "signer": player} for name, player in players.items()]
