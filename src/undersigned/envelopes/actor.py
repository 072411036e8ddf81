"""Who asks."""

from __future__ import annotations

from dataclasses import dataclass

from undersigned.accounts.models import Credential, Organization, User


@dataclass(frozen=True)
class Actor:
    """A user of an organisation, perhaps through a credential; `reach` decides which envelopes they see (`access.visible`)."""

    organization: Organization
    user: User
    credential: Credential | None
    reach: Credential.Reach

    @classmethod
    def from_credential(cls, credential: Credential) -> Actor:
        return cls(credential.organization, credential.user, credential, Credential.Reach(credential.reach))

    @classmethod
    def from_user(cls, user: User) -> Actor:
        """A user in the console: sees the whole organisation as administrator, else their own and what was granted."""
        return cls(user.organization, user, None, Credential.Reach.USER)
