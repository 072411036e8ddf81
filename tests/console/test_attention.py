"""What needs attention: who sees what of it, and that one press brings it back to work."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from tests.jobs.testing import run_due
from tests.queries import Queries
from undersigned.accounts.models import Capability
from undersigned.base import clock
from undersigned.console.views import attention as views
from undersigned.delivery.models import Message
from undersigned.envelopes import attention
from undersigned.envelopes.models import AuditEvent, Envelope
from undersigned.jobs import queue
from undersigned.jobs.models import Job

from .world import World

URL = "/console/attention"
Visit = Callable[[str], Client]


def dead(kind: str, reason: str = "OSError: no space left", **payload: int) -> Job:
    """A job that has used up its attempts."""
    key = f"{kind}:{payload['envelope']}:1" if "envelope" in payload else None
    values = {
        "payload": payload,
        "state": Job.State.DEAD,
        "error": reason,
        "attempts": 20,
        "token": None,
        "finished_at": clock.now(),
    }
    if key is None:
        return Job.objects.create(kind=kind, **values)
    return Job.objects.update_or_create(kind=kind, unique_key=key, defaults=values)[0]


def flag(envelope: Envelope, reason: str = "sealing waits: TimestampUnavailable") -> Job:
    """An envelope that says why it waits, with the job that it waits for."""
    Envelope.objects.filter(pk=envelope.pk).update(needs_attention=reason)
    job, _ = Job.objects.update_or_create(
        unique_key=f"prepare:{envelope.pk}:1",
        defaults={
            "kind": "prepare",
            "payload": {"envelope": envelope.pk},
            "state": "waiting",
            "attempts": 7,
            "token": None,
            "run_at": clock.now() + timedelta(hours=1),
        },
    )
    return job


@pytest.fixture
def clean(world: World) -> World:
    """Nothing failed and nothing is on its way."""
    Message.objects.filter(state=Message.State.FAILED).update(state=Message.State.DROPPED)
    Job.objects.all().delete()
    return world


@pytest.fixture
def operator(world: World) -> World:
    """The other organisation's administrator runs the installation."""
    world.stranger.capabilities = [Capability.OPERATE]
    world.stranger.save()
    return world


def text(client: Client, url: str = URL) -> str:
    response = client.get(url)
    assert response.status_code == 200, url
    return response.content.decode()


def test_empty(clean: World, visit: Visit) -> None:
    body = text(visit("admin"))
    assert "Nothing needs you." in body
    assert '<form method="post" action="/console/attention' not in body
    home = text(visit("admin"), "/console/")
    assert 'class="count"' not in home
    assert "Needs attention:" not in home


@pytest.mark.database
def test_what_failed_is_told_with_its_reason(world: World, visit: Visit) -> None:
    dead("prepare", envelope=world.draft.pk)
    flag(world.sent)
    body = text(visit("admin"))
    for words in (
        "Making the pages final",
        "Draft of the statutes",
        "OSError: no space left",
        "20 attempts",
        "Mail: Invitation",
        "bea.berg@example.com",
        "550 5.1.1 User unknown",
        "2 attempts",
        "Lease of the boathouse",
        "sealing waits: TimestampUnavailable",
        "next try",
        f"/console/envelopes/{world.sent.pk}",
    ):
        assert words in body, words
    home = text(visit("admin"), "/console/")
    assert '<span class="count">3</span>' in home
    assert "Needs attention: 3." in home
    assert 'class="count"' not in text(visit("admin"), "/console/envelopes")  # counted on Home only


def test_members_have_no_such_page(world: World, visit: Visit) -> None:
    job = dead("prepare", envelope=world.sent.pk)
    client = visit("owner")
    assert client.get(URL).status_code == 404
    assert client.post(f"{URL}/jobs/{job.pk}/again").status_code == 404
    assert client.post(f"{URL}/work/again").status_code == 404
    assert URL not in text(client, "/console/")
    assert Job.objects.get(pk=job.pk).state == "dead"


@pytest.mark.database
def test_another_organisations_is_not_there(world: World, visit: Visit) -> None:
    job, tick = dead("prepare", envelope=world.sent.pk), dead("tick.erase")
    message = Message.objects.get(state="failed")
    flag(world.draft)
    client = visit("stranger")
    assert "Nothing needs you." in text(client)
    assert "tick" not in text(visit("admin")).lower()  # of no organisation: for operators
    for path in (f"{URL}/jobs/{job.pk}/again", f"{URL}/jobs/{tick.pk}/again"):
        assert client.post(path).status_code == 404
    for path in (f"/console/messages/{message.pk}/again", f"/console/messages/{message.pk}/aside"):
        assert client.post(path).status_code == 404
    for group in ("work", "failed", "waiting"):
        assert client.post(f"{URL}/{group}/again").status_code == 302
    assert set(Job.objects.filter(pk__in=[job.pk, tick.pk]).values_list("state", flat=True)) == {"dead"}
    message.refresh_from_db()
    assert message.state == "failed"
    assert visit("admin").post(f"{URL}/jobs/{tick.pk}/again").status_code == 404


def test_an_operator_sees_all_and_opens_only_what_is_theirs(operator: World, visit: Visit) -> None:
    job, tick = dead("prepare", envelope=operator.sent.pk), dead("tick.erase")
    client = visit("stranger")
    body = text(client)
    for words in ("Lease of the boathouse", "Board Oy", "Erasing what is past its time", "550 5.1.1"):
        assert words in body, words
    assert "/console/envelopes/" not in body
    for one in (job, tick):
        assert client.post(f"{URL}/jobs/{one.pk}/again").status_code == 302
        one.refresh_from_db()
        assert (one.state, one.attempts) == ("waiting", 0)
    message = Message.objects.get(state="failed")
    answer = client.post(f"/console/messages/{message.pk}/again", {"on": "attention"})
    assert answer["Location"] == URL
    message.refresh_from_db()
    assert message.state == "queued"
    other = Message.objects.filter(envelope_id=operator.sent.pk, state="queued").exclude(pk=message.pk)
    assert client.post(f"/console/messages/{other[0].pk}/again").status_code == 404


@pytest.mark.database
def test_dead_work_runs_again_and_is_audited(clean: World, visit: Visit) -> None:
    job = dead("prepare", envelope=clean.sent.pk)
    Envelope.objects.filter(pk=clean.sent.pk).update(needs_attention="OSError: no space left")
    body = text(visit("admin"))
    assert (
        body.count("Lease of the boathouse") == 2
    )  # once to see and once for who cannot: not also as flagged
    answer = visit("admin").post(f"{URL}/jobs/{job.pk}/again", follow=True)
    assert "It runs again now" in answer.content.decode()
    event = AuditEvent.objects.filter(envelope=clean.sent).order_by("-seq")[0]
    assert (event.kind, event.actor_kind, event.actor_ref) == ("work_run_again", "user", clean.admin.pk)
    run_due()
    clean.sent.refresh_from_db()
    assert (clean.sent.phase, clean.sent.needs_attention) == ("sign", "")
    assert "Nothing needs you." in text(visit("admin"))
    timeline = text(visit("owner"), f"/console/envelopes/{clean.sent.pk}")
    assert "Ada Admin had the work on it run again" in timeline


def test_what_waits_is_tried_now(clean: World, visit: Visit) -> None:
    job = flag(clean.sent)
    assert visit("admin").post(f"{URL}/jobs/{job.pk}/again").status_code == 302
    job.refresh_from_db()
    assert job.run_at <= clock.now()
    run_due()
    assert "Nothing needs you." in text(visit("admin"))


@pytest.mark.database
@pytest.mark.parametrize(
    ("kind", "key", "state", "words"),
    [
        ("prepare", "prepare:{envelope}:1:17", "sent", "Making the pages final"),
        ("result", "result:7:1", "sent", "Sealing what one person signed"),
        ("result", "result:7:1", "declined", "Sealing what one person signed"),
        ("package", "package:7", "completed", "Putting signed documents together"),
    ],
)
def test_what_a_single_person_or_a_package_waits_for(
    clean: World, visit: Visit, kind: str, key: str, state: str, words: str
) -> None:
    """Also when the envelope has ended meanwhile; what has been tried most often is what it waits for."""
    pk = clean.sent.pk
    Job.objects.create(kind="result", payload={"envelope": pk}, unique_key="result:8:1")
    job = flag(clean.sent, "packaging waits: TimestampUnavailable")
    Envelope.objects.filter(pk=pk).update(state=state)
    Job.objects.filter(pk=job.pk).update(kind=kind, unique_key=key.format(envelope=pk))
    body = text(visit("admin"))
    assert words in body
    assert "packaging waits: TimestampUnavailable" in body
    assert list(attention.work_on([clean.sent]).values()) == [job]
    assert visit("admin").post(f"{URL}/jobs/{job.pk}/again").status_code == 302
    job.refresh_from_db()
    assert job.attempts == 0
    Job.objects.all().delete()
    shown = "Nothing needs you." not in text(visit("admin"))
    assert shown == (state == "sent"), "who has ended waits for nothing but such work"


def test_what_runs_is_left_alone(clean: World, visit: Visit) -> None:
    job = flag(clean.sent)
    events = AuditEvent.objects.count()
    Job.objects.filter(pk=job.pk).update(token="7d0e0d6c-1111-4222-8333-944444444444")
    assert "runs now" in text(visit("admin"))
    answer = visit("admin").post(f"{URL}/jobs/{job.pk}/again", follow=True)
    assert "It runs already." in answer.content.decode()
    assert AuditEvent.objects.count() == events


def test_a_message_goes_again_or_is_set_aside(world: World, visit: Visit) -> None:
    client, message = visit("admin"), Message.objects.get(state="failed")
    client.post(f"/console/messages/{message.pk}/again", {"on": "attention"})
    kinds = AuditEvent.objects.filter(envelope=world.sent).order_by("-seq").values_list("kind", "actor_ref")
    assert kinds[0] == ("message_sent_again", world.admin.pk)
    assert "Nothing needs you." in text(client)
    Message.objects.filter(pk=message.pk).update(state="failed")
    answer = client.post(f"/console/messages/{message.pk}/aside", {"on": "attention"})
    assert answer["Location"] == URL
    message.refresh_from_db()
    assert message.state == "dropped"
    assert message.tries.count() == 2
    assert kinds.all()[0] == ("message_set_aside", world.admin.pk)
    events = AuditEvent.objects.count()
    assert client.post(f"/console/messages/{message.pk}/aside").status_code == 302  # pressed twice
    assert AuditEvent.objects.count() == events


@pytest.mark.database
def test_a_job_whose_message_failed_is_told_of_once(clean: World, visit: Visit) -> None:
    failed, queued = Message.objects.filter(envelope_id=clean.sent.pk).order_by("pk")[:2]
    Message.objects.filter(pk=failed.pk).update(state="failed", last_error="KeyError: url")
    Message.objects.filter(pk=queued.pk).update(state="queued")
    dead("deliver", "KeyError: url", message=failed.pk)
    lost = dead("deliver", "RuntimeError: audit", message=queued.pk)
    body = text(visit("admin"))
    assert body.count("KeyError: url") == 1
    assert "RuntimeError: audit" in body
    assert list(attention.dead_jobs(clean.admin.organization_id)) == [lost]
    assert not attention.dead_jobs(clean.stranger.organization_id).exists()


@pytest.mark.parametrize("group", ["work", "failed", "waiting"])
def test_all_of_a_group_run_again(
    clean: World, visit: Visit, group: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "AT_ONCE", 2)
    messages = Message.objects.filter(envelope_id__in=[clean.sent.pk, clean.declined.pk]).order_by("pk")[:3]
    jobs = [dead("tick.erase") for _ in range(3)] if group == "work" else []
    if group == "failed":
        Message.objects.filter(pk__in=[m.pk for m in messages]).update(state="failed")
    if group == "waiting":
        jobs = [flag(clean.sent)]
    clean.admin.capabilities = [Capability.OPERATE]
    clean.admin.save()
    client = visit("admin")
    first = client.post(f"{URL}/{group}/again", follow=True).content.decode()
    assert ("There are more; press again." in first) == (group != "waiting")
    client.post(f"{URL}/{group}/again")
    if group != "waiting":
        assert "Nothing needs you." in text(client)
    if group == "failed":
        assert {m.state for m in messages.all()} == {"queued"}
    for job in jobs:
        job.refresh_from_db()
        assert job.run_at <= clock.now()
        assert job.state == "waiting"
    assert client.post(f"{URL}/nonsense/again").status_code == 404


def test_groups_have_pages_of_their_own_without_counting(clean: World, visit: Visit) -> None:
    jobs = [dead("tick.erase", f"reason {n:03}") for n in range(1, 61)]
    Job.objects.filter(pk__in=[j.pk for j in jobs]).update(payload={"envelope": clean.sent.pk})
    client = visit("admin")
    assert len(re.findall(r"reason \d+", text(client))) == views.SHOWN
    seen, url = [], f"{URL}?show=work"
    with Queries(connection) as queries:
        while url:
            body = text(client, url)
            seen += re.findall(r"reason \d+", body)
            found = re.search(r'href="(\?[^"]*)" rel="next"', body)
            url = URL + found[1].replace("&amp;", "&") if found else ""
    assert seen == [f"reason {n:03}" for n in range(60, 0, -1)]
    assert not [q["sql"] for q in queries if "COUNT(" in q["sql"]]
    assert text(client, f"{URL}?show=nonsense&before=x")


def test_the_number_of_queries_does_not_grow(clean: World, visit: Visit) -> None:
    client = visit("admin")
    Envelope.objects.filter(pk=clean.draft.pk).update(state="sent")
    Message.objects.update(state="queued")
    messages = list(Message.objects.order_by("pk"))
    counts = []
    for envelope in (clean.sent, clean.draft):
        dead("deliver", message=messages.pop().pk)
        Message.objects.filter(pk=messages.pop().pk).update(state="failed")
        flag(envelope)
        with Queries(connection) as queries:
            body = text(client)
        counts.append(len(queries))
    assert body.count("sealing waits") == 2
    assert counts[0] == counts[1] <= 20


def test_no_secret_and_no_markup_comes_through(clean: World, visit: Visit) -> None:
    dead("tick.erase", "<b>bold</b>")
    clean.admin.capabilities = [Capability.OPERATE]
    clean.admin.save()
    body = text(visit("admin"))
    assert "&lt;b&gt;bold" in body
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=", body)


def test_a_run_again_needs_the_token_and_a_post(world: World, visit: Visit) -> None:
    job = dead("prepare", envelope=world.sent.pk)
    strict: Any = Client(enforce_csrf_checks=True)
    strict.force_login(world.admin)
    for path in (f"{URL}/jobs/{job.pk}/again", f"{URL}/work/again"):
        assert strict.post(path).status_code == 403
        assert visit("admin").get(path).status_code == 405
    assert Job.objects.get(pk=job.pk).state == "dead"
    assert visit("admin").post(f"{URL}/jobs/{2**63}/again").status_code == 404
    assert reverse("console:run-again", args=[job.pk]) == f"{URL}/jobs/{job.pk}/again"
    assert queue.rerun(job) is True


def test_the_doctor_is_for_operators_and_looks_when_asked(operator: World, visit: Visit) -> None:
    for who in ("owner", "admin"):
        assert visit(who).get("/console/doctor").status_code == 404
        assert visit(who).post("/console/doctor").status_code == 404
        assert "/console/doctor" not in visit(who).get(URL).content.decode()
    client = visit("stranger")
    assert "/console/doctor" in text(client)
    assert "Findings" not in text(client, "/console/doctor")
    body = client.post("/console/doctor").content.decode()
    assert "No worker has done anything yet." in body
    assert body.index("Does not work") < body.index("Well")
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=", body)
