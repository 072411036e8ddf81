"""`sign ORDER TASK VALUES`: a person does all that a task asks of them, through the core's use cases as the room's pages do.
`pass DAYS`: the demo's clock moves, and what happens by itself happens."""

from __future__ import annotations

import json
import sys
import time

import django

PATIENCE = 60.0
"""Seconds for the server's worker to make pages final."""


def sign(order: str, task: str, values: str) -> None:
    from tests.conformance import signicat_caller as people
    from undersigned.envelopes.models import Assignment

    recipient = people.person({"id": order}, task)
    _wait(recipient.pk, without="planned", action="fill")
    sitting = people.enter(recipient)
    people.settle(sitting, json.loads(values))
    _wait(recipient.pk, without="planned", action="sign")
    sitting.refresh_from_db()
    people.prove(sitting, "sign")
    people.agree(sitting)
    print(Assignment.objects.filter(recipient=recipient, state="done").count())


def _wait(recipient: int, *, without: str, action: str) -> None:
    """Until none of the person's assignments is in the state `without`."""
    from undersigned.envelopes.models import Assignment

    end = time.monotonic() + PATIENCE
    theirs = Assignment.objects.filter(recipient=recipient, state=without, action=action)
    while theirs.exists():
        if time.monotonic() > end:
            raise SystemExit(f"still {without}: {list(theirs.values_list('key', 'document__head__kind'))}")
        time.sleep(0.2)


def let_pass(days: str) -> None:
    from datetime import timedelta

    from undersigned.accounts.models import Organization
    from undersigned.lifecycle.expiry import expire_due
    from undersigned.lifecycle.notifications import send_due
    from undersigned.lifecycle.retention import erase_due

    organization = Organization.objects.get(slug="demo")
    organization.clock_offset += timedelta(days=float(days))
    organization.save()
    expire_due()
    send_due()
    erase_due()


if __name__ == "__main__":
    django.setup()
    {"sign": sign, "pass": let_pass}[sys.argv[1]](*sys.argv[2:])
