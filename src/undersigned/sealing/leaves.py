"""Whose signature a CMS holds: the certificates of the signer and of the timestamps in it. Needs neither keys nor a PDF."""

from __future__ import annotations

from asn1crypto import cms, x509


def leaves(contents: bytes) -> list[bytes]:
    """DER of the signer's certificate and of each timestamp authority's. Raises ValueError when one is not in the message."""
    data = cms.ContentInfo.load(contents)["content"]
    return [_leaf(d) for d in (data, *_timestamps(data))]


def _timestamps(data: cms.SignedData) -> list[cms.SignedData]:
    # No `.native` on the set: it would build every value of every token in Python, which took 2.6 s a file. An absent set is empty.
    return [
        value["content"]
        for attribute in data["signer_infos"][0]["unsigned_attrs"]
        if attribute["type"].native == "signature_time_stamp_token"
        for value in attribute["values"]
    ]


def _leaf(data: cms.SignedData) -> bytes:
    info = data["signer_infos"][0]["sid"].chosen
    for choice in data["certificates"]:
        certificate = choice.chosen
        if certificate.serial_number == info["serial_number"].native and _same(
            certificate.issuer, info["issuer"]
        ):
            return bytes(certificate.dump())
    raise ValueError("a signature without its certificate")


def _same(one: x509.Name, other: x509.Name) -> bool:
    """Equal bytes are the rule, and comparing what they mean takes milliseconds."""
    return bool(one.dump() == other.dump() or one == other)
