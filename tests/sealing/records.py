"""A record of an envelope, as the core makes it."""

from __future__ import annotations

import hashlib
from typing import Any

from undersigned.sealing.chain import GENESIS, detail_digest, event_hash

NAMES = [
    "Anna Virtanen",
    "Åsa Öberg",
    "Γιώργος Παπαδόπουλος",
    "Алексей Иванов",
    "محمد العربي",
    "प्रिया शर्मा",
    "山田太郎",
]


def digest(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()


def chain(details: list[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    previous = GENESIS
    for seq, (kind, detail) in enumerate(details, 1):
        salt = seq.to_bytes(16, "big")
        event: dict[str, Any] = {
            "seq": seq,
            "kind": kind,
            "at": f"2026-11-22T10:{seq // 60 % 60:02d}:{seq % 60:02d}.000Z",
            "recipient": None,
            "document": None,
            "assignment": None,
            "actor_kind": "user",
            "actor_ref": 1,
            "credential": None,
            "detail_digest": detail_digest(salt, detail).hex(),
            "prev_hash": previous.hex(),
            "salt": salt.hex(),
            "detail": detail,
        }
        previous = event_hash(previous, event)
        events.append(event | {"hash": previous.hex()})
    return events


def record(people: int = 2, documents: int = 1, sealed: str = "", root: str = "") -> dict[str, Any]:
    names = [NAMES[i % len(NAMES)] + (f" {i}" if i >= len(NAMES) else "") for i in range(people)]
    at = "2026-11-22T10:00:00.000Z"
    titles = [f"Lease of the flat at Mannerheimintie {n}" for n in range(1, documents + 1)]
    events: list[tuple[str, dict[str, Any]]] = [("created", {"by": "Board Oy", "title": titles[0]})]
    events += [("recipient_added", {"by": "Board Oy", "name": n}) for n in names]
    events += [("document_added", {"by": "Board Oy", "filename": f"{t}.pdf"}) for t in titles] + [
        ("sent", {"by": "Board Oy"})
    ]
    for name in names:
        where = {"name": name, "ip": "203.0.113.7", "agent": "Firefox"}
        events += [("opened", where), ("identified", where), ("signed", where)]
    return {
        "envelope": {
            "id": "c-8817/2",
            "title": titles[0],
            "organization": "Board Oy",
            "sender": "Maija Meikäläinen",
            "created_at": at,
            "sent_at": at,
            "agreed_at": at,
            "dialect": "signsquid",
            "reference": "2026/118",
            "language": "en",
            "timestamp_authority": "built-in",
            "sandbox": False,
        },
        "people": [_person(i, name, titles) for i, name in enumerate(names, 1)],
        "documents": [
            {
                "id": i,
                "title": title,
                "versions": [
                    {"seq": 1, "kind": "original", "sha256": digest(title), "at": at, "signed_by": None},
                    {
                        "seq": 2,
                        "kind": "prepared",
                        "sha256": digest(title + "p"),
                        "at": at,
                        "signed_by": None,
                    },
                    *(
                        {
                            "seq": 2 + p,
                            "kind": "signed",
                            "sha256": digest(f"{title}{p}"),
                            "at": at,
                            "signed_by": p,
                        }
                        for p in range(1, people + 1)
                    ),
                    {
                        "seq": 99,
                        "kind": "sealed",
                        "sha256": sealed or digest(title + "s"),
                        "at": None,
                        "signed_by": None,
                    },
                ],
            }
            for i, title in enumerate(titles, 1)
        ],
        "signatures": [
            {
                "recipient": p,
                "document": d,
                "serial": digest(f"{p}{d}")[:40],
                "certificate": "MIIB",
                "level": "B-T",
                "at": at,
            }
            for p in range(1, people + 1)
            for d in range(1, documents + 1)
        ],
        "audit": chain(events),
        "root_fingerprints": [root or digest("root")],
    }


def _person(number: int, name: str, titles: list[str]) -> dict[str, Any]:
    at = "2026-11-22T10:00:00.000Z"
    return {
        "id": number,
        "name": name,
        "email": f"person{number}@example.com",
        "phone": "+358 40 1234567",
        "state": "signed",
        "invited_at": at,
        "opened_at": at,
        "signed_at": at,
        "proofs": [
            {
                "method": "sms_code" if number % 2 else "sender_code",
                "provider": "",
                "level": "substantial",
                "at": at,
                "known_to_sender": number % 2 == 0,
                "ip": "203.0.113.7",
                "agent": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
            }
        ],
        "consents": [
            {
                "text": "I have read the documents and sign them electronically. My signature is as binding as one on paper.",
                "language": "en",
                "shown": [{"title": t, "sha256": digest(t + "p")} for t in titles],
                "pages_seen": True,
                "at": at,
                "digest": digest("consent"),
            },
        ],
    }
