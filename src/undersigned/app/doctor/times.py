"""The clock, and who confirms the time."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime, timedelta

from asn1crypto import cms, x509
from django.conf import settings
from django.db import connection, transaction
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko_certvalidator import ValidationContext

from undersigned.base import clock, db
from undersigned.sealing import authority, timestamp
from undersigned.sealing.errors import TimestampUnavailable

from .findings import Finding, Look, fail, ok, passed_over, warn, words

NEAR = timedelta(seconds=2)
FAR = timedelta(seconds=60)
_NTP = "Run an NTP client on this machine and on the database's."


def clocks(look: Look) -> list[Finding]:
    """This machine's clock against the database's."""
    if connection.vendor != "postgresql":
        return [ok("clock", "Server and database share one clock.")]
    before = datetime.now(UTC)
    there = clock.now()
    after = datetime.now(UTC)
    apart = abs(there - (before + (after - before) / 2))
    text = f"This machine's clock and the database's are {apart.total_seconds():.1f} s apart."
    if apart > FAR:
        return [fail("clock", text, _NTP)]
    return [warn("clock", text, _NTP) if apart > NEAR else ok("clock", text)]


def timestamps(look: Look) -> list[Finding]:
    """Get a timestamp and check it. Keys that are made or renewed for it are not kept."""
    if look.key_problem:
        return [passed_over("timestamps", "there is no master key")]
    digest = os.urandom(32)
    try:
        at = _built_in(digest) if settings.TIMESTAMP_AUTHORITY == "built-in" else _remote(digest)
    except TimestampUnavailable as e:
        return [fail("timestamps", f"There is none to be had: {e}.", "UNDERSIGNED_TIMESTAMP_AUTHORITY.")]
    except Exception as e:  # noqa: BLE001 - whatever it is, nothing can be signed
        return [
            fail(
                "timestamps",
                f"A timestamp could not be made and checked: {words(e)}.",
                "See the lines about master key and certificates. Signing and sealing wait until it works.",
            )
        ]
    apart = abs(at - datetime.now(UTC))
    if apart > NEAR:
        return [
            fail(
                "timestamps",
                f"The confirmed time is {apart.total_seconds():.0f} s off this machine's clock.",
                _NTP,
            )
        ]
    return [ok("timestamps", "A timestamp was made and checked; its time is this machine's.")]


def _built_in(digest: bytes) -> datetime:
    with db.atomic():
        token, roots = timestamp.current().token(digest), authority.root_certificates()
        transaction.set_rollback(True)
    return _checked(token, roots, digest)


def _remote(digest: bytes) -> datetime:
    """Its client has checked the token; whether to trust its root is for the readers of the files to say."""
    token = cms.ContentInfo.load(timestamp.current().token(digest))
    moment: datetime = token["content"]["encap_content_info"]["content"].parsed["gen_time"].native
    return moment


def _checked(token: bytes, roots: list[bytes], digest: bytes) -> datetime:
    """The token's time. Raises when it is not over `digest`, not intact, or not by an authority under `roots`."""
    signed = cms.ContentInfo.load(token)["content"]
    context = ValidationContext(
        trust_roots=[x509.Certificate.load(r) for r in roots],
        allow_fetching=False,
        revocation_mode="soft-fail",
    )
    status = asyncio.run(validate_tst_signed_data(signed, context, lambda _algorithm: digest))
    if not (status["intact"] and status["valid"]):
        raise ValueError("the token's signature does not hold")
    if status["trust_problem_indic"] is not None:
        raise ValueError(f"the token's certificate is not trusted: {status['trust_problem_indic']}")
    moment: datetime = status["timestamp"]
    return moment
