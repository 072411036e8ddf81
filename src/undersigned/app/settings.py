"""Every option of the server, one frozen class; each field is one `UNDERSIGNED_…` environment variable.

Django's settings are derived from it (`django_settings`); nothing else reads the environment.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class UnsafeSettings(Exception):
    """The server must not start like this; `reasons` names each option and its remedy."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


class Settings(BaseSettings):
    """Options of one installation. Field descriptions are the operator's documentation (`docs/operating.md`)."""

    model_config = SettingsConfigDict(env_prefix="UNDERSIGNED_", frozen=True, extra="ignore")

    demo: bool = Field(
        True,
        description="Demo mode: a demo organisation, generated secrets, console outbox. Off in production.",
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8040, ge=1, le=65535, description="Port to listen on.")
    public_url: str = Field(
        "",
        description="Address under which people reach the server; links and base URLs follow from it. Default: http://HOST:PORT.",
    )
    data_dir: Path = Field(Path("data"), description="Folder for the database, files and demo secrets.")
    credentials_file: Path | None = Field(
        None,
        description="Where demo mode writes addresses and credentials. Default: DATA_DIR/credentials.json.",
    )
    database_url: str = Field(
        "", description="postgresql://user:password@host/name, or empty for SQLite in the data folder."
    )
    storage_url: str = Field(
        "", description="Where files are kept: file:///path or s3://bucket/prefix. Default: DATA_DIR/files."
    )
    mail_url: str = Field(
        "",
        description="smtp://user:password@host:587/?tls=starttls|tls|none. Empty: mails stay in the console's outbox.",
    )
    mail_from: str = Field("undersigned@localhost", description="Sender address of all mail.")
    mail_from_domains: str = Field(
        "",
        description="Domains, blanks between, whose addresses a program may put into From: of messages in its own words. Other addresses go into Reply-To.",
    )
    sms_url: str = Field(
        "",
        description="Gateway in Apprise's URL form, e.g. twilio://…. Empty: in demo mode SMS stay in the console's outbox, else they fail.",
    )
    push_url: str = Field(
        "",
        description="Push service in Apprise's URL form, with {to} where a device's token belongs, e.g. fcm://…. Empty: in demo mode push messages stay in the console's outbox, else they fail.",
    )
    webhook_allow_private: bool | None = Field(
        None, description="Let webhooks reach private and loopback addresses. Default: only in demo mode."
    )
    providers_allow_private: bool = Field(
        False,
        description="Let identity providers live at private and loopback addresses, without TLS. For tests and for providers inside your own network.",
    )
    one_time_code_names: str = Field(
        "scid-sms=sms scid-otp=sms",
        pattern=r"^\s*([^\s=]+=(sms|mail)(\s+|$))*$",
        description="Names by which programs ask for a one-time code, each with the channel by which it goes: name=sms or name=mail, blanks between. A provider of that name goes before.",
    )
    master_key: str = Field(
        "",
        description="32 random bytes in base64; encrypts columns and keys. Or use MASTER_KEY_FILE.",
        repr=False,
    )
    master_key_file: Path | None = Field(
        None, description="File holding the master key(s), one a line, newest first."
    )
    trusted_proxies: int = Field(
        0, ge=0, le=8, description="Number of reverse proxies in front whose X-Forwarded-For is believed."
    )
    timestamp_authority: str = Field(
        "",
        pattern=r"^(|built-in|https?://[^\s@]+)$",
        description="Who time-stamps: address of an authority that speaks RFC 3161, or 'built-in', which is labelled so in the evidence. Outside demo mode it must be set.",
    )
    web_processes: int = Field(1, ge=1, le=64, description="Web processes. More than one needs PostgreSQL.")
    web_threads: int = Field(4, ge=1, le=64, description="Request threads of the web process.")
    workers: int = Field(1, ge=0, le=32, description="Worker processes started beside the web process.")
    clamd: str = Field(
        "",
        pattern=r"^(|tcp://[^/\s@]+:[0-9]{1,5}|unix:///\S+)$",
        description="ClamAV's daemon: tcp://host:port or unix:///path. Empty: files are not checked for viruses.",
    )
    max_upload_mb: int = Field(60, ge=1, le=2000, description="Largest file accepted, in MiB.")
    api_calls_per_minute: int = Field(
        600, ge=1, description="Calls that one API credential may make in a minute."
    )
    signspace_wrap_lists: bool = Field(
        False,
        description='SignSpace API: tasks.list and tasks.get answer {"tasks": [...]} instead of an array.',
    )
    signicat_event_style: Literal["kebab", "upper"] = Field(
        "kebab",
        description="Signicat API: spelling of eventType, notification-sent or NOTIFICATION_SENT (which the vendor's .NET SDK reads).",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least level that is logged."
    )

    @field_validator("public_url")
    @classmethod
    def _no_trailing_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @property
    def base_url(self) -> str:
        """Public address without a trailing slash."""
        return self.public_url or f"http://{self.host}:{self.port}"

    @property
    def credentials_path(self) -> Path:
        return (self.credentials_file or self.data_dir / "credentials.json").absolute()

    @property
    def storage(self) -> str:
        return self.storage_url or (self.data_dir.absolute() / "files").as_uri()

    @property
    def webhooks_may_be_private(self) -> bool:
        return self.demo if self.webhook_allow_private is None else self.webhook_allow_private

    def master_keys(self) -> list[str]:
        """Master keys in base64, newest first. Demo mode makes one (mode 0600) in the data folder.

        Raises UnsafeSettings when there is none outside demo mode.
        """
        if self.master_key:
            return [self.master_key]
        path = self.master_key_file or (self.data_dir / "master.key" if self.demo else None)
        if path is None:
            raise UnsafeSettings(
                [
                    "UNDERSIGNED_MASTER_KEY or UNDERSIGNED_MASTER_KEY_FILE is not set; make one with: openssl rand -base64 32"
                ]
            )
        if self.demo and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_once(path, base64_key())
        keys = path.read_text().split()
        if not keys:
            raise UnsafeSettings([f"{path} holds no key; make one with: openssl rand -base64 32"])
        return keys

    def refuse_unsafe(self) -> None:
        """Raise UnsafeSettings with every option that is not fit for use outside demo mode."""
        if self.demo:
            return
        reasons: list[str] = []
        try:
            self.master_keys()
        except (UnsafeSettings, OSError) as e:
            reasons.extend(
                e.reasons if isinstance(e, UnsafeSettings) else [f"UNDERSIGNED_MASTER_KEY_FILE: {e}"]
            )
        if not self.base_url.startswith("https://"):
            reasons.append("UNDERSIGNED_PUBLIC_URL must be an https:// address outside demo mode")
        if not self.mail_url:
            reasons.append("UNDERSIGNED_MAIL_URL is not set; nobody would get an invitation")
        if not self.timestamp_authority:
            reasons.append(
                "UNDERSIGNED_TIMESTAMP_AUTHORITY is not set; choose 'built-in' to use the server's own authority"
            )
        if reasons:
            raise UnsafeSettings(reasons)


def base64_key() -> str:
    """A new master key: 32 random bytes in base64."""
    import base64

    return base64.b64encode(secrets.token_bytes(32)).decode()


def _write_once(path: Path, text: str) -> None:
    """Create `path` with mode 0600; of two processes doing so at once the first wins."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    temporary.touch(mode=0o600)
    temporary.write_text(text + "\n")
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
