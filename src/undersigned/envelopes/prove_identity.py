"""A signer proves who they are at a provider of strong identification: sent there, and back with an answer."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from undersigned.accounts.limits import take
from undersigned.base.clock import now
from undersigned.base.db import atomic
from undersigned.identity import code as codes
from undersigned.identity import matching, providers, sign_in
from undersigned.identity.errors import SignInFailed, Untrusted
from undersigned.identity.models import Provider, SignIn
from undersigned.identity.oidc import Answer, Identified

from . import audit, proofs
from .errors import CodeLocked, Conflict, NotFound, WrongPerson
from .locks import lock_envelope
from .models import Envelope, IdentityProof, Recipient, Sitting
from .signer import standing
from .ways import ways_to_open, ways_to_sign

SUBJECT = "sitting"
PER_PERSON = 30
"""Sign-ins that may be begun for one person in a day: they may cost the operator money each."""


def ways(recipient: Recipient) -> list[Provider]:
    """All providers that this person may be sent to, in the order of their buttons; `buttons` are those of the moment."""
    policy = recipient.identity
    found: dict[int, Provider] = {}
    if "strong" in policy.methods:
        found = {p.pk: p for p in providers.allowed(recipient.envelope.organization, policy)}
    for way in (*ways_to_open(recipient), *ways_to_sign(recipient)):
        if way.provider is not None:
            found.setdefault(way.provider.pk, way.provider)
    return list(found.values())


def buttons(sitting: Sitting) -> list[Provider]:
    """Providers to which the person may go now: of the chosen way its own; of "strong" among the policy's methods those that it admits."""
    if proofs.asked(sitting) != "strong":
        return []
    way = proofs.chosen_way(sitting)
    if way is not None:
        return [way.provider] if way.provider is not None else []
    return providers.allowed(sitting.recipient.envelope.organization, sitting.recipient.identity)


def begin_sign_in(sitting: Sitting, key: str, language: str) -> tuple[str, str]:
    """The address of the chosen provider, and its name. No lock is held: the provider may have to be asked what it is.

    `key` is a provider's, or the name of one of `proofs.offered_ways`, which is chosen by that.
    Raises Conflict (not_asked, or the signer's standing), CodeLocked, NotFound (no such provider), LimitReached, SignInFailed.
    """
    recipient = sitting.recipient
    at = now(recipient.envelope.organization.clock_offset)
    _refuse_unless_asked(recipient.envelope, sitting, recipient)
    if recipient.code_locked_until is not None and at < recipient.code_locked_until:
        raise CodeLocked(recipient.code_locked_until)
    provider, asked_as = _destination(sitting, key)
    take("identity.sign-in", str(recipient.pk), PER_PERSON, timedelta(days=1))
    if asked_as:
        proofs.choose_way(sitting, asked_as)
    url = sign_in.begin(
        provider,
        SUBJECT,
        sitting.pk,
        f"room.{sitting.pub}",
        language,
        asked_as=asked_as,
        moment=proofs.moment(sitting),
        login_hint=matching.hint(recipient.expected, _names(provider, asked_as)),
    )
    return url, provider.name


def _destination(sitting: Sitting, key: str) -> tuple[Provider, str]:
    """The provider, and the name by which the sender asked for it; empty where it was asked for by no name. Raises NotFound."""
    offered = proofs.offered_ways(sitting)
    chosen = proofs.chosen_way(sitting)
    for way in (*([chosen] if chosen else []), *offered):
        if way.provider is not None and key in (way.asked_as, way.provider.key):
            return way.provider, way.asked_as
    if not offered:
        for provider in buttons(sitting):
            if provider.key == key:
                return provider, ""
    raise NotFound


def _names(provider: Provider, asked_as: str) -> set[str]:
    return providers.names(provider) | ({asked_as} if asked_as else set())


def _refuse_unless_asked(envelope: Envelope, sitting: Sitting, recipient: Recipient) -> None:
    where = standing(envelope, recipient, now(envelope.organization.clock_offset))
    if where.is_over:
        raise Conflict(where.value)
    if sitting.ended_at is not None or proofs.asked(sitting) not in ("strong", "choose"):
        raise Conflict("not_asked")


def prove_identity(sitting: Sitting, answer: Answer) -> None:
    """Take the provider's answer: the proof is kept, or the reason why there is none is written into the trail.

    Somebody who is not the one whom the sender named is a failed try; five of them lock for fifteen minutes. What came of such a person
    is not kept. Raises WrongPerson, CodeLocked, Conflict (not_asked, or the signer's standing), SignInFailed.
    """
    begun = sign_in.take(answer.state, SUBJECT, sitting.pk)
    try:
        expected, names = sitting.recipient.expected, _names(begun.provider, begun.asked_as)
        identified = sign_in.end(begun, answer, matching.claims_needed(expected, names))
    except SignInFailed as e:
        _note_failure(sitting, begun.provider, e)
        raise
    failure: WrongPerson | CodeLocked | Untrusted | None
    with atomic():
        envelope = lock_envelope(sitting.recipient.envelope_id)
        recipient = Recipient.objects.select_for_update().get(pk=sitting.recipient_id)
        sitting.refresh_from_db(fields=["identified_at", "ended_at", "chosen_way"])
        recipient.envelope = envelope
        sitting.recipient = recipient
        _refuse_unless_asked(envelope, sitting, recipient)
        if begun.moment != proofs.moment(sitting):
            raise Conflict("not_asked")
        failure = _take_in(envelope, recipient, sitting, begun, identified)
    if failure is not None:
        raise failure


def _take_in(
    envelope: Envelope,
    recipient: Recipient,
    sitting: Sitting,
    begun: SignIn,
    identified: Identified,
) -> WrongPerson | CodeLocked | Untrusted | None:
    at = now(envelope.organization.clock_offset)
    provider = begun.provider
    if recipient.code_locked_until is not None and at < recipient.code_locked_until:
        return CodeLocked(recipient.code_locked_until)
    if IdentityProof.objects.filter(token_hash=identified.token_hash).exists():
        audit.append(
            envelope, "identification_failed", at, by=sitting, provider=provider.name, why="replayed"
        )
        return Untrusted("this ID token has proved somebody before")
    if not _still_offered(sitting, begun):
        audit.append(
            envelope, "identification_failed", at, by=sitting, provider=provider.name, why="disabled"
        )
        return Untrusted("the provider may no longer be used")
    claims = identified.claims
    if not matching.is_the_one(
        recipient.identity.compare,
        expected_id=recipient.national_id,
        expected_name=recipient.full_name,
        claimed_id=claims.national_id,
        claimed_name=claims.name,
    ) or not matching.agrees(recipient.expected, _names(provider, begun.asked_as), claims, identified.said):
        recipient.code_failures, locked = codes.after_failure(recipient.code_failures, at)
        recipient.code_locked_until = locked
        recipient.save(update_fields=["code_failures", "code_locked_until"])
        audit.append(envelope, "wrong_person", at, by=sitting, provider=provider.name)
        if locked:
            audit.append(envelope, "identification_locked", at, by=sitting)
        return CodeLocked(locked) if locked else WrongPerson()
    recipient.code_failures, recipient.code_locked_until = 0, None
    if not recipient.full_name:
        recipient.name = claims.name or None
    recipient.save(update_fields=["code_failures", "code_locked_until", "name"])
    proofs.record(
        envelope,
        sitting,
        "strong",
        at,
        provider=provider.name,
        identified=identified,
        nonce_hash=hashlib.sha256(begun.nonce.encode()).digest(),
        asked_as=begun.asked_as,
    )
    return None


def _still_offered(sitting: Sitting, begun: SignIn) -> bool:
    """By the same name, the same provider; neither was switched off or changed meanwhile."""
    if begun.asked_as:
        return any(
            way.asked_as == begun.asked_as and way.provider == begun.provider
            for way in proofs.offered_ways(sitting)
        )
    recipient = sitting.recipient
    return begun.provider in providers.allowed(recipient.envelope.organization, recipient.identity)


def _note_failure(sitting: Sitting, provider: Provider, failure: SignInFailed) -> None:
    with atomic():
        envelope = lock_envelope(sitting.recipient.envelope_id)
        at = now(envelope.organization.clock_offset)
        audit.append(
            envelope, "identification_failed", at, by=sitting, provider=provider.name, why=failure.code
        )
