"""Verdicts in words: one heading and one sentence or two for each code, translated."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

VERDICTS: dict[str, tuple[str, str]] = {
    "valid": (
        gettext_noop("Signed, and unchanged since"),
        gettext_noop(
            "The signatures fit the file, the signers' certificates are in order, and nothing was changed afterwards."
        ),
    ),
    "unknown_issuer": (
        gettext_noop("Unchanged, but the issuer is not known to us"),
        gettext_noop(
            "The file is exactly as signed. The names in it were certified by an issuer who is not on our list. If you trust that "
            "issuer, compare its fingerprint."
        ),
    ),
    "incomplete": (
        gettext_noop("Unchanged, but not closed yet"),
        gettext_noop(
            "The signatures fit the file. What proves that the certificates were not withdrawn is added when the document is sealed; "
            "this file does not hold it."
        ),
    ),
    "changed_after_signing": (
        gettext_noop("Changed after it was signed"),
        gettext_noop("No signature covers the change. Rely only on the version that was signed."),
    ),
    "broken": (
        gettext_noop("The signature does not fit this file"),
        gettext_noop("The file is damaged or was altered. Ask for it again from its source."),
    ),
    "forged_structure": (
        gettext_noop("Do not rely on this file"),
        gettext_noop("It is built so that it looks signed, but the signature covers other content."),
    ),
    "no_poe": (
        gettext_noop("We cannot tell when it was signed"),
        gettext_noop(
            "The file holds no trusted time that proves that the certificate was in order when it was used. Ask the signer for other proof."
        ),
    ),
    "revoked": (
        gettext_noop("Signed with a certificate that was withdrawn"),
        gettext_noop("Its issuer has withdrawn the certificate. Ask the signer to sign again."),
    ),
    "not_signed": (
        gettext_noop("There is no signature in this file"),
        gettext_noop("A picture of a signature is not a signature."),
    ),
    "not_pdf": (
        gettext_noop("This is not a PDF"),
        gettext_noop(
            "Choose a signed PDF or a container of signatures (ASiC-E, CAdES); the evidence goes with it."
        ),
    ),
    "encrypted": (
        gettext_noop("The file has a password"),
        gettext_noop("Remove the password and try again."),
    ),
    "too_many": (
        gettext_noop("This file is too large a job"),
        gettext_noop(
            "It holds more signatures or versions than are checked here. Nothing is said about them."
        ),
    ),
}
REASONS: dict[str, str] = {
    "no_byte_range": gettext_noop("the signature does not say which bytes it covers"),
    "byte_range_parts": gettext_noop("the signature covers the file in unusual pieces"),
    "byte_range_order": gettext_noop(
        "the signed bytes do not start at the beginning of the file, or overlap"
    ),
    "byte_range_beyond_file": gettext_noop("the signature claims to cover more than the file"),
    "no_contents": gettext_noop("the signature is missing"),
    "empty_contents": gettext_noop("the signature is empty"),
    "gap_is_not_contents": gettext_noop("something lies between the signed bytes that is not the signature"),
    "padding_not_empty": gettext_noop("something lies behind the signature, where nothing covers it"),
    "overlap": gettext_noop("a signature leaves out a part of the file that an earlier one covers"),
    "revision_not_covered": gettext_noop("the signature does not cover the whole version that it belongs to"),
    "hybrid_file": gettext_noop("readers of different age would show different content"),
    "not_a_dictionary": gettext_noop("the signature is malformed"),
    "unknown_format": gettext_noop("the signature is in a format that cannot be checked"),
    "unsigned_end": gettext_noop("something was added to the file after the last signature"),
    "later_revision": gettext_noop("a later version of the file changes what was signed"),
    "signature_removed": gettext_noop(
        "an earlier version of the file was signed; the signature was taken out"
    ),
    "timestamps_only": gettext_noop("it holds timestamps only"),
    "changed_file": gettext_noop("a signed file in the container is not the one that was signed"),
    "missing_file": gettext_noop("a signed file is missing in the container"),
    "unnamed_file": gettext_noop("the container holds a file that no signature covers"),
    "shared_signature": gettext_noop("one signature is given out for several"),
    "repeated_name": gettext_noop("two files in the container have one name"),
    "unsafe_name": gettext_noop("a file in the container has a name that leads elsewhere"),
    "hidden_bytes": gettext_noop("the container holds bytes that belong to no file in it"),
    "malformed": gettext_noop("the container, or a list of signed files in it, cannot be read"),
}
EVIDENCE: dict[str, str] = {
    "belongs": gettext_noop("The record belongs to this file; {events} events, unbroken"),
    "belongs_to_none": gettext_noop("{events} events, unbroken; no file was given to compare"),
    "not_belongs": gettext_noop("The record does not belong to this file"),
    "chain_broken": gettext_noop("Event {event} does not follow from event {previous}"),
    "first_altered": gettext_noop("The first event was altered"),
    "changed": gettext_noop("The evidence file was changed after it was sealed"),
    "unreadable": gettext_noop("This is not an evidence file"),
}


def verdict_words(code: str) -> tuple[str, str]:
    """Heading and text of a verdict, in the active language. Raises KeyError for a code that does not exist."""
    heading, text = VERDICTS[code]
    return _(heading), _(text)


def reason_words(code: str) -> str:
    """What exactly is wrong, as half a sentence; "" where there is nothing to add."""
    return _(REASONS[code]) if code in REASONS else ""


def evidence_words(code: str, events: int = 0, broken_at: int | None = None) -> str:
    """The sentence about a record of events, in the active language."""
    if code == "chain_broken" and (broken_at or 1) <= 1:
        code = "first_altered"
    event = broken_at or 0
    return _(EVIDENCE[code]).format(events=events, event=event, previous=event - 1)
