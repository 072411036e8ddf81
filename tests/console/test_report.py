"""The report of signatures: rows, filters, formulas, and that its cost does not grow."""

from __future__ import annotations

import csv
import gc
import io
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import translation
from openpyxl import load_workbook

from tests.queries import Queries
from undersigned.console import sheets
from undersigned.console.report import BATCH, Report, report
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.metadata import set_metadata
from undersigned.envelopes.metadata_templates import Chosen, add_field, add_template
from undersigned.envelopes.models import Envelope, MetadataValue, Recipient

from .world import World

HOSTILE = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2",
    "@SUM(A1)",
    "\t=1",
    " =1",
    '=HYPERLINK("https://evil.example")',
]


def rows_of(client: Client, query: str = "") -> list[dict[str, str]]:
    response = client.get(reverse("console:report", args=["csv"]) + query)
    assert response["Content-Disposition"].startswith('attachment; filename="signatures 20')
    content = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_one_row_a_person(world: World, visit: Callable[[str], Client]) -> None:
    field = add_field(world.owner.organization, "Cost centre")
    ends = add_field(world.owner.organization, "Ends", "date")
    template = add_template(world.owner.organization, "Lease", [Chosen(field.pub), Chosen(ends.pub)])
    set_metadata(
        Actor.from_user(world.owner),
        world.sent.pk,
        template.pub,
        {field.pub: "=Harbour", ends.pub: "2027-03-31"},
    )
    Envelope.objects.filter(pk=world.sent.pk).update(reference="-PO 77")
    found = rows_of(visit("owner"), "?q=boathouse")
    assert [(r["Person"], r["State of the person"]) for r in found] == [
        ("Bea Berg", "Has not signed yet"),
        ("Carl Coast", "Has not signed yet"),
    ]
    bea = found[0]
    assert bea["Reference"] == "'-PO 77"
    assert (bea["Metadata"], bea["Cost centre"], bea["Ends"]) == ("Lease", "'=Harbour", "2027-03-31")
    assert (bea["Identified by"], bea["Made through"]) == ("Personal link", "Signsquid")
    assert datetime.fromisoformat(bea["Invited"]).tzinfo is not None
    (eino, _fia) = rows_of(visit("owner"), "?state=declined")
    assert eino["Reason"] == "The interest is not what we agreed."
    assert (eino["Signed"], bool(eino["Refused"])) == ("", True)
    everything = rows_of(visit("owner"))
    assert {r["Title"] for r in everything} >= {"Lease of the boathouse", "Loan agreement"}
    assert rows_of(visit("other")) == []
    assert rows_of(visit("stranger")) == []
    assert len(rows_of(visit("admin"))) == len(everything)
    assert visit("owner").get("/console/envelopes/report.pdf").status_code == 404


def test_a_sheet_has_dates_as_dates_and_no_formulas(
    world: World, visit: Callable[[str], Client], tmp_path: Path
) -> None:
    Envelope.objects.filter(pk=world.sent.pk).update(title=HOSTILE[0])
    response = visit("owner").get(reverse("console:report", args=["xlsx"]))
    target = tmp_path / "report.xlsx"
    target.write_bytes(b"".join(response.streaming_content))  # type: ignore[attr-defined]
    assert int(response["Content-Length"]) == target.stat().st_size
    sheet = load_workbook(target).active
    heads = [c.value for c in sheet[1]]
    rows = [dict(zip(heads, row, strict=True)) for row in sheet.iter_rows(min_row=2)]
    assert {r["Title"].data_type for r in rows} == {"s"}
    assert HOSTILE[0] in {r["Title"].value for r in rows}
    assert all(isinstance(r["Created"].value, datetime) and r["Created"].is_date for r in rows)


def test_what_people_typed_never_runs(tmp_path: Path) -> None:
    odd = ["\x00bell\x07", "x" * 40_000, "\ud800", "1,200", "Å"]
    values = [*HOSTILE, *odd]
    made = [[v, datetime(2027, 1, 2, 3, 4, tzinfo=UTC), date(2027, 1, 2), -5] for v in values]
    text = b"".join(sheets.as_csv(Report(["=head", "a", "b", "c"], iter(made)))).decode("utf-8-sig")
    read = list(csv.reader(io.StringIO(text)))
    assert read[0][0] == "'=head"
    assert all(row[0].startswith("'") for row in read[1 : len(HOSTILE) + 1])
    assert read[1][1:] == ["2027-01-02T03:04:00Z", "2027-01-02", "-5"]
    target = tmp_path / "x.xlsx"
    sheets.write_xlsx(Report(["=head", "a", "b", "c"], iter(made)), target, "Sig[n]: a/b")
    sheet = load_workbook(target).active
    assert {cell.data_type for cell in sheet["A"]} == {"s"}
    assert [c.value for c in sheet["A"]][1 : len(HOSTILE) + 1] == HOSTILE
    assert sheet["B2"].value == datetime(2027, 1, 2, 3, 4)  # noqa: DTZ001 - sheets know no zone


def test_ten_thousand_rows_cost_what_their_batches_cost(world: World) -> None:
    field = add_field(world.owner.organization, "Cost centre")
    template = add_template(world.owner.organization, "Lease", [Chosen(field.pub)])
    at = world.sent.created_at
    made = Envelope.objects.bulk_create(
        Envelope(
            organization=world.owner.organization,
            dialect="console",
            pub=f"many-{n}",
            title=f"Agreement {n}",
            owner_user=world.owner,
            metadata_template=template,
            policy=world.made.policy,
            created_at=at + timedelta(seconds=n // 3),
        )
        for n in range(2_000)
    )
    Recipient.objects.bulk_create(
        Recipient(
            envelope=e, key=str(k), position=k, name=f"Person {k}", email="p@example.com", created_at=at
        )
        for e in made
        for k in range(5)
    )
    MetadataValue.objects.bulk_create(MetadataValue(envelope=e, field=field, value="4711") for e in made)
    many = Envelope.objects.filter(dialect="console")
    with translation.override("en"), Queries(connection) as asked:
        found = report(many, world.owner.organization)
        seen, ids, alive = 0, set(), 0
        for row in found.rows:
            seen += 1
            ids.add(row[1])
            if seen % 4_000 == 0:
                gc.collect()
                alive = max(alive, sum(isinstance(o, Recipient) for o in gc.get_objects()))
    assert seen >= 10_000
    assert len(ids) == 2_002
    batches = -(-2_002 // BATCH) + 1  # the last finds nothing
    assert len(asked.captured_queries) <= 4 * batches + 1
    assert 0 < alive <= 2 * 5 * BATCH  # the people of one batch, whatever came before
