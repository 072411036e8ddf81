"""What belongs to one account: signing keys, devices, the server that events go to. One's own; of robots also for administrators."""

from __future__ import annotations

import uuid

from cryptography import x509
from django.contrib import messages as flash
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from undersigned.accounts import devices, limits, robots
from undersigned.accounts.capabilities import may_create_envelopes
from undersigned.accounts.endpoints import endpoint_of, keep_endpoint
from undersigned.accounts.login import QUARTER
from undersigned.accounts.models import User
from undersigned.accounts.pairing import begin_pairing
from undersigned.console import scope
from undersigned.console.own_forms import BringForm, EndpointForm, LabelForm, LookForm
from undersigned.delivery.models import Message
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.errors import Forbidden, Invalid, NotFound
from undersigned.files import scan, store
from undersigned.sealing import identities, looks
from undersigned.sealing.appearance import IMAGE_MAX, UnusableLook
from undersigned.sealing.models import SigningIdentity

from .messages import as_shown

API = "signingtoday"
"""The API whose programs use lifetime tokens, and whose events go to an account's own server."""
OPENINGS = 20
"""Files that one account may have opened in a quarter of an hour: each may cost seconds."""
ATTEMPTS = 10


def _whose(request: HttpRequest, actor: Actor) -> User:
    """Oneself, or the robot that `of` names, for who may use its token. Raises NotFound."""
    of = request.POST.get("of") or request.GET.get("of") or ""
    if not of:
        return actor.user
    try:
        robot = User.objects.get(organization=actor.organization, pub=uuid.UUID(of), kind=User.Kind.ROBOT)
        return robots.account(actor.user, robot.username)
    except (ValueError, User.DoesNotExist, Forbidden) as e:
        raise NotFound from e


def _context(actor: Actor, whose: User, page: str, **more: object) -> dict[str, object]:
    mine = whose.pk == actor.user.pk
    of = "" if mine else f"?of={whose.pub}"
    programs = may_create_envelopes(whose)
    return {
        "tab": "account" if mine else "people",
        "page": page,
        "whose": whose,
        "mine": mine,
        "of": of,
        "programs": programs,
    } | more


def _back(name: str, actor: Actor, whose: User) -> HttpResponseRedirect:
    return redirect(reverse(f"console:{name}") + ("" if whose.pk == actor.user.pk else f"?of={whose.pub}"))


# --- signing keys --------------------------------------------------------------------------------
@require_safe
@scope.page
def signing_keys(request: HttpRequest, actor: Actor) -> HttpResponse:
    return _keys_page(request, actor, _whose(request, actor))


def _keys_page(
    request: HttpRequest,
    actor: Actor,
    whose: User,
    *,
    make: LabelForm | None = None,
    bring: BringForm | None = None,
    look: tuple[SigningIdentity, LookForm] | None = None,
) -> HttpResponse:
    bound = make or bring or (look[1] if look else None)
    keys = [
        _shown(
            identity,
            look[1] if look and look[0].pk == identity.pk else LookForm(auto_id=f"id_{identity.pk}_%s"),
        )
        for identity in identities.identities_of(whose)
    ]
    context = _context(
        actor,
        whose,
        "signing-keys",
        keys=keys,
        make=make or LabelForm(auto_id="id_make_%s"),
        bring=bring or BringForm(auto_id="id_bring_%s"),
        form=bound,
    )
    return render(request, "console/signing_keys.html", context, status=422 if bound else 200)


def _shown(identity: SigningIdentity, form: LookForm) -> dict[str, object]:
    certificate = x509.load_der_x509_certificate(bytes(identity.certificate))
    return {
        "row": identity,
        "subject": identities.common_name(certificate.subject),
        "issuer": identities.common_name(certificate.issuer),
        "serial": f"{certificate.serial_number:x}",
        "valid": identities.is_valid(identity),
        "made_here": identity.provider == SigningIdentity.Provider.SERVER,
        "form": form,
    }


@require_POST
@scope.page
def make_signing_key(request: HttpRequest, actor: Actor) -> HttpResponse:
    """A key on this server, certified by the built-in authority."""
    whose = _whose(request, actor)
    form = LabelForm(request.POST, auto_id="id_make_%s")
    if form.is_valid():
        try:
            identities.make_identity(whose, form.cleaned_data["label"])
        except identities.IdentityRefused as e:
            form.refuse(e.code)
        else:
            flash.success(request, _("The key is there."))
            return _back("signing-keys", actor, whose)
    return _keys_page(request, actor, whose, make=form)


@require_POST
@scope.page
def bring_signing_key(request: HttpRequest, actor: Actor) -> HttpResponse:
    """A key from a PKCS#12 file."""
    whose = _whose(request, actor)
    form = BringForm(request.POST, request.FILES, auto_id="id_bring_%s")
    if form.is_valid():
        limits.take("identity.bring", str(actor.user.pk), OPENINGS, QUARTER)
        given = form.cleaned_data
        data = given["file"].read(identities.PKCS12_MAX + 1)
        try:
            identities.bring_identity(whose, data, given["password"], given["label"])
        except identities.IdentityRefused as e:
            form.refuse(e.code)
        else:
            flash.success(request, _("The key is there. Keep your own copy of the file safe."))
            return _back("signing-keys", actor, whose)
    return _keys_page(request, actor, whose, bring=form)


@require_POST
@scope.page
def remove_signing_key(request: HttpRequest, actor: Actor, pub: uuid.UUID) -> HttpResponse:
    whose = _whose(request, actor)
    identities.remove_identity(identities.identity_of(whose, pub))
    flash.success(request, _("The key is destroyed. What was signed with it stays signed."))
    return _back("signing-keys", actor, whose)


@require_http_methods(["GET", "HEAD", "POST"])
@scope.page
def signing_key_look(request: HttpRequest, actor: Actor, pub: uuid.UUID) -> HttpResponse:
    """The picture that is kept with a key; a POST replaces it, without a file it takes it away."""
    whose = _whose(request, actor)
    identity = identities.identity_of(whose, pub)
    if request.method != "POST":
        if identity.appearance is None or identity.appearance.blob is None:
            raise NotFound
        return HttpResponse(b"".join(scan.read_clean(identity.appearance.blob)), content_type="image/png")
    if "remove" in request.POST:
        looks.drop_look(identity)
        return _back("signing-keys", actor, whose)
    form = LookForm(request.POST, request.FILES, auto_id=f"id_{identity.pk}_%s")
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            with store.receive(file, IMAGE_MAX) as received:
                looks.keep_look(identity, received, file.name)
        except store.TooLarge:
            form.refuse("too_large")
        except UnusableLook as e:
            form.refuse(e.code)
        except scan.Infected:
            form.add_error("file", _("The virus scan found something in the file."))
        else:
            flash.success(request, _("Signatures with this key look like this from now on."))
            return _back("signing-keys", actor, whose)
    return _keys_page(request, actor, whose, look=(identity, form))


# --- devices -------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@scope.page
def own_devices(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Phones that are trusted; a POST shows a code that trusts one more."""
    code = mark_safe(begin_pairing(actor.user).svg()) if request.method == "POST" else ""  # noqa: S308 - drawn here
    found = devices.devices_of(actor.user).select_related("credential").order_by("-pk")
    return render(
        request, "console/devices.html", _context(actor, actor.user, "devices", devices=found, code=code)
    )


@require_POST
@scope.page
def remove_device(request: HttpRequest, actor: Actor, device_id: int) -> HttpResponse:
    device = devices.devices_of(actor.user).filter(pk=device_id).first() if device_id < 2**63 else None
    if device is None:
        raise NotFound
    devices.remove(actor.user, device.device_id)
    flash.success(request, _("The device is trusted no more."))
    return redirect("console:devices")


# --- the account's own server ---------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@scope.page
def endpoint(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Where events go, how we present ourselves there, and the last of them."""
    whose = _programmer(request, actor)
    form = EndpointForm(request.POST or None, initial=EndpointForm.of(endpoint_of(whose)))
    if request.method == "POST" and form.is_valid():
        try:
            keep_endpoint(whose, API, form.endpoint)
        except Invalid as e:
            form.refuse(e.faults)
        else:
            flash.success(request, _("Saved."))
            return _back("endpoint", actor, whose)
    return _endpoint_page(request, actor, whose, form)


def _programmer(request: HttpRequest, actor: Actor) -> User:
    whose = _whose(request, actor)
    if not may_create_envelopes(whose):
        raise NotFound
    return whose


def _endpoint_page(
    request: HttpRequest, actor: Actor, whose: User, form: EndpointForm, **more: object
) -> HttpResponse:
    kept = endpoint_of(whose)
    posts = Message.objects.filter(
        organization=actor.organization,
        channel=Message.Channel.WEBHOOK,
        webhook_event__owner_user=whose,
        credential=None,
    ).select_related("webhook_event")
    context = _context(
        actor,
        whose,
        "endpoint",
        form=form,
        kept=kept,
        has_token=robots.has_token(whose, API),
        posts=as_shown(posts.order_by("-pk")[:ATTEMPTS]),
    )
    return render(request, "console/endpoint.html", context | more, status=422 if form.errors else 200)


@require_POST
@scope.page
def show_endpoint_secret(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show what posts are signed with. A POST, so that it is in no history and nobody sees it in passing."""
    whose = _programmer(request, actor)
    kept = endpoint_of(whose)
    form = EndpointForm(initial=EndpointForm.of(kept))
    return _endpoint_page(request, actor, whose, form, secret=kept.secret)


@require_POST
@scope.page
def lasting_token(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show the lifetime token, make a new one in its place, or revoke it."""
    whose = _programmer(request, actor)
    form = EndpointForm(initial=EndpointForm.of(endpoint_of(whose)))
    match request.POST.get("do"):
        case "revoke":
            robots.revoke_token(whose, API)
            flash.success(request, _("The token is revoked. Calls with it are refused from now on."))
            return _back("endpoint", actor, whose)
        case "renew":
            token = robots.renew_token(whose, API)
        case _:
            token = robots.lasting_token(whose, API)
    return _endpoint_page(request, actor, whose, form, token=token)
