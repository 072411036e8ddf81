"""Signing Today's operations on transactions: who gets which answer about a draft, a running transaction, and templates."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

CALLERS = ("nobody", "stranger", "bystander", "outsider", "participant", "reader", "admin", "owner")
"""`owner` makes the transactions, and `outsider` others; `reader` was let in to look; `participant` and `bystander` only sign, the first
in these; `stranger` administers another organisation."""
OUTSIDE = {"nobody": 401, "stranger": 404, "bystander": 404, "outsider": 404}


@dataclass(frozen=True)
class Ask:
    """`path`: with ids of the world; `pattern`: of the route. `answers`: by caller."""

    method: str
    path: str
    pattern: str
    answers: dict[str, int]
    body: Any = None
    query: dict[str, Any] = field(default_factory=dict)


def look(status: int = 200, participant: int = 200) -> dict[str, int]:
    """For all who may see it."""
    return OUTSIDE | {"participant": participant, "reader": status, "admin": status, "owner": status}


def change(status: int, participant: int = 404) -> dict[str, int]:
    """For its owner, and who may change anybody's."""
    return OUTSIDE | {"participant": participant, "reader": 403, "admin": status, "owner": status}


def make(status: int, outsider: int = 404) -> dict[str, int]:
    """For all who see it and make transactions."""
    return OUTSIDE | {
        "outsider": outsider,
        "participant": 404,
        "reader": status,
        "admin": status,
        "owner": status,
    }


ALL = dict.fromkeys(CALLERS, 200) | {"nobody": 401}
MAKERS = ALL | {"participant": 403, "bystander": 403}
DST = "api/DST/<dst_id>"
NOTE = {"text": "Hello"}
TEXT = {"id": 7, "documentId": 0, "extraData": {"value": "Blue"}}
ASKS = [
    # Nobody who only signs sees a draft.
    Ask("GET", "/DST/{draft}", DST, look(participant=404)),
    Ask("GET", "/DST/{draft}/audit", f"{DST}/audit", look(participant=404)),
    Ask("GET", "/DST/{draft}/note", f"{DST}/note", look(participant=404)),
    Ask("POST", "/DST/{draft}/note", f"{DST}/note", look(participant=404), NOTE),
    Ask("PUT", "/DST/{draft}/note/{note}", f"{DST}/note/<note_id>", change(403) | {"owner": 200}, NOTE),
    Ask("DELETE", "/DST/{draft}/note/{note}", f"{DST}/note/<note_id>", change(403) | {"owner": 204}),
    Ask("GET", "/resource/{resource}", "api/resource/<resource_id>", look(participant=404)),
    Ask("GET", "/pdfResource/{resource}/thumbs", "api/pdfResource/<resource_id>/thumbs", look(participant=404), query={"page": 1}),
    Ask("GET", "/DST/{draft}/resources", f"{DST}/resources", look(participant=404)),
    Ask("PATCH", "/DST/{draft}/resources", f"{DST}/resources", change(400)),
    Ask("PUT", "/resource/{resource}", "api/resource/<resource_id>", change(204), {"title": "x"}),
    Ask("DELETE", "/DST/resource/{resource}", "api/DST/resource/<resource_id>", change(200)),
    Ask("POST", "/DST/{draft}/doc/0/swap", f"{DST}/doc/<doc_id>/swap", change(200), query={"targetDocId": 0}),
    Ask("POST", "/DST/{draft}/doc/0/resource", f"{DST}/doc/<doc_id>/resource", change(400)),
    Ask("PUT", "/DST/{draft}", DST, change(200), {"title": "Mine now"}),
    Ask("POST", "/DST/{draft}/publish", f"{DST}/publish", change(200)),
    Ask("POST", "/DST/{draft}/clone", f"{DST}/clone", make(200)),
    Ask("DELETE", "/DST/{draft}", DST, change(204)),
    # Who signs sees it once it is published, and the ticket of their own signature.
    Ask("GET", "/DST/{running}", DST, look()),
    Ask("GET", "/DST/{running}/audit", f"{DST}/audit", look()),
    Ask("POST", "/DST/{running}/note", f"{DST}/note", look(), NOTE),
    Ask("GET", "/resource/{filled}", "api/resource/<resource_id>", look()),
    Ask("GET", "/DST/{running}/sign/0/0", f"{DST}/sign/<doc_id>/<sign_id>", change(200, participant=200)),
    Ask("GET", "/DST/{running}/sign/0/1", f"{DST}/sign/<doc_id>/<sign_id>", change(200, participant=403)),
    Ask("POST", "/DST/{running}/notify", f"{DST}/notify", change(204, participant=403)),
    Ask("PUT", "/DST/{running}", DST, change(409, participant=403), {"title": "Mine now"}),
    Ask("PUT", "/resource/{filled}", "api/resource/<resource_id>", change(409, participant=403), {"title": "x"}),
    Ask("POST", "/DST/{running}/clone", f"{DST}/clone", make(200) | {"participant": 403}),
    Ask("POST", "/DST/{running}/replace", f"{DST}/replace", change(409, participant=403)),
    Ask("POST", "/DST/{running}/modify", f"{DST}/modify", change(409, participant=403)),
    Ask("DELETE", "/DST/{running}", DST, change(204, participant=403)),
    Ask("PATCH", "/DST/{filling}/fill", f"{DST}/fill", change(200, participant=200), TEXT),
    # Templates: one's own, and those for all who make transactions.
    Ask("GET", "/DST/{template}", DST, look(participant=404) | {"reader": 404}),
    Ask("POST", "/DST/{template}/instantiate", f"{DST}/instantiate", make(200) | {"reader": 404}),
    Ask("GET", "/DST/{public}", DST, look(participant=404) | {"outsider": 200}),
    Ask("POST", "/DST/{public}/instantiate", f"{DST}/instantiate", make(200, outsider=200)),
    Ask("POST", "/DST/{public}/templatize", f"{DST}/templatize", make(200, outsider=200)),
    Ask("POST", "/DST/{public}/modify", f"{DST}/modify", change(200) | {"outsider": 403}),
    Ask("PUT", "/DST/{public}", DST, change(409) | {"outsider": 403}, {"title": "Mine now"}),
    Ask("DELETE", "/DST/{public}", DST, change(204) | {"outsider": 403}),
    # Of no transaction: everybody has their own.
    Ask("GET", "/DSTs", "api/DSTs", ALL),
    Ask("POST", "/DSTs", "api/DSTs", MAKERS | dict.fromkeys(("stranger", "outsider", "reader", "admin", "owner"), 201), {"title": "x"}),
    Ask("GET", "/notifications/dsts", "api/notifications/dsts", ALL),
    Ask("DELETE", "/notifications/dst/{running}", "api/notifications/dst/<dst_id>", {c: 204 if s == 200 else s for c, s in ALL.items()}),
    Ask("POST", "/robot/DSTs", "api/robot/DSTs", {c: 400 if s == 200 else s for c, s in MAKERS.items()}, {"documents": 7}),
]  # fmt: skip
ELSEWHERE = [
    ("POST", f"{DST}/instantiate/byFile"),
    ("GET", f"{DST}/instantiate/byFile"),
    ("GET", "api/DSTs/byFile"),
    ("POST", "api/DSTs/byFile"),
    ("GET", "api/DSTs/instantiationGroup/<group_id>/resources"),
    ("POST", "api/robot/<dst_id>/instantiate"),
    ("POST", "api/robot/DST/<dst_id>/instantiate"),
]
"""Tried where sheets and robots are."""
OPERATIONS = {(a.method, a.pattern) for a in ASKS} | set(ELSEWHERE)
NOBODY = "737dc132-a3f0-41e9-a2a3-2a2ae2dbcce4"
VALUES = {
    "dst_id": NOBODY,
    "resource_id": NOBODY,
    "group_id": NOBODY,
    "doc_id": "0",
    "sign_id": "0",
    "note_id": "1",
}
"""For addresses of which only the form matters."""
