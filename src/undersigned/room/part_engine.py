"""What is asked with each document, and handing it on, on the real core."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import BinaryIO

import phonenumbers
from django.utils.translation import gettext as _

from undersigned.envelopes import fill as filling
from undersigned.envelopes import shown
from undersigned.envelopes.errors import Conflict, Invalid
from undersigned.envelopes.forward import NewPerson as CorePerson
from undersigned.envelopes.forward import forward
from undersigned.envelopes.models import Assignment, AssignmentState, Document, Forward, Sitting
from undersigned.envelopes.postpone import postpone
from undersigned.envelopes.upload import upload
from undersigned.envelopes.view import view
from undersigned.files import intake, store
from undersigned.files.models import File
from undersigned.files.scan import Infected, ScannerUnavailable

from .document_values import form_rows
from .gateway import Visit
from .parts import Faulty, Hand, NewPerson, NotTaken
from .sittings import identified, or_gone, reading

_MODES = {Hand.OTHER: Forward.Mode.SOMEONE_ELSE, Hand.BOTH: Forward.Mode.BOTH}


class PartEngine:
    """Implements `parts.Parts`."""

    def view(self, visit: Visit, document: int) -> None:
        sitting = reading(visit)
        ids = [a.pk for a in _open(sitting, document, Assignment.Action.VIEW)]
        with suppress(Conflict), or_gone():
            view(sitting, ids)

    def bring(self, visit: Visit, document: int, name: str, stream: BinaryIO, picture: bool) -> None:
        sitting = reading(visit)
        wanted = _open(sitting, document, Assignment.Action.UPLOAD)
        if not wanted:
            return
        file = _stored(sitting, name, stream, picture)
        try:
            with or_gone():
                upload(sitting, wanted[0].pk, file)
        except Invalid as e:
            raise NotTaken(_("This is not a PDF.")) from e
        except Conflict:
            return

    def fill(self, visit: Visit, document: int, values: Mapping[int, str]) -> None:
        sitting = reading(visit)
        row = _row(sitting, document)
        names = {n: field.key for n, field in enumerate(form_rows(row.pk, sitting.recipient), 1)}
        given = {names[number]: value for number, value in values.items() if number in names}
        with _in_numbers(sitting, row), or_gone():
            try:
                filling.save(sitting, row.pk, given)
            except Invalid as e:
                good = {name: value for name, value in given.items() if name not in e.faults}
                filling.save(sitting, row.pk, good)
                raise

    def finish(self, visit: Visit, document: int) -> None:
        sitting = reading(visit)
        row = _row(sitting, document)
        with _in_numbers(sitting, row), or_gone():
            filling.finish(sitting, row.pk)

    def forward(self, visit: Visit, hand: Hand, person: NewPerson) -> None:
        sitting = identified(visit)
        try:
            with or_gone():
                forward(sitting, _MODES[hand], CorePerson(person.name, person.email, _e164(person.phone)))
        except Invalid as e:
            raise Faulty(dict.fromkeys(e.faults, "invalid")) from e
        except Conflict:
            return

    def postpone(self, visit: Visit) -> None:
        with suppress(Conflict), or_gone():
            postpone(reading(visit))


@contextmanager
def _in_numbers(sitting: Sitting, row: Document) -> Iterator[None]:
    """Faults of a form by its fields' numbers; a form that is settled or over meanwhile has none."""
    try:
        yield
    except Invalid as e:
        numbers = {field.key: str(n) for n, field in enumerate(form_rows(row.pk, sitting.recipient), 1)}
        raise Faulty({numbers[k]: words[0] for k, words in e.faults.items() if k in numbers}) from e
    except Conflict:
        return


def _row(sitting: Sitting, number: int) -> Document:
    """Document `number` (from 1) of those that the person is shown. Raises LookupError."""
    rows = list(shown.documents_of(sitting.recipient))
    if not 1 <= number <= len(rows):
        raise LookupError
    return rows[number - 1]


def _open(sitting: Sitting, number: int, action: Assignment.Action) -> list[Assignment]:
    row = _row(sitting, number)
    return [
        a
        for a in shown.assignments_of(sitting.recipient)
        if a.document_id == row.pk and a.action == action and a.state == AssignmentState.OPEN
    ]


def _stored(sitting: Sitting, name: str, stream: BinaryIO, picture: bool) -> File:
    """The file as it came, or the page that a picture becomes: checked, scanned, in the store. Raises NotTaken."""
    organization = sitting.recipient.envelope.organization
    try:
        with store.receive(stream) as received:
            if picture:
                return store.store_picture_as_pdf(organization, received, name)
            return store.store_pdf(organization, received, name)
    except store.TooLarge as e:
        values = {"most": e.limit // 1024 // 1024}
        raise NotTaken(_("The file is larger than %(most)s MB, which is the most.") % values) from e
    except intake.Refused as e:
        raise NotTaken(e.sentence) from e
    except Infected as e:
        raise NotTaken(_("The file did not pass the virus scan and was not kept.")) from e
    except ScannerUnavailable as e:
        text = _(
            "We could not check the file for viruses, and keep nothing unchecked. Please try again in a minute."
        )
        raise NotTaken(text) from e


def _e164(given: str) -> str:
    """A phone number as its network knows it; empty stays empty. Raises Faulty."""
    if not given.strip():
        return ""
    try:
        number = phonenumbers.parse(given, None)
    except phonenumbers.NumberParseException as e:
        raise Faulty({"phone": "invalid"}) from e
    if not phonenumbers.is_possible_number(number):
        raise Faulty({"phone": "invalid"})
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
