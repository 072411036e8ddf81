"""From the documents of a transaction on the wire to what the core plans with each: groups, signatures, places, texts, clauses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from undersigned.dialects.shared.fields import Fields
from undersigned.envelopes.plan import (
    PlannedDocument,
    PlannedField,
    PlannedGroup,
    PlannedRequest,
    PlannedSigner,
)

from . import members
from .signers import Accounts, signer_of

FORM_TYPES = ("SignatureForm", "TextForm", "ClauseForm")
PROFILES = ("CAdES", "PAdES")
_KINDS = {"SignatureForm": "signature", "TextForm": "text", "ClauseForm": "clause"}
_RESTRICTION = ("rule", "operator", "value")
_GROUPS_MAX, _SIGNERS_MAX, _FORMS_MAX = 100, 200, 1000
_REASON_MAX, _TEXT_MAX, _LABEL_MAX = 500, 10_000, 200


@dataclass(frozen=True)
class ReadDocument:
    """A document as it was read. `fields`: itself, for what this module leaves to others: where its file comes from."""

    fields: Fields
    number: int
    """Its id."""
    groups: tuple[PlannedGroup, ...] = ()
    requests: tuple[PlannedRequest, ...] = ()
    forms: tuple[PlannedField, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)

    def at(self, position: int) -> PlannedDocument:
        """What is planned with it, at a position from 1."""
        return PlannedDocument(
            document=position, groups=self.groups, requests=self.requests, fields=self.forms
        )


def documents_of(accounts: Accounts, fields: Fields) -> list[ReadDocument]:
    """`documents`, in order. Their ids are the client's where each has one of its own, else 0, 1, 2…"""
    found = list(fields.objects("documents", most=50))
    numbers = [members.whole(one, "id") for one in found]
    named = [n for n in numbers if n is not None]
    if len(named) < len(found) or len(set(named)) < len(named):
        named = list(range(len(found)))
    return [_document(accounts, one, number) for one, number in zip(found, named, strict=True)]


def _document(accounts: Accounts, one: Fields, number: int) -> ReadDocument:
    groups = tuple(_groups(accounts, one))
    return ReadDocument(
        fields=one,
        number=number,
        groups=groups,
        requests=tuple(_requests(one)),
        forms=tuple(_forms(one)),
        extra=members.free(one, "extraData"),
    )


def _groups(accounts: Accounts, document: Fields) -> Iterator[PlannedGroup]:
    ids = _Ids()
    for group in document.objects("signerGroups", most=_GROUPS_MAX):
        signers: list[PlannedSigner] = []
        for one in group.objects("signers", most=_SIGNERS_MAX):
            signers.append(signer_of(accounts, one, ids.take(one)))
        yield PlannedGroup(label=group.text("label", most=_LABEL_MAX), signers=tuple(signers))


def _requests(document: Fields) -> Iterator[PlannedRequest]:
    ids = _Ids()
    for one in document.objects("signatureRequests", most=_FORMS_MAX):
        signer = members.whole(one, "signerId")
        if signer is None and one.at("signerId") not in one.faults:
            one.fault("signerId", "Required")
        profile = one.choice("signProfile", PROFILES) or "PAdES"
        extra = members.free(one, "extraData")
        within = Fields(extra, f"{one.at('extraData')}.", one.faults)
        yield PlannedRequest(
            key=ids.take(one),
            signer="" if signer is None else str(signer),
            caption=one.text("reason", most=_REASON_MAX),
            description=one.text("description", most=_TEXT_MAX),
            profile=cast("Literal['pades', 'cades']", profile.lower()),
            with_timestamp=one.boolean("withTimestamp", default=True),
            may_be_left_out=one.boolean("declinable"),
            return_url=members.url(within, "sign_urlback") or members.url(within, "signature_urlback"),
            wire=_own({"extraData": extra, "restrictions": _restrictions(one)}),
        )


def _restrictions(one: Fields) -> list[dict[str, str]]:
    """Nobody says what they mean: they are kept and given back."""
    return [
        {name: found.text(name, most=_REASON_MAX) for name in _RESTRICTION if found.has(name)}
        for found in one.objects("restrictions", most=100)
    ]


def _forms(document: Fields) -> Iterator[PlannedField]:
    ids = _Ids()
    for one in document.objects("forms", most=_FORMS_MAX):
        kind = _KINDS.get(one.choice("type", FORM_TYPES, required=True), "signature")
        signer = members.whole(one, "signerId")
        extra = members.free(one, "extraData")
        within = Fields(extra, f"{one.at('extraData')}.", one.faults)
        request = members.whole(within, "signatureRequestId")
        # Only a text can be filled in: the vendor's own samples say it of signatures, which then would never begin.
        to_fill = one.boolean("toFill")
        yield PlannedField(
            key=ids.take(one),
            kind=cast("Any", kind),
            signer=None if signer is None else str(signer),
            request=None if request is None or kind == "text" else str(request),
            page=members.whole(one, "page", 1, 100_000) or 1,
            x=members.number(one, "positionX"),
            y=members.number(one, "positionY"),
            w=members.number(one, "width"),
            h=members.number(one, "height"),
            to_fill=to_fill and kind == "text",
            invisible=one.boolean("invisible"),
            text=_said(within, ("text", "value", "label") if kind == "clause" else ("label",)),
            value=_said(within, ("value", "text")) if kind == "text" else "",
            wire=_own({"extraData": extra, "toFill": to_fill and kind != "text"}),
        )


def _said(extra: Fields, names: Sequence[str]) -> str:
    """The first of these members that holds a text."""
    return next((t for name in names if (t := extra.text(name, most=_TEXT_MAX))), "")


def _own(members_of_ours: dict[str, Any]) -> dict[str, Any]:
    """Without what is empty."""
    return {name: value for name, value in members_of_ours.items() if value}


class _Ids:
    """Ids of one kind within a document: the client's, else the next free number from 0; used once."""

    def __init__(self) -> None:
        self.used: set[int] = set()

    def take(self, one: Fields) -> str:
        given = members.whole(one, "id")
        if given is None:
            given = next(n for n in range(len(self.used) + 1) if n not in self.used)
        elif given in self.used:
            one.fault("id", "Used twice in this document")
        self.used.add(given)
        return str(given)
