"""Run in a process of its own with a server's environment: tells what no API and no page tells as it is.

`sms`: the text of the last SMS. `audit`: the trail, a line each.
"""

from __future__ import annotations

import sys

from undersigned.app.cli.setup import django_setup

django_setup()

from undersigned.delivery.models import Message  # noqa: E402
from undersigned.delivery.render import render  # noqa: E402
from undersigned.envelopes import audit  # noqa: E402
from undersigned.envelopes.models import Envelope  # noqa: E402
from undersigned.sealing.evidence_words import event_sentence  # noqa: E402

match sys.argv[1:]:
    case ["sms"]:
        for message in Message.objects.filter(channel="sms").order_by("-pk")[:1]:
            print(render(message).text)
    case ["audit"]:
        for event, detail in audit.trail(Envelope.objects.latest("pk")):
            print(event.kind, event_sentence(event.kind, detail))
