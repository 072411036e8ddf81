"""Encryption of columns with the master key, and keyed hashes for look-up.

AES-256-GCM (NIST SP 800-38D), 96-bit random nonce. The ciphertext starts with the id of the key, so that a key can be rotated by
putting a new one in front; the context (table and column) is authenticated, so that a value cannot be moved to another column.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import models


class CannotDecrypt(Exception):
    """The value was not encrypted by a known key for this context."""


@cache
def _keys() -> dict[bytes, tuple[AESGCM, bytes]]:
    """Key id (first 4 bytes of SHA-256 of the key) to cipher and raw key; newest first."""
    raw = [base64.b64decode(key) for key in settings.MASTER_KEYS]
    return {
        hashlib.sha256(key).digest()[:4]: (AESGCM(hashlib.sha256(b"column:" + key).digest()), key)
        for key in raw
    }


def encrypt(value: bytes, context: str) -> bytes:
    """Encrypt for `context`; output is key id, nonce, ciphertext and tag."""
    key_id, (cipher, _) = next(iter(_keys().items()))
    nonce = os.urandom(12)
    return key_id + nonce + cipher.encrypt(nonce, value, context.encode())


def decrypt(value: bytes, context: str) -> bytes:
    """Inverse of `encrypt`. Raises CannotDecrypt."""
    try:
        cipher, _ = _keys()[value[:4]]
        return cipher.decrypt(value[4:16], value[16:], context.encode())
    except (KeyError, InvalidTag) as e:
        raise CannotDecrypt(context) from e


def keyed_hash(value: str, purpose: str) -> bytes:
    """HMAC-SHA256 under the oldest master key: look up a secret by its hash without storing it. 32 bytes."""
    *_, (_, key) = _keys().values()
    return hmac.new(
        hashlib.sha256(b"lookup:" + key).digest(), f"{purpose}\0{value}".encode(), hashlib.sha256
    ).digest()


class EncryptedTextField(models.BinaryField):  # type: ignore[type-arg]  # Django does not know the parameters
    """A text column encrypted at rest. Not searchable; `None` stays NULL."""

    def _context(self) -> str:
        return f"{self.model._meta.db_table}.{self.column}"  # noqa: SLF001 - Django's documented way

    def from_db_value(self, value: Any, _expression: Any, _connection: Any) -> str | None:
        return None if value is None else decrypt(bytes(value), self._context()).decode()

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if isinstance(value, str):
            value = encrypt(value.encode(), self._context())
        return super().get_db_prep_value(value, connection, prepared)

    def to_python(self, value: Any) -> Any:
        return value

    def value_to_string(self, obj: models.Model) -> str:
        raise TypeError("encrypted columns are not serialised")
