"""Names and numbers compared."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undersigned.identity.matching import is_the_one, same_name, same_national_id

WORD = st.text(st.characters(codec="utf-8", categories=("L",)), min_size=1, max_size=8)
NAME = st.lists(WORD, min_size=0, max_size=5)
BLANK = st.sampled_from([" ", "  ", "\t", "\u00a0", "\u2003", "\n"])


@given(NAME, st.randoms(use_true_random=False), BLANK, st.sampled_from(["NFC", "NFD"]))
def test_order_case_blanks_and_normal_form_do_not_count(
    words: list[str], random, blank: str, form: str
) -> None:
    mixed = [random.choice([w, w.casefold()]) for w in words]
    random.shuffle(mixed)
    told = unicodedata.normalize(form, blank.join(mixed))
    assert same_name(" ".join(words), told) == (len(words) >= 2)
    assert same_name(told, " ".join(words)) == (len(words) >= 2)


@given(st.lists(WORD, min_size=2, max_size=4), st.lists(WORD, max_size=3))
def test_further_words_take_nothing_away(words: list[str], more: list[str]) -> None:
    assert same_name(" ".join(words), " ".join(more + words))


@given(WORD, NAME)
def test_a_name_of_one_word_matches_nobody(word: str, name: list[str]) -> None:
    assert not same_name(word, " ".join(name))
    assert not same_name(" ".join(name), word)


@pytest.mark.parametrize(
    ("ours", "theirs", "same"),
    [
        ("Matti Meikäläinen", "MEIKÄLÄINEN, MATTI", False),  # the comma belongs to the word
        ("Matti Meikäläinen", "MEIKÄLÄINEN MATTI JUHANI", True),
        ("Anna Anna", "Anna Virtanen", False),  # each word as often as it is there
        ("Anna Anna", "Anna Anna Virtanen", True),
        ("Anna-Liisa Virtanen", "Anna Liisa Virtanen", False),  # a hyphenated name is one word
        ("Groß Straße", "GROSS STRASSE", True),
        ("Åsa Öberg", "A\u030asa O\u0308berg", True),
        ("Matti Meikäläinen", "Matti Virtanen", False),
        (None, "Matti Meikäläinen", False),
        ("Matti Meikäläinen", "", False),
        ("", "", False),
    ],
)
def test_names(ours: str | None, theirs: str | None, same: bool) -> None:
    assert same_name(ours, theirs) is same


@given(st.text(min_size=1, max_size=20).filter(lambda s: s.strip()), BLANK)
def test_a_number_is_the_same_after_trimming_and_capitals(number: str, blank: str) -> None:
    assert same_national_id(f"{blank}{number}{blank}", number.upper())


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("010170-999R", "010170-999S"),
        ("010170-999R", "010170 -999R"),
        ("", ""),
        (" ", " "),
        (None, None),
        ("1", None),
    ],
)
def test_numbers_that_differ_or_are_missing(ours: str | None, theirs: str | None) -> None:
    assert not same_national_id(ours, theirs)


@pytest.mark.parametrize(
    ("compare", "ours", "held"),
    [
        ((), ("", ""), True),
        (("national_id",), ("1", "X Y"), True),
        (("national_id",), ("2", "Anna Virtanen"), False),
        (("name",), ("2", "Virtanen Anna"), True),
        (("name",), ("1", "Anna"), False),
        (("national_id", "name"), ("1", "Anna Virtanen"), True),
        (("national_id", "name"), ("1", "Liisa Virtanen"), False),
        (("national_id", "name"), ("2", "Anna Virtanen"), False),
        (("national_id",), (None, "Anna Virtanen"), False),  # the sender gave none: nobody passes
        (("name",), ("1", ""), False),
    ],
)
def test_all_that_is_compared_must_hold(compare, ours, held: bool) -> None:
    number, name = ours
    one = is_the_one(
        compare, expected_id=number, expected_name=name, claimed_id="1", claimed_name="Anna Maria Virtanen"
    )
    assert one is held
