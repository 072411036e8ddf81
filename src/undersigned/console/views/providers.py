"""Sign-in: the providers of strong identification that signers may be sent to. For administrators."""

from __future__ import annotations

from typing import Any

from django.contrib import messages as flash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from undersigned.console import scope
from undersigned.console.provider_form import ProviderForm
from undersigned.envelopes.actor import Actor
from undersigned.identity import discovery, providers, sign_in
from undersigned.identity.errors import SignInFailed
from undersigned.identity.models import Provider
from undersigned.identity.oidc import Answer, Identified

SUBJECT = "test"
"""A sign-in that an administrator makes to see what comes; bound to the user."""


@require_safe
@scope.page
def provider_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    """All that signers of the organisation may choose, and what is switched off."""
    organization = scope.administered(actor)
    usable = providers.usable(organization)
    off = list(providers.of_organization(organization).exclude(disabled_at=None))
    context = {"tab": "providers", "usable": usable, "off": off, "callback": sign_in.redirect_uri()}
    return render(request, "console/providers.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@scope.page
def new_provider(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Describe a provider."""
    fresh = Provider(organization=scope.administered(actor))
    return _edit(request, fresh, _("The provider can be used now. Test it."))


@require_http_methods(["GET", "HEAD", "POST"])
@scope.page
def provider(request: HttpRequest, actor: Actor, provider_id: int) -> HttpResponse:
    """One provider; the installation's and the demo's own can be tested here and changed elsewhere."""
    found = scope.provider(actor, provider_id)
    if found.organization_id is None or found.demo:
        if request.method == "POST":
            scope.own_provider(actor, provider_id)
        return _page(request, found, None)
    return _edit(request, found, _("Saved."))


def _edit(request: HttpRequest, of: Provider, done: str) -> HttpResponse:
    bound = request.method == "POST"
    form = ProviderForm(request.POST if bound else None, request.FILES if bound else None, provider=of)
    if bound and form.is_valid():
        of.save()
        discovery.forget(of.issuer)
        flash.success(request, done)
        return redirect("console:provider", provider_id=of.pk)
    return _page(request, of, form, status=422 if bound else 200)


def _page(
    request: HttpRequest, of: Provider, form: ProviderForm | None, status: int = 200, **more: Any
) -> HttpResponse:
    context = {
        "tab": "providers",
        "provider": of,
        "form": form,
        "callback": sign_in.redirect_uri(),
        "tested": request.session.get(_remembered(of)) if of.pk else None,
    }
    return render(request, "console/provider.html", context | more, status=status)


def _remembered(of: Provider) -> str:
    return f"provider-test-{of.pk}"


@require_POST
@scope.page
def switch(request: HttpRequest, actor: Actor, provider_id: int, on: bool) -> HttpResponse:
    """Enable or disable a provider: people who are on their way to it come back in vain."""
    found = scope.own_provider(actor, provider_id)
    found.disabled_at = None if on else timezone.now()
    found.save(update_fields=["disabled_at"])
    flash.success(
        request,
        _("Signers can use it again.")
        if on
        else _("The provider is disabled. Nobody can be identified by it."),
    )
    return redirect("console:provider", provider_id=found.pk)


@require_POST
@scope.page
def test(request: HttpRequest, actor: Actor, provider_id: int) -> HttpResponse:
    """Go there as a signer would. As in the room the answer is a page that leads on."""
    found = scope.provider(actor, provider_id)
    discovery.forget(found.issuer)
    try:
        url = sign_in.begin(
            found, SUBJECT, actor.user.pk, f"console.{found.pk}", translation.get_language() or "en"
        )
    except SignInFailed as e:
        flash.error(request, _failure(e))
        return redirect("console:provider", provider_id=found.pk)
    return render(request, "console/provider_away.html", {"tab": "providers", "provider": found, "url": url})


@require_GET
@scope.page
def tested(request: HttpRequest, actor: Actor, provider_id: int) -> HttpResponse:
    """Back from the test: the names of what came. The values are thrown away unseen."""
    found = scope.provider(actor, provider_id)
    given = request.GET
    answer = Answer(
        given.get("state", "")[:300],
        given.get("code", "")[:5000],
        given.get("error", "")[:100],
        given["iss"][:600] if "iss" in given else None,
    )
    try:
        begun = sign_in.take(answer.state, SUBJECT, actor.user.pk)
        identified = sign_in.end(begun, answer)
    except SignInFailed as e:
        flash.error(request, _failure(e))
    else:
        request.session[_remembered(found)] = _outcome(found, identified)
        flash.success(request, _("The sign-in worked."))
    return redirect("console:provider", provider_id=found.pk)


def _outcome(of: Provider, identified: Identified) -> dict[str, Any]:
    claims = [
        [ours, theirs, bool(getattr(identified.claims, ours))]
        for ours, theirs in providers.claim_names(of).items()
    ]
    return {"claims": claims, "came": list(identified.came), "level": identified.level}


def _failure(e: SignInFailed) -> str:
    words = {
        "cancelled": _("The sign-in was called off."),
        "unavailable": _("The provider did not answer as it should: %(why)s."),
        "untrusted": _("The provider's answer was not accepted: %(why)s."),
        "over": _("The sign-in was too old, or used already."),
    }
    return words.get(e.code, words["unavailable"]) % {"why": e}
