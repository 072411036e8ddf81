"""An organisation's own login service vouches for somebody: what it says is signed with a secret that it shares with us.

Who is not known yet becomes a user who only signs; who is known has their name, address and groups brought up to date.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from undersigned.base import clock
from undersigned.base.db import atomic
from undersigned.base.errors import Conflict

from . import create_user, limits, user_details
from .find_user import lock_user
from .models import Capability, Organization, User
from .user_details import Details

VALIDITY_MAX = timedelta(hours=12)
"""Longest time that one word may be valid for: so long we remember which ones have been used."""
SKEW = timedelta(minutes=2)
"""By which its clock may be ahead of ours."""


class NotBelieved(Conflict):
    """No such service, not signed by it, not valid now, or used before; which of these is nobody's business."""

    def __init__(self) -> None:
        super().__init__("login")


@dataclass(frozen=True)
class Word:
    """What the service says."""

    not_before: datetime
    not_on_or_after: datetime
    username: str
    details: Details


def signed_by(slug: str, message: bytes, signature: str) -> Organization:
    """The organisation whose service signed `message`: HMAC-SHA256 in hexadecimal under the organisation's secret. Raises NotBelieved."""
    found = Organization.objects.filter(slug=slug).first()
    # Without such an organisation or secret as much is computed.
    secret = (found.login_secret if found is not None else None) or ""
    expected = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
    same = hmac.compare_digest(expected.encode(), signature.strip().lower().encode())
    if found is None or not secret or not same:
        raise NotBelieved
    return found


def log_in(organization: Organization, message: bytes, word: Word) -> User:
    """The user who is vouched for, made or brought up to date; each message once.

    Raises NotBelieved (also for who is disabled, a program, or runs the installation, which no organisation can vouch for), Invalid.
    """
    at = clock.now()
    valid = word.not_before - SKEW <= at < word.not_on_or_after <= at + VALIDITY_MAX
    if not valid:
        raise NotBelieved
    user_details.refuse(_faults(word))
    try:
        digest = hashlib.sha256(message).hexdigest()
        limits.take("login.vouched", f"{organization.pk} {digest}", 1, VALIDITY_MAX + SKEW)
    except limits.LimitReached as e:
        raise NotBelieved from e
    with atomic():
        known = User.objects.filter(organization=organization, username__iexact=word.username).first()
        if known is None:
            user = User(organization=organization, username=word.username, role=User.Role.SIGNER)
            create_user.add(user, word.details)
            return user
        user = lock_user(known)
        if not user.is_active or user.kind != User.Kind.PERSON or Capability.OPERATE in user.capabilities:
            raise NotBelieved
        user_details.put(user, word.details)
        user.save()
        user_details.put_groups(user, word.details.groups)
    return user


def _faults(word: Word) -> dict[str, list[str]]:
    faults = user_details.faults_of(word.details)
    if codes := user_details.username_faults(word.username):
        faults["username"] = codes
    return faults
