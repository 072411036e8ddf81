"""What a notification of type URL asks for (recommendation 13.18): the receiver's own query, and the ids behind it."""

from __future__ import annotations

import pytest

from undersigned.dialects.signicat.port import SignicatPort
from undersigned.envelopes.models import Envelope, Package, Recipient


@pytest.mark.parametrize(
    ("address", "recipient", "package", "asked"),
    [
        (
            "https://a.example/G?org=X",
            "t 1",
            "",
            "https://a.example/G?org=X&requestId=o1&taskId=t+1&orderId=o1",
        ),
        ("https://a.example", "", "p&1", "https://a.example?requestId=o1&orderId=o1&packagingTaskId=p%261"),
        ("https://a.example/x?a=%20b&c#d", "", "", "https://a.example/x?a=%20b&c&requestId=o1&orderId=o1"),
        ("http://[", "", "", "http://["),
    ],
)
def test_ids_come_behind_the_receivers_query(address: str, recipient: str, package: str, asked: str) -> None:
    envelope = Envelope(pub="o1")
    person = Recipient(key=recipient) if recipient else None
    bundle = Package(key=package) if package else None
    assert SignicatPort().notification_url(address, envelope, person, bundle) == asked
