"""Envelopes that people make: edited as drafts, signed in order, with places on pages; called off, reminded."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta

import pikepdf
import pytest

from tests.jobs.testing import run_due
from tests.pdfs import make_pdf
from undersigned.base.clock import now
from undersigned.console.port import ConsolePort
from undersigned.delivery.models import Message
from undersigned.delivery.render import render
from undersigned.envelopes import drafts, ports, search
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.add_document import add_document
from undersigned.envelopes.add_recipient import NewRecipient, add_recipient
from undersigned.envelopes.cancel import cancel
from undersigned.envelopes.create_envelope import create_envelope
from undersigned.envelopes.delete_draft import delete_draft
from undersigned.envelopes.edit_documents import move_document, remove_document, replace_document
from undersigned.envelopes.edit_envelope import Letter, edit_letter, set_order
from undersigned.envelopes.edit_recipients import change_recipient, move_recipient, remove_recipient
from undersigned.envelopes.errors import Conflict, Invalid
from undersigned.envelopes.models import (
    AuditEvent,
    Document,
    Envelope,
    EnvelopeState,
    Field,
    IdentityProof,
    Recipient,
    Signature,
)
from undersigned.envelopes.place_fields import PLACES_MAX, FieldPlace, place_fields
from undersigned.envelopes.remind import remind
from undersigned.envelopes.resend_link import resend_link
from undersigned.envelopes.send import send
from undersigned.envelopes.signer import Standing, standing
from undersigned.files import storage
from undersigned.files.models import File
from undersigned.lifecycle.reminders import remind_due
from undersigned.sealing.verify import verify_pdf

from .signing import Signer, prepared

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture
def made(actor: Actor, pdf: Callable[..., File]) -> Envelope:
    """A draft with one document of two pages, Ann before Bo."""
    ports.register(ConsolePort())
    envelope = create_envelope(actor, "console", "Tenancy agreement")
    add_document(actor, envelope.pk, pdf(pages=2))
    add_recipient(actor, envelope.pk, NewRecipient("Ann Ames", "ann@example.com"))
    add_recipient(actor, envelope.pk, NewRecipient("Bo Berg", "bo@example.com", code="sender"))
    set_order(envelope.pk, ordered=True)
    return envelope


def people(envelope: Envelope) -> list[Recipient]:
    return list(envelope.recipients.order_by("position"))


def mails(envelope: Envelope) -> list[tuple[str, str]]:
    found = Message.objects.filter(envelope_id=envelope.pk).order_by("pk")
    return [(m.purpose, m.address or "") for m in found]


def test_one_after_the_other(actor: Actor, made: Envelope) -> None:
    ann, bo = people(made)
    prepared(send(actor, made.pk))
    assert mails(made) == [("invitation", "ann@example.com")]
    assert standing(made, bo, now()) is Standing.NOT_YOUR_TURN
    with pytest.raises(Conflict, match="not_your_turn"):
        resend_link(actor, bo)
    Signer(ann, with_code=False).sign()
    made.refresh_from_db()
    assert mails(made)[1:] == [("your_turn", "bo@example.com")]
    mail = render(Message.objects.get(purpose="your_turn"))
    assert "Those before you have signed." in mail.text
    assert "You also need a code." in mail.text
    bo.refresh_from_db()
    assert standing(made, bo, now()) is Standing.OPEN
    Signer(bo).sign()
    made.refresh_from_db()
    assert made.state == EnvelopeState.SEALING


def test_proof_is_asked_of_each_person(actor: Actor, made: Envelope) -> None:
    carl = add_recipient(
        actor, made.pk, NewRecipient("Carl", "carl@example.com", phone="+358401234567", code="sms")
    )
    set_order(made.pk, ordered=False)
    ann, bo, carl = people(made)
    assert (ann.code, bool(bo.code), bool(carl.code)) == (None, True, True)
    prepared(send(actor, made.pk))
    assert ("signer_code", "+358401234567") in mails(made)
    assert len([m for m in mails(made) if m[0] == "signer_code"]) == 1
    assert Signer(ann, with_code=False).sitting.identified_at is not None
    assert Signer(bo, with_code=False).sitting.identified_at is None
    for person in (bo, carl):
        Signer(person)
    known = dict(
        IdentityProof.objects.filter(method="code").values_list("recipient__name", "known_to_sender")
    )
    assert known == {"Bo Berg": True, "Carl": False}
    with pytest.raises(Invalid) as refused:
        add_recipient(
            actor, create_envelope(actor, "console", "x").pk, NewRecipient("D", "d@e.fi", code="sms")
        )
    assert refused.value.faults == {"phone": ["required"]}


def place(person: Recipient, page: int = 1, x: float = 10, y: float = 80) -> FieldPlace:
    return FieldPlace(person.pk, page, x, y, 30, 7.5)


def test_a_signature_at_each_place(actor: Actor, made: Envelope) -> None:
    ann, bo = people(made)
    document = made.documents.get()
    place_fields(made.pk, document.pk, [place(ann), place(ann, page=2, x=60)])
    set_order(made.pk, ordered=False)
    prepared(send(actor, made.pk))
    Signer(ann, with_code=False).sign()
    Signer(bo).sign()
    run_due()
    made.refresh_from_db()
    assert made.state == EnvelopeState.COMPLETED
    assert Signature.objects.filter(assignment__recipient=ann).count() == 2
    assert made.signed_count == 2
    document.refresh_from_db()
    assert document.head is not None
    assert document.head.file.blob is not None
    with storage.local_path(document.head.file.blob) as path:
        report = verify_pdf(path)
        assert all(s.intact and s.changes_allowed and s.modification != "OTHER" for s in report.signatures)
        assert {s.verdict for s in report.signatures} == {"unknown_issuer"}
        assert len(report.signatures) >= 4  # three of people, one of the organisation
        with pikepdf.open(path) as sealed:
            boxes = {
                str(a.T): (number, [float(v) for v in a.Rect])
                for number, page in enumerate(sealed.pages, start=1)
                for a in page.obj.get("/Annots", [])
                if str(a.get("/FT", "")) == "/Sig"
            }
            assert len(sealed.pages) == 3  # Bo has no place, so a page was added
    fields = Field.objects.filter(recipient=ann).order_by("page")
    for field, left in zip(fields, (10, 60), strict=True):
        page, box = boxes[field.key]
        assert page == field.page
        wanted = [595.28 * left / 100, 841.89 * (1 - 0.875), 595.28 * (left + 30) / 100, 841.89 * 0.2]
        assert all(abs(a - b) <= 1 for a, b in zip(box, wanted, strict=True))


@pytest.mark.parametrize("turned", [0, 90, 270])
def test_places_on_turned_and_cropped_pages(
    actor: Actor, made: Envelope, turned: int, pdf: Callable[..., File]
) -> None:
    """What is shown upper left is upper left, however the page is kept in the file."""
    source = io.BytesIO(make_pdf())
    with pikepdf.open(source) as opened:
        opened.pages[0].obj.Rotate = turned
        opened.pages[0].obj.CropBox = pikepdf.Array([50, 100, 450, 700])
        changed = io.BytesIO()
        opened.save(changed)
    from undersigned.files.store import receive, store_pdf

    changed.seek(0)
    with receive(changed) as received:
        file = store_pdf(actor.organization, received, "turned.pdf", user=actor.user)
    document = replace_document(actor, made.pk, made.documents.get().pk, file)
    ann = people(made)[0]
    place_fields(made.pk, document.pk, [FieldPlace(ann.pk, 1, 0, 0, 50, 10)])
    prepared(send(actor, made.pk))
    document.refresh_from_db()
    assert document.head is not None
    assert document.head.file.blob is not None
    with storage.local_path(document.head.file.blob) as path, pikepdf.open(path) as laid:
        page = laid.pages[0]
        (widget,) = [a for a in page.obj.Annots if "/Rect" in a and float(a.Rect[2]) > float(a.Rect[0])]
        left, bottom, right, top = (float(v) for v in widget.Rect)
        crop = [float(v) for v in page.cropbox]
        assert int(page.obj.get("/Rotate", 0)) == 0
        width, height = crop[2] - crop[0], crop[3] - crop[1]
        assert (round(width), round(height)) == ((400, 600) if turned == 0 else (600, 400))
        assert abs(left - crop[0]) <= 1
        assert abs(top - crop[3]) <= 1
        assert abs((right - left) - width / 2) <= 1
        assert abs((top - bottom) - height / 10) <= 1


def test_bad_places_are_refused(actor: Actor, made: Envelope) -> None:
    ann = people(made)[0]
    reader = add_recipient(actor, made.pk, NewRecipient("C", "c@example.com", kind=Recipient.Kind.COPY))
    document = made.documents.get()
    bad = [
        (FieldPlace(ann.pk, 3, 1, 1, 20, 10), "no_such_page"),
        (FieldPlace(ann.pk, 1, 90, 1, 20, 10), "outside"),
        (FieldPlace(ann.pk, 1, float("nan"), 1, 20, 10), "outside"),
        (FieldPlace(ann.pk, 1, 1, 1, 1, 10), "too_small"),
        (FieldPlace(reader.pk, 1, 1, 1, 20, 10), "not_signer"),
    ]
    for wrong, word in bad:
        with pytest.raises(Invalid) as refused:
            place_fields(made.pk, document.pk, [place(ann), wrong])
        assert refused.value.faults == {"1": [word]}
    with pytest.raises(Invalid):
        place_fields(made.pk, document.pk, [place(ann)] * (PLACES_MAX + 1))
    assert not Field.objects.filter(document=document).exists()


def test_edits_of_a_draft(actor: Actor, made: Envelope, pdf: Callable[..., File]) -> None:
    ann, bo = people(made)
    first = made.documents.get()
    second = add_document(actor, made.pk, pdf("second.pdf"))
    place_fields(made.pk, first.pk, [place(ann), place(bo, page=2)])
    move_document(made.pk, second.pk, up=True)
    move_recipient(made.pk, bo.pk, up=True)
    assert [d.title for d in made.documents.order_by("position")] == ["second.pdf", "contract.pdf"]
    assert [r.full_name for r in people(made)] == ["Bo Berg", "Ann Ames"]
    replaced = replace_document(actor, made.pk, first.pk, pdf("one page.pdf"))
    assert [f.page for f in Field.objects.filter(document=replaced)] == [1]
    change_recipient(actor, made.pk, ann.pk, NewRecipient("Anne Ames", "anne@example.com", code="sender"))
    remove_recipient(actor, made.pk, bo.pk)
    remove_document(actor, made.pk, second.pk)
    added = add_recipient(actor, made.pk, NewRecipient("Cy", "cy@example.com"))
    assert added.key != ann.key
    assert [(r.full_name, bool(r.code)) for r in people(made)] == [("Anne Ames", True), ("Cy", False)]
    assert list(Document.objects.filter(envelope=made, removed_at=None)) == [replaced]
    send(actor, made.pk)
    with pytest.raises(Conflict, match="already_sent"):
        remove_document(actor, made.pk, replaced.pk)
    with pytest.raises(Conflict, match="already_sent"):
        place_fields(made.pk, replaced.pk, [])


def test_only_what_was_checked_is_sent_and_only_once(actor: Actor, made: Envelope) -> None:
    seen = drafts.digest(made)
    move_recipient(made.pk, people(made)[0].pk, up=False)
    with pytest.raises(Conflict, match="moved"):
        send(actor, made.pk, seen)
    assert mails(made) == []
    made.refresh_from_db()
    seen = drafts.digest(made)
    send(actor, made.pk, seen)
    with pytest.raises(Conflict, match="already_sent"):
        send(actor, made.pk, seen)
    assert len(mails(made)) == 1


def test_message_and_due_date(actor: Actor, made: Envelope) -> None:
    with pytest.raises(Invalid) as refused:
        edit_letter(made.pk, Letter("T", due_at=now() - timedelta(days=1)))
    assert refused.value.faults == {"due_at": ["past"]}
    edit_letter(
        made.pk, Letter("New title", "Please sign soon.", now() + timedelta(days=5), refuse_past_due=True)
    )
    made.refresh_from_db()
    send(actor, made.pk)
    mail = render(Message.objects.get(purpose="invitation"))
    assert "Please sign soon." in mail.text
    made.refresh_from_db()
    ann = people(made)[0]
    assert standing(made, ann, now() + timedelta(days=6)) is Standing.PAST_DUE
    made.policy["past_due"] = "allow"
    assert standing(made, ann, now() + timedelta(days=6)) is not Standing.PAST_DUE


def test_called_off(actor: Actor, made: Envelope) -> None:
    prepared(send(actor, made.pk))
    ann, _bo = people(made)
    signer = Signer(ann, with_code=False)
    cancel(actor, made.pk, "The flat is let.")
    cancel(actor, made.pk)
    made.refresh_from_db()
    assert made.state == EnvelopeState.CANCELLED
    assert standing(made, ann, now()) is Standing.CANCELLED
    # Bo had heard of nothing, so he hears of nothing.
    assert mails(made) == [("invitation", "ann@example.com"), ("cancelled", "ann@example.com")]
    assert AuditEvent.objects.filter(envelope=made, kind="cancelled").count() == 1
    with pytest.raises(Conflict, match="cancelled"):
        signer.sign()
    assert not Signature.objects.exists()


def test_calling_off_stops_what_is_on_its_way(actor: Actor, made: Envelope) -> None:
    send(actor, made.pk)
    cancel(actor, made.pk)
    run_due()
    made.refresh_from_db()
    assert made.phase == "prepare"
    assert not Document.objects.filter(envelope=made, head__kind="prepared").exists()
    assert Message.objects.get(purpose="invitation").state == Message.State.DROPPED


def test_what_cannot_be_called_off(actor: Actor, made: Envelope, sent: Envelope) -> None:
    with pytest.raises(Conflict, match="draft"):
        cancel(actor, made.pk)
    with pytest.raises(Conflict, match="not_allowed"):  # the plain dialect has no word for it
        cancel(actor, sent.pk)
    with pytest.raises(Conflict, match="not_allowed"):
        remind(actor, sent.pk)


def test_reminders(actor: Actor, made: Envelope) -> None:
    ann, _bo = people(made)
    with pytest.raises(Conflict, match="not_open"):
        remind(actor, made.pk)
    prepared(send(actor, made.pk))
    assert [r.pk for r in remind(actor, made.pk)] == [ann.pk]
    assert remind(actor, made.pk) == []  # once a minute
    assert mails(made) == [("invitation", "ann@example.com"), ("reminder", "ann@example.com")]
    assert "is still waiting for you" in render(Message.objects.get(purpose="reminder")).text


def test_planned_reminders(actor: Actor, made: Envelope) -> None:
    edit_letter(made.pk, Letter("T", remind_days=3))
    prepared(send(actor, made.pk))
    ann, bo = people(made)
    assert bo.remind_at is None
    assert remind_due() == 0
    organization = actor.organization
    for days, count in ((3, 1), (3, 1), (6, 2)):
        organization.clock_offset = timedelta(days=days, minutes=1)
        organization.save()
        Message.objects.filter(purpose="reminder").update(created_at=now() - timedelta(hours=1))
        remind_due()
        assert [m for m in mails(made) if m[0] == "reminder"] == [("reminder", "ann@example.com")] * count
    cancel(actor, made.pk)
    organization.clock_offset = timedelta(days=20)
    organization.save()
    remind_due()
    ann.refresh_from_db()
    assert ann.remind_at is None
    assert len([m for m in mails(made) if m[0] == "reminder"]) == 2


def test_copies(actor: Actor, made: Envelope) -> None:
    add_recipient(actor, made.pk, NewRecipient("Cy", "cy@example.com", kind=Recipient.Kind.COPY))
    prepared(send(actor, made.pk))
    assert made.recipients.filter(invited_at__isnull=False).count() == 1
    for person in people(made)[:2]:
        Signer(person, with_code=bool(person.code)).sign()
    run_due()
    copies = [address for purpose, address in mails(made) if purpose == "completed"]
    assert copies == ["anna@board.example", "ann@example.com", "bo@example.com", "cy@example.com"]


def test_a_deleted_draft_leaves_nothing(actor: Actor, made: Envelope) -> None:
    delete_draft(actor, made.pk)
    made.refresh_from_db()
    assert made.deleted_at is not None
    assert made.title == ""
    assert not Document.objects.filter(envelope=made).exists()
    assert list(search.find(Envelope.objects.all(), actor.organization, "tenancy")) == []


def test_search(actor: Actor, made: Envelope, sent: Envelope) -> None:
    def found(query: str) -> list[int]:
        rows = search.find(Envelope.objects.order_by("pk"), actor.organization, query)
        return list(rows.values_list("pk", flat=True))

    assert found("tenan") == [made.pk]
    assert found("oberg") == found("Öberg") == found("asa@example.com") == [sent.pk]
    assert found("ann tenancy") == [made.pk]
    assert found("ann lease") == []
    assert found(made.pub or "") == [made.pk]
    assert found("enancy") == []
    remove_recipient(actor, made.pk, people(made)[0].pk)
    assert found("ames") == []
