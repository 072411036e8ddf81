"""Object identifiers of this software: certificate policies that say how a signer was identified, and the time-stamping policy."""

from __future__ import annotations

ARC = "2.25.267029789071520695319737306264642874300"
"""Our OID arc, from a UUID (ITU-T X.667). `.1.<n>` are certificate policies, `.2` is the time-stamping policy."""
POLICIES = {
    "": f"{ARC}.1.0",
    "link": f"{ARC}.1.1",
    "email-code": f"{ARC}.1.2",
    "sms-code": f"{ARC}.1.3",
    "sender-code": f"{ARC}.1.5",
    "eid": f"{ARC}.1.4",
    "automatic": f"{ARC}.1.6",
    "password": f"{ARC}.1.7",
    "seal": f"{ARC}.1.9",
}
"""How a signer was identified, to the certificate policy that says so; anything else gets the first."""
TIMESTAMP_POLICY = f"{ARC}.2"
WORDS = {oid: word for word, oid in POLICIES.items()}
