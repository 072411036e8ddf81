"""One sign-in at a provider, from the button to the answer: begun, taken once within ten minutes by the browser that began it, ended."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings

from undersigned.base import clock
from undersigned.base.db import atomic
from undersigned.base.vault import keyed_hash

from . import oidc
from .errors import Over, SignInFailed
from .models import Provider, SignIn
from .oidc import Answer, Identified

logger = logging.getLogger(__name__)

VALID = timedelta(minutes=10)
CALLBACK = "/identified"
"""The one address that every provider knows."""


def redirect_uri() -> str:
    """What is registered with the provider."""
    return settings.PUBLIC_URL + CALLBACK


def begin(
    provider: Provider,
    kind: str,
    subject: int,
    place: str,
    language: str = "",
    *,
    asked_as: str = "",
    moment: str = "open",
    login_hint: str = "",
) -> str:
    """Make the sign-in and give the provider's address to which the browser goes.

    `asked_as` and `moment` are kept with it for whose sign-in it is; `login_hint` goes to the provider and is kept nowhere.

    `place` (letters, digits, dot, hyphen, underscore) leads the answer back to where the subject's cookie is; it stands in front of the
    state, whose second half is secret. Raises ProviderUnavailable, Untrusted. Call it outside a transaction: the network is asked.
    """
    state = f"{place}.{secrets.token_urlsafe(32)}"
    nonce, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    url = oidc.authorization_url(
        provider,
        state=state,
        nonce=nonce,
        verifier=verifier,
        redirect_uri=redirect_uri(),
        language=language,
        login_hint=login_hint,
    )
    with atomic():
        at = clock.now()
        SignIn.objects.filter(expires_at__lt=at - timedelta(days=1)).delete()
        SignIn.objects.create(
            provider=provider,
            subject_kind=kind,
            subject_id=subject,
            asked_as=asked_as,
            moment=moment,
            state_hash=_hash(state),
            nonce=nonce,
            verifier=verifier,
            created_at=at,
            expires_at=at + VALID,
        )
    return url


def take(state: str, kind: str, subject: int) -> SignIn:
    """The sign-in with this state, from now on used. It must be the subject's own: somebody else's browser uses up nothing.

    Raises Over.
    """
    with atomic():
        found = (
            SignIn.objects.select_for_update(of=("self",))
            .select_related("provider")
            .filter(state_hash=_hash(state), subject_kind=kind, subject_id=subject)
            .first()
        )
        at = clock.now()
        if found is None or found.used_at is not None or at >= found.expires_at:
            raise Over("the sign-in is unknown, used or too old")
        found.used_at = at
        found.save(update_fields=["used_at"])
    return found


def end(sign_in: SignIn, answer: Answer, also: Iterable[str] = ()) -> Identified:
    """Who was identified; `also` as in `oidc.identify`. Raises SignInFailed, of which the log keeps the reason."""
    try:
        oidc.check_answer(sign_in.provider, answer)
        return oidc.identify(
            sign_in.provider,
            answer.code,
            nonce=sign_in.nonce,
            verifier=sign_in.verifier,
            redirect_uri=redirect_uri(),
            begun_at=sign_in.created_at,
            also=also,
        )
    except SignInFailed as e:
        logger.warning("sign-in at %s: %s: %s", sign_in.provider.key, e.code, e)
        raise


def _hash(state: str) -> bytes:
    return keyed_hash(state, "sign-in state")
