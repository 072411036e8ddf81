"""Who may see what in the console: an administrator the organisation, a member their own. Unknown and foreign look alike (404)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation
from django.views.decorators.cache import never_cache

from undersigned.accounts.models import Credential, Organization, User
from undersigned.base import languages
from undersigned.delivery.models import Message
from undersigned.envelopes import attention
from undersigned.envelopes.access import get_envelope, get_managed, visible
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.errors import Forbidden, NotFound
from undersigned.envelopes.models import Envelope, Recipient
from undersigned.envelopes.policy import knows_code
from undersigned.identity.models import Provider
from undersigned.identity.providers import of_organization
from undersigned.jobs.models import Job

M = TypeVar("M", bound=Model)


def page(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A console page: asks for a login, speaks the user's language, hands the view its actor, turns NotFound into 404 and Forbidden into 403, is cached
    nowhere."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        assert isinstance(request.user, User)
        own = languages.chosen(request) or languages.supported(request.user.language)
        if own:  # else the browser's, as the middleware found it
            translation.activate(own)
        try:
            return view(request, Actor.from_user(request.user), *args, **kwargs)
        except NotFound:
            raise Http404 from None
        except Forbidden:
            raise PermissionDenied from None

    return never_cache(login_required(wrapped))


def envelope(actor: Actor, envelope_id: int) -> Envelope:
    """The envelope with what its head shows. Raises NotFound."""
    if envelope_id >= 2**63:
        raise NotFound
    return Envelope.objects.select_related(
        "collection",
        "owner_user",
        "created_by_credential",
        "evidence__blob",
        "evidence_json__blob",
        "metadata_template",
    ).get(pk=get_envelope(actor, envelope_id).pk)


def managed(actor: Actor, envelope_id: int) -> Envelope:
    """The envelope, for who may change it. Raises NotFound."""
    if envelope_id >= 2**63:
        raise NotFound
    return get_managed(actor, envelope_id)


def messages(actor: Actor) -> QuerySet[Message]:
    """Messages about envelopes that `actor` may see, and those to themselves."""
    of_tenant = Message.objects.filter(organization=actor.organization)
    if actor.user.role == User.Role.ADMIN:
        return of_tenant
    return of_tenant.filter(Q(user=actor.user) | Q(envelope_id__in=visible(actor).values("pk")))


def readable_messages(actor: Actor) -> QuerySet[Message]:
    """Mails and SMS whose text `actor` may read in the outbox: they hold links and codes, so it is narrower than `messages`.

    Those that nothing but the outbox has taken or will take, of envelopes that `actor` owns (an administrator: of the organisation).
    """
    local = Q(transport=Message.Transport.OUTBOX)
    if settings.DEMO and not settings.MAIL_URL:
        local |= Q(transport="", channel=Message.Channel.EMAIL)
    if settings.DEMO and not settings.SMS_URL:
        local |= Q(transport="", channel=Message.Channel.SMS)
    if settings.DEMO and not settings.PUSH_URL:
        local |= Q(transport="", channel=Message.Channel.PUSH)
    of_tenant = Message.objects.filter(local, organization=actor.organization).exclude(
        channel=Message.Channel.WEBHOOK
    )
    if actor.user.role == User.Role.ADMIN:
        return of_tenant
    owned = Envelope.objects.filter(organization=actor.organization, owner_user=actor.user).values("pk")
    return of_tenant.filter(Q(user=actor.user) | Q(envelope_id__in=owned))


def message(actor: Actor, message_id: int) -> Message:
    """One of `messages`; for an operator also one that failed anywhere. Raises NotFound."""
    seen = messages(actor)
    if actor.user.is_operator:
        seen = Message.objects.filter(Q(pk__in=seen.values("pk")) | Q(state=Message.State.FAILED))
    return _one(seen, message_id)


def may_operate(user: User) -> bool:
    """Who sees what needs attention: operators everything, administrators what is their organisation's."""
    return user.is_operator or user.role == User.Role.ADMIN


def operated(actor: Actor) -> int | None:
    """The organisation whose work `actor` may see and run again, None for all. Raises NotFound when they may not."""
    if not may_operate(actor.user):
        raise NotFound
    return None if actor.user.is_operator else actor.organization.pk


def job(actor: Actor, job_id: int) -> Job:
    """A job that died, or that an envelope in need of attention waits for. Raises NotFound."""
    organization = operated(actor)
    found = Job.objects.filter(pk=job_id).first() if job_id < 2**63 else None
    if found is not None and (
        attention.dead_jobs(organization).filter(pk=found.pk).exists()
        or attention.flagged(organization).filter(pk=found.payload.get("envelope")).exists()
    ):
        return found
    raise NotFound


def administered(actor: Actor) -> Organization:
    """The organisation whose settings `actor` may change. Raises NotFound."""
    if actor.user.role != User.Role.ADMIN:
        raise NotFound
    return actor.organization


def provider(actor: Actor, provider_id: int) -> Provider:
    """A provider that signers of the organisation may be sent to: its own, or one of the installation. Raises NotFound."""
    seen = Provider.objects.filter(Q(organization=administered(actor)) | Q(organization=None))
    return _one(
        seen if settings.DEMO and actor.organization.sandbox else seen.filter(demo=False), provider_id
    )


def own_provider(actor: Actor, provider_id: int) -> Provider:
    """One that the organisation may change. Raises NotFound."""
    return _one(of_organization(administered(actor)).filter(demo=False), provider_id)


def readable_message(actor: Actor, message_id: int) -> Message:
    """Raises NotFound."""
    return _one(readable_messages(actor).select_related("organization"), message_id)


def credentials(actor: Actor) -> QuerySet[Credential]:
    """API keys: one's own; an administrator's organisation's."""
    keys = Credential.objects.filter(organization=actor.organization, kind=Credential.Kind.API_KEY)
    return keys if actor.user.role == User.Role.ADMIN else keys.filter(user=actor.user)


def credential(actor: Actor, credential_id: int) -> Credential:
    """Raises NotFound."""
    return _one(credentials(actor).select_related("user"), credential_id)


def _one(rows: QuerySet[M], pk: int) -> M:
    found = rows.filter(pk=pk).first() if pk < 2**63 else None
    if found is None:
        raise NotFound
    return found


def may_read_code(actor: Actor, of: Envelope, recipient: Recipient) -> bool:
    """A signer's code is for who sent the envelope, to hand over by another way; one that goes by SMS only where the API shows it too."""
    return of.owner_user_id == actor.user.pk and knows_code(of, recipient)


def nothing_is_sent() -> bool:
    """No mail service is set, so mails stay in the outbox."""
    return not settings.MAIL_URL
