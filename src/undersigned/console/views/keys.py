"""API keys: made, shown once, switched, and their webhooks."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages as flash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from undersigned.accounts.credentials import create_api_key
from undersigned.accounts.models import Credential
from undersigned.console import scope, words
from undersigned.console.forms import KeyForm, NewKeyForm
from undersigned.console.samples import sample
from undersigned.envelopes import ports
from undersigned.envelopes.actor import Actor


def _dialects() -> list[str]:
    """APIs whose credentials are API keys, of those that run here."""
    return [name for name in ports.names() if name == "signsquid"]


@require_safe
@scope.page
def key_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Keys with what they are for, newest first."""
    keys = list(scope.credentials(actor).select_related("user").order_by("-pk"))
    shown = [
        {"row": k, "api": words.DIALECTS.get(k.dialect, k.dialect), "mine": k.user_id == actor.user.pk}
        for k in keys
    ]
    apis = [
        {
            "name": words.DIALECTS[d],
            "dialect": d,
            "base": f"{settings.PUBLIC_URL}/api/v1",
            "sample": sample(d, "YOUR_API_KEY"),
        }
        for d in _dialects()
    ]
    return render(request, "console/keys.html", {"tab": "keys", "keys": shown, "apis": apis})


@require_http_methods(["GET", "HEAD", "POST"])
@scope.page
def new_key(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Make a key. The answer to the POST is the only page that ever shows it."""
    form = NewKeyForm(request.POST or None, dialects=_dialects())
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        credential, key = create_api_key(
            actor.user, data["dialect"], data["description"], data["webhook_url"]
        )
        context = {
            "tab": "keys",
            "credential": credential,
            "key": key,
            "sample": sample(credential.dialect, key),
        }
        return render(request, "console/key_made.html", context, status=201)
    return render(
        request, "console/key_new.html", {"tab": "keys", "form": form}, status=422 if form.errors else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
@scope.page
def key(request: HttpRequest, actor: Actor, key_id: int) -> HttpResponse:
    """One key: description and webhook address may change, the key itself never."""
    credential = scope.credential(actor, key_id)
    given = {"description": credential.description, "webhook_url": credential.webhook_url}
    form = KeyForm(request.POST or None, initial=given)
    if request.method == "POST" and form.is_valid():
        credential.description, credential.webhook_url = (
            form.cleaned_data["description"],
            form.cleaned_data["webhook_url"],
        )
        credential.save(update_fields=["description", "webhook_url"])
        flash.success(request, _("Saved."))
        return redirect("console:key", key_id=credential.pk)
    return _key_page(request, credential, form, status=422 if form.errors else 200)


def _key_page(
    request: HttpRequest, credential: Credential, form: KeyForm, secret: str = "", status: int = 200
) -> HttpResponse:
    context = {
        "tab": "keys",
        "credential": credential,
        "api": words.DIALECTS.get(credential.dialect, credential.dialect),
        "form": form,
        "secret": secret,
        "sample": sample(credential.dialect, "YOUR_API_KEY"),
    }
    return render(request, "console/key.html", context, status=status)


@require_POST
@scope.page
def switch_key(request: HttpRequest, actor: Actor, key_id: int, on: bool) -> HttpResponse:
    """Enable or disable a key."""
    credential = scope.credential(actor, key_id)
    credential.enabled = on
    credential.save(update_fields=["enabled"])
    flash.success(
        request,
        _("The key works again.") if on else _("The key is disabled. Calls with it are refused from now on."),
    )
    return redirect("console:key", key_id=credential.pk)


@require_POST
@scope.page
def show_secret(request: HttpRequest, actor: Actor, key_id: int) -> HttpResponse:
    """Show the secret that webhooks are signed with. A POST, so that it is in no history and nobody sees it in passing."""
    credential = scope.credential(actor, key_id)
    given = {"description": credential.description, "webhook_url": credential.webhook_url}
    return _key_page(request, credential, KeyForm(initial=given), secret=credential.webhook_secret or "")
