"""What the parties write to each other: who may, who is told, what is kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.envelopes.conftest import PlainDialect
from tests.envelopes.signing import Signer
from tests.jobs.testing import run_due
from undersigned.accounts.limits import LimitReached
from undersigned.accounts.models import Group, Organization, User
from undersigned.base import clock
from undersigned.delivery.models import Message
from undersigned.delivery.render import render
from undersigned.envelopes import audit, discussion
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.comment import (
    TEXT_MAX,
    WRITTEN_MAX,
    add_comment,
    delete_comment,
    edit_comment,
)
from undersigned.envelopes.correspondence import Guard
from undersigned.envelopes.errors import Invalid, NotFound
from undersigned.envelopes.models import Collection, Comment, Envelope, Grant, Recipient
from undersigned.envelopes.policy import Policy
from undersigned.files.models import File

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture(autouse=True)
def talkative(plain: PlainDialect) -> None:
    plain.policy = plain.policy.model_copy(update={"discussion": True})


@pytest.fixture
def space(sent: Envelope) -> Collection:
    assert sent.collection is not None
    return sent.collection


@pytest.fixture
def owner(user: User) -> Actor:
    return Actor.from_user(user)


@pytest.fixture
def john(sent: Envelope) -> Signer:
    return Signer(sent.recipients.get(name="John Doe"))


def member(organization: Organization, name: str) -> User:
    return User.objects.create_user(organization, name, "x", name=name.title(), email=f"{name}@board.example")


def set_policy(sent: Envelope, **changes: object) -> None:
    Envelope.objects.filter(pk=sent.pk).update(
        policy=Policy.model_validate(sent.policy | changes).model_dump(mode="json")
    )


def told() -> list[str]:
    return sorted(m.address or "" for m in Message.objects.filter(purpose="comment"))


def test_parties_write_and_read(space: Collection, owner: Actor, john: Signer, sent: Envelope) -> None:
    first = add_comment(owner, space, "  Is clause 4 clear?\r\nPlease say so.  ")
    add_comment(john.sitting, space, "Yes.")
    read = discussion.comments(john.sitting, space)
    assert [(discussion.author(c), c.text) for c in read] == [
        ("Anna Virtanen", "Is clause 4 clear?\nPlease say so."),
        ("John Doe", "Yes."),
    ]
    assert read == discussion.comments(owner, space)
    assert discussion.comments(owner, space, before=read[1].pk) == [first]
    kinds = [(e.kind, d.get("author"), "clause" in str(d)) for e, d in audit.trail(sent)][-2:]
    assert kinds == [("comment_added", "Anna Virtanen", False), ("comment_added", "John Doe", False)]


def test_one_changes_and_takes_back_ones_own(space: Collection, owner: Actor, john: Signer) -> None:
    comment = add_comment(john.sitting, space, "Yes.")
    for by in (owner,):
        with pytest.raises(NotFound):
            edit_comment(by, comment.pk, "No.")
        with pytest.raises(NotFound):
            delete_comment(by, comment.pk)
    edited = edit_comment(john.sitting, comment.pk, "Yes, all of it.")
    assert edited.edited_at is not None
    delete_comment(john.sitting, comment.pk)
    comment.refresh_from_db()
    assert (comment.text, comment.deleted_at is not None) == ("", True)
    with pytest.raises(NotFound):
        edit_comment(john.sitting, comment.pk, "Again")
    with pytest.raises(NotFound):
        delete_comment(john.sitting, comment.pk)


@pytest.mark.parametrize(("text", "fault"), [(" \n ", "required"), ("x" * (TEXT_MAX + 1), "too_long")])
def test_text_alone_and_not_too_much_of_it(space: Collection, owner: Actor, text: str, fault: str) -> None:
    with pytest.raises(Invalid) as refused:
        add_comment(owner, space, text)
    assert refused.value.faults == {"text": [fault]}


def test_who_may_not(
    space: Collection, sent: Envelope, john: Signer, owner: Actor, organization: Organization
) -> None:
    colleague = Actor.from_user(member(organization, "otto"))
    elsewhere = Organization.objects.create(slug="elsewhere", name="Elsewhere")
    stranger = Actor.from_user(
        User.objects.create_user(elsewhere, "sara", "x", name="Sara", role=User.Role.ADMIN)
    )
    waiting = Signer(sent.recipients.get(name="Åsa Öberg"), with_code=False)  # has not given the code
    for outsider in (colleague, stranger, waiting.sitting):
        with pytest.raises(NotFound):
            add_comment(outsider, space, "x")
        with pytest.raises(NotFound):
            discussion.comments(outsider, space)
    set_policy(sent, room_access="signing_only")
    with pytest.raises(NotFound):
        add_comment(john.sitting, space, "x")
    add_comment(owner, space, "We are alone here.")
    set_policy(sent, discussion=False)
    with pytest.raises(NotFound):
        add_comment(owner, space, "x")
    assert Comment.objects.count() == 1


def test_who_was_let_in_may_and_is_told(
    space: Collection, sent: Envelope, john: Signer, organization: Organization
) -> None:
    group = Group.objects.create(organization=organization, name="Legal")
    group.members.add(member(organization, "lisa"))
    Grant.objects.create(collection=space, group=group, right=Grant.Right.SEE)
    Grant.objects.create(envelope=sent, user=member(organization, "otto"), right=Grant.Right.OWNER)
    off = member(organization, "gone")
    off.disabled_at = clock.now()
    off.save()
    Grant.objects.create(collection=space, user=off, right=Grant.Right.SEE)
    Recipient.objects.filter(envelope=sent, name="Åsa Öberg").update(
        kind=Recipient.Kind.VIEWER, invited_at=None
    )
    add_comment(john.sitting, space, "Hello")
    assert told() == ["anna@board.example", "asa@example.com", "lisa@board.example", "otto@board.example"]
    add_comment(Actor.from_user(User.objects.get(username="lisa")), space, "Hello, John")


def test_one_mail_in_a_while_says_nothing_of_the_text(space: Collection, owner: Actor, john: Signer) -> None:
    add_comment(owner, space, "The price is 4,000.")
    add_comment(owner, space, "Or less.")
    assert told() == ["asa@example.com", "john@example.com"]
    run_due()
    message = Message.objects.get(purpose="comment", address__isnull=False, recipient_id=john.recipient.pk)
    assert message.state == "sent"
    mail = render(message)
    assert "Anna Virtanen has written a message about “Lease”." in mail.text
    assert "/room/l/" in mail.text
    assert "4,000" not in mail.text + mail.html + mail.subject
    add_comment(owner, space, "What do you think?")
    later = Message.objects.filter(recipient_id=john.recipient.pk, purpose="comment").latest("pk")
    assert later.not_before is not None
    assert later.not_before > clock.now() + timedelta(minutes=14)
    add_comment(owner, space, "Hello?")
    assert Message.objects.filter(recipient_id=john.recipient.pk, purpose="comment").count() == 2


def test_a_mail_is_not_sent_when_all_was_taken_back(space: Collection, owner: Actor, sent: Envelope) -> None:
    comment = add_comment(owner, space, "Oops")
    message = Message.objects.filter(purpose="comment")[0]
    assert Guard().still_wanted(message)
    delete_comment(owner, comment.pk)
    assert not Guard().still_wanted(message)
    add_comment(owner, space, "Now")
    set_policy(sent, discussion=False)
    assert not Guard().still_wanted(message)


def test_who_writes_too_much_waits(space: Collection, owner: Actor) -> None:
    for n in range(WRITTEN_MAX):
        add_comment(owner, space, str(n))
    with pytest.raises(LimitReached):
        add_comment(owner, space, "one more")


def test_notes_on_one_envelope(actor: Actor, sent: Envelope, owner: Actor, pdf: Callable[..., File]) -> None:
    """Where an API has no space, people write in the envelope itself."""
    add_comment(owner, sent, "A note")
    assert [c.text for c in discussion.comments(owner, sent)] == ["A note"]
    assert Comment.objects.get().envelope_id == sent.pk
