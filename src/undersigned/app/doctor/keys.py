"""Options, the master key and what it encrypts, certificates."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from django.apps import apps
from django.db.models import QuerySet

from undersigned.app import prepare
from undersigned.app.settings import Settings, UnsafeSettings
from undersigned.base import clock, vault
from undersigned.sealing import authority
from undersigned.sealing.models import Key

from .findings import Finding, Look, fail, ok, passed_over, warn

Row = TypeVar("Row")
SAMPLE = 20
"""Values read of each encrypted column, from either end."""
SOON = timedelta(days=60)


def settings(look: Look) -> list[Finding]:
    """Would the server start with these options?"""
    options = look.settings
    try:
        prepare.check(options)
    except UnsafeSettings as e:
        return [
            fail(
                "settings",
                f"The server would not start: {reason}.",
                "Set that option; see docs/operating.md.",
            )
            for reason in e.reasons
        ]
    if not options.demo:
        return [ok("settings", "Production mode; the options are complete.")]
    if urlsplit(options.base_url).hostname not in ("localhost", "127.0.0.1", "::1"):
        return [
            warn(
                "settings",
                f"Demo mode at {options.base_url}: nothing is sent, and its secrets lie in the data folder.",
                "UNDERSIGNED_DEMO=false.",
            )
        ]
    return [ok("settings", "Demo mode.")]


def master_key(look: Look) -> list[Finding]:
    """Can it be read, by us alone?"""
    name = "master key"
    if look.key_problem:
        return [
            fail(
                name,
                f"The master key cannot be read: {look.key_problem}.",
                "Bring it back from its copy; without it what is stored cannot be read.",
            )
        ]
    if look.settings.master_key:
        return [
            warn(
                name,
                "The master key lies in the environment, where /proc, crash reports and child processes show it.",
                "Write it into a file of mode 0600 and name that with UNDERSIGNED_MASTER_KEY_FILE.",
            )
        ]
    return _key_file(look.settings)


def _key_file(options: Settings) -> list[Finding]:
    name, path = "master key", options.master_key_file or options.data_dir / "master.key"
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        return [
            warn(
                name,
                f"Other users of this machine may read {path} (mode {mode:03o}).",
                f"chmod 600 {path}; if somebody may have read it, rotate the key.",
            )
        ]
    count = len(options.master_keys())
    return [ok(name, f"{count} key{'s' if count > 1 else ''} in {path}, for its owner alone.")]


def stored_secrets(look: Look) -> list[Finding]:
    """Do the keys fit what is stored?"""
    name = "stored secrets"
    if look.key_problem:
        return [passed_over(name, "there is no master key")]
    back = "Put the key that is missing back into the key file, below the newest."
    if unreadable := _unreadable():
        return [fail(name, f"No key here can decrypt {', '.join(unreadable)}.", back)]
    newest = Key.objects.exclude(issuer=None).order_by("-pk").select_related("issuer")[:SAMPLE]
    for key in newest:
        if key.issuer and not authority.issued_here(authority.certificate(key).serial_number, key.issuer):
            return [
                fail(
                    name,
                    "The oldest master key is not the one that this installation began with: API keys and links are not found.",
                    "The last line of the key file must stay the first key for ever; put it back.",
                )
            ]
    return [ok(name, "What is stored can be decrypted (samples of each column).")]


def _unreadable() -> list[str]:
    found = []
    for model in apps.get_models():
        for field in model._meta.local_fields:  # noqa: SLF001 - Django's documented way
            if isinstance(field, vault.EncryptedTextField) and not _readable(
                model._default_manager.values_list(field.name, flat=True)  # noqa: SLF001
            ):
                found.append(f"{model._meta.db_table}.{field.column}")  # noqa: SLF001
    try:
        for key in _ends(Key.objects.all()):
            authority.private_key(key)
    except vault.CannotDecrypt:
        found.append("the authorities' keys")
    return found


def _readable(column: QuerySet[Any, Any]) -> bool:
    try:
        _ends(column)
    except vault.CannotDecrypt:
        return False
    return True


def _ends(rows: QuerySet[Any, Row]) -> list[Row]:
    return [*rows.order_by("pk")[:SAMPLE], *rows.order_by("-pk")[:SAMPLE]]


def certificates(look: Look) -> list[Finding]:
    """Do keys, certificates and issuers belong together, and how long do they last?

    The server renews them by itself at the next use (`sealing.authority`); one that ends soon all the same says that it does not.
    """
    keys = list(Key.objects.filter(retired_at=None, owner="").select_related("issuer"))
    seals = Key.objects.filter(retired_at=None).exclude(owner="").select_related("issuer")
    if not keys:
        return [ok("certificates", "None yet; they are made with the first signature.")]
    found = [*_broken([*keys, *_ends(seals)], look), *(f for key in keys for f in _ending(key))]
    if found:
        return found
    first = min(keys, key=lambda k: k.not_after)
    return [
        ok(
            "certificates",
            f"{len(keys)} authorities and {seals.count()} seals belong together; the first authority ends on "
            f"{first.not_after:%Y-%m-%d} ({first.name}) and is renewed before.",
        )
    ]


def _broken(keys: list[Key], look: Look) -> list[Finding]:
    found = []
    for key in {k.pk: k for k in keys}.values():
        certificate = authority.certificate(key)
        try:
            certificate.verify_directly_issued_by(
                authority.certificate(key.issuer) if key.issuer else certificate
            )
            if not look.key_problem and authority.private_key(key).public_key() != certificate.public_key():
                raise ValueError("another key")
        except (InvalidSignature, ValueError, TypeError, vault.CannotDecrypt):
            found.append(
                fail(
                    "certificates",
                    f"{key.name}: key, certificate and issuer do not belong together.",
                    "Restore the table sealing_key and the master key from the same backup.",
                )
            )
    return found


def _ending(key: Key) -> list[Finding]:
    left = key.not_after - clock.now()
    if left > SOON:
        return []
    ended = left <= timedelta()
    make = fail if ended else warn
    return [
        make(
            "certificates",
            f"{key.name} {'ended' if ended else 'ends'} on {key.not_after:%Y-%m-%d}.",
            "Make a signature, which renews it; when it stays, the log says why.",
        )
    ]
