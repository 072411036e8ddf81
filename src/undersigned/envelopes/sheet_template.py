"""The plan of a template as the columns of a sheet name it: a part for each person, a text field for each other column."""

from __future__ import annotations

from undersigned.files.sheets import Sheet

from .batch_sheet import OWN, PARTS
from .plan import PlannedDocument, PlannedField, PlannedGroup, PlannedRequest, PlannedSigner
from .roles import key_of

PLACE = (10.0, 10.0, 40.0, 4.0)
"""Left, top, width and height of the first text field, in percent of the page; further ones lie below."""
_LINES = 15


def planned(sheet: Sheet) -> tuple[PlannedDocument, ...]:
    """Of one document: the parts sign one after the other, in the order of their columns; the first fills in the texts."""
    names: dict[str, str] = {}
    texts: dict[str, str] = {}
    for heading in sheet.head:
        part, dot, what = heading.strip().rpartition(".")
        if dot and key_of(what) in PARTS:
            names.setdefault(key_of(part), part.strip())
        elif key_of(heading) and key_of(heading) not in OWN:
            texts.setdefault(key_of(heading), heading.strip())
    keys = {name: str(number) for number, name in enumerate(names)}
    first = next(iter(keys.values()), None)
    x, y, w, h = PLACE
    return (
        PlannedDocument(
            document=1,
            groups=tuple(
                PlannedGroup(signers=(PlannedSigner(key=keys[name], label=label[:200], role=label[:200]),))
                for name, label in names.items()
            ),
            requests=tuple(PlannedRequest(key=key, signer=key) for key in keys.values()),
            fields=tuple(
                PlannedField(
                    key=str(number),
                    kind="text",
                    signer=first,
                    x=x,
                    y=y + (number % _LINES) * (h + 2),
                    w=w,
                    h=h,
                    to_fill=True,
                    text=text,
                )
                for number, text in enumerate(texts.values())
            ),
        ),
    )
