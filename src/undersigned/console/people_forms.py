"""Forms about users and groups."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from undersigned.accounts.capabilities import brought_by
from undersigned.accounts.models import Capability, Group, User
from undersigned.accounts.user_details import NAME_MAX, USERNAME_MAX, Details

from .forms import text_input

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

ROLES: dict[str, tuple[StrOrPromise, StrOrPromise]] = {
    User.Role.SIGNER.value: (_("Signs"), _("Sees and signs what is sent to them. Makes no envelopes.")),
    User.Role.MEMBER.value: (
        _("Member"),
        _("Makes envelopes, sees their own and those that concern them, and signs."),
    ),
    User.Role.ADMIN.value: (
        _("Administrator"),
        _("Sees and changes everything of the organisation, its people and its rules."),
    ),
}
"""Each role with what it means, least first."""
CAPABILITIES: dict[str, StrOrPromise] = {
    Capability.SEE_ENVELOPES.value: _("See all envelopes"),
    Capability.CHANGE_ENVELOPES.value: _("Make envelopes and change anybody’s"),
    Capability.DELETE_ENVELOPES.value: _("Delete anybody’s envelopes"),
    Capability.SEE_USERS.value: _("See all people"),
    Capability.CREATE_USERS.value: _("Add and change people and groups"),
    Capability.DELETE_USERS.value: _("Disable and enable people"),
    Capability.RESET_PASSWORDS.value: _("Send people links for a new password"),
    Capability.SEE_DEVICES.value: _("See everybody’s devices"),
    Capability.DELETE_DEVICES.value: _("Remove anybody’s devices"),
    Capability.CHANGE_ORGANIZATION.value: _("Change the organisation’s settings through the API"),
}
KINDS: list[tuple[str, StrOrPromise]] = [
    ("person", _("A person, who gets a mail with a link to choose a password")),
    ("robot", _("A program")),
    ("automatic", _("A program that signs by itself when its turn comes")),
]
_FAULTS: dict[tuple[str, str], StrOrPromise] = {
    ("username", "required"): _("Enter a user name."),
    ("username", "invalid"): _("A user name is one word, without @ and without blanks."),
    ("username", "too_long"): _("The user name is too long."),
    ("username", "already_used"): _("This user name is taken."),
    ("email", "required"): _("Enter the mail address: the link for the password goes there."),
    ("email", "invalid"): _("Enter a mail address such as anna@example.com."),
    ("phone", "invalid"): _("Enter a phone number with its country code, such as +358 40 123 4567."),
    ("name", "required"): _("Enter a name."),
    ("name", "already_used"): _("This name is taken."),
    ("name", "invalid"): _("Write the name in one line."),
    ("surname", "invalid"): _("Write the name in one line."),
    ("name", "too_long"): _("The name is too long."),
    ("surname", "too_long"): _("The name is too long."),
    ("password", "required"): _("Enter the new password."),
}


class CoreForm(forms.Form):
    """A form that says in words what the core finds wrong."""

    use_required_attribute = False

    def refuse(self, faults: dict[str, list[str]]) -> None:
        """Put the core's fault codes beside the fields."""
        for name, codes in faults.items():
            words = _FAULTS.get((name, codes[0]), codes[0])
            self.add_error(name if name in self.fields else None, words)


class PersonForm(CoreForm):
    """What is known of a user."""

    name = forms.CharField(
        label=_("First name"), max_length=NAME_MAX, required=False, widget=text_input(autocomplete="off")
    )
    surname = forms.CharField(
        label=_("Last name"), max_length=NAME_MAX, required=False, widget=text_input(autocomplete="off")
    )
    email = forms.CharField(
        label=_("Mail address"),
        max_length=254,
        required=False,
        widget=text_input(inputmode="email", autocomplete="off", autocapitalize="none", spellcheck="false"),
    )
    phone = forms.CharField(
        label=_("Phone (optional)"),
        max_length=40,
        required=False,
        widget=text_input(inputmode="tel", autocomplete="off"),
    )
    language = forms.ChoiceField(
        label=_("Language"), required=False, widget=forms.Select(attrs={"class": "input"})
    )
    groups = forms.MultipleChoiceField(
        label=_("Groups"), required=False, widget=forms.CheckboxSelectMultiple()
    )

    def __init__(self, *args: Any, groups: Iterable[Group], language: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = dict(settings.LANGUAGES)
        # One that a program set and that we do not write stays as it is.
        other = [(language, language)] if language and language not in known else []
        _choices(self, "language", [("", _("That of the organisation")), *known.items(), *other])
        _choices(self, "groups", [(group.name, group.name) for group in groups])

    @classmethod
    def of(cls, user: User) -> dict[str, Any]:
        """Initial values: what is known now."""
        own = {name: getattr(user, name) for name in ("name", "surname", "email", "phone", "language")}
        return own | {"groups": list(user.groups.values_list("name", flat=True))}

    @property
    def details(self) -> Details:
        """What a valid form says."""
        data = self.cleaned_data
        texts = {name: data[name] for name in ("name", "surname", "email", "phone", "language")}
        return Details(**texts, groups=tuple(data["groups"]))


class NewPersonForm(PersonForm):
    """A new user; the role and what they may do beside can be changed afterwards."""

    username = forms.CharField(
        label=_("User name"),
        max_length=USERNAME_MAX,
        error_messages={"required": _FAULTS["username", "required"]},
        widget=text_input(autocomplete="off", autocapitalize="none", spellcheck="false"),
    )
    kind = forms.ChoiceField(
        label=_("Who is it?"), choices=KINDS, initial="person", widget=forms.RadioSelect()
    )
    role = forms.ChoiceField(
        label=_("Role"),
        choices=[(role, words[0]) for role, words in ROLES.items()],
        initial=User.Role.MEMBER.value,
        widget=forms.RadioSelect(),
    )

    def __init__(self, *args: Any, slug: str, roles: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].help_text = _("They sign in as name@{organisation}.").format(
            organisation=slug
        )
        _choices(self, "role", [(role, ROLES[role][0]) for role in roles])


class RightsForm(forms.Form):
    """A user's role, and what they may do beside."""

    use_required_attribute = False
    role = forms.ChoiceField(label=_("Role"), widget=forms.RadioSelect())
    beside = forms.MultipleChoiceField(
        label=_("They may also"), required=False, widget=forms.CheckboxSelectMultiple()
    )

    def __init__(self, *args: Any, roles: Iterable[str], capabilities: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choices(self, "role", [(role, ROLES[role][0]) for role in roles])
        _choices(self, "beside", [(c, CAPABILITIES[c]) for c in CAPABILITIES if c in set(capabilities)])

    @property
    def beside_role(self) -> frozenset[str]:
        """Capabilities beside those that the chosen role brings."""
        return frozenset(self.cleaned_data["beside"]) - brought_by(self.cleaned_data["role"])


class GroupForm(CoreForm):
    """A group's name, and who of the people on this page is in it."""

    name = forms.CharField(
        label=_("Name"),
        max_length=NAME_MAX,
        error_messages={"required": _FAULTS["name", "required"]},
        widget=text_input(autocomplete="off"),
    )
    members = forms.MultipleChoiceField(
        label=_("Members"),
        required=False,
        widget=forms.CheckboxSelectMultiple(),
        help_text=_("Members come first. Save what you ticked before you look for others."),
    )

    def __init__(self, *args: Any, users: Iterable[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.users = {str(user.pub): user for user in users}
        _choices(self, "members", [(pub, user.full_name) for pub, user in self.users.items()])

    @property
    def chosen(self) -> list[User]:
        """Members of a valid form."""
        return [self.users[pub] for pub in self.cleaned_data["members"]]


class PeopleFilter(forms.Form):
    """The list's filters, as they stand in its address."""

    q = forms.CharField(
        label=_("Name, user name or mail address"),
        required=False,
        max_length=200,
        widget=text_input(type="search"),
    )
    role = forms.ChoiceField(
        label=_("Role"),
        required=False,
        choices=[("", _("All")), *((role, words[0]) for role, words in ROLES.items())],
        widget=forms.Select(attrs={"class": "input"}),
    )
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[("", _("All")), ("on", _("Works")), ("off", _("Disabled"))],
        widget=forms.Select(attrs={"class": "input"}),
    )
    group = forms.ChoiceField(label=_("Group"), required=False, widget=forms.Select(attrs={"class": "input"}))

    def __init__(self, *args: Any, groups: Iterable[Group], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choices(self, "group", [("", _("All")), *((str(g.pk), g.name) for g in groups)])

    @property
    def wanted(self) -> dict[str, str]:
        """What is asked for; what cannot be read narrows nothing."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value and "\x00" not in value}


class ForgottenForm(forms.Form):
    """Whose password it is."""

    use_required_attribute = False
    username = forms.CharField(
        label=_("User name"),
        help_text=_("For example anna@company"),
        max_length=300,
        error_messages={"required": _("Enter your user name.")},
        widget=text_input(autocomplete="username", autocapitalize="none", spellcheck="false"),
    )


def _choices(form: forms.Form, name: str, choices: list[tuple[str, StrOrPromise]]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = choices
