"""The ways in which a person may prove themselves or sign, of those that the sender asked for: which can be used here, by them.

A name leads to a provider of the organisation, or to a one-time code, for which the person needs the address; what leads nowhere is not
offered. Where nothing is left, nobody gets on: nothing falls back to less, and the envelope says why.
"""

from __future__ import annotations

from dataclasses import dataclass

from undersigned.identity import matching, providers
from undersigned.identity.models import Provider
from undersigned.identity.policy import Method, SignWay

from .attention import note_attention
from .models import Recipient

CANNOT = "nobody can be identified:"
"""Begins the note on an envelope."""


@dataclass(frozen=True)
class OfferedWay:
    """One way, by the name under which it was asked for (empty: a drawn signature is enough). `method` is "strong", a one-time code, or
    "link" where nothing is proved; `statement` and `drawn` as in `SignWay`."""

    asked_as: str
    method: Method
    provider: Provider | None = None
    statement: bool = False
    drawn: bool = False

    @property
    def names(self) -> set[str]:
        """By which the sender's pairs (`identity.expected`) may mean it."""
        return {self.asked_as} | (providers.names(self.provider) if self.provider else set())


def ways_to_open(recipient: Recipient) -> list[OfferedWay]:
    """Of the policy's `any_of`."""
    return _offered(recipient, [SignWay(asked_as=name) for name in recipient.identity.any_of if name])


def ways_to_sign(recipient: Recipient) -> list[OfferedWay]:
    """Of the policy's `sign_ways`, each name once."""
    return _offered(recipient, recipient.identity.sign_ways)


def _offered(recipient: Recipient, asked: list[SignWay] | tuple[SignWay, ...]) -> list[OfferedWay]:
    found: dict[str, OfferedWay] = {}
    for way in asked:
        offered = _offer(recipient, way) if way.asked_as not in found else None
        if offered is not None:
            found[way.asked_as] = offered
    return list(found.values())


def _offer(recipient: Recipient, way: SignWay) -> OfferedWay | None:
    if not way.asked_as or way.method == "link":
        return OfferedWay(way.asked_as, "link", None, way.statement, way.drawn)
    provider = None
    if way.method == "strong":
        provider = providers.by_name(recipient.envelope.organization, way.asked_as)
    if provider is not None:
        return OfferedWay(way.asked_as, "strong", provider, way.statement, way.drawn)
    code = way.method if way.method != "strong" else providers.code_method(way.asked_as)
    if code not in ("sms_code", "mail_code"):
        return None
    offered = OfferedWay(way.asked_as, code, None, way.statement, way.drawn)
    return offered if _reachable(recipient, offered) else None


def _reachable(recipient: Recipient, way: OfferedWay) -> bool:
    """There is an address for the code, and it proves all that the sender said must be proved."""
    sms = way.method == "sms_code"
    email, phone = ("", recipient.phone) if sms else (recipient.email or "", "")
    return bool(email or phone) and matching.possessed(
        recipient.expected, way.names, email=email, phone=phone
    )


def note_what_is_missing(recipient: Recipient) -> None:
    """Say on the envelope that this person cannot go on, or take the note away when they can. Call it outside a transaction."""
    policy = recipient.identity
    missing = ""
    if policy.any_of and not ways_to_open(recipient):
        missing = ", ".join(policy.any_of)
    elif policy.sign_ways and not ways_to_sign(recipient):
        missing = ", ".join(way.asked_as for way in policy.sign_ways)
    elif "strong" in policy.methods and not providers.allowed(recipient.envelope.organization, policy):
        missing = ", ".join(policy.providers) or "strong"
    noted = recipient.envelope.needs_attention
    if missing:
        note_attention(recipient.envelope_id, f"{CANNOT} no provider or address for {missing}")
    elif noted.startswith(CANNOT):
        note_attention(recipient.envelope_id, "")
