"""Forms of the pages on which something is done with a document, or handed on."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import EmailValidator
from django.http import QueryDict
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .documents import Document
from .parts import FieldKind, FormField, Hand, NewPerson

OFF = ""


def control(number: int) -> str:
    """Name of a form field's control in the page; its id begins with `id_`."""
    return f"f{number}"


def posted(document: Document, data: QueryDict, only: str = "") -> dict[int, str]:
    """Values of the document's fields by number, as a browser sends them: what is off is not sent. `only`: of the control with this name."""
    found = {}
    for field in document.form:
        name = control(field.number)
        if field.read_only or field.hidden or (only and name != only):
            continue
        if field.multiple:
            found[field.number] = "\n".join(data.getlist(name))
        else:
            found[field.number] = data.get(name, OFF)
    return found


class FillForm(forms.Form):
    """The form of a document; its values are checked by the core, whose faults come in with `show_faults`."""

    use_required_attribute = False

    def __init__(self, document: Document, values: dict[int, str] | None = None) -> None:
        """`values`: what was posted, to be shown again; else what is kept."""
        self.shown = [f for f in document.form if not f.hidden]
        super().__init__({} if values is not None else None)
        for field in self.shown:
            value = field.value if values is None else values.get(field.number, field.value)
            made = forms.CharField(label=field.label, required=False, initial=value)
            made.widget.attrs["id"] = f"id_{control(field.number)}"
            self.fields[control(field.number)] = made

    def show_faults(self, faults: dict[str, str]) -> None:
        """Put the core's faults beside the fields, in words."""
        self.full_clean()
        for field in self.shown:
            fault = faults.get(str(field.number))
            if fault:
                self.add_error(control(field.number), fault_text(field, fault))

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Each field with its control's name, what it shows, and its error."""
        rows = []
        for field in self.shown:
            name = control(field.number)
            value = self.fields[name].initial
            error = (self.errors.get(name) or [""])[0] if self.is_bound else ""
            chosen = value.split("\n") if field.multiple else [value]
            options = [(o.value, o.label, o.value in chosen) for o in field.options]
            rows.append(
                {
                    "field": field,
                    "name": name,
                    "value": value,
                    "options": options,
                    "error": error,
                    "page": field.boxes[0].page if field.boxes else 0,
                    "on": bool(value),
                }
            )
        return rows


def fault_text(field: FormField, fault: str) -> str:
    """The error beside a field of the form."""
    values = {"label": field.label}
    if fault == "too_long":
        values |= {"max": str(field.max_length or 0)}
        return _("%(label)s can have %(max)s characters.") % values
    if fault == "unprintable":
        return _("%(label)s has a character that cannot be printed.") % values
    match field.kind:
        case FieldKind.CHECKBOX:
            return _("Tick %(label)s.") % values
        case FieldKind.RADIO | FieldKind.CHOICE:
            return _("Choose %(label)s.") % values
    return _("Enter %(label)s.") % values


class UploadForm(forms.Form):
    """A PDF, or a picture of paper. `chosen` is what came."""

    file = forms.FileField(
        label=gettext_lazy("Choose a file"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "application/pdf,.pdf", "class": "input"}),
    )
    picture = forms.FileField(
        label=gettext_lazy("Take a picture"),
        required=False,
        widget=forms.FileInput(
            attrs={"accept": "image/jpeg,image/png,image/webp", "capture": "environment", "class": "input"}
        ),
    )
    use_required_attribute = False
    chosen: UploadedFile[Any]

    def clean(self) -> dict[str, Any]:
        for name in ("file", "picture"):
            found = self.cleaned_data.get(name)
            if found is None:
                continue
            size, most = found.size or 0, settings.MAX_UPLOAD_BYTES
            if size > most:
                values = {"size": number_format(size / 1024 / 1024, 1), "most": most // 1024 // 1024}
                self.add_error(name, _("The file is %(size)s MB; %(most)s MB is the most.") % values)
            self.chosen = found
            return self.cleaned_data
        if not self.errors:
            self.add_error("file", _("Choose a file."))
        return self.cleaned_data

    @property
    def is_picture(self) -> bool:
        """Whether what came is a picture to be made into a page."""
        return self.cleaned_data.get("file") is None


class ForwardForm(forms.Form):
    """Who should sign?"""

    who = forms.ChoiceField(
        choices=[
            (Hand.ME.value, gettext_lazy("Only I")),
            (Hand.OTHER.value, gettext_lazy("Somebody else, not I")),
            (Hand.BOTH.value, gettext_lazy("I, and then somebody else")),
        ],
        error_messages={
            "required": gettext_lazy("Choose who should sign."),
            "invalid_choice": gettext_lazy("Choose who should sign."),
        },
    )
    name = forms.CharField(
        label=gettext_lazy("Name"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "input", "dir": "auto"}),
    )
    email = forms.CharField(
        label=gettext_lazy("Mail address"),
        required=False,
        max_length=320,
        widget=forms.EmailInput(attrs={"autocomplete": "off", "class": "input", "dir": "ltr"}),
    )
    phone = forms.CharField(
        label=gettext_lazy("Mobile number (optional)"),
        required=False,
        max_length=40,
        help_text=gettext_lazy("With the country, such as +358 40 1234567."),
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "inputmode": "tel", "class": "input", "dir": "ltr"}
        ),
    )
    use_required_attribute = False

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if data.get("who") in (None, Hand.ME):
            self.errors.pop("email", None)
            return data
        if not data.get("name"):
            self.add_error("name", _("Enter the name of the person who should sign."))
        try:
            EmailValidator()(data.get("email", ""))
        except forms.ValidationError:
            self.add_error("email", self.faults()["email"])
        return data

    @staticmethod
    def faults() -> dict[str, str]:
        """Words for what the core does not take."""
        return {
            "name": _("Enter the name of the person who should sign."),
            "email": _("Enter a mail address such as name@example.org."),
            "phone": _("Enter a mobile number with its country, such as +358 40 1234567."),
        }

    @property
    def hand(self) -> Hand:
        return Hand(self.cleaned_data["who"])

    @property
    def person(self) -> NewPerson:
        data = self.cleaned_data
        return NewPerson(" ".join(data["name"].split()), data["email"], data["phone"])
