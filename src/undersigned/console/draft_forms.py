"""Forms of a new envelope."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from undersigned.envelopes.add_recipient import NAME_MAX, NewRecipient
from undersigned.envelopes.create_envelope import TITLE_MAX
from undersigned.envelopes.edit_envelope import MESSAGE_MAX, Letter
from undersigned.envelopes.models import Envelope, Recipient
from undersigned.envelopes.plan import plan_of
from undersigned.envelopes.policy import Policy

from .forms import text_input

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_NOT_DIALLED = re.compile(r"[\s().\-/]")
_FAULTS: dict[tuple[str, str], StrOrPromise] = {
    ("name", "required"): _("Enter the name."),
    ("name", "invalid"): _(
        "This name cannot be printed on a signature. Write it in one line, without special signs."
    ),
    ("email", "required"): _("Enter the mail address."),
    ("email", "invalid"): _("Enter a mail address such as anna@example.com."),
    ("email", "already_used"): _("Somebody here has this mail address already."),
    ("phone", "required"): _("A code by SMS needs a mobile phone number."),
    ("phone", "invalid"): _("Enter the phone number with its country code, such as +358 40 123 4567."),
    ("title", "required"): _("Enter a title."),
    ("title", "too_long"): _("The title is too long."),
    ("title", "invalid"): _("Write the title in one line."),
    ("message", "too_long"): _("The message is too long."),
    ("due_at", "past"): _("Choose a day from today on."),
    ("remind_days", "invalid"): _("Choose one of the entries."),
}


class DraftForm(forms.Form):
    """A form that says in words what the core finds wrong."""

    use_required_attribute = False

    def refuse(self, faults: dict[str, list[str]]) -> None:
        """Put the core's fault codes beside the fields."""
        for name, codes in faults.items():
            for code in codes:
                self.add_error(name if name in self.fields else None, self.in_words(name, code))

    def in_words(self, name: str, code: str) -> StrOrPromise:
        """What a fault of the core's means."""
        return _FAULTS.get((name, code), code)


class PersonForm(DraftForm):
    """One person."""

    name = forms.CharField(
        label=_("Full name"),
        max_length=NAME_MAX,
        error_messages={"required": _FAULTS["name", "required"]},
        widget=text_input(autocomplete="off"),
    )
    email = forms.CharField(
        label=_("Mail address"),
        max_length=320,
        error_messages={"required": _FAULTS["email", "required"]},
        widget=text_input(inputmode="email", autocomplete="off", autocapitalize="none", spellcheck="false"),
    )
    role = forms.ChoiceField(
        label=_("What they do"),
        choices=[
            (Recipient.Kind.SIGNER.value, _("Signs")),
            (Recipient.Kind.COPY.value, _("Gets a copy at the end")),
        ],
        initial=Recipient.Kind.SIGNER.value,
        widget=forms.Select(attrs={"class": "input"}),
    )
    proof = forms.ChoiceField(
        label=_("How they prove who they are"),
        choices=[
            ("none", _("Personal link by mail")),
            ("sms", _("Link, and a code by SMS")),
            ("sender", _("Link, and a code that you hand over")),
        ],
        initial="none",
        widget=forms.Select(attrs={"class": "input"}),
    )
    phone = forms.CharField(
        label=_("Mobile phone (for a code by SMS)"),
        required=False,
        max_length=40,
        help_text=_("With country code, such as +358 40 123 4567"),
        widget=text_input(inputmode="tel", autocomplete="off"),
    )
    language = forms.ChoiceField(
        label=_("Language of their messages and pages"),
        choices=settings.LANGUAGES,
        required=False,
        widget=forms.Select(attrs={"class": "input"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if len(settings.LANGUAGES) == 1:
            del self.fields["language"]

    @classmethod
    def of(cls, person: Recipient) -> dict[str, Any]:
        """Initial values for somebody who is there already."""
        proof = "none" if "code" not in person.methods else "sms" if person.code_by_sms else "sender"
        return {
            "name": person.full_name,
            "email": person.email,
            "role": person.kind,
            "proof": proof,
            "phone": person.phone,
            "language": person.language,
        }

    def clean_phone(self) -> str:
        """In E.164 as far as it can be; the core checks it."""
        dialled = _NOT_DIALLED.sub("", self.cleaned_data["phone"])
        return f"+{dialled[2:]}" if dialled.startswith("00") else dialled

    @property
    def person(self) -> NewRecipient:
        data = self.cleaned_data
        return NewRecipient(
            data["name"],
            data["email"],
            phone=data["phone"] or None,
            language=data.get("language") or None,
            kind=Recipient.Kind(data["role"]),
            code=data["proof"],
        )


class LetterForm(DraftForm):
    """Title, message, dates."""

    title = forms.CharField(
        label=_("Title"),
        help_text=_("The people see it in their mail, and the sealed record carries it."),
        max_length=TITLE_MAX,
        error_messages={"required": _FAULTS["title", "required"]},
        widget=text_input(autocomplete="off"),
    )
    message = forms.CharField(
        label=_("Message (optional)"),
        help_text=_("In your own words; it stands in the mail and on the first page that they see."),
        required=False,
        max_length=MESSAGE_MAX,
        widget=forms.Textarea(attrs={"class": "input", "rows": 5}),
    )
    due_at = forms.DateField(
        label=_("Sign by (optional)"),
        help_text=_("Until the end of this day, UTC."),
        required=False,
        error_messages={"invalid": _("Enter a date such as 2027-03-31.")},
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"class": "input", "type": "date"}),
        input_formats=["%Y-%m-%d"],
    )
    refuse_past_due = forms.BooleanField(
        label=_("After this day nobody can sign any more"),
        required=False,
        widget=forms.CheckboxInput(),
    )
    remind_days = forms.TypedChoiceField(
        label=_("Reminders"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[
            ("", _("None; I remind people myself")),
            ("1", _("Every day")),
            ("2", _("Every second day")),
            ("3", _("Every third day")),
            ("7", _("Every week")),
            ("14", _("Every second week")),
        ],
        widget=forms.Select(attrs={"class": "input"}),
    )

    @classmethod
    def of(cls, envelope: Envelope) -> dict[str, Any]:
        """Initial values: what the draft says now."""
        return {
            "title": envelope.title,
            "message": envelope.description,
            "due_at": envelope.due_at.astimezone(UTC).date() if envelope.due_at else None,
            "refuse_past_due": Policy.model_validate(envelope.policy).past_due == "refuse",
            "remind_days": plan_of(envelope).remind_days or "",
        }

    @property
    def letter(self) -> Letter:
        data = self.cleaned_data
        return Letter(
            data["title"],
            data["message"],
            _end_of(data["due_at"]) if data["due_at"] else None,
            data["refuse_past_due"],
            data["remind_days"],
        )


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time(23, 59, 59), tzinfo=UTC)
