"""How one person must prove who they are."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

Method = Literal["link", "code", "mail_code", "sms_code", "strong"]
"""Possession of the link; the code that belongs to the person for all sittings; a one-time code by mail or by SMS; strong
identification by a provider."""
ProofMethod = Method | Literal["password"]
"""What a proof may be of. The password of the user whom the sender named: no policy asks for it; it opens the user's wallet."""


class SignWay(BaseModel):
    """One of the ways in which a person may sign; they choose among those that they are offered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    asked_as: str = ""
    """The name by which the sender asked for it; `identity.providers` finds the provider by it. Empty: a drawn signature is enough."""
    method: Method = "strong"
    """"link" where the name is empty; "sms_code" and "mail_code" for names of one-time codes."""
    statement: bool = False
    """A declaration that names all documents is signed with them, once."""
    drawn: bool = False
    """The person draws their signature; otherwise its look is their name."""


class IdentityPolicy(BaseModel):
    """Stored as JSON on the recipient; null members mean the defaults."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    methods: tuple[Method, ...] = ("link",)
    """All of them, in this order."""
    code_by: Literal["sms", "sender"] | None = None
    """Who brings the "code"."""
    moment: Literal["open", "sign"] = "open"
    """Before anything is shown, or before signing."""
    compare: tuple[Literal["national_id", "name"], ...] = ()
    """What the sender said of the person that the provider's claims must agree with, all of it (`identity.matching`)."""
    providers: tuple[str, ...] = ()
    """Keys of the providers that may be used, or names by which they are asked for; empty: all that the organisation has."""
    any_of: tuple[str, ...] = ()
    """Names of methods of which one must be passed before anything is shown; instead of "strong" and codes in `methods`."""
    sign_ways: tuple[SignWay, ...] = ()
    """One of these is passed anew as part of signing; empty: what was proved before is enough."""

    artifact: bool = False
    """The link alone does not open; only an artifact does, once, that the sender's program has just asked for (`envelopes.artifacts`)."""

    @property
    def may_identify(self) -> bool:
        """Can a provider be among what the person passes?"""
        return "strong" in self.methods or bool(self.any_of or self.sign_ways)

    @property
    def protects(self) -> bool:
        """Nothing of the request, not even its title, is told before the person has proved who they are.

        The link alone proves nothing more than that a message arrived, and the "code" is an old promise of an API whose mails name the
        title; every other method protects when it is asked at opening.
        """
        asked_at_opening = self.moment == "open" and any(m not in ("link", "code") for m in self.methods)
        return asked_at_opening or bool(self.any_of)
