"""What is entered into a text field."""

from __future__ import annotations

import pytest

from undersigned.envelopes.text_field import TEXT_MAX, entered


@pytest.mark.parametrize(
    ("value", "fault", "kept"),
    [
        ("Turku", "", "Turku"),
        ("  \n", "", ""),
        (" Hämeenkatu 1\r\n20100 Turku\r", "", "Hämeenkatu 1\n20100 Turku"),
        ("x" * TEXT_MAX + "\n", "", "x" * TEXT_MAX),
        ("x" * (TEXT_MAX + 1), "too_long", ""),
        ("a\tb", "", "a\tb"),
        ("a\x00b", "unprintable", ""),
        ("100 \u202e001 €", "unprintable", ""),
        ("a\ue000b", "unprintable", ""),
    ],
)
def test_what_is_wrong_and_how_it_is_kept(value: str, fault: str, kept: str) -> None:
    assert entered(value) == (fault, kept)
