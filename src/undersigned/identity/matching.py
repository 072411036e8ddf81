"""Is the person whom a provider identified the one whom the sender named? The rules are in docs/operating.md, "Identification"."""

from __future__ import annotations

import hmac
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal

import phonenumbers

from .expected import Expected, Pair
from .oidc import Claims

WORDS_IN_COMMON = 2
"""Of a name that is compared: so many of its words must be among the provider's, each as often as it is counted."""


def same_national_id(expected: str | None, claimed: str | None) -> bool:
    """Equal after trimming and capitals, compared in constant time; what is missing on either side equals nothing."""
    ours, theirs = _national_id(expected), _national_id(claimed)
    return hmac.compare_digest(ours, theirs) and bool(ours)


def _national_id(value: str | None) -> bytes:
    return (value or "").strip().upper().encode()


def same_name(expected: str | None, claimed: str | None) -> bool:
    """At least two words in common, in any order; so a name of one word never matches."""
    return (_words(expected) & _words(claimed)).total() >= WORDS_IN_COMMON


def _words(name: str | None) -> Counter[str]:
    """NFC after case folding (which may undo it), split on white space; a hyphen splits nothing."""
    return Counter(unicodedata.normalize("NFC", unicodedata.normalize("NFC", name or "").casefold()).split())


def is_the_one(
    compare: Iterable[Literal["national_id", "name"]],
    *,
    expected_id: str | None,
    expected_name: str | None,
    claimed_id: str | None,
    claimed_name: str | None,
) -> bool:
    """All comparisons asked for hold; none asked for: anybody will do. Every one is made, so that the time tells nothing."""
    held = {
        "national_id": same_national_id(expected_id, claimed_id),
        "name": same_name(expected_name, claimed_name),
    }
    return all(held[what] for what in compare)


def applies(pair: Pair, names: Iterable[str]) -> bool:
    """Is the pair meant for a method that was asked for by one of `names`?"""
    return not pair.asked_as or bool(set(pair.asked_as) & set(names))


def hint(expected: Expected, names: Iterable[str]) -> str:
    """What helps a provider to begin; empty when the sender said nothing for it."""
    known = set(names)
    return next((p.value for p in expected.hints if applies(p, known)), "")


def claims_needed(expected: Expected, names: Iterable[str]) -> set[str]:
    """Names of the provider's claims that are compared beside those that we know."""
    known = set(names)
    return {p.name for p in expected.attributes if applies(p, known) and _meaning(p.name) is None}


def agrees(expected: Expected, names: Iterable[str], claims: Claims, said: Mapping[str, str]) -> bool:
    """Do the provider's claims agree with every attribute that is meant for this method? What is missing agrees with nothing.

    `said`: the provider's claims under its own names. Every comparison is made, so that the time tells nothing.
    """
    known = set(names)
    held = [_held(pair, claims, said) for pair in expected.attributes if applies(pair, known)]
    return all(held)


def possessed(expected: Expected, names: Iterable[str], *, email: str, phone: str) -> bool:
    """Does a one-time code to one of the two addresses (the other is empty) prove every attribute that is meant for this method? It
    proves that address and nothing else."""
    known = set(names)
    return agrees(
        Expected(attributes=tuple(p for p in expected.attributes if applies(p, known))),
        known,
        Claims(email=email, phone=phone),
        {},
    )


Meaning = Literal["national_id", "given_name", "family_name", "name", "email", "phone", "birthdate"]
_MEANINGS: dict[str, Meaning] = {
    "nationalid": "national_id",
    "firstname": "given_name",
    "givenname": "given_name",
    "lastname": "family_name",
    "familyname": "family_name",
    "surname": "family_name",
    "name": "name",
    "email": "email",
    "mobile": "phone",
    "phone": "phone",
    "birthdate": "birthdate",
    "dateofbirth": "birthdate",
}


def _meaning(name: str) -> Meaning | None:
    """Hyphens, underscores and case apart: national-id, national_id and nationalId are one."""
    return _MEANINGS.get(name.replace("-", "").replace("_", "").casefold())


def _held(pair: Pair, claims: Claims, said: Mapping[str, str]) -> bool:
    meaning = _meaning(pair.name)
    match meaning:
        case None:
            return _same(_text(pair.value), _text(said.get(pair.name)))
        case "national_id":
            return same_national_id(pair.value, claims.national_id)
        case "name":
            return same_name(pair.value, claims.name)
        case "given_name" | "family_name":
            # Registers know every given name; a sender the one that is used.
            words = _words(pair.value)
            return bool(words) and words <= _words(getattr(claims, meaning))
        case "email":
            return _same(_text(pair.value), _text(claims.email))
        case "phone":
            return _same(_number(pair.value), _number(claims.phone))
        case "birthdate":
            return _same(_day(pair.value), _day(claims.birthdate))


def _same(ours: str, theirs: str) -> bool:
    return hmac.compare_digest(ours.encode(), theirs.encode()) and bool(ours)


def _text(value: str | None) -> str:
    folded = unicodedata.normalize("NFC", value or "").casefold()
    return unicodedata.normalize("NFC", " ".join(folded.split()))


def _number(value: str) -> str:
    """E.164; empty for what is no number, or does not name its country."""
    try:
        number = phonenumbers.parse(
            "+" + value.strip()[2:] if value.strip().startswith("00") else value, None
        )
    except phonenumbers.NumberParseException:
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _day(value: str) -> str:
    """ISO 8601, from that or from day.month.year; empty for what is no date."""
    for form in ("%Y-%m-%d", "%Y%m%d", "%d.%m.%Y"):
        try:
            return datetime.strptime(value.strip(), form).date().isoformat()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    return ""
