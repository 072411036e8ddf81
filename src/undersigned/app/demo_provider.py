"""An OpenID Connect provider for demo mode: whoever comes may be anybody. It does not exist outside demo mode.

Real on the wire (discovery, authorization code, PKCE, a signed ID token), so that the demo shows what a real provider would do; stateless:
a code is what was typed, encrypted with the master key, for one minute.
"""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from joserfc import jwk, jwt

from undersigned.base import vault
from undersigned.base.text import is_one_line
from undersigned.identity.models import Provider
from undersigned.identity.oidc import challenge
from undersigned.identity.sign_in import redirect_uri

CLIENT = "undersigned-demo"
KEY = "demo"
CODE_VALID = 60
"""Seconds."""
_CONTEXT = "demo provider code"
_KEPT = ("client_id", "redirect_uri", "nonce", "code_challenge", "state", "login_hint")
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def issuer() -> str:
    """Its name and address."""
    return f"{settings.PUBLIC_URL}/demo-provider"


def seed() -> None:
    """Let the sandbox organisations of this installation use it. At every start, since its address may have changed."""
    Provider.objects.update_or_create(
        organization=None,
        key=KEY,
        defaults={
            "name": "Demo eID",
            "issuer": issuer(),
            "client_id": CLIENT,
            "claims": {"national_id": "national_id"},
            "scope": "openid profile email phone",
            "level": "demo",
            "demo": True,
        },
    )


def _in_demo_only(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    @never_cache
    @wraps(view)
    def wrapped(request: HttpRequest) -> HttpResponseBase:
        if not settings.DEMO:
            raise Http404
        return view(request)

    return wrapped


class _PersonForm(forms.Form):
    use_required_attribute = False
    given_name = forms.CharField(
        label=_("Given name"), max_length=80, widget=forms.TextInput(attrs={"class": "input"})
    )
    family_name = forms.CharField(
        label=_("Family name"), max_length=80, widget=forms.TextInput(attrs={"class": "input"})
    )
    national_id = forms.CharField(
        label=_("National identity number"),
        help_text=_("Invented ones only, such as 010170-999R."),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off", "spellcheck": "false"}),
    )

    birthdate = forms.CharField(
        label=_("Date of birth"),
        help_text=_("Year-month-day, such as 1970-01-01."),
        max_length=10,
        required=False,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
    )
    email = forms.CharField(
        label=_("Mail address"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off", "spellcheck": "false"}),
    )
    phone_number = forms.CharField(
        label=_("Phone number"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        for name, value in data.items():
            if not is_one_line(value):
                self.add_error(name, _("This cannot be used."))
        return data


@require_GET
@_in_demo_only
def configuration(_request: HttpRequest) -> HttpResponseBase:
    """OpenID Connect Discovery 1.0, section 3."""
    return JsonResponse(
        {
            "issuer": issuer(),
            "authorization_endpoint": f"{issuer()}/authorize",
            "token_endpoint": f"{issuer()}/token",
            "jwks_uri": f"{issuer()}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "token_endpoint_auth_methods_supported": ["none"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }
    )


@require_GET
@_in_demo_only
def keys(_request: HttpRequest) -> HttpResponseBase:
    """RFC 7517."""
    return JsonResponse({"keys": [_key().as_dict(private=False) | {"use": "sig", "alg": "ES256"}]})


def _key() -> jwk.ECKey:
    """Derived from the master key, so that every process signs with the same."""
    number = int.from_bytes(vault.keyed_hash("signing key", "demo provider") * 2, "big")
    private = ec.derive_private_key(number % (_P256_ORDER - 1) + 1, ec.SECP256R1())
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return jwk.ECKey.import_key(pem, {"kid": "demo"})


@require_http_methods(["GET", "HEAD", "POST"])
@_in_demo_only
def authorize(request: HttpRequest) -> HttpResponseBase:
    """Who do you want to be?"""
    given = request.POST if request.method == "POST" else request.GET
    asked = {name: given.get(name, "")[:600] for name in _KEPT}
    if asked["client_id"] != CLIENT or asked["redirect_uri"] != redirect_uri() or not asked["code_challenge"]:
        return HttpResponse("unknown client or redirect address", status=400, content_type="text/plain")
    initial = {"national_id": asked["login_hint"][:40]}
    form = _PersonForm(request.POST if request.method == "POST" else None, initial=initial)
    if "cancel" in given:
        return _back(asked, error="access_denied")
    if form.is_bound and form.is_valid():
        person = form.cleaned_data | {
            "name": f"{form.cleaned_data['given_name']} {form.cleaned_data['family_name']}"
        }
        held = json.dumps({"asked": asked, "person": person, "until": time.time() + CODE_VALID}).encode()
        code = base64.urlsafe_b64encode(vault.encrypt(held, _CONTEXT)).decode()
        return _back(asked, code=code)
    context = {"form": form, "asked": asked}
    return render(request, "public/demo_provider.html", context, status=422 if form.is_bound else 200)


def _back(asked: dict[str, str], **said: str) -> HttpResponse:
    query = urlencode(said | {"state": asked["state"], "iss": issuer()})
    return HttpResponseRedirect(f"{asked['redirect_uri']}?{query}")


@csrf_exempt
@require_POST
@_in_demo_only
def token(request: HttpRequest) -> HttpResponseBase:
    """RFC 6749 section 4.1.3 with RFC 7636."""
    try:
        held = json.loads(vault.decrypt(base64.urlsafe_b64decode(request.POST.get("code", "")), _CONTEXT))
    except (vault.CannotDecrypt, ValueError):
        return _refused("invalid_grant")
    asked = held["asked"]
    verifier = request.POST.get("code_verifier", "")
    good = (
        request.POST.get("grant_type") == "authorization_code"
        and request.POST.get("client_id") == CLIENT
        and request.POST.get("redirect_uri") == asked["redirect_uri"]
        and hmac.compare_digest(challenge(verifier).encode(), asked["code_challenge"].encode())
        and time.time() < held["until"]
    )
    if not good:
        return _refused("invalid_grant")
    now, person = int(time.time()), {k: v for k, v in held["person"].items() if v}
    verified = {f"{name}_verified": True for name in ("email", "phone_number") if name in person}
    claims = (
        person
        | verified
        | {
            "iss": issuer(),
            "aud": CLIENT,
            "sub": vault.keyed_hash(json.dumps(person, sort_keys=True), "demo subject").hex(),
            "nonce": asked["nonce"],
            "iat": now,
            "exp": now + 300,
            "auth_time": now,
        }
    )
    signed = jwt.encode({"alg": "ES256", "kid": "demo"}, claims, _key())
    return JsonResponse(
        {"token_type": "Bearer", "access_token": "none", "expires_in": 300, "id_token": signed}
    )


def _refused(error: str) -> HttpResponse:
    return JsonResponse({"error": error}, status=400)


urlpatterns = [
    path(".well-known/openid-configuration", configuration),
    path("keys", keys),
    path("authorize", authorize, name="demo-authorize"),
    path("token", token),
]
