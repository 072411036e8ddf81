"""Step 3: where on the pages people sign. A table of places that works by itself; with script the pages above it are the editor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from undersigned.envelopes.actor import Actor
from undersigned.envelopes.errors import Invalid, NotFound
from undersigned.envelopes.models import Document, Envelope, Field, Recipient
from undersigned.envelopes.place_fields import PLACES_MAX, TOTAL_MAX, FieldPlace, place_fields
from undersigned.files import pages

from .frame import documents, draft_page, people, show

COLOURS = 8
NAMES = ("page", "x", "y", "w", "h")
DEFAULT = {"page": "1", "x": "10", "y": "80", "w": "30", "h": "7.5"}
"""What the empty row offers: lower left of the first page, in the proportion of a signature on A4."""


@dataclass
class Signer:
    """A person as the editor shows them: by colour and initials."""

    row: Recipient
    colour: int
    initials: str

    @property
    def name(self) -> str:
        return self.row.full_name

    @property
    def value(self) -> str:
        """As the form names them."""
        return str(self.row.pk)


class Placed(Protocol):
    """Whose place it is, as the editor shows it: a person, or a part that somebody will take."""

    @property
    def colour(self) -> int: ...

    @property
    def initials(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def value(self) -> str:
        """As the form names them."""


@dataclass
class Row:
    """One line of the table, as it was given. `kind`, `text` and `must`: of a template's places (`envelopes.plan_parts`)."""

    number: int
    who: str = ""
    values: dict[str, str] = field(default_factory=lambda: dict(DEFAULT))
    error: str = ""
    kind: str = "signature"
    text: str = ""
    must: bool = True

    @property
    def cells(self) -> list[tuple[str, str]]:
        return [(name, self.values[name]) for name in NAMES]


@require_http_methods(["GET", "HEAD"])
@draft_page
def first(request: HttpRequest, actor: Actor, envelope: Envelope) -> HttpResponse:
    """Leads to the first document."""
    found = documents(envelope)
    if not found:
        return show(request, envelope, "fields", documents=[], document=None, signers=[])
    return redirect("console:new-fields-of", envelope_id=envelope.pk, document_id=found[0].pk)


@require_http_methods(["GET", "HEAD", "POST"])
@draft_page
def fields(request: HttpRequest, actor: Actor, envelope: Envelope, document_id: int) -> HttpResponse:
    """The places on one document. A POST sets them all; the editor posts the same form in the background."""
    listed = documents(envelope)
    document = next((d for d in listed if d.pk == document_id), None)
    if document is None:
        raise NotFound
    asks_for_json = request.headers.get("Accept") == "application/json"
    rows = _stored(document)
    if request.method == "POST":
        rows = given(request)
        if _save(envelope, document, rows):
            if asks_for_json:
                return JsonResponse({"saved": len(rows)})
            return redirect("console:new-fields-of", envelope_id=envelope.pk, document_id=document.pk)
        if asks_for_json:
            return JsonResponse({"errors": [r.error for r in rows if r.error]}, status=422)
    failed = any(r.error for r in rows)
    context = _editor(envelope, document, listed, rows) | {"failed": failed}
    return show(request, envelope, "fields", status=422 if failed else 200, **context)


def _stored(document: Document) -> list[Row]:
    found = Field.objects.filter(document=document, kind=Field.Kind.SIGNATURE).order_by("pk")
    return [
        Row(n, str(f.recipient_id), {name: plain(getattr(f, name)) for name in NAMES})
        for n, f in enumerate(found)
    ]


def plain(value: float | None) -> str:
    """With two decimals at most."""
    return f"{value or 0:.2f}".rstrip("0").rstrip(".")


def given(request: HttpRequest) -> list[Row]:
    """Rows of the form that name a person and are not to be taken out."""
    rows: list[Row] = []
    for number in range(TOTAL_MAX + 1):
        who = request.POST.get(f"who-{number}", "")
        if who and not request.POST.get(f"gone-{number}"):
            values = {name: request.POST.get(f"{name}-{number}", "").strip()[:12] for name in NAMES}
            kind, text = (request.POST.get(f"{name}-{number}", "") for name in ("kind", "text"))
            must = bool(request.POST.get(f"must-{number}"))
            rows.append(Row(len(rows), who, values, "", kind or "signature", text.strip(), must))
    return rows


def numbers_of(row: Row) -> list[float] | None:
    """What the row says of its place; None, with a sentence at the row, where that is no number."""
    try:
        found = [float(row.values[name].replace(",", ".")) for name in NAMES]
        int(found[0])
    except (ValueError, OverflowError):
        row.error = _("Enter numbers.")
        return None
    return found


def _save(envelope: Envelope, document: Document, rows: list[Row]) -> bool:
    """Store all rows, or put a sentence at each that is wrong."""
    places = []
    for row in rows:
        if (numbers := numbers_of(row)) is not None and row.who.isdecimal():
            places.append(FieldPlace(int(row.who), int(numbers[0]), *numbers[1:]))
        elif not row.error:
            row.error = sentence("not_signer", document)
    if any(r.error for r in rows):
        return False
    try:
        place_fields(envelope.pk, document.pk, places)
    except Invalid as e:
        for name, codes in e.faults.items():
            rows[int(name) if name.isdecimal() else -1].error = sentence(codes[0], document)
        return False
    return True


def sentence(code: str, document: Document) -> str:
    """What is wrong with a place."""
    return {
        "no_such_page": _("The document has {n} pages.").format(n=document.brought.pages),
        "outside": _(
            "The place must lie on the page: left and width together are 100 at most, top and height too."
        ),
        "too_small": _("The place is too small: at least 5 wide and 2 high."),
        "not_signer": _("This person does not sign."),
        "too_many": _(
            "There are too many places: {each} for one person and {all} in all on one document. Each becomes a signature of its own."
        ).format(each=PLACES_MAX, all=TOTAL_MAX),
    }[code]


def signers_of(envelope: Envelope) -> list[Signer]:
    """Those who sign, each with a colour and initials."""
    signing = [p for p in people(envelope) if p.kind == Recipient.Kind.SIGNER]
    return [Signer(p, n % COLOURS + 1, initials(p.full_name)) for n, p in enumerate(signing)]


def initials(name: str) -> str:
    """Of the first and the last word."""
    words = name.split()
    return "".join(w[0] for w in (words if len(words) < 2 else [words[0], words[-1]])).upper()


def _editor(
    envelope: Envelope, document: Document, listed: list[Document], rows: list[Row]
) -> dict[str, Any]:
    signers = signers_of(envelope)
    return {
        "documents": listed,
        "document": document,
        "signers": signers,
        "rows": rows,
        "empty_row": Row(len(rows)),
        "pages": placed_pages(
            signers, rows, sizes_of(document), "console:new-page", envelope.pk, document.pk
        ),
        "most": TOTAL_MAX,
    }


def sizes_of(document: Document) -> list[tuple[float, float]]:
    """Of the pages that places can lie on: a file that is signed by a page about it has none."""
    blob = document.source
    return pages.sizes(blob) if blob is not None and not document.by_statement else []


def placed_pages(
    signers: Sequence[Placed],
    rows: list[Row],
    sizes: list[tuple[float, float]],
    picture: str,
    *ids: int,
    width: int = 1000,
) -> list[dict[str, Any]]:
    """Each page with its size and the places on it, for a picture that needs no script. `picture`: name of the address of a page's picture,
    which has `ids`, then the page and the width."""
    known = {s.value: s for s in signers}
    return [
        {
            "number": number,
            "width": round(across),
            "height": round(down),
            "picture": reverse(picture, args=[*ids, number, width]),
            "marks": [
                {"signer": known[r.who], "kind": r.kind, "text": r.text, **r.values, **_middle(r)}
                for r in rows
                if r.who in known and not r.error and r.values["page"] == str(number)
            ],
        }
        for number, (across, down) in enumerate(sizes, start=1)
    ]


def _middle(row: Row) -> dict[str, str]:
    values = {name: float(row.values[name]) for name in NAMES}
    return {"cx": plain(values["x"] + values["w"] / 2), "cy": plain(values["y"] + values["h"] / 2)}


def stored_rows(document: Document) -> list[Row]:
    """The places on a document, for pages that only show them."""
    return _stored(document)
