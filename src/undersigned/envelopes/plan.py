"""What a draft says about the whole, beside its rows of documents, people and fields. Compiled at `send`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from .models import Envelope

REMIND_DAYS_MAX = 90


class PlannedAssignment(BaseModel):
    """What one person must do with one document. `recipient`: a recipient's key; `document`: a position, from 1."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    recipient: str
    document: int
    action: Literal["upload", "fill", "view", "sign"] = "sign"
    key: str = "sign"
    caption: str = ""
    sign_text: str = ""
    to_archive: bool = False
    wire: dict[str, Any] = Field(default_factory=dict)


class Plan(BaseModel):
    """Stored as JSON on the envelope; null means all defaults."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ordered: bool = False
    """Signers sign one after the other, by position; otherwise all at once."""
    assignments: tuple[PlannedAssignment, ...] | None = None
    """Who does what; null: every signer signs every document."""
    after: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Recipient's key to the keys of those who must be done before; without cycles."""
    remind_days: int | None = Field(None, ge=1, le=REMIND_DAYS_MAX)
    """Days after the invitation, and after each reminder, until a person is reminded by itself."""


def plan_of(envelope: Envelope) -> Plan:
    """The envelope's plan."""
    return Plan.model_validate(envelope.plan or {})
