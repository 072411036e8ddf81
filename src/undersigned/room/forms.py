"""What signers send us, checked before the core sees it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from .looks import HANDS, Appearance, AppearanceKind, Look, Rejected
from .tray import Clause
from .wallet import OwnKey

MAX_PATH = 30_000  # characters of SVG path data
MAX_IMAGE = 5 * 1024 * 1024  # bytes
PAD_WIDTH, PAD_HEIGHT = 600, 200  # units of the drawing pad
MIN_INK = 0.12  # of the pad's width

_COMMAND = re.compile(r"([MLQCZ])((?:[ ,]?-?\d{1,4}(?:\.\d)?)*)")
_NUMBER = re.compile(r"-?\d+(?:\.\d)?")
_ARITY = {"M": 2, "L": 2, "Q": 4, "C": 6, "Z": 0}


def path_box(data: str) -> tuple[float, float]:
    """Width and height of SVG path data in the pad's units.

    Raises ValueError unless it is M L Q C Z with as many numbers as each takes, inside the pad (SVG 2, 9.3).
    """
    position, xs, ys = 0, [0.0], [0.0]
    if len(data) > MAX_PATH or not data.startswith("M"):
        raise ValueError("not path data")
    while position < len(data):
        match = _COMMAND.match(data, position)
        if match is None:
            raise ValueError("not path data")
        numbers = [float(n) for n in _NUMBER.findall(match[2])]
        if len(numbers) != _ARITY[match[1]]:
            raise ValueError("wrong number of coordinates")
        xs += numbers[::2]
        ys += numbers[1::2]
        position = match.end()
    if min(xs) < 0 or min(ys) < 0 or max(xs) > 2 * PAD_WIDTH or max(ys) > 2 * PAD_HEIGHT:
        raise ValueError("outside the pad")
    return max(xs), max(ys)


class CodeForm(forms.Form):
    """Six letters and digits; blanks, hyphens and lower case are forgiven."""

    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=64,
        error_messages={"required": gettext_lazy("Enter your code.")},
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "autocapitalize": "characters",
                "autocorrect": "off",
                "spellcheck": "false",
                "dir": "ltr",
                "class": "input code",
                "required": False,
            }
        ),
    )
    use_required_attribute = False

    def __init__(self, *args: Any, length: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.length = length

    def clean_code(self) -> str:
        code = re.sub(r"[\s\-\u2010-\u2015]", "", self.cleaned_data["code"]).upper()
        if len(code) != self.length:
            values = {"length": self.length, "n": len(code)}
            raise forms.ValidationError(_("The code has %(length)s characters; you entered %(n)s.") % values)
        return code


class DigitsForm(CodeForm):
    """A one-time code: digits only, on a keypad."""

    def __init__(self, *args: Any, length: int, **kwargs: Any) -> None:
        super().__init__(*args, length=length, **kwargs)
        self.fields["code"].widget.attrs |= {"inputmode": "numeric", "autocapitalize": "off"}

    def clean_code(self) -> str:
        code = re.sub(r"[\s\-\u2010-\u2015]", "", self.cleaned_data["code"])
        if len(code) != self.length or not code.isascii() or not code.isdigit():
            raise forms.ValidationError(_("The code has %(length)s digits.") % {"length": self.length})
        return code


class RefuseForm(forms.Form):
    """Why somebody refuses."""

    reason = forms.CharField(
        max_length=2048, widget=forms.Textarea(attrs={"rows": 5, "class": "input", "dir": "auto"})
    )
    use_required_attribute = False

    def __init__(self, *args: Any, sender: str, required: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["reason"]
        field.required = required
        values = {"sender": sender}
        field.label = (_("Tell %(sender)s why") if required else _("Tell %(sender)s why (optional)")) % values
        field.help_text = _("Up to 2,048 characters. Only %(sender)s reads it.") % values
        field.error_messages["required"] = _("Tell %(sender)s why you refuse.") % values
        field.validators = [v for v in field.validators if getattr(v, "code", "") != "max_length"]

    def clean_reason(self) -> str:
        reason: str = self.cleaned_data["reason"]
        if len(reason) > 2048:
            values = {"max": 2048, "n": len(reason)}
            raise forms.ValidationError(_("The reason can have %(max)s characters; it has %(n)s.") % values)
        return reason


HAND_NAMES = {
    "caveat": gettext_lazy("Round"),
    "dancing-script": gettext_lazy("Flowing"),
    "kalam": gettext_lazy("Upright"),
    "noto": gettext_lazy("Plain"),
}


class SignatureForm(forms.Form):
    """One of three looks. `appearance` holds the result once valid."""

    kind = forms.ChoiceField(
        choices=[
            ("drawn", gettext_lazy("Draw")),
            ("typed", gettext_lazy("Type")),
            ("uploaded", gettext_lazy("Upload")),
        ],
        error_messages={"required": gettext_lazy("Choose how your signature should look.")},
    )
    path = forms.CharField(required=False, widget=forms.HiddenInput)
    name = forms.CharField(
        label=gettext_lazy("Your name"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "name", "class": "input", "dir": "auto"}),
    )
    hand = forms.ChoiceField(choices=[(hand, HAND_NAMES[hand]) for hand in HANDS], required=False)
    image = forms.FileField(
        label=gettext_lazy("Picture of your signature"),
        required=False,
        help_text=gettext_lazy("PNG, JPEG or WebP, 5 MB at most. The paper around the ink is taken away."),
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp", "class": "input"}),
    )
    shade = forms.IntegerField(
        label=gettext_lazy("Lighter or darker"),
        required=False,
        min_value=-100,
        max_value=100,
        initial=0,
        widget=forms.NumberInput(
            attrs={"type": "range", "min": "-100", "max": "100", "step": "10", "class": "range"}
        ),
    )
    use_required_attribute = False
    appearance: Appearance

    def __init__(self, *args: Any, look: Look = Look.CHOOSE, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if look is Look.DRAWN:  # drawing must not shut out who uses a keyboard or a switch
            self.fields["kind"].choices = [("drawn", _("Draw")), ("typed", _("I cannot draw"))]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        match data.get("kind"):
            case "drawn":
                self._drawn(data.get("path", ""))
            case "typed":
                name = " ".join(data.get("name", "").split())
                if not name:
                    self.add_error("name", _("Enter your name."))
                hand = data.get("hand") or HANDS[0]
                self.appearance = Appearance(AppearanceKind.TYPED, name=name, hand=hand)
            case "uploaded":
                self._uploaded(data.get("image"))
        return data

    def _drawn(self, path: str) -> None:
        try:
            self.appearance = drawing(path)
        except forms.ValidationError as e:
            self.add_error("path", e)

    def _uploaded(self, image: UploadedFile[Any] | None) -> None:
        if image is None:
            self.add_error("image", _("Choose a PNG or JPEG picture."))
            return
        size = image.size or 0
        if size > MAX_IMAGE:
            self.add_error("image", too_large(size))
            return
        content = image.read()
        known = content.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"))
        if not known and not (content[:4] == b"RIFF" and content[8:12] == b"WEBP"):
            self.add_error("image", _("Choose a PNG or JPEG picture."))
            return
        shade = self.cleaned_data.get("shade") or 0
        self.appearance = Appearance(AppearanceKind.UPLOADED, image=content, shade=shade)


def drawing(path: str) -> Appearance:
    """The look of a drawn signature. Raises ValidationError with words for the signer."""
    if not path:
        raise forms.ValidationError(_("Draw your signature, or type or upload it."))
    try:
        width, height = path_box(path)
    except ValueError as e:
        raise forms.ValidationError(_("Draw your signature once more; it did not arrive whole.")) from e
    if width < MIN_INK * PAD_WIDTH:
        raise forms.ValidationError(_("Draw a little more; this is too small to be seen."))
    return Appearance(AppearanceKind.DRAWN, path=path, width=width, height=height)


def too_large(size: int) -> str:
    """The error for a picture of `size` bytes."""
    return _("The picture is %(size)s MB; 5 MB is the most.") % {"size": number_format(size / 1024 / 1024, 1)}


class PadForm(forms.Form):
    """What a phone drew."""

    path = forms.CharField(required=False, widget=forms.HiddenInput)
    appearance: Appearance

    def clean_path(self) -> str:
        path: str = self.cleaned_data["path"]
        self.appearance = drawing(path)
        return path


class PasswordForm(forms.Form):
    """The password of one's account."""

    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        max_length=1000,
        error_messages={"required": gettext_lazy("Enter your password.")},
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "class": "input"}),
    )
    use_required_attribute = False


class KeyForm(forms.Form):
    """One of the keys in the open wallet, or none."""

    key = forms.CharField(required=False, max_length=100)
    use_required_attribute = False

    def __init__(self, *args: Any, keys: Sequence[OwnKey], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keys = keys

    def clean_key(self) -> str:
        key: str = self.cleaned_data["key"]
        if key and key not in {k.id for k in self.keys if not k.expired}:
            raise forms.ValidationError(_("Choose a certificate that is still valid, or sign without one."))
        return key


class SignForm(forms.Form):
    """The last press. What was shown comes back with it."""

    agree = forms.BooleanField(error_messages={"required": gettext_lazy("Tick the box to sign.")})
    revision = forms.CharField(max_length=4000, required=False, widget=forms.HiddenInput)
    digest = forms.CharField(max_length=200, required=False, widget=forms.HiddenInput)
    request_key = forms.RegexField(r"^[A-Za-z0-9_-]{20,64}$", widget=forms.HiddenInput)
    use_required_attribute = False

    def __init__(self, *args: Any, clauses: Sequence[Clause] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.clauses = clauses
        boxes = {f"clause_{c.number}": self._box(c) for c in clauses}
        self.fields = boxes | self.fields

    @staticmethod
    def _box(clause: Clause) -> forms.BooleanField:
        words = _("Accept the clause on page %(page)s, or refuse.") % {"page": clause.page}
        if not clause.page:
            words = _("Accept the clause, or refuse.")
        return forms.BooleanField(error_messages={"required": words})

    @property
    def accepting(self) -> list[tuple[Clause, forms.BoundField]]:
        """Each clause with its box."""
        return [(clause, self[f"clause_{clause.number}"]) for clause in self.clauses]

    @property
    def accepted(self) -> frozenset[int]:
        """Numbers of the clauses that were ticked."""
        return frozenset(c.number for c in self.clauses if self.cleaned_data.get(f"clause_{c.number}"))


def tries(left: int) -> str:
    """The error after a wrong code."""
    return tries_at_digits(left) + " " + _("Check 0 and O, 1 and I.")


def tries_at_digits(left: int) -> str:
    """The error after a wrong one-time code."""
    return ngettext(
        "That code is not right. %(n)s try left.", "That code is not right. %(n)s tries left.", left
    ) % {"n": left}


def rejected(reason: Rejected, size: int) -> str:
    """The error for a look that cannot be used; `size` of the picture in bytes."""
    match reason.code:
        case "too_large":
            return too_large(size)
        case "too_small":
            return _("The picture is too small. It must be at least 100 by 40 pixels.")
        case "missing_glyph":
            return _("We cannot draw “%(sign)s”. Choose Draw or Upload.") % {"sign": reason.detail}
    return _("Choose a PNG or JPEG picture.")
