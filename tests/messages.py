"""`make messages`: brings the catalogues of all languages up to the strings in the sources, and compiles them.

GNU gettext extracts and merges; no guesses are made for changed strings, they come out empty. The compiled catalogues are committed,
so that the server starts from a clone without these tools.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import polib
from django.core.management import call_command
from django.core.management.commands import makemessages

from tests import environment  # settings that leave no data folder behind

PACKAGE = Path(__file__).parent.parent / "src" / "undersigned"
CATALOGUE = "locale/{}/LC_MESSAGES/django.po"


class Extract(makemessages.Command):
    """Django's own command; a near string of another page is no translation, so nothing is guessed."""

    msgmerge_options = ["-q", "--backup=none", "--update", "--no-fuzzy-matching"]


def untranslated(catalogue: polib.POFile) -> list[polib.POEntry]:
    """Entries without all their forms, or marked as a guess."""
    return [
        e
        for e in catalogue
        if e.fuzzy or not (e.msgstr or (e.msgstr_plural and all(e.msgstr_plural.values())))
    ]


def extract(package: Path) -> None:
    """Update every .po file of `package` from its sources. Needs GNU gettext; changes the working directory."""
    os.chdir(package)
    options = {"all": True, "no_obsolete": True, "no_wrap": True, "add_location": "file", "verbosity": 0}
    call_command(Extract(), ignore_patterns=["sealing/evidence_pages.py"], **options)
    for path in package.glob(CATALOGUE.format("*")):
        # The day of the extraction would be a conflict in every merge.
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(line for line in lines if not line.startswith('"POT-Creation-Date')))


def main() -> int:
    if shutil.which("xgettext") is None:
        print("GNU gettext is needed: apt-get install gettext")
        return 1
    extract(PACKAGE)
    for path in sorted(PACKAGE.glob(CATALOGUE.format("*"))):
        catalogue = polib.pofile(path)
        path.with_suffix(".mo").write_bytes(catalogue.to_binary())
        print(f"{path.parts[-3]}: {len(untranslated(catalogue))} of {len(catalogue)} to translate")
    return 0


if __name__ == "__main__":
    assert environment
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "undersigned.app.django_settings")
    sys.exit(main())
