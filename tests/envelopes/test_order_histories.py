"""Random histories of orders: nobody acts before their gate, nothing that could go on is stuck, what has ended stays as it is.

What people do is to read, which costs no PDF: the rules are the same for signing.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from django.db import transaction

from tests.envelopes.orders import ids, order, person, register, sitting, states, stored, task
from undersigned.accounts.models import User
from undersigned.base.clock import now
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.add_document import NewDocument
from undersigned.envelopes.decline import decline
from undersigned.envelopes.errors import Conflict, NotFound
from undersigned.envelopes.expire_recipient import expire_recipient
from undersigned.envelopes.forward import NewPerson, forward
from undersigned.envelopes.models import (
    Assignment,
    AuditEvent,
    Envelope,
    Forward,
    Package,
    Recipient,
)
from undersigned.envelopes.packages import NewPackage
from undersigned.envelopes.view import view
from undersigned.files.models import File
from undersigned.jobs.models import Job

pytestmark = [pytest.mark.django_db, pytest.mark.database]

FINAL = {"done", "declined", "expired", "forwarded"}
ENDED = {"sealing", "declined", "expired"}
HISTORIES = 10


def test_histories(actor: Actor, user: User) -> None:
    register()
    file = stored(user)
    for seed in range(HISTORIES):
        _History(actor, file, random.Random(seed)).play()


class _History:
    def __init__(self, actor: Actor, file: File, dice: random.Random) -> None:
        self.dice = dice
        keys = "abcdef"[: dice.randint(2, 6)]
        after = {key: tuple(k for k in keys[:n] if dice.random() < 0.4) for n, key in enumerate(keys)}
        self.before = {key: set(others) for key, others in after.items()}
        listed = tuple((k, "view1") for k in keys if dice.random() < 0.5) or ((keys[0], "view1"),)
        self.envelope = order(
            actor,
            [NewDocument("contract.pdf", file)],
            [person(k) for k in keys],
            [task(k, 1, "view") for k in keys],
            {k: v for k, v in after.items() if v},
            packages=(NewPackage("p", listed),),
        )

    def play(self) -> None:
        acts: list[Callable[[Recipient], None]] = [
            self.read,
            self.read,
            self.read,
            self.refuse,
            self.lapse,
            self.hand_on,
        ]
        for _ in range(40):
            if self.state() in ENDED:
                break
            person = self.dice.choice(list(self.envelope.recipients.all()))
            self.try_one(self.dice.choice(acts), person)
            self.check()
        for person in self.envelope.recipients.all():  # whoever is left runs out of time
            self.try_one(self.lapse, person)
            self.check()
        assert self.state() in ENDED
        assert set(states(self.envelope).values()) <= FINAL

    def state(self) -> str:
        return Envelope.objects.get(pk=self.envelope.pk).state

    def try_one(self, act: Callable[[Recipient], None], person: Recipient) -> None:
        before, gate = states(self.envelope), self.gate_is_open(person)
        try:
            with transaction.atomic():
                act(person)
        except (Conflict, NotFound):
            assert states(self.envelope) == before, "what was refused has changed something"
        else:
            acted = states(self.envelope)[person.key] != before[person.key]
            if acted and states(self.envelope)[person.key] in ("done", "forwarded"):
                assert gate, "acted before those whom they wait for"
        for key, state in before.items():
            if state in FINAL:
                assert states(self.envelope)[key] == state, "what is final has moved"

    def gate_is_open(self, person: Recipient) -> bool:
        """By what was ordered and handed on, not by the core's graph: all who come before, through however many, are done."""
        known = states(self.envelope)
        ahead, seen = list(self.before[person.key]), set()
        while ahead:
            key = ahead.pop()
            if key not in seen:
                seen.add(key)
                ahead += self.before[key]
        return all(known[key] == "done" for key in seen)

    def read(self, person: Recipient) -> None:
        view(sitting(self.envelope, person.key), ids(self.envelope, person.key, "view"))

    def refuse(self, person: Recipient) -> None:
        if self.dice.random() < 0.4:
            decline(sitting(self.envelope, person.key), "No.")

    def lapse(self, person: Recipient) -> None:
        Recipient.objects.filter(pk=person.pk).update(expires_at=now())
        expire_recipient(person.pk)

    def hand_on(self, person: Recipient) -> None:
        if self.envelope.recipients.count() < 9:
            mode = self.dice.choice(list(Forward.Mode))
            new = forward(sitting(self.envelope, person.key), mode, NewPerson("Jane", "jane@example.com"))
            both = mode == Forward.Mode.BOTH
            for others in self.before.values():
                if person.key in others:
                    others.add(new.key)
                    others.difference_update(() if both else (person.key,))
            self.before[new.key] = {person.key} if both else set(self.before[person.key])

    def check(self) -> None:
        envelope = Envelope.objects.get(pk=self.envelope.pk)
        people = {r.pk: r for r in envelope.recipients.all()}
        rows = list(Assignment.objects.filter(envelope=envelope))
        active = [p for p in people.values() if p.state == "active"]
        if envelope.state == "sent":
            assert active, "nobody is left, and it has not ended"
            for one in active:  # nothing that could go on is stuck
                mine = {a.state for a in rows if a.recipient_id == one.pk}
                assert ("open" in mine) == self.gate_is_open(one)
        else:
            assert envelope.state in ENDED
            assert not {a.state for a in rows} & {"open", "planned"}
            refused = any(p.state == "declined" for p in people.values())
            all_done = all(p.state in ("done", "forwarded") for p in people.values())
            expected = "sealing" if all_done else "declined" if refused else "expired"
            assert envelope.state == expected
        package = Package.objects.get(envelope=envelope)
        items = {i.assignment.state for i in package.items.select_related("assignment")}
        queued = Job.objects.filter(kind="package", unique_key=f"package:{package.pk}").count()
        assert queued == (1 if items == {"done"} else 0)
        assert (package.state == "failed") == bool(items & {"refused", "lapsed", "void"})
        kinds = list(AuditEvent.objects.filter(envelope=envelope).values_list("kind", flat=True))
        assert kinds.count("agreed") + kinds.count("ended") == (0 if envelope.state == "sent" else 1)
