"""Options: what the operator's manual says of them, and what the server refuses."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from undersigned.app import prepare
from undersigned.app.settings import Settings, UnsafeSettings

MANUAL = Path(__file__).parents[2] / "docs" / "operating.md"
SAFE: dict[str, Any] = {
    "demo": False,
    "master_key": base64.b64encode(bytes(32)).decode(),
    "public_url": "https://sign.example",
    "mail_url": "smtp://mail.example",
    "timestamp_authority": "built-in",
    "database_url": "",
}


def test_manual_names_every_option_with_its_default_and_meaning() -> None:
    rows = re.findall(
        r"^\| `UNDERSIGNED_([A-Z_]+)` \| (.*?) \| (.*) \|$", MANUAL.read_text("utf-8"), re.MULTILINE
    )
    documented = {name.lower(): (default.strip(" `"), text) for name, default, text in rows}
    declared = {}
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else str(field.default)
        default = default.lower() if isinstance(field.default, bool) else default
        declared[name] = (default, str(field.description).replace("|", "\\|"))
    assert documented == declared
    assert len(rows) == len(declared)


def reasons(**changed: Any) -> list[str]:
    with pytest.raises(UnsafeSettings) as e:
        prepare.check(Settings(**(SAFE | changed)))
    return e.value.reasons


def test_complete_settings_are_accepted() -> None:
    prepare.check(Settings(**SAFE))
    prepare.check(Settings(**(SAFE | {"web_processes": 4, "database_url": "postgresql://host/name"})))


@pytest.mark.parametrize(
    ("option", "value", "named"),
    [
        ("master_key", "", "UNDERSIGNED_MASTER_KEY"),
        ("public_url", "", "UNDERSIGNED_PUBLIC_URL"),
        ("public_url", "http://sign.example", "UNDERSIGNED_PUBLIC_URL"),
        ("mail_url", "", "UNDERSIGNED_MAIL_URL"),
        ("timestamp_authority", "", "UNDERSIGNED_TIMESTAMP_AUTHORITY"),
        ("web_processes", 2, "UNDERSIGNED_WEB_PROCESSES"),
    ],
)
def test_each_unsafe_option_is_the_one_reason(option: str, value: object, named: str) -> None:
    (reason,) = reasons(**{option: value})
    assert reason.startswith(named)


@pytest.mark.parametrize(
    "value", ["built in", "tsa.example", "ftp://tsa.example", "https://user@tsa.example"]
)
def test_timestamp_authority_is_built_in_or_an_address(value: str) -> None:
    assert Settings(**(SAFE | {"timestamp_authority": "https://tsa.example/tsr"}))
    with pytest.raises(ValidationError):
        Settings(**(SAFE | {"timestamp_authority": value}))


def test_key_file_that_is_missing_or_empty_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "none.key"
    (reason,) = reasons(master_key="", master_key_file=missing)
    assert reason.startswith("UNDERSIGNED_MASTER_KEY_FILE")
    assert str(missing) in reason
    assert not missing.exists()  # outside demo mode none is made up
    empty = tmp_path / "empty.key"
    empty.touch()
    (reason,) = reasons(master_key="", master_key_file=empty)
    assert str(empty) in reason


def test_demo_mode_makes_one_key_for_its_owner_alone(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    settings.refuse_unsafe()
    (key,) = settings.master_keys()
    assert len(base64.b64decode(key)) == 32
    assert settings.master_keys() == [key]
    assert (tmp_path / "data" / "master.key").stat().st_mode & 0o777 == 0o600


def test_several_keys_are_read_newest_first(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    path.write_text("bmV3\nb2xk\n")
    assert Settings(**(SAFE | {"master_key": "", "master_key_file": path})).master_keys() == ["bmV3", "b2xk"]


def test_options_cannot_be_changed_and_the_key_is_not_shown() -> None:
    settings = Settings(**SAFE)
    with pytest.raises(ValidationError):
        settings.demo = True
    assert SAFE["master_key"] not in repr(settings)
