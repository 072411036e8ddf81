"""The form in which an administrator describes an identity provider."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from undersigned.identity.models import Provider
from undersigned.identity.providers import CLAIMS, LOGO_MAX, faults

from .forms import text_input

_FAULTS = {
    "required": _("Fill this in."),
    "invalid": _("This cannot be used; see the hint."),
    "taken": _("Another provider has this name."),
    "not_https": _("The address must begin with https://."),
    "not_png": _("The logo must be a PNG picture."),
    "too_large": _("The logo may have 64 kB."),
}
_CLAIMS = {
    "name": (_("Claim: name"), _("Empty: name.")),
    "given_name": (_("Claim: given name"), _("Empty: given_name.")),
    "family_name": (_("Claim: family name"), _("Empty: family_name.")),
    "national_id": (
        _("Claim: national identity number"),
        _("No standard name; for the Finnish Trust Network urn:oid:1.2.246.21. Empty: not read."),
    ),
    "birthdate": (_("Claim: date of birth"), _("Empty: birthdate.")),
    "email": (
        _("Claim: mail address"),
        _("Empty: email, where the scope asks for it and the provider has verified it."),
    ),
    "phone": (
        _("Claim: phone number"),
        _("Empty: phone_number, where the scope asks for it and the provider has verified it."),
    ),
}


class ProviderForm(forms.Form):
    """Its values are checked by the core (`identity.providers.faults`)."""

    use_required_attribute = False
    name = forms.CharField(
        label=_("Name on the button"),
        help_text=_("In full, as people know the service."),
        max_length=100,
        required=False,
        widget=text_input(autocomplete="off"),
    )
    key = forms.CharField(
        label=_("Key"),
        help_text=_("How programs name it: small letters, digits, hyphens. It stays."),
        max_length=40,
        required=False,
        widget=text_input(autocomplete="off", autocapitalize="none", spellcheck="false"),
    )
    asked_as = forms.CharField(
        label=_("Further names"),
        help_text=_(
            "By which programs ask for it beside its key, with blanks between, for example nbid-sign nbid-mobil. Each name may lead to one provider."
        ),
        max_length=1000,
        required=False,
        widget=text_input(autocomplete="off", autocapitalize="none", spellcheck="false"),
    )
    issuer = forms.CharField(
        label=_("Issuer"),
        help_text=_(
            "The https address under which the provider describes itself (/.well-known/openid-configuration)."
        ),
        max_length=500,
        required=False,
        widget=text_input(inputmode="url", autocomplete="off", spellcheck="false"),
    )
    client_id = forms.CharField(
        label=_("Client id"),
        help_text=_("As the provider gave it to you."),
        max_length=200,
        required=False,
        widget=text_input(autocomplete="off", spellcheck="false"),
    )
    client_secret = forms.CharField(
        label=_("Client secret"),
        help_text=_("Stored encrypted and never shown. Empty: the one that is stored stays."),
        max_length=1000,
        required=False,
        widget=forms.PasswordInput(attrs={"class": "input", "autocomplete": "new-password"}),
    )
    scope = forms.CharField(
        label=_("Scope"),
        help_text=_("Words with blanks between, openid among them."),
        max_length=200,
        initial="openid profile",
        required=False,
        widget=text_input(autocomplete="off", spellcheck="false"),
    )
    acr_values = forms.CharField(
        label=_("Level of assurance (acr)"),
        help_text=_("Asked for, and then one of these must come. Empty: any."),
        max_length=200,
        required=False,
        widget=text_input(autocomplete="off", spellcheck="false"),
    )
    logo = forms.FileField(
        label=_("Logo"),
        help_text=_("PNG, square, up to 64 kB."),
        required=False,
        widget=forms.FileInput(attrs={"class": "input", "accept": "image/png"}),
    )

    def __init__(self, *args: Any, provider: Provider, **kwargs: Any) -> None:
        self.provider = provider
        given = {
            name: getattr(provider, name) for name in ("name", "key", "issuer", "client_id", "acr_values")
        }
        given |= {"scope": provider.scope or "openid profile", "asked_as": " ".join(provider.asked_as)}
        given |= {f"claim_{ours}": theirs for ours, theirs in provider.claims.items()}
        super().__init__(*args, **kwargs)
        self.initial = given
        if provider.pk:
            del self.fields["key"]
        for ours, (label, hint) in _CLAIMS.items():
            self.fields[f"claim_{ours}"] = forms.CharField(
                label=label,
                help_text=hint,
                max_length=200,
                required=False,
                widget=text_input(autocomplete="off", spellcheck="false"),
            )

    def clean(self) -> dict[str, Any]:
        """Put the values onto the provider, and ask whether they will do."""
        data: dict[str, Any] = super().clean() or {}
        provider = self.provider
        for name in ("name", "key", "issuer", "client_id", "scope", "acr_values"):
            if name in data:
                setattr(provider, name, " ".join(data[name].split()))
        provider.asked_as = list(dict.fromkeys(data.get("asked_as", "").split()))
        provider.client_secret = data.get("client_secret") or provider.client_secret
        provider.claims = {
            ours: data[f"claim_{ours}"].strip() for ours in CLAIMS if data.get(f"claim_{ours}")
        }
        logo = data.get("logo")
        if isinstance(logo, UploadedFile):
            provider.logo = logo.read(LOGO_MAX + 1)
        for field, fault in faults(provider).items():
            self.add_error(field if field in self.fields else None, _FAULTS[fault])
        return data
