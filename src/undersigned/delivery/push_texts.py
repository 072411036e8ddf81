"""What push messages say: they show on locked screens, so they name nothing but the title, and nothing where that is withheld."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from .fit import shorten
from .words import Material

TITLE_MAX = 80
PUSH: dict[str, tuple[str, str]] = {
    "sent": (gettext_noop("Sent out: “{title}”."), gettext_noop("A document has been sent out.")),
    "fill": (
        gettext_noop("Please fill in your part of “{title}”."),
        gettext_noop("A document waits for you to fill it in."),
    ),
    "sign": (
        gettext_noop("“{title}” waits for your signature."),
        gettext_noop("A document waits for your signature."),
    ),
    "completed": (gettext_noop("All have signed “{title}”."), gettext_noop("All have signed a document.")),
    "declined": (gettext_noop("“{title}” was refused."), gettext_noop("A document was refused.")),
    "cancelled": (gettext_noop("“{title}” was called off."), gettext_noop("A document was called off.")),
    "expired": (gettext_noop("Time ran out for “{title}”."), gettext_noop("Time ran out for a document.")),
    "failed": (
        gettext_noop("“{title}” could not be worked on."),
        gettext_noop("A document could not be worked on."),
    ),
    "note_added": (
        gettext_noop("There is a new note on “{title}”."),
        gettext_noop("There is a new note on a document."),
    ),
    "note_changed": (
        gettext_noop("A note on “{title}” was changed."),
        gettext_noop("A note on a document was changed."),
    ),
    "note_removed": (
        gettext_noop("A note on “{title}” was removed."),
        gettext_noop("A note on a document was removed."),
    ),
}
"""Purposes of push messages: what each says with a title, and without one. Those that ask are called as the inbox calls them."""


def words(purpose: str, m: Material) -> str:
    """The sentence in the active language."""
    named, unnamed = PUSH[purpose]
    if not m.params.title:
        return _(unnamed)
    return _(named).format(title=shorten(m.params.title, TITLE_MAX))
