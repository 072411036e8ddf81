"""Gaps in what a sender wrote."""

from __future__ import annotations

import pytest

from undersigned.envelopes.variables import expand

VALUES = {"orderId": "0807x", "clientReference": "a b&c=ä/${orderId}", "empty": ""}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Order ${orderId}, ${orderId}", "Order 0807x, 0807x"),
        ("${clientReference}", "a b&c=ä/${orderId}"),
        ("[${empty}]", "[]"),
        (
            "${unknown} ${} ${ orderId } $orderId ${orderid}",
            "${unknown} ${} ${ orderId } $orderId ${orderid}",
        ),
        ("", ""),
    ],
)
def test_known_names_are_put_in_once_and_others_stay(text: str, expected: str) -> None:
    assert expand(text, VALUES) == expected


def test_in_an_address_a_value_stays_a_value() -> None:
    url = expand("https://shop.example/${orderId}?r=${clientReference}#${unknown}", VALUES, in_url=True)
    assert url == "https://shop.example/0807x?r=a%20b%26c%3D%C3%A4%2F%24%7BorderId%7D#${unknown}"
