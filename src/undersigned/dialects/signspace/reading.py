"""From a request's JSON to what the core is told; every fault is noted under its path, in this API's words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime, time
from typing import Any, cast

import phonenumbers

from undersigned.accounts.models import Organization, User
from undersigned.dialects.shared.fields import Fields
from undersigned.envelopes import compose, update_envelope
from undersigned.envelopes.access import visible_files
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.add_document import NewDocument
from undersigned.envelopes.add_recipient import NewRecipient
from undersigned.envelopes.grants import NewGrant
from undersigned.envelopes.models import Envelope, Recipient
from undersigned.files.models import File
from undersigned.identity.policy import IdentityPolicy

from . import handles, wire
from .errors import Faulty, in_our_words

_PHONE = re.compile(r"\+[0-9]{7,15}")
_NOT_DIALLED = re.compile(r"[ .()\-\u00a0]")
FILES_MAX = 50
_ROOM_ACCESS = {"default_signing": "space", "force_swr": "signing_only"}
_FIXED = (
    "participants",
    "is_protected",
    "signature_strength",
    "participants_list_order_respected",
    "invitation_type",
)


def new_request(actor: Actor, fields: Fields) -> compose.NewEnvelope:
    """What `tasks.signingRequest.create` asks for. Raises Faulty with everything that is wrong."""
    is_protected = fields.boolean("is_protected")
    strength = fields.choice("signature_strength", wire.STRENGTHS) or "light"
    people = list(_people(actor.organization, fields, strength, is_protected=is_protected))
    room_access = fields.choice("invitation_type", wire.INVITATION_TYPES) or "default_signing"
    files = files_of(actor, fields, required=True)
    words = _words(actor.organization, fields)
    shown = _creator(actor.organization, words)
    for name in ("create_conversation", "participants_list_order_respected"):
        fields.boolean(name)
    version = fields.choice("version", wire.VERSIONS) or "v2"
    new = compose.NewEnvelope(
        title=fields.text("title", required=True),
        people=tuple(people),
        documents=tuple(NewDocument(f.name, f) for f in files),
        description=words.get("description", ""),
        language=words.get("recipient_language") or "en",
        ordered=fields.boolean("participants_list_order_respected"),
        due_at=_due(fields),
        creator_name=shown,
        company_name=words.get("company_name", ""),
        reference=words.get("custom_customer_reference", ""),
        policy=_policy(fields, partly=False) | {"room_access": _ROOM_ACCESS[room_access]},
        owners=tuple(owners_of(actor.organization, fields) or ()),
        readers=tuple(_readers(actor.organization, people, room_access)),
        wire={
            "version": version,
            "is_protected": is_protected,
            "signature_strength": strength,
            "invitation_type": room_access,
        },
        sealed=_sealed({}, words),
    )
    _refuse(fields, compose.faults_of(new))
    return new


def changes(actor: Actor, envelope: Envelope, fields: Fields) -> update_envelope.Changes:
    """What `tasks.signingRequest.update` asks for, but for the files. Raises Faulty with everything that is wrong."""
    for name in _FIXED:
        if fields.has(name):
            fields.fault(name, "Cannot be changed once the request exists")
    words = _words(actor.organization, fields)
    if fields.has("title"):
        words["title"] = fields.text("title", required=True)
    kept = json.loads(envelope.wire_sealed or "{}")
    named = {"creator_handle", "creator_name"} & set(words)
    both = {name: words.get(name, kept.get(name) or "") for name in ("creator_handle", "creator_name")}
    owners = owners_of(actor.organization, fields)
    found = update_envelope.Changes(
        title=words.get("title"),
        description=words.get("description"),
        language=words.get("recipient_language"),
        due_at=(_due(fields),) if fields.has("due_date") else None,
        creator_name=_creator(actor.organization, both) if named else None,
        company_name=words.get("company_name"),
        reference=words.get("custom_customer_reference"),
        policy=_policy(fields, partly=True),
        owners=tuple(owners) if owners is not None else None,
        sealed=_sealed(kept, words),
    )
    _refuse(fields, found.faults())
    return found


def _refuse(fields: Fields, of_core: dict[str, list[str]]) -> None:
    """What the reader said of a member stands before what the core says of what was put in its place."""
    faults = in_our_words(of_core) | fields.faults
    hidden = {path for path in faults if any(f"{path}." == f[: len(path) + 1] for f in fields.faults)}
    if faults := {path: said for path, said in faults.items() if path not in hidden or path in fields.faults}:
        raise Faulty(faults)


# --- people --------------------------------------------------------------------------------------
def _people(
    organization: Organization, fields: Fields, strength: str, *, is_protected: bool
) -> Iterable[NewRecipient]:
    seen: set[tuple[str, str]] = set()
    for one in fields.objects("participants", required=True, most=compose.PEOPLE_MAX):
        person = _person(organization, one, strength, is_protected=is_protected)
        key = (person.email.lower(), person.kind)
        if person.email and key in seen:
            one.fault("handle", "Named twice in this role")
        seen.add(key)
        yield person


def _person(organization: Organization, one: Fields, strength: str, *, is_protected: bool) -> NewRecipient:
    email = one.text("handle", required=True)
    role = one.choice("role", wire.ROLES, required=True)
    nin, name = one.text("nin").strip(), one.text("display_name").strip()
    forced = one.choice("forced_auth_method", wire.AUTH_METHODS)
    ways = [w for w in dict.fromkeys(one.texts("invitation_methods")) if _is_way(one, w)] or ["email"]
    given = one.text("phone_number")
    phone = _phone(one, given)
    if "sms" in ways and not given:
        one.fault("phone_number", "Required when invitation_methods contains sms")
    compare = (*(("national_id",) if nin else ()), *(("name",) if name else ()))
    if not name:
        user = handles.find_user(organization, email) if "@" in email else None
        name = _name_of(user)
        if (role == "signer" and not nin and not name and "display_name" not in one.data) or (
            role == "signer" and not nin and not name
        ):
            one.fault("display_name", "nin or display_name is required")
        # Somebody of the organisation who is known by name is compared by it, when there is nothing else.
        compare = compare or (("name",) if name and role == "signer" else ())
    return NewRecipient(
        name=name,
        email=email,
        phone=phone,
        phone_as_given=given[:60] or None,
        kind=Recipient.Kind.VIEWER if role == "watcher" else Recipient.Kind.SIGNER,
        identity=identity(
            forced=forced,
            strength=strength,
            ways=ways,
            protected=is_protected,
            compare=compare,
            signs=role != "watcher",
        ),
        channels=tuple(cast("Any", ways)),
        national_id=nin or None,
        name_later=True,
        wire={
            "forced_auth_method": forced or None,
            "effective_auth_method": level(forced, strength, protected=is_protected),
        },
    )


def level(forced: str, strength: str, *, protected: bool) -> str:
    """The authentication that a signer goes through, by this API's word; "light" is the link alone."""
    if protected:
        return "strong"
    return forced or ("strong" if strength == "strong" else "light")


def identity(
    *, forced: str, strength: str, ways: list[str], protected: bool, compare: tuple[str, ...], signs: bool
) -> IdentityPolicy:
    """How a participant proves who they are.

    Protected: before anything is shown, with what the sender said of them; who has said nothing lets nobody in. Otherwise strong
    identification comes before signing, and what was said is not compared.
    """
    if protected:
        return IdentityPolicy(
            methods=("link", "strong"), moment="open", compare=cast("Any", compare or ("national_id", "name"))
        )
    if not signs:
        return IdentityPolicy()
    match level(forced, strength, protected=False):
        case "strong":
            return IdentityPolicy(methods=("link", "strong"), moment="sign")
        case "light_email":
            return IdentityPolicy(methods=("link", "mail_code"))
        case "light_email_or_sms" if "email" in ways:
            return IdentityPolicy(methods=("link", "mail_code"))
    return IdentityPolicy()


def _is_way(one: Fields, way: str) -> bool:
    if way not in wire.INVITATION_METHODS:
        one.fault("invitation_methods", f"Not one of {', '.join(wire.INVITATION_METHODS)}")
        return False
    return True


def _phone(one: Fields, given: str) -> str | None:
    if not given:
        return None
    dialled = _NOT_DIALLED.sub("", given.strip())
    if not _PHONE.fullmatch(dialled) or not dialled.isascii() or len(given) > 60:
        one.fault("phone_number", "Must be international: + and 7 to 15 digits")
        return None
    return e164(dialled)


def e164(dialled: str) -> str:
    """As it can be dialled: a trunk zero after the country code, which the vendor's own sample has, is left out where there is none."""
    try:
        number = phonenumbers.parse(dialled, None)
    except phonenumbers.NumberParseException:
        return dialled
    if not phonenumbers.is_possible_number(number):
        return dialled
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _name_of(user: User | None) -> str:
    return f"{user.name} {user.surname}".strip() if user is not None else ""


def _readers(organization: Organization, people: list[NewRecipient], room_access: str) -> Iterable[NewGrant]:
    """Signers with an account get into the space, unless all sign without registration; watchers see what they get a copy of."""
    for person in people:
        if room_access == "default_signing" or person.kind == Recipient.Kind.VIEWER:
            user = handles.find_user(organization, person.email) if "@" in person.email else None
            if user is not None:
                yield NewGrant(person.email, user=user)


# --- the rest ------------------------------------------------------------------------------------
def files_of(actor: Actor, fields: Fields, *, required: bool) -> list[File]:
    """The files that `files` names, in the order in which they are shown: the more important first, then as listed."""
    if not required and not fields.has("files"):
        return []
    ids = fields.texts("files", required=True, most=FILES_MAX)
    found = {f.pub: f for f in visible_files(actor).filter(pub__in=ids)}
    for number, pub in enumerate(ids):
        if pub not in found:
            fields.fault("files", f"Unknown file {pub[:64]}")
        elif pub in ids[:number]:
            fields.fault("files", f"File {pub} is named twice")
    files = [found[pub] for pub in dict.fromkeys(ids) if pub in found]
    return sorted(files, key=lambda f: -importance(f))  # stable: ties stay as listed


def importance(file: File) -> int:
    """`importance_order`."""
    return int(file.importance or 0)


def owners_of(organization: Organization, fields: Fields) -> list[NewGrant] | None:
    """Who else owns it; None when nothing was said."""
    if fields.data.get("owners_handles") is None:
        return None
    named = dict.fromkeys(fields.texts("owners_handles"))
    for handle in named:
        if len(handle) > 320:
            fields.fault("owners_handles", "Too long")
    return [handles.resolve(organization, handle) for handle in named]


def _words(organization: Organization, fields: Fields) -> dict[str, str]:
    """Texts that were sent; null takes one away."""
    names = ("description", "creator_handle", "creator_name", "company_name", "custom_customer_reference")
    words = {name: fields.text(name) for name in names if fields.has(name)}
    if fields.data.get("recipient_language") is not None:
        words["recipient_language"] = fields.choice("recipient_language", wire.LANGUAGES)
    return {name: value for name, value in words.items() if value or name != "recipient_language"}


def _creator(organization: Organization, words: dict[str, str]) -> str:
    """Who is shown as creator: the registered person or group of the handle, else the name that was sent, else the handle itself."""
    handle, name = words.get("creator_handle", ""), words.get("creator_name", "")
    grant = handles.resolve(organization, handle) if handle else None
    if grant is not None and grant.group is not None:
        return grant.group.name
    return _name_of(grant.user if grant else None) or name or handle


def _sealed(kept: dict[str, Any], words: dict[str, str]) -> str:
    """What is echoed and personal."""
    said = {n: words[n] or None for n in ("creator_handle", "creator_name", "company_name") if n in words}
    return json.dumps(kept | said)


def _policy(fields: Fields, *, partly: bool) -> dict[str, object]:
    """`partly`: only of switches that were sent."""
    switches: dict[str, object] = {}
    for name, policy, on, off in (
        ("overdue_signing_disabled", "past_due", "refuse", "allow"),
        ("cannot_sign_disabled", "decline_allowed", False, True),
        ("signing_discussion_disabled", "discussion", False, True),
    ):
        value = fields.boolean(name)
        if not partly or fields.has(name):
            switches[policy] = on if value else off
    return switches


def _due(fields: Fields) -> datetime | None:
    given = fields.text("due_date")
    if not given:
        return None
    moment = moment_of(given, end_of_day=True)
    if moment is None:
        fields.fault("due_date", "Not an ISO 8601 date or date-time")
    return moment


def moment_of(given: str, *, end_of_day: bool = False) -> datetime | None:
    """An ISO 8601 moment, in UTC unless it says otherwise; a date alone is its beginning or its end. None when it cannot be read.

    A blank stands for the plus sign of an offset that was not encoded in an address.
    """
    text = given.strip()
    if " " in text[11:]:
        text = text[:11] + text[11:].replace(" ", "+")
    try:
        moment = datetime.fromisoformat(text)
        if end_of_day and len(text) <= 10 and "T" not in text:
            moment = datetime.combine(moment, time(23, 59, 59))
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if 1970 <= moment.year < 9999 else None


def months_of(fields: Fields, *, required: bool = False) -> dict[str, int | None]:
    """`retention_settings`: signed, unsigned, other, those that were sent; None takes a limit away."""
    settings = fields.object("retention_settings")
    if settings is None:
        if required and not fields.faults.get(fields.at("retention_settings")):
            fields.fault("retention_settings", "Required")
        return {}
    return {
        core: settings.integer(name, least=1, most=wire.MONTHS_MAX)
        for name, core in wire.MONTHS.items()
        if settings.has(name)
    }


def metadata_of(fields: Fields) -> tuple[str, dict[str, Any]] | None:
    """Template id and field id to value; None when nothing was said."""
    template = fields.text("metadata_template")
    given = fields.object("metadata")
    values: dict[str, Any] = {}
    for name, entry in (given.data if given else {}).items():
        if not isinstance(entry, dict) or "value" not in entry:
            fields.fault(f"metadata.{name[:64]}", 'Must be {"value": …}')
        else:
            values[name] = entry["value"]
    if values and not template and "metadata_template" not in fields.faults:
        fields.fault("metadata_template", "Required with metadata")
    return (template, values) if template else None
