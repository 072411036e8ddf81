"""What a person must prove, what this sitting has proved, and what follows: reading, signing, the name that stands on the signature.

There are two moments. Before reading (or, as the policy has it, before signing) all of the policy's `methods` are passed, and one of
`any_of`. As part of signing one of `sign_ways` is passed anew: that proof belongs to the sitting, and is used up by the signature or after
half an hour. Where a person has several ways they choose one; which they have is in `ways`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from undersigned.base.clock import now
from undersigned.identity.oidc import Claims, Identified
from undersigned.identity.policy import Method, ProofMethod

from . import audit
from .appearance import typed_name
from .errors import Conflict, NotFound
from .models import Assignment, AssignmentState, Envelope, IdentityProof, RecipientState, Sitting
from .ways import OfferedWay, ways_to_open, ways_to_sign

VALID = timedelta(minutes=30)
"""For so long a proof for signing waits for the signature."""
Asked = Method | Literal["choose", "unavailable"]
"""The method that comes next. "choose": there are several ways, `offered_ways`, and none was chosen. "unavailable": none of the methods
that the sender asked for can be used here, so nobody can go on."""
Moment = Literal["open", "sign"]


def _since_opened(sitting: Sitting) -> list[IdentityProof]:
    """Proofs since the sitting was opened, or opened again after a pause (each opening leaves the proof "link"), newest first."""
    found: list[IdentityProof] = []
    for proof in IdentityProof.objects.filter(sitting=sitting).order_by("-pk"):
        found.append(proof)
        if proof.method == "link":
            break
    return found


def passed(sitting: Sitting) -> set[str]:
    """Methods proved since the sitting was opened, or opened again after a pause; those as part of signing are not among them."""
    return {p.method for p in _before_signing(sitting)}


def _before_signing(sitting: Sitting) -> list[IdentityProof]:
    anew = bool(sitting.recipient.identity.sign_ways)
    return [p for p in _since_opened(sitting) if not (anew and p.moment == "sign")]


def moment(sitting: Sitting) -> Moment:
    """What proof is asked for: before all else ("open"), or as part of signing."""
    return "open" if sitting.identified_at is None else "sign"


def asked(sitting: Sitting) -> Asked | None:
    """What comes next; None when all is proved that can be at this moment."""
    if sitting.identified_at is None:
        return _asked_first(sitting)
    if not _signs_anew(sitting) or signing_proof(sitting) is not None:
        return None
    return _of(sitting, ways_to_sign(sitting.recipient))


def _asked_first(sitting: Sitting) -> Asked | None:
    policy = sitting.recipient.identity
    done = passed(sitting) | {"link"}
    method = next((method for method in policy.methods if method not in done), None)
    if method is not None:
        return method
    if not policy.any_of or any(p.asked_as in policy.any_of for p in _before_signing(sitting)):
        return None
    return _of(sitting, ways_to_open(sitting.recipient))


def _of(sitting: Sitting, ways: list[OfferedWay]) -> Asked | None:
    if not ways:
        return "unavailable"
    way = _chosen(sitting, ways)
    if way is None:
        return "choose"
    return None if way.method == "link" else way.method


def _chosen(sitting: Sitting, ways: list[OfferedWay]) -> OfferedWay | None:
    if len(ways) == 1:
        return ways[0]
    return next((w for w in ways if w.asked_as == sitting.chosen_way), None)


def _signs_anew(sitting: Sitting) -> bool:
    recipient = sitting.recipient
    if not recipient.identity.sign_ways or recipient.state != RecipientState.ACTIVE:
        return False
    theirs = Assignment.objects.filter(recipient=recipient, action=Assignment.Action.SIGN)
    return theirs.filter(state__in=[AssignmentState.PLANNED, AssignmentState.OPEN]).exists()


def offered_ways(sitting: Sitting) -> list[OfferedWay]:
    """Among which the person chooses now, in the sender's order; a way stays open to another choice until it has been passed.

    Empty where the next method is not chosen (`asked` says it), and where nothing is asked.
    """
    if sitting.identified_at is not None:
        signs = _signs_anew(sitting) and signing_proof(sitting) is None
        return ways_to_sign(sitting.recipient) if signs else []
    policy = sitting.recipient.identity
    if set(policy.methods) - passed(sitting) - {"link"}:
        return []
    return ways_to_open(sitting.recipient) if policy.any_of and _asked_first(sitting) is not None else []


def chosen_way(sitting: Sitting) -> OfferedWay | None:
    """Of `offered_ways` the only one, or the one that was chosen."""
    return _chosen(sitting, offered_ways(sitting))


def choose_way(sitting: Sitting, asked_as: str) -> None:
    """Take one of `offered_ways`. Raises NotFound (it is not among them), Conflict (the sitting has ended)."""
    if sitting.ended_at is not None:
        raise Conflict("not_asked")
    if asked_as not in {w.asked_as for w in offered_ways(sitting)}:
        raise NotFound
    sitting.chosen_way = asked_as
    Sitting.objects.filter(pk=sitting.pk).update(chosen_way=asked_as)


def signing_proof(sitting: Sitting) -> IdentityProof | None:
    """The proof as part of signing that still holds: neither used by a signature nor older than half an hour."""
    at = now(sitting.recipient.envelope.organization.clock_offset)
    if not sitting.recipient.identity.sign_ways:
        return None
    for proof in _since_opened(sitting):
        if proof.moment == "sign":
            fresh = at - proof.at < VALID
            return proof if fresh and not proof.signatures.exists() else None
    return None


def signing_way(sitting: Sitting) -> OfferedWay | None:
    """The way by which the person can sign now: passed, or chosen where nothing is to be passed. None when it must still be chosen or
    passed, and where the policy names no ways."""
    ways = ways_to_sign(sitting.recipient)
    proof = signing_proof(sitting)
    if proof is not None:
        return next((w for w in ways if w.asked_as == proof.asked_as), None)
    way = _chosen(sitting, ways)
    return way if way is not None and way.method == "link" else None


def may_sign(sitting: Sitting) -> bool:
    """Everything that is asked before and as part of signing has been proved, in a sitting that goes on."""
    if sitting.ended_at is not None or sitting.identified_at is None:
        return False
    return not sitting.recipient.identity.sign_ways or signing_way(sitting) is not None


def proof_of_signature(sitting: Sitting) -> IdentityProof | None:
    """What a signature of this moment rests on: the proof as part of signing, else the sitting's last."""
    return signing_proof(sitting) or next(iter(_since_opened(sitting)), None)


def may_read(sitting: Sitting) -> bool:
    """Everything has been proved, or proof is asked only before the signature."""
    if sitting.ended_at is not None:
        return False
    policy = sitting.recipient.identity
    return sitting.identified_at is not None or (policy.moment == "sign" and not policy.any_of)


def record(
    envelope: Envelope,
    sitting: Sitting,
    method: ProofMethod,
    at: datetime,
    *,
    provider: str,
    known_to_sender: bool = False,
    identified: Identified | None = None,
    nonce_hash: bytes | None = None,
    asked_as: str = "",
) -> None:
    """Keep the proof, say so in the trail, and note on the sitting when nothing more is asked. Caller holds the envelope's lock."""
    policy = sitting.recipient.identity
    anew = moment(sitting) == "sign"
    IdentityProof.objects.create(
        recipient=sitting.recipient,
        sitting=sitting,
        method=method,
        provider=provider,
        level=identified.level if identified else "",
        known_to_sender=known_to_sender,
        moment="sign" if anew or (policy.moment == "sign" and not policy.sign_ways) else "open",
        asked_as=asked_as,
        at=at,
        claims=identified.claims.as_json() if identified else None,
        nonce_hash=nonce_hash,
        token_hash=identified.token_hash if identified else None,
    )
    sitting.last_seen = at
    if not anew and _asked_first(sitting) is None:
        sitting.identified_at, sitting.chosen_way = at, None
    sitting.save(update_fields=["last_seen", "identified_at", "chosen_way"])
    named = provider if method == "strong" else None
    audit.append(
        envelope,
        "identified",
        at,
        by=sitting,
        method=method,
        provider=named,
        moment="sign" if anew else None,
        asked_as=asked_as or None,
    )


def current(sitting: Sitting) -> list[IdentityProof]:
    """The sitting's proofs, oldest first."""
    return list(IdentityProof.objects.filter(sitting=sitting).order_by("pk"))


def identified_claims(sitting: Sitting) -> Claims | None:
    """What the last strong identification of this sitting said; None without one."""
    if not sitting.recipient.identity.may_identify:
        return None
    found = [p for p in current(sitting) if p.method == "strong" and p.claims]
    return Claims.from_json(found[-1].claims or "{}") if found else None


def signing_name(sitting: Sitting) -> Claims:
    """The name that the signature bears: the identified one where the sender's was not compared with it, else the sender's.

    Where the sender named nobody and nobody identified them, it is the name that they typed for their signature, else their address.
    """
    recipient = sitting.recipient
    typed = Claims(
        name=recipient.full_name or typed_name(sitting) or recipient.email or "",
        given_name=recipient.name if recipient.surname and recipient.name else "",
        family_name=recipient.surname,
    )
    if "name" in recipient.identity.compare:
        return typed
    found = identified_claims(sitting)
    return found if found is not None and found.name else typed


def word(proof: IdentityProof) -> str:
    """A word of `sealing.policies.POLICIES` for a proof."""
    if proof.method == "code":
        return f"{proof.provider}-code"
    return {"mail_code": "email-code", "sms_code": "sms-code", "strong": "eid"}.get(
        proof.method, proof.method
    )


def strongest(sitting: Sitting) -> str:
    """The word for the strongest proof of this sitting."""
    found = {word(p) for p in current(sitting)}
    order = ("automatic", "eid", "sms-code", "password", "email-code", "sender-code")
    return next((w for w in order if w in found), "link")
