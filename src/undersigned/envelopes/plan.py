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


class PlannedSigner(BaseModel):
    """Somebody in a group of a document. `label` is the part they play ("Buyer"), to which whoever uses a template names a person; until
    then the rest may be empty. The same person in several documents is one recipient (`compile_groups`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    """Unique in its document."""
    name: str = ""
    surname: str = ""
    email: str = ""
    phone: str = ""
    user: int | None = None
    """Row id of the user whom this is."""
    language: str = ""
    label: str = ""
    role: str = ""
    """What they are in this contract ("Buyer"), for who reads it."""
    wire: dict[str, Any] = Field(default_factory=dict)


class PlannedGroup(BaseModel):
    """Who sign a document at the same time; the next group waits until all of them have signed, or left out what may be left out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str = ""
    signers: tuple[PlannedSigner, ...] = ()


class PlannedRequest(BaseModel):
    """One signature that is asked of one signer of the document."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    """Unique in its document."""
    signer: str
    caption: str = ""
    """Why it is asked: "As the buyer"."""
    description: str = ""
    profile: Literal["pades", "cades"] = "pades"
    with_timestamp: bool = True
    may_be_left_out: bool = False
    """Refusing leaves out this signature; otherwise it ends the envelope."""
    return_url: str | None = None
    """Where the browser goes afterwards; None: on to what else there is to do."""
    wire: dict[str, Any] = Field(default_factory=dict)


class PlannedField(BaseModel):
    """A place on a page, in percent of it from its upper left corner, numbers as they were given: a place that lies off the page is moved
    onto it when it is laid out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    """Unique in its document."""
    kind: Literal["signature", "text", "clause"]
    signer: str | None = None
    request: str | None = None
    """The signature that a signature's place shows, and that a clause must be accepted with."""
    page: int = 1
    x: float = 0
    y: float = 0
    w: float = 0
    h: float = 0
    to_fill: bool = False
    """Of a text: its signer must fill it in before anybody signs; otherwise it may stay empty."""
    invisible: bool = False
    text: str = ""
    """What the clause says, or what a text field is called."""
    value: str = ""
    wire: dict[str, Any] = Field(default_factory=dict)


class PlannedDocument(BaseModel):
    """Who does what with the document at this position (from 1), group by group."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    document: int
    groups: tuple[PlannedGroup, ...] = ()
    requests: tuple[PlannedRequest, ...] = ()
    fields: tuple[PlannedField, ...] = ()


class Plan(BaseModel):
    """Stored as JSON on the envelope; null means all defaults."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ordered: bool = False
    """Signers sign one after the other, by position; otherwise all at once."""
    assignments: tuple[PlannedAssignment, ...] | None = None
    """Who does what; null: every signer signs every document."""
    documents: tuple[PlannedDocument, ...] | None = None
    """Groups of people, document by document, instead of `assignments`, `after` and recipients' rows: those are made of it at `send`
    (`compile_groups`). It stays on the envelope as what was asked for, and goes when people's data are erased."""
    after: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Recipient's key to the keys of those who must be done before; without cycles."""
    remind_days: int | None = Field(None, ge=1, le=REMIND_DAYS_MAX)
    """Days after the invitation, and after each reminder, until a person is reminded by itself."""


def plan_of(envelope: Envelope) -> Plan:
    """The envelope's plan."""
    return Plan.model_validate(envelope.plan or {})
