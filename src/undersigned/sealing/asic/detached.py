"""A detached CAdES signature in a container, and what there is to know about the certificates in it. Runs in the bounded process.

Signatures are judged with time, and where certificates or answers about them have ended since, as they were when the container's own
timestamp proves them to have existed (EN 319 102-1 clauses 5.5 and 5.6).
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from asn1crypto import cms, x509
from pyhanko.sign.ades.report import AdESIndeterminate, AdESPassed
from pyhanko.sign.validation.ades import (
    ades_past_signature_validation,
    ades_timestamp_validation,
    ades_with_time_validation,
)
from pyhanko.sign.validation.generic_cms import message_imprint_checker
from pyhanko.sign.validation.policy_decl import LocalKnowledge, bootstrap_validation_data_handlers
from pyhanko_certvalidator.ltv.poe import KnownPOE, POEManager, POEType, digest_for_poe
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo
from pyhanko_certvalidator.revinfo.archival import CRLContainer, OCSPContainer

from undersigned.sealing.pdf import ades
from undersigned.sealing.pdf.trust import Certificates

from .reading import Manifest

_PAST = {
    AdESIndeterminate.REVOKED_NO_POE,
    AdESIndeterminate.REVOKED_CA_NO_POE,
    AdESIndeterminate.OUT_OF_BOUNDS_NO_POE,
    AdESIndeterminate.OUT_OF_BOUNDS_NOT_REVOKED,
    AdESIndeterminate.CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
    AdESIndeterminate.TRY_LATER,
}
"""What is asked once more as of the time that a timestamp proves (EN 319 102-1 clause 5.6.3.4)."""


@dataclass
class Detached:
    """A signature, or an archive timestamp, with the manifest that it covers. `data` is None where the message cannot be read."""

    manifest: Manifest
    message: bytes
    data: cms.SignedData | None = None
    signer: x509.Certificate | None = None

    @classmethod
    def read(cls, manifest: Manifest, message: bytes) -> Detached:
        found = cls(manifest, message)
        try:
            info = cms.ContentInfo.load(message, strict=True)
            data = info["content"]
            if info["content_type"].native != "signed_data" or len(data["signer_infos"]) != 1:
                return found
            is_token = data["encap_content_info"]["content_type"].native == "tst_info"
            detached = data["encap_content_info"]["content"].native is None
            if is_token is not manifest.archive or (not is_token and not detached):
                return found
            if is_token:
                _time_of(data)  # fails where there is none
            found.signer = ades.signer_of(data)
            found.data = data
        except Exception:  # noqa: BLE001 - whatever the parser throws at malformed bytes
            found.data = found.signer = None
        return found

    @property
    def info(self) -> Any:
        assert self.data is not None
        return self.data["signer_infos"][0]

    @property
    def tokens(self) -> list[cms.SignedData]:
        """The signature's own timestamps."""
        return [] if self.data is None else ades.tokens(self.info)

    @property
    def stamped_at(self) -> datetime:
        """The time in a timestamp."""
        assert self.data is not None
        return _time_of(self.data)

    @property
    def claimed_at(self) -> datetime | None:
        """The signing-time attribute; None where there is none that can be read."""
        try:
            for attribute in self.info["signed_attrs"]:
                if attribute["type"].native == "signing_time":
                    moment: datetime = attribute["values"][0].native
                    return moment
        except Exception:  # noqa: BLE001 - a time that nobody can read
            return None
        return None


@dataclass
class Knowledge:
    """CRLs, OCSP answers and archive timestamps in the container."""

    crls: dict[bytes, CRLContainer] = field(default_factory=dict)
    ocsps: dict[bytes, list[OCSPContainer]] = field(default_factory=dict)
    found: tuple[Detached, ...] = ()
    _proofs: dict[tuple[object, ...], tuple[list[KnownPOE], set[str]]] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)
    """By name of a manifest, what is wrong with a file that it names."""

    @classmethod
    def of(cls, found: Iterable[Detached], wrong: dict[str, str], certificates: Certificates) -> Knowledge:
        """Certificates and CRLs go to `certificates` too."""
        known = cls(found=tuple(found), wrong=wrong)
        for one in known.found:
            if one.data is None:
                continue
            try:
                for data in (one.data, *one.tokens):
                    known._take(data, certificates)
            except Exception:  # noqa: BLE001 - whatever the parser throws at malformed bytes
                one.data = one.signer = None
        certificates.file_crls = [c.crl_data for c in known.crls.values()]
        return known

    def _take(self, data: cms.SignedData, certificates: Certificates) -> None:
        certificates.add(_certificates(data))
        for answer in data["crls"]:
            if answer.name == "crl":
                self.crls[answer.chosen.dump()] = CRLContainer(answer.chosen)
            elif answer.chosen["other_rev_info_format"].native == "ocsp_response":
                response = answer.chosen["other_rev_info"]
                self.ocsps[response.dump()] = list(OCSPContainer.load_multi(response))

    def within(self, spec: Any) -> Any:
        """`spec` with the answers about certificates that are here."""
        local = spec.local_knowledge
        knowledge = replace(
            local,
            known_ocsps=[*local.known_ocsps, *(o for several in self.ocsps.values() for o in several)],
            known_crls=[*local.known_crls, *self.crls.values()],
        )
        return replace(spec, local_knowledge=knowledge)

    def proved(self, spec: Any) -> tuple[Any, set[str]]:
        """`spec` with what is known here, and proofs that it existed by those archive timestamps which stand by `spec`; and the names of the
        signatures that these cover."""
        spec = self.within(spec)
        key = _rules(spec)
        if key not in self._proofs:
            self._proofs[key] = self._prove(spec)
        poes, covered = self._proofs[key]
        return replace(spec, local_knowledge=replace(spec.local_knowledge, known_poes=poes)), covered

    def _prove(self, spec: Any) -> tuple[list[KnownPOE], set[str]]:
        poes: list[KnownPOE] = []
        covered: set[str] = set()
        for stamp in self.found:
            if stamp.data is None or not stamp.manifest.archive or stamp.manifest.name in self.wrong:
                continue
            if _stamp(stamp, spec).ades_subindic == AdESPassed.OK:
                names = {n.name for n in stamp.manifest.files}
                covered |= names
                for one in self.found:
                    if one.data is not None and one.manifest.signature in names:
                        poes += _existed(one, stamp.stamped_at)
        return poes, covered


def _rules(spec: Any) -> tuple[object, ...]:
    """What tells one specification for a container from another: whom it trusts, and which answers it asks for."""
    policy = spec.cert_validation_policy
    return (
        frozenset(c.sha256 for c in policy.trust_manager.iter_certs()),
        repr(policy.revinfo_policy),
    )


def _existed(one: Detached, at: datetime) -> Iterator[KnownPOE]:
    """A signature and all that it holds was there at a time."""
    held, scratch = Knowledge(), Certificates([], [])
    for data in (one.data, *one.tokens):
        assert data is not None
        held._take(data, scratch)  # noqa: SLF001 - same module
        value = data["signer_infos"][0]["signature"].native
        yield KnownPOE(POEType.VALIDATION, digest_for_poe(value), at)
    there = LocalKnowledge(
        known_ocsps=[o for several in held.ocsps.values() for o in several],
        known_crls=list(held.crls.values()),
        known_certs=list(scratch.known.values()),
    )
    yield from there.assert_existence_known_at(at)


def evaluate(one: Detached, knowledge: Knowledge, spec: Any) -> dict[str, Any]:
    """A signature over its manifest."""
    assert one.data is not None
    algorithm = one.info["digest_algorithm"]["algorithm"].native
    digest = hashlib.new(algorithm, one.manifest.data).digest()
    if not one.tokens:
        return ades.basic(one.data, digest, spec)
    spec, covered = knowledge.proved(spec)
    timing = ValidationTimingInfo.now()
    handlers = bootstrap_validation_data_handlers(spec, timing, poe_manager_override=_proofs(spec))
    result = asyncio.run(
        ades_with_time_validation(
            one.data, spec, timing_info=timing, validation_data_handlers=handlers, raw_digest=digest
        )
    )
    indication, status, token = result.ades_subindic, result.api_status, one.tokens[0]
    # Good with time means that one of its timestamps stands; that is not judged twice.
    stands = (indication == AdESPassed.OK and len(one.tokens) == 1) or _token_stands(token, one, spec)
    confirmed = _time_of(token) if stands else None
    if indication in _PAST:
        indication = _in_the_past(one.data, spec, indication, confirmed)
    if indication == AdESPassed.OK and confirmed is None:
        indication = AdESIndeterminate.NO_POE
    has_answers = any(True for _ in one.data["crls"])
    level = "B-T"
    if indication == AdESPassed.OK and has_answers:
        level = "B-LTA" if one.manifest.signature in covered else "B-LT"
    return ades.outcome(indication, status) | {
        "confirmed_at": ades.iso(confirmed),
        "confirmed_by": ades.name(ades.signer_of(token)) if confirmed is not None else None,
        "level": level,
    }


def _token_stands(token: cms.SignedData, one: Detached, spec: Any) -> bool:
    """Is a signature's timestamp about it, and from a known authority, now or when the archive timestamp was made?"""
    result = asyncio.run(ades_timestamp_validation(token, spec, message_imprint_checker(one.info)))
    indication = result.ades_subindic
    if indication in _PAST:
        indication = _in_the_past(token, spec, indication)
    return bool(indication == AdESPassed.OK)


def _in_the_past(data: cms.SignedData, spec: Any, indication: Any, at: datetime | None = None) -> Any:
    """EN 319 102-1 clause 5.6.2.4: judged by what is proved to have existed. `at`: when its own timestamp says that the signature did."""
    manager = _proofs(spec)
    if at is not None:
        manager.register(data["signer_infos"][0]["signature"].native, POEType.VALIDATION, at)
    return asyncio.run(ades_past_signature_validation(data, spec, manager, indication))


def _proofs(spec: Any) -> POEManager:
    manager = POEManager()
    spec.local_knowledge.add_to_poe_manager(manager)
    return manager


def _stamp(one: Detached, spec: Any) -> Any:
    def imprint(algorithm: str) -> bytes:
        return hashlib.new(algorithm, one.manifest.data).digest()

    return asyncio.run(ades_timestamp_validation(one.data, spec, imprint))


def evaluate_token(one: Detached, knowledge: Knowledge, spec: Any) -> dict[str, Any]:
    """An archive timestamp over its manifest, by itself. What it proves shows in the signatures."""
    assert one.data is not None
    assert one.signer is not None
    result = _stamp(one, knowledge.within(spec))
    found = ades.outcome(result.ades_subindic, result.api_status)
    if found["intact"] and found["verdict"] in ("incomplete", "no_poe") and not ades.lasts(one.signer):
        found |= {"verdict": "valid", "indication": "TOTAL_PASSED", "sub_indication": None, "reason": ""}
    intact = found["intact"]
    return found | {
        "confirmed_at": ades.iso(_time_of(one.data)) if intact else None,
        "confirmed_by": ades.name(one.signer) if intact else None,
        "level": None,
    }


def _certificates(data: cms.SignedData) -> list[x509.Certificate]:
    return [c.chosen for c in data["certificates"] if isinstance(c.chosen, x509.Certificate)]


def _time_of(token: cms.SignedData) -> datetime:
    moment: datetime = token["encap_content_info"]["content"].parsed["gen_time"].native
    return moment
