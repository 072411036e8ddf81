"""Certificates found in a signed file: who issued whom, which root stands above, what may be assumed of authorities. Bounded process."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from asn1crypto import crl as asn1_crl
from asn1crypto import x509
from cryptography import x509 as cx509
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.errors import NoDSSFoundError
from pyhanko.sign.validation.policy_decl import (
    CertificateFetchingRule,
    LocalKnowledge,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import (
    CertRevTrustPolicy,
    NonRevokedStatusAssertion,
    RevocationCheckingPolicy,
    RevocationCheckingRule,
)
from pyhanko_certvalidator.registry import SimpleTrustManager
from pyhanko_certvalidator.revinfo.archival import CRLContainer

_CHAIN_MAX = 8


class Certificates:
    """What the file and the caller know: certificates by SHA-256, CRLs, the caller's roots."""

    def __init__(self, roots: list[bytes], crls: list[bytes]) -> None:
        self.given = {hashlib.sha256(der).hexdigest() for der in roots}
        self.known: dict[str, x509.Certificate] = {}
        self.roots = [x509.Certificate.load(der) for der in roots]
        self.crls = [asn1_crl.CertificateList.load(der) for der in crls]
        self.file_crls: list[asn1_crl.CertificateList] = []
        self.has_dss = False
        self.add(self.roots)

    def add(self, certificates: Any) -> None:
        """Remember certificates (asn1crypto)."""
        for certificate in certificates:
            self.known[certificate.sha256.hex()] = certificate

    def read_dss(self, reader: Any) -> None:
        """Take certificates and CRLs from the document security store, if there is one."""
        try:
            store = DocumentSecurityStore.read_dss(reader)
        except NoDSSFoundError:
            return
        self.has_dss = True
        self.add(store.load_certs())
        self.file_crls = [asn1_crl.CertificateList.load(ref.get_object().data) for ref in store.crls]

    def chain(self, leaf: x509.Certificate) -> list[x509.Certificate]:
        """From `leaf` upwards by name and signature, as far as certificates are known. Says who, not whether it is valid."""
        chain = [leaf]
        while len(chain) < _CHAIN_MAX and not _issued(chain[-1], chain[-1]):
            above = next((c for c in self.known.values() if c not in chain and _issued(chain[-1], c)), None)
            if above is None:
                break
            chain.append(above)
        return chain

    def root(self, leaf: x509.Certificate) -> x509.Certificate | None:
        """The self-signed certificate above `leaf`, None when it is not known."""
        top = self.chain(leaf)[-1]
        return top if _issued(top, top) else None

    def trusted(self, root: x509.Certificate | None) -> bool:
        """Whether the caller named this root."""
        return root is not None and root.sha256.hex() in self.given

    def revoked_at(self, leaf: x509.Certificate, *, by_callers: bool = False) -> datetime | None:
        """When its issuer withdrew the certificate, by any CRL at hand (`by_callers`: by one of the caller's); None when none says so."""
        for crl in self.crls if by_callers else (*self.crls, *self.file_crls):
            if crl.issuer == leaf.issuer:
                for entry in crl["tbs_cert_list"]["revoked_certificates"]:
                    if entry["user_certificate"].native == leaf.serial_number:
                        withdrawn: datetime = entry["revocation_date"].native
                        return withdrawn
        return None

    def vouched(self, newest_timestamp: x509.Certificate | None) -> list[x509.Certificate]:
        """Certificates taken for not withdrawn today: authorities between leaf and root, and the last document timestamp's.

        Nothing inside a file can say so for all time. One that any CRL at hand lists as withdrawn is not among them.
        """
        withdrawn = {
            (crl.issuer.dump(), entry["user_certificate"].native)
            for crl in (*self.crls, *self.file_crls)
            for entry in crl["tbs_cert_list"]["revoked_certificates"]
        }
        wanted = [c for c in self.known.values() if c.ca and not _issued(c, c)]
        wanted += [newest_timestamp] if newest_timestamp is not None else []
        return [c for c in wanted if (c.issuer.dump(), c.serial_number) not in withdrawn]

    def spec(
        self,
        trusted: bool,
        vouched: list[x509.Certificate],
        leaves: list[x509.Certificate],
        *,
        check: bool = True,
    ) -> SignatureValidationSpec:
        """What the AdES validation goes by: offline; anchors are the caller's roots if `trusted`, else also those in the file.

        With `check`, an answer about every certificate is required.
        """
        anchors = self.roots if trusted else [*self.roots, *(c for c in self.known.values() if _issued(c, c))]
        rule = RevocationCheckingRule.CRL_OR_OCSP_REQUIRED if check else RevocationCheckingRule.NO_CHECK
        policy = CertValidationPolicySpec(
            trust_manager=SimpleTrustManager.build(trust_roots=anchors),
            revinfo_policy=CertRevTrustPolicy(RevocationCheckingPolicy(rule, rule)),
        )
        now = datetime.now(UTC)
        ended = {leaf.issuer.dump() for leaf in leaves if leaf.not_valid_after < now}
        knowledge = LocalKnowledge(
            known_certs=list(self.known.values()),
            # A fresh CRL of an authority whose leaf has ended says nothing about it any more, yet would be taken for the newest answer.
            known_crls=[CRLContainer(crl) for crl in self.crls if crl.issuer.dump() not in ended],
            nonrevoked_assertions=[NonRevokedStatusAssertion(c.sha256, at=now) for c in vouched],
        )
        return SignatureValidationSpec(
            cert_validation_policy=policy,
            ts_cert_validation_policy=policy,
            local_knowledge=knowledge,
            revinfo_gathering_policy=RevocationInfoGatheringSpec(
                RevinfoOnlineFetchingRule.LOCAL_ONLY,
                certificate_fetching_rule=CertificateFetchingRule.NEVER_FETCH,
            ),
            key_usage_settings=KeyUsageConstraints(
                key_usage={"non_repudiation", "digital_signature"}, match_all_key_usages=False
            ),
        )


def _issued(subject: x509.Certificate, issuer: x509.Certificate) -> bool:
    if subject.issuer != issuer.subject:
        return False
    try:
        below, above = (cx509.load_der_x509_certificate(c.dump()) for c in (subject, issuer))
        below.verify_directly_issued_by(above)
    except Exception:  # noqa: BLE001 - foreign certificates hold any key and any algorithm
        return False
    return True
