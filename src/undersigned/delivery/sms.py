"""SMS through the operator's gateway."""

from __future__ import annotations

from django.conf import settings

from . import gateway


def send(phone: str, text: str) -> str:
    """Send one SMS to an E.164 number. Raises Unreachable, without a gateway Rejected."""
    return gateway.send(settings.SMS_URL, "UNDERSIGNED_SMS_URL", phone, text)
