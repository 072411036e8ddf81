"""Forms about metadata: fields and templates for administrators, values for senders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from undersigned.envelopes.metadata import PERSON_MAX, TEXT_MAX, Entry
from undersigned.envelopes.metadata_templates import FIELDS_MAX, NAME_MAX, Chosen
from undersigned.envelopes.models import MetadataField, MetadataTemplate

from .forms import text_input

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Kind = MetadataField.Kind
KINDS: dict[str, StrOrPromise] = {
    Kind.TEXT.value: _("Text"),
    Kind.NUMBER.value: _("Number"),
    Kind.DATE.value: _("Date"),
    Kind.PERSON.value: _("Person"),
}
_FAULTS: dict[tuple[str, str], StrOrPromise] = {
    ("name", "required"): _("Enter a name."),
    ("name", "too_long"): _("The name is too long."),
    ("name", "invalid"): _("Write the name in one line."),
    ("name", "already_used"): _("This name is taken. Archived ones keep theirs."),
    ("fields", "required"): _("Choose at least one field."),
    ("fields", "too_many"): _("A template can have 50 fields."),
}
_VALUE_FAULTS: dict[str, StrOrPromise] = {
    "required": _("Enter a value."),
    "too_long": _("The text is too long."),
    "unknown": _("The template has changed. Please look at it again."),
}
_INVALID: dict[str, StrOrPromise] = {
    Kind.TEXT.value: _("Write it in one line."),
    Kind.PERSON.value: _("Write it in one line."),
    Kind.NUMBER.value: _("Enter a number such as 1200.50."),
    Kind.DATE.value: _("Enter a date such as 2027-03-31."),
}


class NamedForm(forms.Form):
    """A name, and the core's findings in words."""

    use_required_attribute = False
    name = forms.CharField(
        label=_("Name"),
        max_length=NAME_MAX,
        error_messages={"required": _FAULTS["name", "required"]},
        widget=text_input(autocomplete="off"),
    )

    def refuse(self, faults: dict[str, list[str]]) -> None:
        """Put the core's fault codes beside the fields."""
        for field, codes in faults.items():
            words = _FAULTS.get((field, codes[0]), codes[0])
            self.add_error(field if field in self.fields else None, words)


class FieldForm(NamedForm):
    """One field; its kind stays once it is made."""

    kind = forms.ChoiceField(
        label=_("Kind"), choices=list(KINDS.items()), widget=forms.Select(attrs={"class": "input"})
    )

    def __init__(self, *args: Any, new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not new:
            del self.fields["kind"]


class TemplateForm(NamedForm):
    """A name, and for each field whether it is in the template and must be filled in. In the order of `fields`."""

    def __init__(self, *args: Any, fields: Sequence[MetadataField], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = list(fields)
        for field in self.known:
            self.fields[f"f-{field.pub}"] = forms.ChoiceField(
                label=field.name,
                help_text=KINDS[field.kind],
                required=False,
                choices=[
                    ("", _("Not in this template")),
                    ("optional", _("May be filled in")),
                    ("required", _("Must be filled in")),
                ],
                widget=forms.Select(attrs={"class": "input"}),
            )

    @classmethod
    def of(cls, template: MetadataTemplate) -> dict[str, Any]:
        """Initial values: what the template says now."""
        places = {f"f-{p.field.pub}": "required" if p.required else "optional" for p in template.places.all()}
        return {"name": template.name, **places}

    @property
    def chosen(self) -> list[Chosen]:
        """Fields of the template, in order."""
        data = self.cleaned_data
        return [
            Chosen(f.pub, data[f"f-{f.pub}"] == "required") for f in self.known if data.get(f"f-{f.pub}")
        ][: FIELDS_MAX + 1]

    @property
    def rows(self) -> list[forms.BoundField]:
        """The fields to choose from, as the page shows them."""
        return [self[f"f-{f.pub}"] for f in self.known]


class ValuesForm(forms.Form):
    """What a sender says of an envelope, by the fields of one template. Values go to the core as they were typed."""

    use_required_attribute = False

    def __init__(self, *args: Any, entries: Sequence[Entry], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.entries = list(entries)
        for entry in self.entries:
            self.fields[f"m-{entry.field.pub}"] = _value_field(entry)

    @property
    def values(self) -> dict[str, str]:
        """By the fields' public ids."""
        values = {}
        for entry in self.entries:
            given = self.cleaned_data.get(f"m-{entry.field.pub}", "")
            if entry.field.kind == Kind.NUMBER and "." not in given:
                given = given.replace(",", ".", 1)  # as much of the world writes it
            values[entry.field.pub] = given
        return values

    def refuse(self, faults: dict[str, list[str]]) -> None:
        """Put the core's fault codes beside the fields."""
        kinds = {e.field.pub: e.field.kind for e in self.entries}
        for path, codes in faults.items():
            pub = path.removeprefix("metadata.")
            words = _INVALID[kinds[pub]] if codes[0] == "invalid" and pub in kinds else None
            self.add_error(
                f"m-{pub}" if pub in kinds else None, words or _VALUE_FAULTS.get(codes[0], codes[0])
            )


def _value_field(entry: Entry) -> forms.Field:
    kind = entry.field.kind
    attributes: dict[str, Any] = {"class": "input", "autocomplete": "off"}
    if kind == Kind.NUMBER:
        attributes |= {"inputmode": "decimal", "dir": "ltr"}
    widget = (
        forms.DateInput(attrs={**attributes, "type": "date"})
        if kind == Kind.DATE
        else forms.TextInput(attrs=attributes)
    )
    return forms.CharField(
        label=entry.field.name,
        required=False,  # the core says what must be there
        help_text=_("Must be filled in.") if entry.required else "",
        max_length=PERSON_MAX if kind == Kind.PERSON else TEXT_MAX,
        initial="" if entry.value is None else str(entry.value),
        widget=widget,
    )
