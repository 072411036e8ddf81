"""Templates in the console: made, published, used for one and for many."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from tests.jobs.testing import run_due
from tests.pdfs import make_pdf
from undersigned.accounts.models import User
from undersigned.delivery.models import Message
from undersigned.envelopes.models import Collection, Envelope, EnvelopeState
from undersigned.envelopes.plan import plan_of
from undersigned.envelopes.plan_parts import parts_of, planned_places

from .world import World

pytestmark = [pytest.mark.django_db]
Visit = Callable[[str], Client]


def url(name: str, *args: object) -> str:
    return reverse(f"console:{name}", args=args)


def pdf(name: str = "lease.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, make_pdf(pages=2), "application/pdf")


def begun(client: Client) -> Envelope:
    response = client.post(url("new-template"), {"files": [pdf()]})
    assert response.status_code == 302, response.content
    return Envelope.objects.filter(template=True).latest("pk")


def named(client: Client, template: Envelope, *names: str, ordered: str = "no") -> None:
    given = {f"name-{n}": name for n, name in enumerate(names)} | {"ordered": ordered}
    given |= {f"key-{n}": p.key for n, p in enumerate(parts_of(template)) if n < len(names)}
    response = client.post(url("template-roles", template.pk), given)
    assert response.status_code == 302, response.content


def row(number: int, who: str, kind: str, text: str = "", **more: str) -> dict[str, str]:
    one = {
        "who": who,
        "kind": kind,
        "text": text,
        "page": "1",
        "x": "10",
        "y": str(10 + number * 10),
        "w": "40",
        "h": "5",
    }
    return {f"{name}-{number}": value for name, value in (one | more).items()}


@pytest.fixture
def client(visit: Visit) -> Client:
    return visit("owner")


@pytest.fixture
def template(client: Client) -> Envelope:
    made = begun(client)
    named(client, made, "Tenant", "Landlord", ordered="yes")
    document = made.documents.get()
    places = row(0, "0", "signature") | row(1, "1", "signature") | row(2, "0", "text", "Rent", must="yes")
    places |= row(3, "0", "clause", "I have read the house rules.")
    assert client.post(url("template-places-of", made.pk, document.pk), places).status_code == 302
    answer = client.post(url("template-check", made.pk), {"title": "Lease", "public": "on", "publish": "yes"})
    assert answer.status_code == 302
    made.refresh_from_db()
    return made


def test_a_template_is_made(template: Envelope, client: Client) -> None:
    assert (template.state, template.public, template.title) == (EnvelopeState.OFFERED, True, "Lease")
    (one,) = plan_of(template).documents or ()
    assert [[s.label for s in g.signers] for g in one.groups] == [["Tenant"], ["Landlord"]]
    assert [(f.kind, f.signer, f.request, f.to_fill) for f in one.fields] == [
        ("signature", "0", "0", False), ("signature", "1", "1", False), ("text", "0", None, True), ("clause", "0", "0", False),
    ]  # fmt: skip
    for name in ("templates", "new-template"):
        assert client.get(url(name)).status_code == 200
    page = client.get(url("template", template.pk)).content.decode()
    assert "Tenant" in page
    assert str(template.pub) in page
    # Published, it is no draft any more.
    assert client.get(url("template-roles", template.pk)).status_code == 302
    assert client.post(url("template-withdraw", template.pk)).status_code == 302
    named(client, template, "Tenant")
    (one,) = plan_of(Envelope.objects.get(pk=template.pk)).documents or ()
    assert {f.signer for f in one.fields} == {"0"}, "the other's places went with the role"


def test_faults_are_said_where_they_are(client: Client) -> None:
    made = begun(client)
    page = client.post(url("template-roles", made.pk), {"name-0": "A.B", "name-1": "Same", "name-2": "same"})
    assert page.status_code == 422
    assert page.content.decode().count('aria-invalid="true"') == 3
    assert client.post(url("template-roles", made.pk), {"name-0": " "}).status_code == 422
    named(client, made, "Tenant")
    document = made.documents.get()
    path = url("template-places-of", made.pk, document.pk)
    bad = row(0, "9", "signature") | row(1, "0", "text") | row(2, "0", "text", "Rent", page="7")
    answer = client.post(path, bad, headers={"Accept": "application/json"})
    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == 3
    assert client.post(path, bad).status_code == 422
    assert planned_places(Envelope.objects.get(pk=made.pk), document) == []
    good = client.post(path, row(0, "0", "text", "Rent"), headers={"Accept": "application/json"})
    assert good.json() == {"saved": 1}
    assert client.post(url("template-check", made.pk), {"title": "", "publish": "yes"}).status_code == 422
    not_pdf = client.post(
        url("template-files", made.pk), {"files": [SimpleUploadedFile("x.txt", b"hello")]}, follow=True
    )
    assert "This is not a PDF" in not_pdf.content.decode()
    client.post(url("template-files", made.pk), {"files": [pdf("second.pdf")]})
    made.refresh_from_db()
    assert [len(d.groups) for d in plan_of(made).documents or ()] == [1, 1], "the same roles"
    second = made.documents.get(position=2)
    client.post(url("template-file-up", made.pk, second.pk))
    assert [d.title for d in made.documents.filter(removed_at=None)] == ["second.pdf", "lease.pdf"]
    client.post(url("template-file-remove", made.pk, made.documents.get(removed_at=None, position=1).pk))
    assert made.documents.filter(removed_at=None).count() == 1
    assert [f.text for d in plan_of(Envelope.objects.get(pk=made.pk)).documents or () for f in d.fields] == [
        "Rent"
    ]


def test_used_for_one(template: Envelope, visit: Visit, world: World) -> None:
    other = visit("other")
    path = url("template-use", template.pk)
    assert other.get(path).status_code == 200
    wrong = other.post(path, {"title": "Lease", "name-0": "Tia", "email-0": "nonsense"})
    assert wrong.status_code == 422
    assert wrong.content.decode().count('aria-invalid="true"') == 2, "one is wrong, one is missing"
    given = {"title": "Lease of Tia", "name-0": "Tia", "surname-0": "Tee", "email-0": "tia@example.com",
             "email-1": world.owner.email, "text-0": "800 €"}  # fmt: skip
    answer = other.post(path, given)
    made = Envelope.objects.latest("pk")
    assert answer["Location"] == url("instance-check", made.pk)
    page = other.get(url("instance-check", made.pk)).content.decode()
    for said in ("Tia", world.owner.surname, "800 €", "Tenant"):
        assert said in page
    seen = re.search(r'name="seen" value="(\w+)"', page)
    assert seen is not None
    other.post(url("instance-check", made.pk), {"seen": "0" * 64})
    made.refresh_from_db()
    assert made.state == EnvelopeState.DRAFT, "not what the page showed"
    assert other.post(url("instance-check", made.pk), {"seen": seen[1]}).status_code == 302
    made.refresh_from_db()
    assert (made.state, made.title) == (EnvelopeState.SENT, "Lease of Tia")
    assert made.recipients.get(email=world.owner.email).user == world.owner


def sheet_of(rows: list[list[object]]) -> SimpleUploadedFile:
    book = Workbook()
    for one in rows:
        book.active.append(one)
    data = io.BytesIO()
    book.save(data)
    return SimpleUploadedFile("people.xlsx", data.getvalue())


HEAD: list[object] = ["Tenant.name", "Tenant.email", "Landlord.name", "Landlord.email", "Rent", "Colour"]


def test_used_for_many(template: Envelope, client: Client, visit: Visit) -> None:
    sample = b"".join(client.get(url("template-sample", template.pk)))  # type: ignore[arg-type]
    assert "Tenant.email" in [c.value for c in load_workbook(io.BytesIO(sample)).active[1]]
    path = url("template-sheet", template.pk)
    assert client.get(path).status_code == 200
    bad = client.post(
        path, {"sheet": sheet_of([HEAD, ["Tia", "nonsense", "Lou", "lou@example.com", "1", ""]])}
    )
    page = bad.content.decode()
    assert bad.status_code == 422
    assert "Tenant.email" in page
    assert "Make and send" not in page
    assert client.post(path, {"sheet": SimpleUploadedFile("x.csv", b"\x00")}).status_code == 422
    assert client.post(path).status_code == 422
    before = Envelope.objects.count()
    people: list[list[object]] = [
        [f"Tia {n}", f"tia{n}@example.com", "Lou", "lou@example.com", n, "x"] for n in range(3)
    ]
    good = client.post(path, {"sheet": sheet_of([HEAD, *people])})
    page = good.content.decode()
    assert good.status_code == 200
    assert "Make and send 3 envelopes" in page
    assert "Colour" in page, "the column that says nothing"
    assert Envelope.objects.count() == before, "nothing is made yet"
    kept = re.search(r'name="kept" value="([^"]+)"', page)
    assert kept is not None
    make = url("template-make", template.pk)
    assert visit("other").post(make, {"kept": kept[1]}).status_code == 404, "somebody else's"
    assert client.post(make, {"kept": kept[1] + "x"}).status_code == 404
    answer = client.post(make, {"kept": kept[1], "title": "All of them"})
    batch = Collection.objects.get(kind="batch")
    assert (answer["Location"], batch.title) == (url("batch", batch.pk), "All of them")
    page = client.get(url("batch", batch.pk)).content.decode()
    assert 'value="0" max="3"' in page
    run_due()
    numbers = client.get(url("batch", batch.pk), headers={"Accept": "application/json"}).json()
    assert numbers == {"done": 3, "size": 3, "failed": 0}
    assert "They are being sent" not in client.get(url("batch", batch.pk)).content.decode()
    addresses = Message.objects.filter(purpose="invitation").values_list("address", flat=True)
    assert sorted(a for a in addresses if a and a.startswith("tia")) == [
        f"tia{n}@example.com" for n in range(3)
    ]
    assert "All of them" in client.get(url("templates")).content.decode()


def test_whose_they_are(template: Envelope, visit: Visit, world: World) -> None:
    private = begun(visit("owner"))
    for who, mine, public in (
        ("owner", 302, 200),
        ("admin", 302, 200),
        ("other", 404, 200),
        ("stranger", 404, 404),
    ):
        there = visit(who)
        assert there.get(url("template", private.pk)).status_code == mine, who
        assert there.get(url("template", template.pk)).status_code == public, who
        for name in ("template-use", "template-sheet", "template-sample"):
            assert there.get(url(name, template.pk)).status_code == public, (who, name)
    assert visit("other").post(url("template-withdraw", template.pk)).status_code == 403
    assert visit("other").get(url("template-roles", private.pk)).status_code == 404
    world.other.role = User.Role.SIGNER
    world.other.save()
    assert visit("other").get(url("templates")).status_code == 403
    assert visit("other").get(url("template", template.pk)).status_code == 403
    assert visit("anonymous").get(url("templates")).status_code == 302
