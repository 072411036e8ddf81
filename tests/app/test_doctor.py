"""`undersigned doctor`: each check made to fail by what it is there for."""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection

from tests.delivery.conftest import Mailbox, mailbox
from undersigned.accounts.credentials import create_api_key
from undersigned.accounts.models import Attempt, User
from undersigned.app.cli.doctor import _key_problem
from undersigned.app.doctor import CHECKS, Look, data, examine, worst
from undersigned.app.settings import Settings
from undersigned.base import clock, vault
from undersigned.delivery.models import Message
from undersigned.jobs import handlers
from undersigned.jobs.models import Job
from undersigned.jobs.queue import enqueue
from undersigned.sealing import authority, timestamp
from undersigned.sealing.models import Key

from .test_supervisor import LEAST, Tree, start, wait_for

__all__ = ["mailbox", "start"]
pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
CHECK = {name: check for name, check, _ in CHECKS}
OPTIONS = {
    "demo": False,
    "master_key": base64.b64encode(bytes(range(32))).decode(),
    "public_url": "https://sign.example",
    "mail_url": "smtp://u:postbox-secret@mail.example",
    "sms_url": "",
    "timestamp_authority": "built-in",
    "database_url": "",
}


def look(**changed: Any) -> Look:
    key_problem, mail_to = changed.pop("key_problem", ""), changed.pop("mail_to", "")
    return Look(Settings(**(OPTIONS | changed)), key_problem, mail_to)


def one(name: str, at: Look | None = None) -> tuple[str, str]:
    """Level and text of the check's only finding; what is not well names a remedy."""
    [found] = CHECK[name](at or look())
    assert found.check == name
    assert bool(found.fix) == (found.level != "ok")
    return found.level, found.text


@pytest.fixture
def keys(settings: LazySettings) -> Iterator[Callable[..., None]]:
    """Use these master keys, newest first."""

    def use(*given: str) -> None:
        settings.MASTER_KEYS = [base64.b64encode(k.encode() * 32).decode()[:44] for k in given]
        vault._keys.cache_clear()

    yield use
    vault._keys.cache_clear()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Move the clock of the installation."""
    real = clock.now

    def move(by: timedelta) -> None:
        monkeypatch.setattr(clock, "now", lambda offset=timedelta(): real(offset) + by)

    return move


# --- options and keys ----------------------------------------------------------------------------
def test_options_that_would_not_start_are_each_a_failure() -> None:
    found = CHECK["settings"](look(mail_url="", public_url="http://sign.example"))
    assert [f.level for f in found] == ["fail", "fail"]
    assert "UNDERSIGNED_PUBLIC_URL" in found[0].text
    assert one("settings") == ("ok", "Production mode; the options are complete.")
    assert one("settings", look(demo=True))[0] == "warn"
    assert one("settings", look(demo=True, public_url=""))[0] == "ok"


def test_a_key_that_others_may_read(tmp_path: Path) -> None:
    file = tmp_path / "master.key"
    file.write_text(str(OPTIONS["master_key"]))
    file.chmod(0o640)
    level, text = one("master key", look(master_key="", master_key_file=file))
    assert (level, "mode 640" in text) == ("warn", True)
    file.chmod(0o600)
    assert one("master key", look(master_key="", master_key_file=file))[0] == "ok"
    level, text = one("master key")
    assert (level, "environment" in text) == ("warn", True)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "holds no key"),
        ("!!!", "not base64"),
        ("c2hvcnQ=", "shorter than 32 bytes"),
        (None, "No such file"),
    ],
)
def test_a_key_that_cannot_be_used(tmp_path: Path, content: str | None, problem: str) -> None:
    file = tmp_path / "master.key"
    if content is not None:
        file.write_text(content)
    options = Settings(**(OPTIONS | {"master_key": "", "master_key_file": file}))
    assert problem in _key_problem(options)
    assert one("master key", look(key_problem=_key_problem(options)))[0] == "fail"
    assert _key_problem(Settings(**OPTIONS)) == ""


def test_in_demo_mode_no_key_is_made_up(tmp_path: Path) -> None:
    assert "no server has been started" in _key_problem(Settings(data_dir=tmp_path / "data"))
    assert not (tmp_path / "data").exists()


@pytest.mark.database
def test_the_wrong_master_key(user: User, keys: Callable[..., None]) -> None:
    keys("a")
    create_api_key(user, "signsquid", "x")
    authority.ensure_authorities()
    assert one("stored secrets")[0] == "ok"
    keys("b", "a")
    assert one("stored secrets")[0] == "ok"
    keys("b")
    level, text = one("stored secrets")
    assert level == "fail"
    assert "accounts_credential.webhook_secret" in text
    assert "the authorities' keys" in text
    keys("a", "b")  # decrypts everything, but look-ups go by the oldest
    level, text = one("stored secrets")
    assert level == "fail"
    assert "API keys and links are not found" in text


# --- certificates and time -----------------------------------------------------------------------
def test_certificates_end(later: Callable[[timedelta], None]) -> None:
    assert one("certificates")[0] == "ok"
    authority.ensure_authorities()
    assert one("certificates")[0] == "ok"
    later(350 * DAY)
    level, text = one("certificates")
    assert (level, "signers-ocsp ends on" in text) == ("warn", True)
    later(401 * DAY)
    level, text = one("certificates")
    assert (level, "signers-ocsp ended on" in text) == ("fail", True)


@pytest.mark.parametrize("column", ["private_key", "certificate"])
def test_keys_and_certificates_that_do_not_belong_together(column: str) -> None:
    made = authority.ensure_authorities()
    other = getattr(made["signers"], column)
    Key.objects.filter(pk=made["tsa"].pk).update(**{column: other})
    level, text = one("certificates")
    assert (level, text.startswith("tsa: key, certificate and issuer")) == ("fail", True)


@pytest.mark.database
def test_a_timestamp_is_made_checked_and_nothing_kept(later: Callable[[timedelta], None]) -> None:
    assert one("timestamps")[0] == "ok"
    assert not Key.objects.exists()
    later(timedelta(seconds=30))
    level, text = one("timestamps")
    assert (level, text.startswith("The confirmed time is")) == ("fail", True), text


def test_no_timestamp_to_be_had(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch, keys: Callable[..., None]
) -> None:
    authority.ensure_authorities()
    keys("z")
    assert one("timestamps")[0] == "fail"  # its key cannot be decrypted
    vault._keys.cache_clear()
    settings.TIMESTAMP_AUTHORITY = ""
    assert "no timestamp authority is configured" in one("timestamps")[1]


def test_a_token_over_something_else_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    real = timestamp.BuiltIn.token
    monkeypatch.setattr(timestamp.BuiltIn, "token", lambda self, _digest: real(self, bytes(32)))
    assert one("timestamps")[0] == "fail"


def test_clocks_apart(later: Callable[[timedelta], None]) -> None:
    assert one("clock")[0] == "ok"
    later(timedelta(seconds=10))
    if connection.vendor == "postgresql":
        assert one("clock")[0] == "warn"
        later(timedelta(minutes=5))
        assert one("clock")[0] == "fail"


# --- database, storage, disk ---------------------------------------------------------------------
@pytest.mark.database
def test_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    assert one("database")[0] == "ok"
    assert not Attempt.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'jobs'")
    at = look()
    level, text = one("database", at)
    assert (level, "1 migrations to apply" in text, at.database) == ("fail", True, False)


@pytest.mark.parametrize("below_a_file", [False, True])
def test_storage(tmp_path: Path, settings: LazySettings, below_a_file: bool) -> None:
    (tmp_path / "plain").write_text("not a folder")
    folder = tmp_path / ("plain/files" if below_a_file else "files")
    settings.STORAGE_URL = folder.as_uri()
    if below_a_file:
        assert one("storage")[0] == "fail"
        return
    assert one("storage")[0] == "ok"
    assert not folder.exists()
    folder.mkdir()
    assert "written, read and deleted" in one("storage")[1]
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("total", "free", "level"),
    [(100, 50, "ok"), (100, 9, "warn"), (1000, 15, "fail"), (5, 0.9, "fail"), (0, 0, "fail")],
)
def test_room_on_the_disk(total: float, free: float, level: str) -> None:
    assert data._room(Path("/srv"), int(total * 1e9), int(free * 1e9)).level == level
    assert CHECK["disk"](look(data_dir=Path("/")))


def test_whose_the_data_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert one("account", look(data_dir=tmp_path))[0] == "ok"
    assert one("account", look(data_dir=tmp_path / "none"))[0] == "fail"
    monkeypatch.setattr(os, "geteuid", lambda: 64000)
    assert one("account", look(data_dir=tmp_path))[0] == "warn"


# --- sending -------------------------------------------------------------------------------------
def test_mail_is_knocked_at_or_sent(mailbox: Mailbox, settings: LazySettings) -> None:
    assert one("mail")[0] == "ok"
    assert mailbox.mails == []
    level, text = one("mail", look(mail_to="ops@acme.example"))
    assert (level, "queued as Q1" in text) == ("ok", True)
    [mail] = mailbox.parsed()
    assert (mail["To"], mail["From"]) == ("ops@acme.example", "sign@acme.example")
    mailbox.rcpt = "550 5.1.1 unknown"
    assert one("mail", look(mail_to="ops@acme.example")) == (
        "fail",
        f"127.0.0.1:{settings.EMAIL_PORT} does not take mail: 550 5.1.1 unknown.",
    )
    settings.EMAIL_USE_TLS = True  # the server offers none
    assert "STARTTLS" in one("mail")[1]
    settings.EMAIL_USE_TLS, settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = False, "u", "p"
    assert one("mail")[0] == "fail"  # nor a login


def test_mail_to_a_closed_port(mailbox: Mailbox, settings: LazySettings) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        settings.EMAIL_PORT = closed.getsockname()[1]
        level, text = one("mail")
    assert (level, "refused" in text) == ("fail", True)
    settings.MAIL_URL = ""
    assert one("mail")[0] == "fail"
    assert one("mail", look(demo=True))[0] == "ok"


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")
def test_sms_and_webhooks(settings: LazySettings) -> None:
    settings.SMS_URL, settings.WEBHOOKS_MAY_BE_PRIVATE = "", True
    assert (one("SMS")[0], one("SMS", look(demo=True))[0]) == ("warn", "ok")
    assert (one("webhooks")[0], one("webhooks", look(demo=True))[0]) == ("warn", "ok")
    settings.SMS_URL, settings.WEBHOOKS_MAY_BE_PRIVATE = "nonsense://x", False
    assert (one("SMS")[0], one("webhooks")[0]) == ("fail", "ok")
    settings.SMS_URL = "json://127.0.0.1/{to}"
    assert one("SMS")[0] == "ok"


def test_an_address_that_does_not_answer() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        assert one("public address", look(public_url=url))[0] == "warn"


# --- work ----------------------------------------------------------------------------------------
@pytest.mark.database
def test_nobody_works() -> None:
    assert one("worker") == ("fail", "No worker has done anything yet.")
    job = Job.objects.create(kind="tick.heartbeat", state="done", finished_at=clock.now())
    assert one("worker")[0] == "ok"
    Job.objects.filter(pk=job.pk).update(finished_at=clock.now() - timedelta(minutes=3))
    level, text = one("worker")
    assert (level, "for 3 min" in text) == ("fail", True)
    assert handlers.heartbeat is not None


@pytest.mark.parametrize(("minutes", "level"), [(0, "ok"), (1, "ok"), (6, "warn"), (61, "fail")])
def test_work_that_waits_too_long(minutes: int, level: str) -> None:
    assert one("queue") == ("ok", "Nothing is due.")
    enqueue("prepare", {}, run_at=clock.now() + timedelta(hours=1))
    assert one("queue") == ("ok", "Nothing is due.")
    enqueue("prepare", {}, run_at=clock.now() - timedelta(minutes=minutes))
    found, text = one("queue")
    assert (found, text.startswith("Jobs due: 1,")) == (level, True)


@pytest.mark.database
def test_what_needs_a_person(user: User) -> None:
    assert one("attention")[0] == "ok"
    Job.objects.create(kind="tick.erase", state="dead", finished_at=clock.now())
    Message.objects.create(
        organization=user.organization,
        purpose="x",
        channel="email",
        params="{}",
        dedup_key="x",
        state="failed",
    )
    assert one("attention") == (
        "warn",
        "Nothing is lost, but there are jobs that stopped: 1, messages that failed: 1.",
    )


# --- the whole -----------------------------------------------------------------------------------
def test_no_secret_stands_in_any_sentence(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    def leaks(_look: Look) -> list[Any]:
        raise RuntimeError(f"cannot reach {OPTIONS['mail_url']} with {OPTIONS['master_key']} and AC77secret")

    at = look(sms_url="twilio://AC77secret:tok@+15550001/{to}")
    monkeypatch.setattr("undersigned.app.doctor.CHECKS", [("mail", leaks, False)])
    [found] = examine(at)
    assert found.level == "fail"
    for secret in ("postbox-secret", OPTIONS["master_key"], "AC77secret"):
        assert str(secret) not in found.text


def run(folder: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("UNDERSIGNED_")}
    return subprocess.run(
        [sys.executable, "-m", "undersigned.app.cli", "doctor", *options],
        env=kept | environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_without_a_database_the_other_checks_go_on(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"postgresql://ops:database-secret@127.0.0.1:{closed.getsockname()[1]}/x"
        done = run(
            tmp_path, "--json", **LEAST | {"UNDERSIGNED_DATABASE_URL": url, "UNDERSIGNED_DATA_DIR": "."}
        )
    assert done.returncode == 2, done.stderr
    report = json.loads(done.stdout)
    levels = {f["check"]: f["level"] for f in report["findings"]}
    assert set(levels) == set(CHECK)
    assert (report["status"], levels["database"]) == ("fail", "fail")
    assert (levels["worker"], levels["master key"], levels["mail"]) == ("warn", "warn", "fail")
    assert (levels["account"], levels["storage"]) == ("ok", "ok")
    for secret in ("database-secret", LEAST["UNDERSIGNED_MASTER_KEY"]):
        assert secret not in done.stdout + done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == []  # nothing was made


def test_all_is_well_beside_a_running_server(start: Callable[..., Tree], tmp_path: Path) -> None:
    demo = dict.fromkeys(LEAST, "") | {"UNDERSIGNED_DEMO": "true"}
    tree = start(**demo)
    wait_for(lambda: tree.healthy("127.0.0.1"))
    options = {"UNDERSIGNED_DATA_DIR": "data", "UNDERSIGNED_PORT": str(tree.port)}
    wait_for(lambda: "No worker has" not in run(tmp_path, **options).stdout)
    done = run(tmp_path, **options)
    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines()[-1] == f"All is well: {len(CHECKS)} checks."
    assert worst([]) == "ok"


def test_an_odd_address_is_refused(tmp_path: Path) -> None:
    done = run(tmp_path, "--mail-to", "a@b.fi, c@d.fi", UNDERSIGNED_DATA_DIR="data")
    assert done.returncode == 2
    assert "not one mail address" in done.stderr
    assert not (tmp_path / "data").exists()
