"""The evidence of an envelope as data: who, when, how proved, from where, what was shown, the audit chain."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from cryptography import x509
from django.conf import settings

from undersigned.base.clock import iso_ms
from undersigned.identity.oidc import Claims
from undersigned.sealing.asic.manifest import file_name
from undersigned.sealing.authority import root_certificates
from undersigned.sealing.identities import common_name

from . import audit
from .models import AssignmentState, Consent, Document, Envelope, IdentityProof, Package, Recipient, Signature
from .proofs import word


def evidence_record(
    envelope: Envelope, sealed: Mapping[int, str], unproven: Collection[str] = ()
) -> dict[str, Any]:
    """What `sealing.evidence.build_evidence` prints. `sealed`: document id to SHA-256 (hex) of the sealed file, which has no version row yet.
    `unproven`: SHA-256 of the certificates about which nobody says whether they still stand."""
    return {
        "envelope": _envelope(envelope),
        "people": [_person(r) for r in envelope.recipients.order_by("position")],
        "documents": [
            _document(d, sealed) for d in envelope.documents.filter(removed_at=None).order_by("position")
        ],
        "packages": [_package(p) for p in envelope.packages.order_by("position")],
        "signatures": [_signature(s, unproven) for s in _signatures(envelope)],
        "audit": [
            audit.hashed_fields(event)
            | {
                "prev_hash": event.prev_hash,
                "hash": event.hash,
                "salt": event.detail.salt if detail else None,
                "detail": detail or None,
            }
            for event, detail in audit.trail(envelope)
        ],
        "root_fingerprints": [hashlib.sha256(der).hexdigest() for der in root_certificates()],
    }


def _time(moment: datetime | None) -> str | None:
    return iso_ms(moment) if moment else None


def _envelope(envelope: Envelope) -> dict[str, Any]:
    collection = envelope.collection
    return {
        "id": envelope.pub or (f"{collection.pub}/{envelope.position}" if collection else str(envelope.pk)),
        "title": envelope.title,
        "organization": envelope.organization.name,
        "sender": envelope.creator_name,
        "created_at": _time(envelope.created_at),
        "sent_at": _time(envelope.sent_at),
        "agreed_at": _time(envelope.agreed_at),
        "dialect": envelope.dialect,
        "reference": envelope.reference,
        "language": envelope.language,
        "timestamp_authority": settings.TIMESTAMP_AUTHORITY,
        "sandbox": envelope.organization.sandbox,
    }


def _person(recipient: Recipient) -> dict[str, Any]:
    proofs = IdentityProof.objects.filter(recipient=recipient).select_related("sitting").order_by("pk")
    return {
        "id": recipient.pk,
        "name": recipient.full_name,
        "email": recipient.email,
        "phone": recipient.phone,
        "state": recipient.state,
        "invited_at": _time(recipient.invited_at),
        "opened_at": _time(recipient.opened_at),
        "signed_at": _time(recipient.settled_at),
        "proofs": [
            {
                "method": word(p),
                "provider": p.provider,
                "level": p.level,
                "moment": p.moment,
                "asked_as": p.asked_as,
                "name": Claims.from_json(p.claims).name if p.claims else None,
                "id_token_sha256": bytes(p.token_hash).hex() if p.token_hash else None,
                "at": _time(p.at),
                "known_to_sender": p.known_to_sender,
                "ip": p.sitting.ip,
                "agent": p.sitting.agent,
            }
            for p in proofs
        ],
        "tasks": [
            {
                "document": a.document_id,
                "action": a.action,
                "state": a.state,
                "at": _time(a.settled_at),
            }
            for a in recipient.assignments.filter(round=recipient.envelope.round)
            .exclude(state=AssignmentState.VOID)
            .order_by("document__position", "pk")
        ],
        "handed_on": [
            {"to": f.recipient_id, "mode": f.mode, "at": _time(f.at)}
            for f in recipient.forwards.order_by("pk")
        ],
        "consents": [
            {
                "text": consent.text,
                "language": consent.language,
                "shown": consent.shown,
                "pages_seen": consent.pages_seen,
                "at": _time(consent.at),
                "digest": consent.digest,
            }
            for consent in _consents(recipient)
        ],
    }


def _consents(recipient: Recipient) -> list[Consent]:
    """What the person agreed to, with the signatures that count: once for all, or for each by itself."""
    found = Consent.objects.filter(recipient=recipient).order_by("pk")
    return list(found.filter(signatures__voided_at=None, signatures__isnull=False).distinct())


def _document(document: Document, sealed: Mapping[int, str]) -> dict[str, Any]:
    versions = [
        {
            "seq": v.seq,
            "kind": v.kind,
            "sha256": v.sha256,
            "at": _time(v.created_at),
            "signed_by": v.made_by.assignment.recipient_id if hasattr(v, "made_by") else None,
        }
        for v in document.versions.filter(voided_at=None)
        .select_related("made_by__assignment")
        .order_by("seq")
    ]
    if document.pk in sealed:
        versions.append(
            {
                "seq": document.next_seq(),
                "kind": "sealed",
                "sha256": sealed[document.pk],
                "at": None,
                "signed_by": None,
            }
        )
    return {"id": document.pk, "title": document.title, "versions": versions, **_statement(document)}


def _statement(document: Document) -> dict[str, Any]:
    """Of a document that was signed by a page about its file, what that file is; of a page that was written here, that it was; of one that is
    signed apart from its PDF, the container of both."""
    if document.format == Document.Format.DECLARATION:
        return {"format": "declaration"}
    if document.detached:
        container = {"name": document.signed_name, "media_type": document.signed_type}
        return {"format": "cades", "container": container | {"holds": file_name(document.pdf_name)}}
    blob = document.source
    if not document.by_statement or blob is None:
        return {}
    return {
        "format": "statement",
        "file": {
            "name": document.title,
            "media_type": blob.media_type,
            "size": blob.size,
            "sha256": blob.sha256,
        },
    }


def _package(package: Package) -> dict[str, Any]:
    """Which documents, as whose signatures left them, go into one file."""
    items = package.items.select_related("assignment").order_by("position")
    return {
        "key": package.key,
        "items": [
            {"document": i.assignment.document_id, "recipient": i.assignment.recipient_id} for i in items
        ],
    }


def _signatures(envelope: Envelope) -> list[Signature]:
    return list(
        Signature.objects.filter(assignment__envelope=envelope, voided_at=None)
        .select_related("assignment")
        .order_by("pk")
    )


def _signature(signature: Signature, unproven: Collection[str]) -> dict[str, Any]:
    der = bytes(signature.certificate)
    certificate = x509.load_der_x509_certificate(der)
    return {
        "recipient": signature.assignment.recipient_id,
        "document": signature.assignment.document_id,
        "serial": signature.serial,
        "certificate": base64.b64encode(der).decode(),
        "key": signature.own_key or "one-time",
        "subject": common_name(certificate.subject),
        "issuer": common_name(certificate.issuer),
        "proven": hashlib.sha256(der).hexdigest() not in unproven,
        "level": signature.level,
        "at": _time(signature.at),
    }
