"""What waits for a person: envelopes that say why they wait, work that stopped, messages that nobody took. Nothing of it is lost."""

from __future__ import annotations

from django.db.models import BigIntegerField, Exists, OuterRef, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from undersigned.base.db import atomic
from undersigned.delivery.models import Message
from undersigned.jobs.models import Job

from .errors import NotFound
from .locks import lock_envelope
from .models import Envelope, EnvelopeState

_AT_WORK = (EnvelopeState.FETCHING, EnvelopeState.SENT, EnvelopeState.SEALING)
_OUTLIVING = ("result", "package")
"""Work that is done even when its envelope has ended meanwhile: completed, or because others refused."""


def note_attention(envelope_id: int, reason: str) -> None:
    """Say on the envelope why it waits; an empty reason takes the note away.

    No effect on an envelope that has been erased, or has ended and waits for no result or package.
    """
    with atomic():
        try:
            envelope = lock_envelope(envelope_id)
        except NotFound:
            return
        if (
            envelope.content_erased_at is None
            and envelope.needs_attention != reason[:500]
            and (envelope.state in _AT_WORK or _outliving(envelope.pk).exists())
        ):
            envelope.needs_attention = reason[:500]
            envelope.save(update_fields=["needs_attention", "updated_at"])


def dead_jobs(organization_id: int | None = None) -> QuerySet[Job]:
    """Work that stopped for good, with `about_envelope` and `about_message` (ids, None where it is about none).

    Of one organisation, or of all with what belongs to none (ticks). Jobs of messages that have failed are not among them: the message is.
    """
    found = Job.objects.filter(state=Job.State.DEAD).annotate(
        about_envelope=_id("envelope"), about_message=_id("message")
    )
    message = Message.objects.filter(pk=OuterRef("about_message"))
    found = found.exclude(Exists(message.exclude(state=Message.State.QUEUED)))
    if organization_id is None:
        return found
    envelope = Envelope.objects.filter(pk=OuterRef("about_envelope"), organization=organization_id)
    return found.filter(Exists(envelope) | Exists(message.filter(organization=organization_id)))


def _outliving(envelope: int | OuterRef) -> QuerySet[Job]:
    """What is still to be done of `_OUTLIVING`."""
    unfinished = Job.objects.filter(kind__in=_OUTLIVING).exclude(state=Job.State.DONE)
    return unfinished.annotate(about=_id("envelope")).filter(about=envelope)


def _id(name: str) -> Cast:
    return Cast(KeyTextTransform(name, "payload"), BigIntegerField())


def failed_messages(organization_id: int | None = None) -> QuerySet[Message]:
    """Mails, SMS and webhooks that are no longer tried."""
    found = Message.objects.filter(state=Message.State.FAILED)
    return found if organization_id is None else found.filter(organization=organization_id)


def flagged(organization_id: int | None = None) -> QuerySet[Envelope]:
    """Envelopes whose work waits and says why. Those with a dead job are not among them: the job is."""
    dead = Job.objects.filter(state=Job.State.DEAD).annotate(about=_id("envelope"))
    found = (
        Envelope.objects.filter(superseded_at=None, deleted_at=None)
        .exclude(needs_attention="")
        .filter(Q(state__in=_AT_WORK) | Exists(_outliving(OuterRef("pk"))))
        .exclude(Exists(dead.filter(about=OuterRef("pk"))))
    )
    return found if organization_id is None else found.filter(organization=organization_id)


_WORK = ("prepare", "seal", "result", "package")


def work_on(envelopes: list[Envelope]) -> dict[int, Job]:
    """The job, by envelope, that each of `envelopes` waits for; of several the one tried most often, then the oldest."""
    unfinished = Job.objects.filter(kind__in=_WORK).exclude(state=Job.State.DONE)
    waiting = unfinished.annotate(about=_id("envelope")).filter(about__in=[e.pk for e in envelopes])
    found: dict[int, Job] = {}
    for job in waiting.order_by("-attempts", "pk"):
        found.setdefault(job.payload["envelope"], job)
    return found
