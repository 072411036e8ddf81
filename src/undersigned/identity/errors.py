"""Why a sign-in did not end in an identity. `code` may be recorded; the message is for the log and holds nothing personal."""

from __future__ import annotations


class SignInFailed(Exception):
    """The provider did not identify anybody."""

    code = "failed"


class Cancelled(SignInFailed):
    """The person, or the provider on their behalf, called it off."""

    code = "cancelled"


class ProviderUnavailable(SignInFailed):
    """No answer, or none that makes sense: to be tried again, or to be mended by the operator."""

    code = "unavailable"


class Untrusted(SignInFailed):
    """An answer that must not be believed: wrong signature, issuer, audience, nonce, time…"""

    code = "untrusted"


class Over(SignInFailed):
    """The sign-in is unknown here, too old, or was used already."""

    code = "over"
