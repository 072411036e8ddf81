"""Who may see what in the console: an administrator the organisation, a member their own. Unknown and foreign look alike (404)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache

from undersigned.accounts.models import Credential, User
from undersigned.delivery.models import Message
from undersigned.envelopes.access import get_envelope, visible
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.errors import NotFound
from undersigned.envelopes.models import Envelope

M = TypeVar("M", bound=Model)


def page(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A console page: asks for a login, hands the view its actor, turns NotFound into 404, is cached nowhere."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        assert isinstance(request.user, User)
        try:
            return view(request, Actor.from_user(request.user), *args, **kwargs)
        except NotFound:
            raise Http404 from None

    return never_cache(login_required(wrapped))


def envelope(actor: Actor, envelope_id: int) -> Envelope:
    """The envelope with what its head shows. Raises NotFound."""
    if envelope_id >= 2**63:
        raise NotFound
    return Envelope.objects.select_related(
        "collection", "owner_user", "created_by_credential", "evidence__blob", "evidence_json__blob"
    ).get(pk=get_envelope(actor, envelope_id).pk)


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
    if not settings.MAIL_URL:
        local |= Q(transport="", channel=Message.Channel.EMAIL)
    if not settings.SMS_URL:
        local |= Q(transport="", channel=Message.Channel.SMS)
    of_tenant = Message.objects.filter(local, organization=actor.organization).exclude(
        channel=Message.Channel.WEBHOOK
    )
    if actor.user.role == User.Role.ADMIN:
        return of_tenant
    owned = Envelope.objects.filter(organization=actor.organization, owner_user=actor.user).values("pk")
    return of_tenant.filter(Q(user=actor.user) | Q(envelope_id__in=owned))


def message(actor: Actor, message_id: int) -> Message:
    """Raises NotFound."""
    return _one(messages(actor), message_id)


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


def may_read_codes(actor: Actor, of: Envelope) -> bool:
    """Signers' codes are for who sent the envelope, to hand over by another way."""
    return of.owner_user_id == actor.user.pk


def nothing_is_sent() -> bool:
    """No mail service is set, so mails stay in the outbox."""
    return not settings.MAIL_URL
