"""An organisation's own rules of retention, copied to what is made from then on."""

from __future__ import annotations

import logging

from undersigned.accounts.models import Organization, User
from undersigned.base.db import atomic
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.errors import NotFound

from .dry_run import Rules

logger = logging.getLogger(__name__)


def set_rules(actor: Actor, rules: Rules) -> None:
    """Set them; what is there already keeps the rules that it was made with. Raises NotFound for who is no administrator."""
    if actor.user.role != User.Role.ADMIN:
        raise NotFound
    with atomic():
        Organization.objects.filter(pk=actor.organization.pk).update(
            retention_signed_months=rules.signed,
            retention_unsigned_months=rules.unsigned,
            retention_other_months=rules.other,
        )
    logger.info(
        "retention of organisation %s is %s, set by user %s", actor.organization.pk, rules, actor.user.pk
    )
