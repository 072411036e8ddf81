"""How words leave and people come: mail, SMS, webhooks, the public address."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import EmailMessage

from undersigned.base import outgoing
from undersigned.delivery import gateway, smtp
from undersigned.delivery.errors import SendingFailed
from undersigned.identity import discovery
from undersigned.identity.errors import SignInFailed
from undersigned.identity.models import Provider

from .findings import Finding, Look, fail, ok, warn

_PATIENCE = 10.0
"""Seconds for the public address to answer."""


def mail(look: Look) -> list[Finding]:
    """Log in to the mail server; with `mail_to` send a mail."""
    server = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    if not settings.MAIL_URL:
        if look.settings.demo:
            return [ok("mail", "No mail server: demo mode keeps mails in the console's outbox.")]
        return [fail("mail", "No mail server is set, so nobody gets an invitation.", "UNDERSIGNED_MAIL_URL.")]
    try:
        if look.mail_to:
            answer = smtp.hand_over(_letter(look.mail_to))
            return [ok("mail", f"{server} took a mail to {look.mail_to}: {answer}.")]
        smtp.knock()
    except SendingFailed as e:
        return [
            fail(
                "mail",
                f"{server} does not take mail: {e.answer}.",
                "Mend UNDERSIGNED_MAIL_URL or the server; messages that failed wait in the console under Needs attention.",
            )
        ]
    encrypted = settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL
    if not encrypted and settings.EMAIL_HOST not in ("localhost", "127.0.0.1", "::1"):
        return [
            warn(
                "mail",
                f"Mail goes to {server} without encryption.",
                "?tls=starttls or ?tls=tls in UNDERSIGNED_MAIL_URL.",
            )
        ]
    if settings.DEFAULT_FROM_EMAIL.endswith("@localhost") and not look.settings.demo:
        return [
            warn(
                "mail",
                f"Mails come from {settings.DEFAULT_FROM_EMAIL}, which others refuse.",
                "UNDERSIGNED_MAIL_FROM.",
            )
        ]
    return [ok("mail", f"{server} let us in; --mail-to ADDRESS sends a mail.")]


def _letter(to: str) -> EmailMessage:
    return EmailMessage(
        subject="A test from Undersigned",
        body=f"Undersigned at {settings.PUBLIC_URL} can send mail. Nothing needs to be done.\n",
        to=[to],
        headers={"Auto-Submitted": "auto-generated"},
    )


def sms(look: Look) -> list[Finding]:
    """Is a gateway set? None is tried: each message costs money."""
    if not settings.SMS_URL:
        if look.settings.demo:
            return [ok("SMS", "No gateway: demo mode keeps SMS in the console's outbox.")]
        return [
            warn(
                "SMS",
                "No SMS gateway is set: invitations and codes by SMS fail.",
                "UNDERSIGNED_SMS_URL, unless nobody here gives phone numbers.",
            )
        ]
    import apprise

    if apprise.Apprise.instantiate(gateway.address(settings.SMS_URL, "+15555550100")) is None:
        return [
            fail(
                "SMS",
                "The SMS gateway's address is not understood.",
                "UNDERSIGNED_SMS_URL must be an address of Apprise.",
            )
        ]
    return [ok("SMS", "A gateway is set (not tried: each SMS costs).")]


def push(look: Look) -> list[Finding]:
    """Is a push service set? None is needed: what it would say stands in the inbox too."""
    if not settings.PUSH_URL:
        return [ok("push", "No push service: nothing is sent to telephones' apps.")]
    import apprise

    if apprise.Apprise.instantiate(gateway.address(settings.PUSH_URL, "0" * 32)) is None:
        return [
            fail(
                "push",
                "The push service's address is not understood.",
                "UNDERSIGNED_PUSH_URL must be an address of Apprise.",
            )
        ]
    return [ok("push", "A push service is set (not tried).")]


def webhooks(look: Look) -> list[Finding]:
    """Where may they go?"""
    if not settings.WEBHOOKS_MAY_BE_PRIVATE:
        return [ok("webhooks", "Webhooks reach public addresses only.")]
    if look.settings.demo:
        return [ok("webhooks", "Demo mode: webhooks reach private addresses too.")]
    return [
        warn(
            "webhooks",
            "Webhooks reach private addresses: who may set a webhook address can send requests into this network.",
            "UNDERSIGNED_WEBHOOK_ALLOW_PRIVATE=false, unless you need it.",
        )
    ]


def providers(look: Look) -> list[Finding]:
    """Does each provider of identification say what it is, and give its keys?"""
    found = list(Provider.objects.filter(disabled_at=None).select_related("organization"))
    if not found:
        return [ok("identity providers", "None: signers are identified by link and codes.")]
    faults = [fault for provider in found if (fault := _fault(provider)) is not None]
    return faults or [ok("identity providers", f"All answer: {', '.join(p.key for p in found)}.")]


def _fault(provider: Provider) -> Finding | None:
    whose = f" of {provider.organization.slug}" if provider.organization else ""
    if provider.demo and not settings.DEMO:
        return warn(
            "identity providers",
            f"{provider.key}{whose} is the demo's own; nobody can use it here.",
            "undersigned provider disable",
        )
    discovery.forget(provider.issuer)
    try:
        discovery.keys(provider)
    except SignInFailed as e:
        return fail(
            "identity providers",
            f"{provider.name}{whose} cannot identify anybody: {e}.",
            f"Look at {provider.issuer}, or switch it off: undersigned provider disable. Requests that need it wait.",
        )
    return None


def public_address(look: Look) -> list[Finding]:
    """Does the address in the links answer, as seen from here?"""
    url = f"{look.settings.base_url}/healthz"
    fix = "Start the server; else look at UNDERSIGNED_PUBLIC_URL, name, certificate and proxy. From outside it may work all the same."
    try:
        answer = outgoing.send("GET", url, timeout=_PATIENCE, limit=1000, allow_private=True)
    except outgoing.OutgoingError as e:
        return [warn("public address", f"{url} does not answer from here: {e}.", fix)]
    if answer.status != 200 or b'"ok"' not in answer.body:
        return [warn("public address", f"{url} answers {answer.status}, not that all is well.", fix)]
    return [ok("public address", f"{look.settings.base_url} answers.")]
