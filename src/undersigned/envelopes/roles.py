"""Naming people for the parts that a template leaves open, and filling its text fields with what is known already."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from undersigned.accounts.models import User

from . import text_field
from .add_recipient import NewRecipient
from .add_recipient import faults_of as faults_of_person
from .errors import Invalid
from .plan import PlannedDocument, PlannedField, PlannedSigner


@dataclass(frozen=True)
class Player:
    """Who takes a part. With `user` the rest may be empty: it is then as the account says."""

    name: str = ""
    surname: str = ""
    email: str = ""
    phone: str = ""
    user: User | None = None
    language: str = ""
    role: str = ""
    """What they are called in this contract; empty: as the template says."""

    def faults(self) -> dict[str, list[str]]:
        """What is wrong with the person as such: name, email."""
        as_person = NewRecipient(
            f"{self.name} {self.surname}".strip() or (self.user.full_name if self.user else ""),
            self.email or (self.user.email if self.user else ""),
            nameless=self.user is not None,
        )
        return faults_of_person(as_person)


def key_of(name: str) -> str:
    """A part's name as it is compared: without case and surrounding blanks."""
    return name.strip().casefold()


def signers_of(documents: Iterable[PlannedDocument]) -> Iterator[PlannedSigner]:
    """All of them, document by document, group by group."""
    for document in documents:
        for group in document.groups:
            yield from group.signers


def is_open(signer: PlannedSigner) -> bool:
    """Is it nobody yet?"""
    return signer.user is None and not signer.email


def name_of(signer: PlannedSigner) -> str:
    """What a part is called: its label, else its role."""
    return signer.label or signer.role


def parts(documents: Iterable[PlannedDocument]) -> list[str]:
    """Names of the parts to which people can be named, in order, each once."""
    found = {key_of(name_of(s)): name_of(s) for s in signers_of(documents) if name_of(s)}
    return list(found.values())


def open_parts(documents: Iterable[PlannedDocument]) -> list[str]:
    """Names of the parts that are nobody's yet, in order, each once; "" for one that has no name."""
    found = {key_of(name_of(s)): name_of(s) for s in signers_of(documents) if is_open(s)}
    return list(found.values())


def unknown(documents: Sequence[PlannedDocument], names: Iterable[str]) -> list[str]:
    """Those of `names` that no part is called by."""
    known = {key_of(n) for s in signers_of(documents) for n in (s.label, s.role) if n}
    return [name for name in names if key_of(name) not in known]


def cast(documents: Sequence[PlannedDocument], players: Mapping[str, Player]) -> tuple[PlannedDocument, ...]:
    """Put people in the place of the parts that `players` name: of those whose label it is, else of those whose role it is.

    Raises Invalid (roles.<name> unknown).
    """
    if strange := unknown(documents, players):
        raise Invalid({f"roles.{name}": ["unknown"] for name in strange})
    labels = {key_of(s.label) for s in signers_of(documents) if s.label}
    by_label = {key_of(n): p for n, p in players.items() if key_of(n) in labels}
    by_role = {key_of(n): p for n, p in players.items() if key_of(n) not in labels}

    def named(signer: PlannedSigner) -> PlannedSigner:
        player = by_label.get(key_of(signer.label)) or by_role.get(key_of(signer.role))
        return _played(signer, player) if player is not None else signer

    return _each_signer(documents, named)


def with_anybody(documents: Sequence[PlannedDocument]) -> tuple[PlannedDocument, ...]:
    """As it will be once somebody takes each part that has a name: to see whether the rest is right."""
    anybody = Player("Anybody", email="anybody@example.invalid")
    return _each_signer(documents, lambda s: _played(s, anybody) if is_open(s) and name_of(s) else s)


def _each_signer(
    documents: Sequence[PlannedDocument], change: Callable[[PlannedSigner], PlannedSigner]
) -> tuple[PlannedDocument, ...]:
    return tuple(
        document.model_copy(
            update={
                "groups": tuple(
                    group.model_copy(update={"signers": tuple(map(change, group.signers))})
                    for group in document.groups
                )
            }
        )
        for document in documents
    )


def _played(signer: PlannedSigner, player: Player) -> PlannedSigner:
    """With `player` in it, completed from their account."""
    user = player.user
    name, surname = player.name, player.surname
    if user is not None:
        name = name or user.name or ("" if surname or user.surname else user.username)
        surname = surname or user.surname
    return signer.model_copy(
        update={
            "name": name,
            "surname": surname,
            "email": player.email if user is None else user.email or player.email,
            "phone": player.phone or (user.phone if user is not None else ""),
            "user": user.pk if user is not None else None,
            "language": player.language or (user.language if user is not None else "") or signer.language,
            "role": player.role or signer.role,
        }
    )


def text_names(documents: Iterable[PlannedDocument]) -> list[str]:
    """What the text fields are called, in order, each once."""
    found = {key_of(f.text): f.text for d in documents for f in d.fields if f.kind == "text" and f.text}
    return list(found.values())


def fill_texts(
    documents: Sequence[PlannedDocument], values: Mapping[str, str], of_users: Mapping[int, Mapping[str, str]]
) -> tuple[PlannedDocument, ...]:
    """Put values into the text fields of the same name, however it is written: of `values`, else what `of_users` (by row id) knows of the
    field's signer. Nobody is asked for what is known. Values that cannot be printed are passed over.
    """
    given = {key_of(name): value for name, value in values.items()}
    known = {pk: {key_of(n): v for n, v in data.items()} for pk, data in of_users.items()}

    def filled(document: PlannedDocument) -> PlannedDocument:
        users = {s.key: s.user for s in signers_of([document])}

        def one(place: PlannedField) -> PlannedField:
            if place.kind != "text" or not place.text or place.value:
                return place
            name = key_of(place.text)
            theirs = known.get(users.get(place.signer or "") or 0, {})
            value = given.get(name) or theirs.get(name) or ""
            fault, kept = text_field.entered(value)
            if fault or not kept:
                return place
            return place.model_copy(update={"value": kept, "to_fill": False})

        return document.model_copy(update={"fields": tuple(map(one, document.fields))})

    return tuple(map(filled, documents))


def data_of(users: Iterable[User]) -> dict[int, dict[str, str]]:
    """What users keep for text fields of templates, by row id; numbers as text, other things left out."""
    return {
        user.pk: {
            str(name): str(value)
            for name, value in user.template_data.items()
            if isinstance(value, str | int | float) and not isinstance(value, bool)
        }
        for user in users
        if isinstance(user.template_data, dict)
    }
