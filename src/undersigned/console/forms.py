"""Forms of the console."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.utils.translation import gettext_lazy as _

from undersigned.accounts.credentials import check_webhook_url
from undersigned.envelopes.clocks import MONTHS_MAX
from undersigned.lifecycle.dry_run import Rules

from .rows import Filters
from .words import DIALECTS

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def _input(**attributes: Any) -> dict[str, Any]:
    return {"class": "input", **attributes}


def text_input(**attributes: Any) -> forms.TextInput:
    """A text field in the look of all others."""
    return forms.TextInput(attrs=_input(**attributes))


class LoginForm(forms.Form):
    """User name with organisation, and password."""

    use_required_attribute = False
    username = forms.CharField(
        label=_("User name"),
        help_text=_("For example anna@company"),
        max_length=300,
        error_messages={"required": _("Enter your user name.")},
        widget=forms.TextInput(
            attrs=_input(autocomplete="username", autocapitalize="none", spellcheck="false")
        ),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=1000,
        error_messages={"required": _("Enter your password.")},
        widget=forms.PasswordInput(attrs=_input(autocomplete="current-password")),
    )


class ChosenPasswordForm(SetPasswordForm):  # type: ignore[type-arg]  # Django does not know the parameter
    """A new password, twice."""

    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words: dict[str, tuple[StrOrPromise, StrOrPromise, StrOrPromise]] = {
            "old_password": (_("Your password now"), "", _("Enter your password.")),
            "new_password1": (
                _("New password"),
                _("At least 12 characters; a sentence of your own is good."),
                _("Enter the new password."),
            ),
            "new_password2": (_("New password again"), "", _("Enter the new password again.")),
        }
        for name, field in self.fields.items():
            field.label, field.help_text, field.error_messages["required"] = words[name]
            field.widget.attrs.pop("autofocus", None)
            field.widget.attrs["class"] = "input"


class PasswordForm(ChosenPasswordForm, PasswordChangeForm):
    """Old and new password."""


class KeyForm(forms.Form):
    """An API key: what it is for, and where its events go."""

    use_required_attribute = False
    description = forms.CharField(
        label=_("What is it for?"),
        help_text=_("Use one key for each program, so that each can be switched off alone."),
        max_length=200,
        error_messages={"required": _("Say what the key is for.")},
        widget=forms.TextInput(attrs=_input(autocomplete="off")),
    )
    webhook_url = forms.CharField(
        label=_("Webhook address (optional)"),
        help_text=_("We post an event here when somebody signs and when everybody has signed."),
        max_length=2000,
        required=False,
        validators=[check_webhook_url],
        widget=forms.TextInput(attrs=_input(inputmode="url", autocomplete="off", spellcheck="false")),
    )


class NewKeyForm(KeyForm):
    """A new key also needs to know which API it is for."""

    dialect = forms.ChoiceField(label=_("API"), widget=forms.Select(attrs=_input()))
    field_order = ["dialect", "description", "webhook_url"]

    def __init__(self, *args: Any, dialects: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(name, DIALECTS.get(name, name)) for name in dialects]
        field = self.fields["dialect"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices
        if len(choices) == 1:
            field.widget, field.initial, field.required = forms.HiddenInput(), choices[0][0], False

    def clean_dialect(self) -> str:
        return self.cleaned_data["dialect"] or str(self.fields["dialect"].initial)


class RetentionForm(forms.Form):
    """An organisation's rules: calendar months, an empty field keeps that content."""

    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        told: dict[str, tuple[StrOrPromise, StrOrPromise]] = {
            "signed": (_("Signed documents: months"), _("From the last signature. Empty: for ever.")),
            "unsigned": (
                _("Documents that were not signed: months"),
                _("From the day they were made. What is still open is called off first. Empty: for ever."),
            ),
            "other": (
                _("All else: months"),
                _("Discussions, and what is left when the documents are gone. Empty: for ever."),
            ),
        }
        wrong = _("Write a whole number of months, 1 to {max}.").format(max=MONTHS_MAX)
        for name, (label, hint) in told.items():
            self.fields[name] = forms.IntegerField(
                label=label,
                help_text=hint,
                required=False,
                min_value=1,
                max_value=MONTHS_MAX,
                error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), wrong),
                widget=forms.TextInput(attrs=_input(inputmode="numeric", autocomplete="off")),
            )

    @property
    def rules(self) -> Rules:
        """What is asked for, of a form without errors."""
        return Rules(**self.cleaned_data)


class FilterForm(forms.Form):
    """The list's filters, as they stand in its address."""

    q = forms.CharField(
        label=_("Title, person or id"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs=_input(type="search")),
    )
    state = forms.ChoiceField(label=_("State"), required=False, widget=forms.Select(attrs=_input()))
    template = forms.ChoiceField(label=_("Metadata"), required=False, widget=forms.Select(attrs=_input()))
    origin = forms.ChoiceField(label=_("Made through"), required=False, widget=forms.Select(attrs=_input()))
    since = forms.DateField(
        label=_("Made from"), required=False, widget=forms.DateInput(attrs=_input(type="date"))
    )
    until = forms.DateField(
        label=_("Made until"), required=False, widget=forms.DateInput(attrs=_input(type="date"))
    )
    overdue = forms.BooleanField(label=_("Overdue"), required=False)
    failed = forms.BooleanField(label=_("With a failed message"), required=False)

    def __init__(
        self,
        *args: Any,
        states: list[tuple[str, str]],
        origins: list[tuple[str, str]],
        templates: list[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (("state", states), ("origin", origins), ("template", templates)):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", _("All")), *choices]

    @property
    def filters(self) -> Filters:
        """What is wanted; what cannot be read narrows nothing."""
        self.is_valid()
        known = {k: v for k, v in self.cleaned_data.items() if v}
        return Filters(**known)
