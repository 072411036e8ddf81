"""The gate rule on graphs that one dialect alone would not draw."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as HypothesisTestCase  # noqa: F401 - registers Django's support

from undersigned.base.clock import now
from undersigned.envelopes.graph import recompute
from undersigned.envelopes.models import (
    Assignment,
    AssignmentState,
    Document,
    DocumentVersion,
    Envelope,
    Recipient,
    Step,
    StepEdge,
)

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def _grow(envelope: Envelope, edges: list[tuple[int, int]], empty: set[int] = frozenset()) -> list[Step]:  # type: ignore[assignment]
    """Steps 0..n-1 with one signer each (none in `empty`); an edge (a, b) lets b wait for a."""
    at = now()
    document = envelope.documents.get()
    head = document.head
    assert head is not None
    document.head = DocumentVersion.objects.create(
        document=document,
        seq=2,
        kind="prepared",
        parent=head,
        file=head.file,
        sha256=head.sha256,
        created_at=at,
    )
    document.save()
    count = 1 + max((max(e) for e in edges), default=0)
    steps = [Step.objects.create(envelope=envelope, position=100 + i) for i in range(count)]
    for i, step in enumerate(steps):
        if i not in empty:
            person = Recipient.objects.create(
                envelope=envelope, key=f"g{i}", position=100 + i, name=f"P{i}", created_at=at
            )
            Assignment.objects.create(envelope=envelope, step=step, recipient=person, document=document)
    for a, b in edges:
        StepEdge.objects.create(step=steps[b], depends_on=steps[a])
    return steps


def _states(steps: list[Step]) -> list[str]:
    return [s.assignments.get().state if s.assignments.exists() else "-" for s in steps]


@pytest.fixture
def bare(sent: Envelope) -> Envelope:
    Assignment.objects.filter(envelope=sent).update(state=AssignmentState.VOID)
    return sent


def test_a_chain_opens_one_by_one(bare: Envelope) -> None:
    steps = _grow(bare, [(0, 1), (1, 2)])
    recompute(bare, now())
    assert _states(steps) == ["open", "planned", "planned"]
    steps[0].assignments.update(state=AssignmentState.DONE)
    outcome = recompute(bare, now())
    assert _states(steps) == ["done", "open", "planned"]
    assert [r.name for r in outcome.opened_for] == ["P1"]
    assert not outcome.agreed


def test_an_empty_step_does_not_let_its_successor_run_ahead(bare: Envelope) -> None:
    steps = _grow(bare, [(0, 1), (1, 2)], empty={1})
    recompute(bare, now())
    assert _states(steps) == ["open", "-", "planned"]
    steps[0].assignments.update(state=AssignmentState.DONE)
    recompute(bare, now())
    assert _states(steps) == ["done", "-", "open"]


def test_waived_lets_on_refused_does_not(bare: Envelope) -> None:
    steps = _grow(bare, [(0, 1)])
    steps[0].assignments.update(state=AssignmentState.REFUSED)
    recompute(bare, now())
    assert _states(steps) == ["refused", "planned"]
    steps[0].assignments.update(state=AssignmentState.WAIVED)
    recompute(bare, now())
    assert _states(steps) == ["waived", "open"]


def test_nothing_opens_before_the_pages_are_final(sent: Envelope) -> None:
    recompute(sent, now())
    assert set(Assignment.objects.filter(envelope=sent).values_list("state", flat=True)) == {"planned"}
    assert Document.objects.get(envelope=sent).head.kind == "original"  # type: ignore[union-attr]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    edges=st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, 5)).filter(lambda e: e[0] < e[1]),
        min_size=1,
        max_size=8,
        unique=True,
    ),
    order=st.permutations(range(6)),
)
def test_every_order_of_signing_ends_and_respects_the_edges(
    bare: Envelope, edges: list[tuple[int, int]], order: list[int]
) -> None:
    from django.db import transaction

    with transaction.atomic():
        steps = _grow(bare, edges)
        done: list[int] = []
        for _ in steps:
            recompute(bare, now())
            open_now = [
                i
                for i in order
                if i < len(steps) and i not in done and steps[i].assignments.filter(state="open").exists()
            ]
            assert open_now, "something waits for ever"
            assert all(a in done for a, b in edges if b == open_now[0])
            steps[open_now[0]].assignments.update(state=AssignmentState.DONE)
            done.append(open_now[0])
        assert recompute(bare, now()).agreed
        transaction.set_rollback(True)
