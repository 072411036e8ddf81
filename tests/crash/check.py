"""`python -m tests.crash.check MANIFEST`: with an installation's options, say everything that is not as if nobody had been killed.

MANIFEST (JSON): what the clients made and what the receivers got. Prints JSON: `faults` (a list of sentences) and `counts`. At the end
it does what the next day's sweep does; nothing may be left over then.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

from undersigned.app.cli.setup import django_setup

django_setup()

from django.conf import settings  # noqa: E402

from undersigned.delivery import smtp  # noqa: E402
from undersigned.delivery.deliver import CUT_OFF  # noqa: E402
from undersigned.delivery.models import Message, MessageAttempt, WebhookEvent  # noqa: E402
from undersigned.envelopes import audit  # noqa: E402
from undersigned.envelopes.models import (  # noqa: E402
    Assignment,
    AuditEvent,
    Collection,
    Consent,
    DocumentVersion,
    Envelope,
    Recipient,
    Signature,
)
from undersigned.files import storage  # noqa: E402
from undersigned.files.models import Blob, File  # noqa: E402
from undersigned.jobs.models import Job  # noqa: E402
from undersigned.lifecycle.retention import sweep  # noqa: E402
from undersigned.sealing.chain import first_break  # noqa: E402

SAMPLE = "Reading room membership"
"""The demo's own contract, which waits for a person."""
EVENTS = {
    "sent": 1,
    "prepared": 1,
    "identified": None,
    "signed": 2,
    "agreed": 1,
    "sealed": 1,
    "completed": 1,
    "message_sent": 6,
}
"""Events of one contract with two signers; None: at least one each. 2 invitations, 1 SMS, 3 copies."""
MESSAGES = {
    ("email", "invitation"): 2,
    ("sms", "signer_code"): 1,
    ("email", "completed"): 3,
    ("webhook", "event"): 3,
}

faults: list[str] = []
counts: Counter[str] = Counter()


def expect(what: str, found: object, wanted: object) -> None:
    if found != wanted:
        faults.append(f"{what}: {found}, not {wanted}")


def check_contract(made: dict[str, Any], out: Path) -> None:
    name = made["name"]
    envelopes = list(Envelope.objects.filter(collection__title=name).select_related("collection"))
    expect(f"{name}: versions", len(envelopes), 1)
    if not envelopes:
        return
    envelope = envelopes[0]
    expect(f"{name}: id", envelope.collection and envelope.collection.pub, made["id"])
    expect(f"{name}: state", (envelope.state, envelope.needs_attention), ("completed", ""))
    people = Recipient.objects.filter(envelope=envelope)
    expect(f"{name}: signatories", sorted(r.email or "" for r in people), sorted(made["emails"]))
    expect(f"{name}: their states", [r.state for r in people], ["done", "done"])
    assignments = Assignment.objects.filter(envelope=envelope)
    signatures = Signature.objects.filter(assignment__envelope=envelope, voided_at=None)
    expect(f"{name}: assignments", [a.state for a in assignments], ["done", "done"])
    expect(
        f"{name}: signatures", sorted(s.assignment_id for s in signatures), sorted(a.pk for a in assignments)
    )
    expect(f"{name}: consents", Consent.objects.filter(recipient__envelope=envelope).count(), 2)
    counts["signatures"] += len(signatures)
    versions = list(DocumentVersion.objects.filter(document__envelope=envelope).order_by("seq"))
    kinds = ["original", "prepared", "signed", "signed", "sealed"]
    expect(f"{name}: file versions", [v.kind for v in versions], kinds)
    expect(f"{name}: their order", [v.parent_id for v in versions], [None, *(v.pk for v in versions[:-1])])
    check_trail(name, envelope)
    check_rows(name, envelope)
    export(envelope, versions[-1], out)


def check_trail(name: str, envelope: Envelope) -> None:
    events = AuditEvent.objects.filter(envelope=envelope).select_related("detail").order_by("seq")
    chain = [
        audit.hashed_fields(e)
        | {
            "prev_hash": e.prev_hash,
            "hash": e.hash,
            "salt": e.detail.salt,
            "detail": json.loads(e.detail.payload),
        }
        for e in events
    ]
    expect(f"{name}: audit chain breaks at", first_break(chain), None)
    expect(
        f"{name}: head of the chain",
        (envelope.audit_seq, envelope.audit_head),
        (len(chain), chain[-1]["hash"]),
    )
    kinds = Counter(e.kind for e in events)
    # Whether one that is marked like this was sent, its receiver alone knows: `check_arrivals` asks.
    kinds["message_sent"] += sum(
        CUT_OFF in (m.last_error or "")
        for m in Message.objects.filter(envelope_id=envelope.pk, state="dropped")
    )
    for kind, number in EVENTS.items():
        if number is not None:
            expect(f"{name}: audit events {kind}", kinds[kind], number)
        elif kinds[kind] < 2:
            faults.append(f"{name}: audit events {kind}: {kinds[kind]}")
    for person in Recipient.objects.filter(envelope=envelope):
        signed = [e for e in events if e.kind == "signed" and e.recipient_id == person.pk]
        expect(f"{name}: signed events of {person.pk}", len(signed), 1)
    counts["audit events"] += len(chain)


def check_rows(name: str, envelope: Envelope) -> None:
    messages = Message.objects.filter(envelope_id=envelope.pk)
    expect(f"{name}: messages", Counter((m.channel, m.purpose) for m in messages), Counter(MESSAGES))
    for message in messages:
        sent = MessageAttempt.objects.filter(message=message, outcome="sent").count()
        if message.state == "dropped" and CUT_OFF in (message.last_error or ""):
            counts[
                "messages whose sender was killed, and whose reader had acted before the next attempt"
            ] += 1
        else:
            expect(f"{name}: message {message.pk}", (message.state, sent), ("sent", 1))
    kinds = Counter(WebhookEvent.objects.filter(envelope_id=envelope.pk).values_list("kind", flat=True))
    expect(f"{name}: webhook events", kinds, Counter({"SomeoneSigned": 2, "EveryoneSigned": 1}))


def check_arrivals(manifest: dict[str, Any]) -> None:
    """Every message reached its receiver, repetitions only under the same id, and nothing else did."""
    arrived = {(address, mail): count for address, mail, count in manifest["mails"]}
    ours = Message.objects.filter(channel="email")
    wanted = {(m.address or "", smtp.message_id(m)) for m in ours}
    expect("mails that never arrived", sorted(wanted - set(arrived))[:5], [])
    expect("mails that nobody posted", sorted(set(arrived) - wanted)[:5], [])
    per_purpose = Counter((m.envelope_id, m.purpose, m.address) for m in ours)
    expect("purposes posted twice to one address", [k for k, n in per_purpose.items() if n > 1][:5], [])
    counts["mails"], counts["mails that came again, same Message-ID"] = (
        len(arrived),
        sum(n > 1 for n in arrived.values()),
    )
    bodies = {e.pub: bytes(e.body).decode() for e in WebhookEvent.objects.all()}
    hooks = manifest["webhooks"]
    expect("webhooks that never arrived", sorted(set(bodies) - set(hooks))[:5], [])
    expect("webhooks that nobody posted", sorted(set(hooks) - set(bodies))[:5], [])
    for pub, seen in hooks.items():
        expect(f"webhook {pub}: bodies", list(seen), [bodies.get(pub)])
    counts["webhooks"] = len(hooks)
    counts["webhooks that came again, same id and body"] = sum(
        n > 1 for s in hooks.values() for n in s.values()
    )
    for message in Message.objects.filter(channel="sms"):
        texts = manifest["texts"].get(message.address, {})
        code = Recipient.objects.get(pk=message.recipient_id).code
        expect(f"texts to {message.address}", [t.endswith(str(code)) for t in texts], [True])
    counts["texts"] = len(manifest["texts"])
    counts["texts that came again"] = sum(n > 1 for s in manifest["texts"].values() for n in s.values())


def export(envelope: Envelope, sealed: DocumentVersion, out: Path) -> None:
    folder = out / str(envelope.pk)
    folder.mkdir(parents=True)
    files: list[tuple[str, File | None]] = [
        ("sealed.pdf", sealed.file), ("evidence.pdf", envelope.evidence), ("evidence.json", envelope.evidence_json)
    ]  # fmt: skip
    for name, file in files:
        if file is None or file.blob is None:
            faults.append(f"{envelope.title}: no {name}")
            continue
        (folder / name).write_bytes(b"".join(storage.read(file.blob)))


def check_files() -> None:
    """Every stored byte is what its row says; what kills left over goes with the next day's sweep."""
    for blob in Blob.objects.filter(files__isnull=False).distinct():
        digest = hashlib.sha256(b"".join(storage.read(blob))).hexdigest()
        expect(f"bytes of {blob.sha256}", digest, blob.sha256)
    counts["stored files"] = Blob.objects.count()
    counts["left over before the sweep"] = Blob.objects.filter(files=None).count() + len(_loose())
    day = timedelta(hours=25)
    for blob in Blob.objects.all():
        Blob.objects.filter(pk=blob.pk).update(staged_at=blob.staged_at - day)
    for path in [p for p in settings.DATA_DIR.rglob("*") if p.is_file() and "sqlite3" not in p.name]:
        then = time.time() - day.total_seconds()
        os.utime(path, (then, then))
    sweep()
    expect("blobs without a handle after the sweep", Blob.objects.filter(files=None).count(), 0)
    expect("files without a row after the sweep", [str(p) for p in _loose()][:5], [])


def _loose() -> list[Path]:
    """Files in the data folder that no row and no process owns."""
    known = {settings.DATA_DIR / "files" / key for key in Blob.objects.values_list("storage_key", flat=True)}
    stored = [p for p in (settings.DATA_DIR / "files").rglob("*") if p.is_file() and p not in known]
    named = [
        "undersigned.sqlite3",
        "undersigned.sqlite3-wal",
        "undersigned.sqlite3-shm",
        "master.key",
        "credentials.json",
    ]
    beside = [p for p in settings.DATA_DIR.iterdir() if p.is_file() and p.name not in named]
    return (
        stored
        + beside
        + list((settings.DATA_DIR / "tmp").glob("*"))
        + list((settings.DATA_DIR / "wake").glob("*"))
    )


def main(path: Path) -> None:
    manifest = json.loads(path.read_text())
    contracts = Collection.objects.exclude(title=SAMPLE)
    expect("contracts", sorted(c.title for c in contracts), sorted(c["name"] for c in manifest["contracts"]))
    for made in manifest["contracts"]:
        check_contract(made, path.parent / "sealed")
    check_arrivals(manifest)
    expect(
        "jobs that are not done",
        [str(j) for j in Job.objects.exclude(state="done").exclude(kind__startswith="tick.")][:5],
        [],
    )
    expect("dead ticks", [str(j) for j in Job.objects.filter(state="dead")][:5], [])
    counts["contracts"], counts["jobs"] = len(manifest["contracts"]), Job.objects.count()
    counts["jobs that a killed worker began"] = Job.objects.filter(attempts__gt=1).count()
    check_files()
    json.dump({"faults": faults, "counts": counts}, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
