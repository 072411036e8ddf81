"""Providers of strong identification: which an organisation has, which a person may use, what a good one looks like."""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Q, QuerySet

from undersigned.accounts.models import Organization

from .models import Provider
from .policy import IdentityPolicy

CLAIMS = ("name", "given_name", "family_name", "national_id", "birthdate", "email", "phone")
"""What we call them; `Provider.claims` says what the provider calls them."""
STANDARD = {
    "name": "name",
    "given_name": "given_name",
    "family_name": "family_name",
    "birthdate": "birthdate",
}
"""OpenID Connect Core 5.1 for what `Provider.claims` leaves out; a national id has no standard name."""
STANDARD_BY_SCOPE = {"email": ("email", "email"), "phone": ("phone", "phone_number")}
"""Our claim to the scope that brings it (Core 5.4) and its standard name: read where that scope is asked for."""
PROMPTS = ("", "login", "consent", "select_account")
LOGO_MAX = 64 * 1024
_PNG = b"\x89PNG\r\n\x1a\n"
_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_NAME = re.compile(r"[!-+\--~]{1,100}")
"""A name by which APIs ask: visible ASCII without a comma."""
_TOKEN = re.compile(r"[!-\[\]-~]+")
"""A word of a scope or an acr (RFC 6749, section 3.3)."""


def usable(organization: Organization) -> list[Provider]:
    """In the order of the buttons. The organisation's own goes before the installation's of the same key; demo ones in sandboxes only."""
    found = Provider.objects.filter(disabled_at=None).filter(
        Q(organization=organization) | Q(organization=None)
    )
    if not (settings.DEMO and organization.sandbox):
        found = found.filter(demo=False)
    own = {p.key for p in found if p.organization_id is not None}
    return [p for p in found if p.organization_id is not None or p.key not in own]


def allowed(organization: Organization, policy: IdentityPolicy) -> list[Provider]:
    """Of the usable ones those that the policy admits."""
    return [p for p in usable(organization) if not policy.providers or names(p) & set(policy.providers)]


def names(provider: Provider) -> set[str]:
    """All by which it can be asked for."""
    return {provider.key, *provider.asked_as}


def by_name(organization: Organization, asked_as: str) -> Provider | None:
    """The usable provider that is asked for by this name: by its key before another's further names, the organisation's own before the
    installation's. In a sandbox of demo mode the demo provider answers to every name that means nothing else.
    """
    if not asked_as:
        return None
    found = sorted(usable(organization), key=lambda p: (p.key != asked_as, p.organization_id is None))
    named = next((p for p in found if asked_as in names(p)), None)
    if named is not None or code_method(asked_as) is not None:
        return named
    return next((p for p in found if p.demo), None)


def code_method(asked_as: str) -> Literal["sms_code", "mail_code"] | None:
    """The one-time code that is asked for by this name (UNDERSIGNED_ONE_TIME_CODE_NAMES); None for other names."""
    match settings.ONE_TIME_CODE_NAMES.get(asked_as, asked_as):
        case "sms_code":
            return "sms_code"
        case "mail_code":
            return "mail_code"
    return None


def of_organization(organization: Organization) -> QuerySet[Provider]:
    """Those that its administrators may change."""
    return Provider.objects.filter(organization=organization)


def may_be_private(provider: Provider) -> bool:
    """May it live at a private address, and speak plain HTTP?"""
    return (provider.demo and settings.DEMO) or settings.PROVIDERS_MAY_BE_PRIVATE


def claim_names(provider: Provider) -> dict[str, str]:
    """Our claim to the provider's; what is mapped to nothing is not read."""
    scope = provider.scope.split()
    brought = {ours: theirs for ours, (asked, theirs) in STANDARD_BY_SCOPE.items() if asked in scope}
    return {ours: theirs for ours, theirs in (STANDARD | brought | provider.claims).items() if theirs}


def faults(provider: Provider) -> dict[str, str]:
    """What is wrong with a provider that somebody entered: field to a word (required, invalid, taken, not_https, not_png, too_large)."""
    found: dict[str, str] = {}
    if not _KEY.fullmatch(provider.key):
        found["key"] = "invalid"
    elif _others(provider).filter(key=provider.key).exists():
        found["key"] = "taken"
    for name in ("name", "client_id"):
        if not getattr(provider, name).strip():
            found[name] = "required"
    found |= _issuer(provider)
    if "openid" not in provider.scope.split() or not _tokens(provider.scope):
        found["scope"] = "invalid"
    if provider.acr_values and not _tokens(provider.acr_values):
        found["acr_values"] = "invalid"
    if provider.prompt not in PROMPTS:
        found["prompt"] = "invalid"
    if any(ours not in CLAIMS or not isinstance(theirs, str) for ours, theirs in provider.claims.items()):
        found["claims"] = "invalid"
    found |= _asked_as(provider)
    if provider.logo is not None:
        logo = bytes(provider.logo)
        if not logo.startswith(_PNG):
            found["logo"] = "not_png"
        elif len(logo) > LOGO_MAX:
            found["logo"] = "too_large"
    return found


def _asked_as(provider: Provider) -> dict[str, str]:
    if any(not _NAME.fullmatch(name) for name in provider.asked_as):
        return {"asked_as": "invalid"}
    taken: set[str] = set()
    for other in _others(provider):
        taken |= names(other)
    return {"asked_as": "taken"} if taken & set(provider.asked_as) else {}


def _others(provider: Provider) -> QuerySet[Provider]:
    return Provider.objects.filter(organization=provider.organization_id).exclude(pk=provider.pk)


def _tokens(value: str) -> bool:
    return all(_TOKEN.fullmatch(word) for word in value.split())


def _issuer(provider: Provider) -> dict[str, str]:
    """An address without query and fragment (OpenID Connect Core 2), over TLS."""
    try:
        parts = urlsplit(provider.issuer)
        host = parts.hostname
    except ValueError:
        return {"issuer": "invalid"}
    if (
        parts.scheme not in ("http", "https")
        or not host
        or parts.query
        or parts.fragment
        or "@" in parts.netloc
    ):
        return {"issuer": "invalid"}
    if parts.scheme != "https" and not may_be_private(provider):
        return {"issuer": "not_https"}
    return {}
