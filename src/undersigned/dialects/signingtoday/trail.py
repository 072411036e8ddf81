"""The audit trail of a transaction: what has an event here, with a sentence in the organisation's language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from ninja import Router

from undersigned.accounts.models import User
from undersigned.base import languages
from undersigned.base.clock import iso_ms
from undersigned.envelopes import audit
from undersigned.envelopes.access import get_named
from undersigned.envelopes.models import (
    Assignment,
    AuditEvent,
    Document,
    Envelope,
    EnvelopeState,
    Recipient,
)

from . import dst_wire as wire
from . import mapping, reading
from .answers import json_of, statuses
from .auth import actor_of
from .port import DIALECT

router = Router(tags=["audit"], by_alias=True)
Said = tuple[wire.AuditEvent, "Promise | str"]
_KINDS: dict[str, tuple[Said, ...]] = {
    "sent": (("event_published", _("{person} published “{title}”.")),),
    "offered": (("event_published", _("{person} published “{title}”.")),),
    "filling": (("stage_to_fill", _("“{title}” waits to be filled in.")),),
    "signing": (("stage_to_sign", _("“{title}” waits for signatures.")),),
    "filled": (("event_form_fill", _("{person} filled in “{document}”.")),),
    "signed": (("event_signature", _("{person} signed “{document}”.")),),
    "left_out": (("event_rejection", _("{person} left out a signature on “{document}”. {reason}")),),
    "declined": (
        ("event_rejection", _("{person} refused to sign “{document}”. {reason}")),
        ("stage_rejected", _("“{title}” was rejected.")),
    ),
    "cancelled": (("stage_rejected", _("“{title}” was called off.")),),
    "completed": (("stage_signed", _("“{title}” is signed.")),),
    "replacement_begun": (("event_replacement", _("{person} began a replacement of “{title}”.")),),
    "reminded": (("event_solicitation", _("{person} was reminded of “{title}”.")),),
    "comment_added": (("event_note_add", _("{person} added a note.")),),
    "comment_edited": (("event_note_modify", _("{person} changed a note.")),),
    "comment_deleted": (("event_note_delete", _("{person} removed a note.")),),
}
_ROLES: dict[str, str] = {
    User.Role.ADMIN: "admin",
    User.Role.MEMBER: "instructor",
    User.Role.SIGNER: "signer",
}
_ENDED: dict[str, Said] = {
    EnvelopeState.EXPIRED: ("stage_expired", _("The time for “{title}” has run out.")),
    EnvelopeState.DECLINED: ("stage_rejected", _("“{title}” was rejected.")),
}


@router.get(
    "/DST/{dst_id}/audit",
    operation_id="getAudit",
    summary="What happened to a transaction, the oldest first",
    response=statuses(200, list[wire.AuditRecord], 404),
)
def get_audit(request: HttpRequest, dst_id: str) -> HttpResponse:
    envelope = get_named(actor_of(request), DIALECT, str(reading.uuid_of(dst_id)))
    with translation.override(languages.spoken(envelope.organization.language)):
        return json_of(list(records(envelope)))


def records(envelope: Envelope) -> Iterator[wire.AuditRecord]:
    """All that has an event here, in order, in the language that is active."""
    trail = [(e, d) for e, d in audit.trail(envelope) if e.kind in _KINDS or e.kind == "ended"]
    users = User.objects.in_bulk([e.actor_ref for e, _d in trail if e.actor_kind == "user" and e.actor_ref])
    about = _About(
        envelope,
        {r.pk: r for r in envelope.recipients.select_related("user")},
        {d.pk: d for d in envelope.documents.all()},
        {a.pk: a for a in envelope.assignments.all()},
        users,
    )
    for event, detail in trail:
        yield from about.records(event, detail)


@dataclass
class _About:
    envelope: Envelope
    people: Mapping[int, Recipient]
    documents: Mapping[int, Document]
    assignments: Mapping[int, Assignment]
    users: Mapping[int, User]

    def records(self, event: AuditEvent, detail: Mapping[str, Any]) -> Iterator[wire.AuditRecord]:
        said = _KINDS.get(event.kind) or ((_ENDED[detail["state"]],) if detail.get("state") in _ENDED else ())
        assignment = self.assignments.get(event.assignment_id or 0)
        document = self.documents.get(event.document_id or 0)
        who = self.who(event)
        words = {
            "person": detail.get("name") or detail.get("by") or (f"{who.name} {who.surname}" if who else ""),
            "title": self.envelope.title,
            "document": document.title if document is not None else self.envelope.title,
            "reason": detail.get("reason", ""),
        }
        filled = list(detail.get("values", ()))
        signs = assignment is not None and assignment.action == Assignment.Action.SIGN
        for number, (name, sentence) in enumerate(said):
            stage = name.startswith("stage_")
            yield wire.AuditRecord(
                instance_id=event.pk * 10 + number,
                at=iso_ms(event.at),
                event=name,
                signer=None if stage else who,
                value=str(sentence).format(**words).strip(),
                dst_id=self.envelope.pub or "",
                document_id=mapping.number_of(document) if document is not None and not stage else None,
                fillable_form_id=int(filled[0]) if len(filled) == 1 else None,
                signature_request_id=(
                    int(assignment.key) if assignment is not None and signs and not stage else None
                ),
                note_id=detail.get("comment") if event.kind.startswith("comment_") else None,
            )

    def who(self, event: AuditEvent) -> wire.SignerRecord | None:
        """Whom the event is about, else who acted; nobody once that has been erased."""
        if (person := self.people.get(event.recipient_id or 0)) is not None:
            return wire.SignerRecord(
                name=person.name,
                surname=person.surname or None,
                email=person.email,
                role=person.role_name or "signer",
                user_uuid=str(person.user.pub) if person.user else None,
            )
        user = self.users.get(event.actor_ref or 0) if event.actor_kind == "user" else None
        if user is None:
            return None
        return wire.SignerRecord(
            name=user.name or user.username,
            surname=user.surname or None,
            email=user.email or None,
            role=_ROLES[user.role],
            user_uuid=str(user.pub),
        )
