"""Forms about templates: roles, title, people for roles, sheets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from undersigned.accounts.models import Organization, User
from undersigned.envelopes.create_envelope import TITLE_MAX
from undersigned.envelopes.plan_parts import PARTS_MAX, Part
from undersigned.envelopes.roles import Player

from .draft_forms import DraftForm
from .forms import text_input

MORE = 2
"""Empty lines below the roles that there are."""


@dataclass
class RoleLine:
    """One role, as it was given."""

    number: int
    name: str = ""
    key: str = ""
    error: str = ""


class RolesForm:
    """Names of roles, one a line; an empty line takes its role out."""

    def __init__(
        self, parts: Sequence[Part], *, ordered: bool, data: Mapping[str, Any] | None = None
    ) -> None:
        self.faults: list[RoleLine] = []
        self.error = ""
        self.data = data
        if data is None:
            self.ordered = ordered
            known = [(p.name, p.key) for p in parts]
        else:
            self.ordered = data.get("ordered") == "yes"
            found = [
                (str(data.get(f"name-{n}", "")), str(data.get(f"key-{n}", ""))) for n in range(PARTS_MAX)
            ]
            known = [(name.strip(), key[:10]) for name, key in found if name.strip()]
        self.given = len(known)
        lines = [*known, *[("", "")] * min(MORE, PARTS_MAX - len(known))]
        self.lines = [RoleLine(n, name, key) for n, (name, key) in enumerate(lines)]

    def parts(self) -> list[Part]:
        """Those that have a name."""
        return [Part(line.name, line.key) for line in self.lines if line.name]

    def is_ordered(self) -> bool:
        return self.ordered

    def refuse(self, faults: Mapping[str, list[str]]) -> None:
        """Put the core's fault codes beside the lines, in words."""
        words = {
            "too_long": _("This name is too long."),
            "invalid": _("Write the name in one line, without dots and special signs."),
            "already_used": _("Two roles have this name."),
            "required": _("Name at least one role."),
            "too_many": _("There are too many roles."),
        }
        for name, codes in faults.items():
            line = self.lines[int(name) if name.isdecimal() else 0]
            line.error = words[codes[0]]
            self.faults.append(line)


class TitleForm(DraftForm):
    """What the template is called, and who may use it."""

    title = forms.CharField(
        label=gettext_lazy("Title"),
        max_length=TITLE_MAX,
        required=False,
        widget=text_input(autocomplete="off"),
    )
    public = forms.BooleanField(
        label=gettext_lazy("Everybody in the organisation who sends envelopes may use it"), required=False
    )


class UseForm(DraftForm):
    """People for the roles of a template, and values for its text fields; made of the template."""

    def __init__(
        self, title: str, parts: Sequence[str], texts: Sequence[str], *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.parts, self.texts = parts, texts
        self.fields["title"] = forms.CharField(
            label=_("Title"),
            initial=title,
            max_length=TITLE_MAX,
            required=False,
            widget=text_input(autocomplete="off"),
        )
        labels = {
            "name": _("First name"),
            "surname": _("Last name"),
            "email": _("Mail address"),
            "phone": _("Mobile phone"),
        }
        for number in range(len(parts)):
            for what, label in labels.items():
                widget = text_input(autocomplete="off", **({"type": "email"} if what == "email" else {}))
                self.fields[f"{what}-{number}"] = forms.CharField(
                    label=label, required=False, max_length=320, widget=widget
                )
        for number, text in enumerate(texts):
            self.fields[f"text-{number}"] = forms.CharField(
                label=text, required=False, max_length=2000, widget=text_input(autocomplete="off")
            )

    def groups(self) -> list[dict[str, Any]]:
        """The fields of each part, for the page."""
        names = ("name", "surname", "email", "phone")
        return [
            {"name": part, "fields": [self[f"{what}-{n}"] for what in names]}
            for n, part in enumerate(self.parts)
        ]

    def text_fields(self) -> list[Any]:
        return [self[f"text-{n}"] for n in range(len(self.texts))]

    def players(self, organization: Organization) -> dict[str, Player]:
        """Who was named; an address that exactly one account has is that person."""
        said = self.cleaned_data
        found = {}
        for number, part in enumerate(self.parts):
            one = {
                what: said.get(f"{what}-{number}", "").strip()
                for what in ("name", "surname", "email", "phone")
            }
            if not any(one.values()):
                continue
            users = User.objects.filter(
                organization=organization, disabled_at=None, email__iexact=one["email"]
            )
            known = list(users[:2]) if one["email"] else []
            found[part] = Player(**one, user=known[0] if len(known) == 1 else None)
        return found

    def values(self) -> dict[str, str]:
        """Of the text fields that were filled in."""
        found = {text: self.cleaned_data.get(f"text-{n}", "").strip() for n, text in enumerate(self.texts)}
        return {name: value for name, value in found.items() if value}

    def refuse_roles(self, faults: Mapping[str, list[str]]) -> None:
        """Put the core's `roles.<part>.<what>` beside the fields."""
        numbers = {part: n for n, part in enumerate(self.parts)}
        for name, codes in faults.items():
            _roles, _dot, rest = name.partition("roles.")
            part, _sign, what = rest.rpartition(".")
            field = f"{what}-{numbers[part]}" if part in numbers else name
            for code in codes:
                self.add_error(field if field in self.fields else None, self.in_words(what or name, code))
