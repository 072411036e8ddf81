"""Forms of the public pages."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class VerifyForm(forms.Form):
    """A signed file and, if at hand, its evidence; `get` asks for something else than the verdict's page."""

    use_required_attribute = False
    file = forms.FileField(
        label=_("Signed PDF or container (ASiC-E)"),
        error_messages={
            "required": _("Choose a file."),
            "empty": _("The file is empty. Choose another one."),
        },
        widget=forms.FileInput(
            attrs={
                "class": "input",
                "accept": ".pdf,.asice,.sce,application/pdf,application/vnd.etsi.asic-e+zip",
            }
        ),
    )
    evidence = forms.FileField(
        label=_("Evidence (optional)"),
        help_text=_(
            "The evidence that came with it, as PDF or JSON; we then check the record of events too."
        ),
        required=False,
        widget=forms.FileInput(
            attrs={"class": "input", "accept": ".pdf,.json,application/pdf,application/json"}
        ),
    )
    get = forms.RegexField(r"^(pdf|json|version-[1-9][0-9]{0,2})$", required=False, widget=forms.HiddenInput)
