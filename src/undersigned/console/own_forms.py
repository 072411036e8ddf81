"""Forms about a user's own keys, and about their own server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from undersigned.accounts.endpoints import HEADERS_SIZE, MASK, URL_MAX, Endpoint
from undersigned.base.http_auth import HttpAuth
from undersigned.base.text import is_one_line

from .forms import text_input

CONVERT = (
    "openssl pkcs12 -legacy -in old.p12 -nodes -out all.pem; openssl pkcs12 -export -in all.pem -out new.p12"
)
_REFUSED = {
    "too_large": _("The file is too large for one with a key and its certificates."),
    "not_pkcs12": _("This is not a PKCS#12 file (.p12, .pfx)."),
    "wrong_password": _("The password does not open the file, or the file is damaged."),
    "old_cipher": _(
        "The file is encrypted in an old way (RC2) that this server cannot read. Convert it, then delete all.pem: {command}"
    ),
    "no_key": _("There is no private key with its certificate in the file."),
    "too_many_certificates": _("The file holds more certificates than a key needs."),
    "timeout": _("Opening the file takes too long: it asks for too many rounds of hashing."),
    "key_type": _("Keys of this kind cannot sign here: RSA, and ECDSA on P-256, P-384 or P-521, can."),
    "key_too_small": _("The RSA key has less than 2048 bits, which validators do not accept."),
    "not_its_key": _("The certificate in the file belongs to another key."),
    "not_yet_valid": _("The certificate is not valid yet."),
    "expired": _("The certificate has expired."),
    "not_for_signing": _("The certificate is not for signing documents."),
    "weak_certificate": _("The certificate is signed with SHA-1 or MD5, which validators do not accept."),
    "already_there": _("This certificate is here already."),
    "too_many": _("There are as many keys here as an account may have. Remove one first."),
}
"""Why a key was not taken (`sealing.identities.IdentityRefused`)."""
_LOOKS = {
    "too_large": _("The picture is too large: at most 5 MB and 6000 pixels a side."),
    "too_small": _("The picture is too small, or nothing can be seen on it."),
    "not_picture": _("This is no picture. Use PNG, JPEG, WebP, or a PDF with one."),
}


class LabelForm(forms.Form):
    """What a key is called."""

    use_required_attribute = False
    label = forms.CharField(
        label=_("What you call it (optional)"),
        max_length=200,
        required=False,
        widget=text_input(autocomplete="off"),
    )

    def clean_label(self) -> str:
        label: str = self.cleaned_data["label"]
        if not is_one_line(label):
            raise forms.ValidationError(_("Use one line without special characters."))
        return label

    def refuse(self, code: str) -> None:
        """Say why the key was not taken."""
        words = str(_REFUSED[code]).format(command=CONVERT)
        field = "password" if code == "wrong_password" else "file" if "file" in self.fields else None
        self.add_error(field, words)


class BringForm(LabelForm):
    """A PKCS#12 file and its password."""

    file = forms.FileField(
        label=_("PKCS#12 file (.p12, .pfx)"),
        error_messages={"required": _("Choose the file."), "empty": _("The file is empty.")},
        widget=forms.FileInput(attrs={"class": "input", "accept": ".p12,.pfx,application/x-pkcs12"}),
    )
    password = forms.CharField(
        label=_("Password of the file"),
        help_text=_("It opens the file once, and is not kept."),
        strip=False,
        required=False,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"class": "input", "autocomplete": "off"}),
    )
    field_order = ["file", "password", "label"]


class LookForm(forms.Form):
    """A picture of the signature."""

    use_required_attribute = False
    file = forms.FileField(
        label=_("Picture of your signature"),
        error_messages={"required": _("Choose a picture."), "empty": _("The file is empty.")},
        widget=forms.FileInput(
            attrs={"class": "input", "accept": "image/png,image/jpeg,image/webp,application/pdf"}
        ),
    )

    def refuse(self, code: str) -> None:
        """Say why the picture cannot be used."""
        self.add_error("file", _LOOKS.get(code, _LOOKS["not_picture"]))


class EndpointForm(forms.Form):
    """A user's own server. Its values are checked by the core (`accounts.endpoints.keep_endpoint`); empty secrets stay what they are."""

    use_required_attribute = False
    url = forms.CharField(
        label=_("Webhook address (optional)"),
        help_text=_("Events of the envelopes that this account makes are posted here."),
        max_length=URL_MAX,
        required=False,
        widget=text_input(inputmode="url", autocomplete="off", spellcheck="false"),
    )
    headers = forms.CharField(
        label=_("Headers (optional)"),
        help_text=_("One a line, for example X-Tenant: 7. They go with every call to your server."),
        max_length=HEADERS_SIZE,
        required=False,
        widget=forms.Textarea(attrs={"class": "input", "rows": 3, "spellcheck": "false"}),
    )
    mode = forms.ChoiceField(
        label=_("How we prove ourselves"),
        choices=[("", _("Not at all, or by headers")), ("basic", "Basic"), ("digest", "Digest")],
        required=False,
        widget=forms.Select(attrs={"class": "input"}),
    )
    username = forms.CharField(
        label=_("User name"), max_length=500, required=False, widget=text_input(autocomplete="off")
    )
    password = forms.CharField(
        label=_("Password"),
        help_text=_("Empty: the one that is kept."),
        strip=False,
        max_length=1000,
        required=False,
        widget=forms.PasswordInput(attrs={"class": "input", "autocomplete": "new-password"}),
    )
    client_certificate = forms.CharField(
        label=_("Client certificate (optional)"),
        help_text=_("PEM, with the certificates above it. For servers that ask for one."),
        max_length=64 * 1024,
        required=False,
        widget=forms.Textarea(attrs={"class": "input", "rows": 3, "spellcheck": "false"}),
    )
    client_key = forms.CharField(
        label=_("Its private key"),
        help_text=_("PEM without a password. Empty: the one that is kept."),
        max_length=64 * 1024,
        required=False,
        widget=forms.Textarea(
            attrs={"class": "input", "rows": 3, "spellcheck": "false", "autocomplete": "off"}
        ),
    )

    @staticmethod
    def of(endpoint: Endpoint) -> dict[str, Any]:
        """What stands in the form at first: no secrets."""
        lines = [f"{name}: {value}" for name, values in endpoint.headers.items() for value in values]
        return {
            "url": endpoint.url,
            "headers": "\n".join(lines),
            "mode": endpoint.auth.mode,
            "username": endpoint.auth.username,
            "client_certificate": endpoint.auth.client_certificate,
        }

    def clean_headers(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for line in self.cleaned_data["headers"].splitlines():
            name, colon, value = line.partition(":")
            if line.strip() and not colon:
                raise forms.ValidationError(_("Write each header as Name: value, one a line."))
            if line.strip():
                found.setdefault(name.strip(), []).append(value.strip())
        return {name: tuple(values) for name, values in found.items()}

    @property
    def endpoint(self) -> Endpoint:
        """What is asked for, of a form without errors."""
        given = self.cleaned_data
        mode = cast("Literal['', 'basic', 'digest']", given["mode"])
        auth = HttpAuth(
            mode,
            given["username"] if mode else "",
            (given["password"] or MASK) if mode else "",
            (given["client_key"] or MASK) if given["client_certificate"] else "",
            given["client_certificate"],
        )
        return Endpoint(given["url"], given["headers"], auth)

    def refuse(self, faults: Mapping[str, list[str]]) -> None:
        """Say what the core does not take."""
        words = {
            "url": _("Enter an address such as https://example.com/hook."),
            "headers": _("A header has a name or a value that cannot be sent, or one that is ours to set."),
            "username": _("A user name for Basic has no colon."),
            "client_key": _("This is no private key in PEM, or it has a password."),
            "client_certificate": _("This is no certificate in PEM, or it belongs to another key."),
        }
        for name in faults:
            self.add_error(name, words[name])
