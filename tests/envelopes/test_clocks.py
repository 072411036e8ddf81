"""Three clocks in calendar months: their arithmetic, and that nothing goes before its time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undersigned.base.clock import add_months
from undersigned.envelopes.clocks import NEVER, collection_end, content_end, envelope_end, next_of_collection
from undersigned.envelopes.models import Collection, Envelope
from undersigned.envelopes.policy import Policy

MADE = datetime(2020, 1, 31, 12, tzinfo=UTC)
DAYS = 366 * 90
moments = st.integers(0, DAYS * 24 * 60).map(
    lambda n: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(minutes=n)
)
months = st.none() | st.integers(1, 1200)
pauses = st.none() | st.timedeltas(timedelta(), timedelta(days=2000))


def envelope(
    made: datetime, agreed: timedelta | None, signed: int | None, unsigned: int | None, other: int | None
) -> Envelope:
    return Envelope(
        created_at=made,
        agreed_at=made + agreed if agreed is not None else None,
        state="draft" if agreed is None else "completed",
        retention_signed_months=signed,
        retention_unsigned_months=unsigned,
        retention_other_months=other,
    )


def held(made: datetime, rows: list[Envelope], *columns: int | None, policy: int | None = None) -> Collection:
    signed, unsigned, other = columns
    collection = Collection(
        created_at=made,
        retention_signed_months=signed,
        retention_unsigned_months=unsigned,
        retention_other_months=other,
    )
    for number, row in enumerate(rows, 1):
        row.collection, row.position = collection, number
        row.policy = Policy(retention_months=policy).model_dump(mode="json")
    return collection


@pytest.mark.parametrize(
    ("start", "number", "end"),
    [
        ((2020, 1, 31), 1, (2020, 2, 29)),  # a leap year
        ((2021, 1, 31), 1, (2021, 2, 28)),
        ((2020, 2, 29), 12, (2021, 2, 28)),
        ((2020, 2, 29), 48, (2024, 2, 29)),
        ((1999, 12, 31), 2, (2000, 2, 29)),
        ((2096, 2, 29), 48, (2100, 2, 28)),  # 2100 is none
        ((2026, 11, 30), 3, (2027, 2, 28)),
        ((2026, 11, 22), 84, (2033, 11, 22)),
    ],
)
def test_the_day_is_clamped_to_the_months_end(
    start: tuple[int, int, int], number: int, end: tuple[int, int, int]
) -> None:
    e = envelope(datetime(*start, 23, 59, tzinfo=UTC), None, None, number, None)
    assert content_end(e) == datetime(*end, 23, 59, tzinfo=UTC)


def test_signed_content_counts_from_the_last_signature() -> None:
    e = envelope(MADE, timedelta(days=40), 12, 1, None)
    assert content_end(e) == MADE.replace(year=2021, month=3, day=11)
    e.agreed_at = None
    assert content_end(e) == MADE.replace(month=2, day=29)


def test_an_envelopes_setting_wins_and_null_falls_back() -> None:
    e = envelope(MADE, timedelta(), 6, None, None)
    held(MADE, [e], 24, None, None)
    assert content_end(e) == add_months(MADE, 6)
    e.retention_signed_months = None
    assert content_end(e) == add_months(MADE, 24)


def test_signed_content_is_not_taken_along_by_a_shorter_clock_of_what_was_said() -> None:
    e = envelope(MADE, timedelta(), 120, None, None)
    collection = held(MADE, [e], None, None, 12)
    assert collection_end(collection, [e]) == add_months(MADE, 120)
    assert next_of_collection(collection, [e], MADE) == add_months(MADE, 12)
    assert next_of_collection(collection, [e], add_months(MADE, 12)) == add_months(MADE, 120)
    e.retention_signed_months = None
    assert collection_end(collection, [e]) == NEVER


def test_an_apis_own_end_takes_all() -> None:
    e = envelope(MADE, timedelta(), 120, None, None)
    collection = held(MADE, [e], None, None, None, policy=36)
    assert collection_end(collection, [e]) == add_months(MADE, 36)
    assert envelope_end(e) == NEVER  # it goes with its collection


@given(moments, pauses, months, months, months, months, months, months, months)
def test_nothing_goes_before_its_own_clock(
    made: datetime,
    pause: timedelta | None,
    signed: int | None,
    unsigned: int | None,
    other: int | None,
    whole_signed: int | None,
    whole_unsigned: int | None,
    whole_other: int | None,
    policy: int | None,
) -> None:
    e = envelope(made, pause, signed, unsigned, other)
    collection = held(made, [e], whole_signed, whole_unsigned, whole_other, policy=policy)
    agreed = e.agreed_at is not None
    mine = (signed or whole_signed) if agreed else (unsigned or whole_unsigned)
    start = e.agreed_at or e.created_at
    content = content_end(e)
    assert content == (NEVER if mine is None else add_months(start, mine))
    if content != NEVER and mine is not None:
        index = start.year * 12 + start.month - 1 + mine
        assert (content.year, content.month) == (index // 12, index % 12 + 1)
        assert content.day <= start.day <= content.day + 3
        assert content.timetz() == start.timetz()
    whole = collection_end(collection, [e])
    if policy is None:
        assert whole == NEVER or (whole_other is not None and whole >= add_months(made, whole_other))
        assert whole >= content or not agreed
        assert envelope_end(e) == NEVER or whole == NEVER or whole >= envelope_end(e)
    else:
        assert whole <= add_months(made, policy)
    at = made + timedelta(days=400)
    then = next_of_collection(collection, [e], at)
    assert then <= whole
    assert then == whole or then > at
