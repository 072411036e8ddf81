"""What is wrong with a plan of groups, before anybody is asked: names that lead nowhere, pages that a file lacks, nobody who signs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from .models import Document
from .plan import PlannedDocument
from .roles import is_open, name_of, signers_of


def faults_of(
    documents: Iterable[Document], plan: Iterable[PlannedDocument], *, open_parts: bool
) -> dict[str, list[str]]:
    """All that is wrong, by the core's names; of a document "documents.<position>.…". Empty when nothing is.

    `documents`: the rows, with their files. `open_parts`: a part with a name may still be nobody's, as in a template.
    """
    rows = {d.position: d for d in documents}
    planned = {p.document: p for p in plan}
    faults: dict[str, list[str]] = {}
    if not rows:
        faults["documents"] = ["required"]
    for position, row in rows.items():
        if row.source is None:
            faults[f"documents.{position}.file"] = ["required"]
    for position, part in planned.items():
        if position not in rows:
            faults[f"documents.{position}"] = ["unknown"]
            continue
        pages = rows[position].original.pages if rows[position].original else None  # type: ignore[union-attr]
        for name, codes in _faults_of_one(part, pages, open_parts=open_parts).items():
            faults[f"documents.{position}.{name}"] = codes
    if not any(p.requests for p in planned.values()):
        faults["requests"] = ["required"]
    return faults


def _faults_of_one(
    part: PlannedDocument, pages: int | None, *, open_parts: bool
) -> Mapping[str, list[str]]:
    faults: dict[str, list[str]] = {}
    signers = list(signers_of([part]))
    for name, keys in (
        ("signers", [s.key for s in signers]),
        ("requests", [r.key for r in part.requests]),
        ("fields", [f.key for f in part.fields]),
    ):
        for key, count in Counter(keys).items():
            if count > 1:
                faults[f"{name}.{key}"] = ["already_used"]
    for signer in signers:
        if is_open(signer) and not (open_parts and name_of(signer)):
            faults.setdefault(f"signers.{signer.key}", ["required"])
    known = {s.key for s in signers}
    asked = {r.key: r for r in part.requests}
    for request in part.requests:
        if request.signer not in known:
            faults[f"requests.{request.key}.signer"] = ["unknown"]
    for field in part.fields:
        at = f"fields.{field.key}"
        if field.signer is not None and field.signer not in known:
            faults[f"{at}.signer"] = ["unknown"]
        if field.request is not None and field.request not in asked:
            faults[f"{at}.request"] = ["unknown"]
        if field.page < 1 or (pages is not None and field.page > pages):
            faults[f"{at}.page"] = ["no_such_page"]
    return faults
