"""Who a signer is: somebody of the organisation, by id or address, completed from their account, or anybody else as named."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from undersigned.accounts.models import Organization, User
from undersigned.base.text import is_one_line
from undersigned.dialects.shared.fields import Fields
from undersigned.envelopes.add_recipient import NAME_MAX, NewRecipient, faults_of
from undersigned.envelopes.plan import PlannedSigner

from .members import uuid_of

PHONE_MAX = 60
_LABEL_MAX = 200


class Accounts:
    """The organisation's users that a body names, found by two queries whatever their number. Of several with one address none is meant."""

    def __init__(self, organization: Organization, data: Any) -> None:
        signers = list(_signers(data))
        users = User.objects.filter(organization=organization, disabled_at=None)
        pubs = {pub for s in signers if (pub := uuid_of(_text(s, "userUUID")))}
        emails = {e for s in signers if (e := _text(s, "email").strip())}
        self._by_pub = {str(u.pub): u for u in users.filter(pub__in=pubs)} if pubs else {}
        self._by_email: dict[str, list[User]] = {}
        wanted = emails | {e.lower() for e in emails}
        for user in users.filter(email__in=wanted) if wanted else ():
            self._by_email.setdefault(user.email.lower(), []).append(user)

    def by_id(self, pub: str) -> User | None:
        """The user with this id."""
        return self._by_pub.get(uuid_of(pub))

    def by_email(self, email: str) -> User | None:
        """The one user with this address."""
        found = self._by_email.get(email.lower(), [])
        return found[0] if len(found) == 1 else None


def _signers(data: Any) -> Iterator[dict[str, Any]]:
    """Whatever may be a signer in a body that nobody has checked yet."""
    for document in _list(data, "documents"):
        for group in _list(document, "signerGroups"):
            yield from (s for s in _list(group, "signers") if isinstance(s, dict))
    for mapping in _list(data, "rolesMapping"):
        if isinstance(mapping, dict) and isinstance(mapping.get("signer"), dict):
            yield mapping["signer"]


def _list(data: Any, name: str) -> list[Any]:
    found = data.get(name) if isinstance(data, dict) else None
    return found if isinstance(found, list) else []


def _text(data: dict[str, Any], name: str) -> str:
    found = data.get(name)
    return found if isinstance(found, str) and "\x00" not in found and found.isprintable() else ""


def signer_of(accounts: Accounts, one: Fields, key: str) -> PlannedSigner:
    """A signer; every fault is noted. `key`: their id in the document. Who they are may still be open, for a template."""
    given = {name: one.text(name, most=NAME_MAX).strip() for name in ("name", "surname")}
    phone = one.text("phone", most=PHONE_MAX).strip()
    email = one.text("email", most=320).strip()
    wanted = one.text("userUUID")
    user = accounts.by_id(wanted) if wanted else accounts.by_email(email) if email else None
    if wanted and user is None:
        one.fault("userUUID", "No such user")
    for name, text in given.items():
        if text and "name" in faults_of(NewRecipient(name=text, email="", nameless=True)):
            one.fault(name, "Contains characters that cannot be printed")
    if phone and not is_one_line(phone):
        one.fault("phone", "Not valid")
    if email and "email" in faults_of(NewRecipient(name="", email=email, nameless=True)):
        one.fault("email", "Not an e-mail address")
    label, role = one.text("templateLabel", most=_LABEL_MAX), one.text("role", most=_LABEL_MAX)
    if user is None:
        return PlannedSigner(key=key, email=email, phone=phone, label=label, role=role, **given)
    return PlannedSigner(
        key=key,
        name=given["name"] or user.name or ("" if user.surname else user.username),
        surname=given["surname"] or user.surname,
        email=user.email or email,
        phone=phone or user.phone,
        user=user.pk,
        language=user.language,
        label=label,
        role=role,
    )
