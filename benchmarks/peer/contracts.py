"""Create, get and list contracts, as django-ninja's tutorial would have it."""

from __future__ import annotations

import hashlib
import json
import secrets
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import NinjaAPI, Schema
from ninja.security import HttpBasicAuth

from undersigned.accounts.models import Credential
from undersigned.base.vault import keyed_hash
from undersigned.delivery.models import Message
from undersigned.envelopes.models import AuditDetail, AuditEvent, Collection, Envelope


class Key(HttpBasicAuth):
    def authenticate(self, request: HttpRequest, username: str, password: str) -> Credential | None:
        found = Credential.objects.select_related("user", "organization")
        return found.filter(secret_hash=keyed_hash(username, "api_key"), enabled=True).first()


api = NinjaAPI(auth=Key(), docs_url=None, openapi_url=None)


class New(Schema):
    name: str


class Signatory(Schema):
    name: str
    email: str
    code: str
    status: str
    mobilePhone: str | None  # noqa: N815
    smsStatus: str | None  # noqa: N815


class Version(Schema):
    signatories: list[Signatory]
    published: bool
    expires: str
    status: str


class Contract(Schema):
    id: str
    name: str
    versions: list[Version]
    agreed: str | None
    status: str


class Listed(Schema):
    id: str
    name: str


@api.post("/contracts")
def create(request: HttpRequest, new: New) -> HttpResponse:
    """The rows of a new contract: collection, envelope, audit event with its detail, the envelope's audit head."""
    by: Credential = request.auth  # type: ignore[attr-defined]
    at = timezone.now()
    owner = {"organization": by.organization, "owner_user": by.user, "created_by_credential": by}
    with transaction.atomic():
        contract = Collection.objects.create(
            dialect="signsquid",
            kind="contract",
            pub=f"{int(at.timestamp()):08x}{secrets.token_hex(8)}",
            title=new.name,
            erase_at=at + timedelta(days=1095),
            created_at=at,
            **owner,
        )
        envelope = Envelope.objects.create(
            dialect="signsquid",
            collection=contract,
            title=new.name,
            due_at=at + timedelta(days=30),
            created_at=at,
            policy={"on_decline": "fatal"},
            creator_name=by.user.full_name,
            company_name=by.organization.name,
            **owner,
        )
        audit(envelope, "created", at, {"title": new.name, "by": by.user.full_name}, "user", by.user.pk)
    response = HttpResponse(status=201)
    response["Location"] = f"http://127.0.0.1/api/v1/contracts/{contract.pub}"
    return response


def audit(envelope: Envelope, kind: str, at: Any, payload: dict[str, Any], actor: str, ref: int) -> None:
    """An event, its detail, and the envelope's counter."""
    detail = json.dumps(payload)
    event = AuditEvent.objects.create(
        envelope=envelope,
        seq=envelope.audit_seq + 1,
        kind=kind,
        at=at,
        actor_kind=actor,
        actor_ref=ref,
        detail_digest=hashlib.sha256(detail.encode()).hexdigest(),
        hash=hashlib.sha256(kind.encode()).hexdigest(),
    )
    AuditDetail.objects.create(event=event, salt=secrets.token_hex(16), payload=detail)
    envelope.audit_seq, envelope.audit_head = event.seq, event.hash
    envelope.save(update_fields=["audit_seq", "audit_head", "updated_at"])


@api.get("/contracts/{pub}", response=Contract)
def get(request: HttpRequest, pub: str) -> dict[str, Any]:
    """A contract with its versions, their signatories, and what became of the SMS to each."""
    by: Credential = request.auth  # type: ignore[attr-defined]
    found = Collection.objects.filter(
        owner_user=by.user, dialect="signsquid", kind="contract", erased_at=None
    )
    contract = found.get(pub=pub)
    envelopes = list(contract.envelopes.order_by("position").prefetch_related("recipients"))
    codes = Message.objects.filter(
        envelope_id__in=[e.pk for e in envelopes], purpose="signer_code", channel="sms"
    )
    sms = dict(codes.values_list("recipient_id", "state"))
    versions = [
        {
            "signatories": [
                {
                    "name": r.full_name,
                    "email": r.email,
                    "code": r.code,
                    "status": r.state,
                    "mobilePhone": r.phone_as_given,
                    "smsStatus": sms.get(r.pk),
                }
                for r in e.recipients.all()
            ],
            "published": e.sent_at is not None,
            "expires": e.due_at.isoformat() if e.due_at else "",
            "status": e.state,
        }
        for e in envelopes
    ]
    last = versions[-1]["status"]
    return {"id": pub, "name": contract.title, "versions": versions, "agreed": None, "status": last}


@api.get("/contracts", response=list[Listed])
def list_all(request: HttpRequest) -> list[dict[str, str]]:
    by: Credential = request.auth  # type: ignore[attr-defined]
    rows = Collection.objects.filter(owner_user=by.user, dialect="signsquid", kind="contract", erased_at=None)
    newest = rows.order_by("-created_at", "-id").values_list("pub", "title")
    return [{"id": pub, "name": title} for pub, title in newest]
