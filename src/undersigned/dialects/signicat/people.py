"""Who a task is for, and how they prove it and sign."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import phonenumbers

from undersigned.base.text import is_one_line
from undersigned.delivery.models import Message
from undersigned.delivery.outbox import is_address
from undersigned.identity.expected import Expected, Pair
from undersigned.identity.policy import IdentityPolicy, SignWay
from undersigned.identity.providers import code_method
from undersigned.sealing.pdf.text import is_drawable

from .checking import Said

_NAME_MAX = 200
_NATIONAL_ID_MAX = 64
_DIALLED = re.compile(r"[\s().-]")


@dataclass(frozen=True)
class About:
    """What the subject says of a person; empty where it says nothing that could be used. `phone` in E.164."""

    name: str = ""
    email: str = ""
    phone: str = ""
    phone_as_given: str = ""
    national_id: str = ""


def about(task: Said) -> About:
    """From the attributes, else the login hints. What cannot be used is only echoed: an order is not refused for it."""
    subject = task.get("subject", {})
    said: dict[str, str] = {}
    for pair in [*subject.get("attributes", ()), *subject.get("loginHints", ())]:
        said.setdefault(plain(pair["name"]), pair["value"].strip())
    name = " ".join(w for w in (said.get("first-name", ""), said.get("last-name", "")) if w)
    mobile = said.get("mobile", "")
    national_id = said.get("national-id", "")
    return About(
        name=name if len(name) <= _NAME_MAX and is_one_line(name) and is_drawable(name) else "",
        email=_email(said.get("email", "")),
        phone=e164(mobile),
        phone_as_given=mobile[:60],
        national_id=national_id if len(national_id) <= _NATIONAL_ID_MAX else "",
    )


def plain(name: str) -> str:
    """`national-id`, as the API writes it, also for the `national_id` of its ancestor."""
    return name.strip().lower().replace("_", "-")


def _email(given: str) -> str:
    return given if is_address(Message.Channel.EMAIL, given) else ""


def e164(given: str) -> str:
    """As it can be dialled: with + and country code, or 00 in its place; empty when it is neither."""
    dialled = _DIALLED.sub("", given)
    if dialled.startswith("00"):
        dialled = "+" + dialled[2:]
    try:
        number = phonenumbers.parse(dialled, None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    found = str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    return found if is_address(Message.Channel.SMS, found) else ""


def identity(task: Said) -> IdentityPolicy:
    """Before anything is shown one of the methods of `authentication`; to sign one of `signatureMethods`."""
    authentication = task.get("authentication", {})
    return IdentityPolicy(
        any_of=tuple(dict.fromkeys(authentication.get("methods", ()))),
        sign_ways=tuple(dict.fromkeys(_way(m) for m in task.get("signatureMethods", ()))),
        artifact=authentication.get("artifact", False),
    )


def _way(method: Said) -> SignWay:
    name = method.get("name", "")
    return SignWay(
        asked_as=name,
        method=(code_method(name) or "strong") if name else "link",
        statement=method.get("type") == "SIGNED_STATEMENT",
        drawn=method.get("handwritten", False),
    )


def expected(task: Said) -> Expected | None:
    """What the identification must confirm, and what only helps it to begin."""
    subject = task.get("subject")
    if not subject:
        return None
    return Expected(
        attributes=tuple(_pairs(subject.get("attributes", ()))),
        hints=tuple(_pairs(subject.get("loginHints", ()))),
    )


def _pairs(said: Iterable[Said]) -> Iterable[Pair]:
    for pair in said:
        yield Pair(name=plain(pair["name"]), value=pair["value"], asked_as=tuple(pair.get("methods", ())))
