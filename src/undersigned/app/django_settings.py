"""Django's settings, derived from `settings.Settings`. Rooms below `app` read options from here through `django.conf.settings`."""

from __future__ import annotations

import base64
import hashlib
import hmac
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from .settings import Settings

UNDERSIGNED = Settings()
"""The frozen options; `undersigned.app` alone may read them, lower rooms use the names below."""

MASTER_KEYS: list[str] = (
    UNDERSIGNED.master_keys()
    if UNDERSIGNED.demo or UNDERSIGNED.master_key or UNDERSIGNED.master_key_file
    else []
)
"""Base64, newest first; `base.vault` is the only reader."""


def _derive(purpose: str) -> str:
    key = base64.b64decode(MASTER_KEYS[0]) if MASTER_KEYS else b"no master key: the server refuses to start"
    return hmac.new(key, purpose.encode(), hashlib.sha256).hexdigest()


# --- the product's own options, for lower rooms -------------------------------------------------
DEMO: bool = UNDERSIGNED.demo
PUBLIC_URL: str = UNDERSIGNED.base_url
DATA_DIR: Path = UNDERSIGNED.data_dir.absolute()
STORAGE_URL: str = UNDERSIGNED.storage
SMS_URL: str = UNDERSIGNED.sms_url
PUSH_URL: str = UNDERSIGNED.push_url
MAIL_URL: str = UNDERSIGNED.mail_url
MAIL_FROM_DOMAINS: tuple[str, ...] = tuple(UNDERSIGNED.mail_from_domains.lower().split())
ONE_TIME_CODE_NAMES: dict[str, str] = {
    name: f"{channel}_code"
    for name, _equals, channel in (pair.partition("=") for pair in UNDERSIGNED.one_time_code_names.split())
}
WEBHOOKS_MAY_BE_PRIVATE: bool = UNDERSIGNED.webhooks_may_be_private
PROVIDERS_MAY_BE_PRIVATE: bool = UNDERSIGNED.providers_allow_private
LOCAL_URL: str = f"http://{'127.0.0.1' if UNDERSIGNED.host in ('0.0.0.0', '::', '') else UNDERSIGNED.host}:{UNDERSIGNED.port}"  # noqa: S104 - compared, not bound
"""Where the server reaches itself, whatever its public address is (the demo provider's token endpoint)."""
TIMESTAMP_AUTHORITY: str = UNDERSIGNED.timestamp_authority or ("built-in" if UNDERSIGNED.demo else "")
CLAMD: str = UNDERSIGNED.clamd
MAX_UPLOAD_BYTES: int = UNDERSIGNED.max_upload_mb * 1024 * 1024
TRUSTED_PROXIES: int = UNDERSIGNED.trusted_proxies
API_CALLS_PER_MINUTE: int = UNDERSIGNED.api_calls_per_minute
SIGNSPACE_WRAP_LISTS: bool = UNDERSIGNED.signspace_wrap_lists
SIGNICAT_EVENT_STYLE: str = UNDERSIGNED.signicat_event_style

# --- Django -----------------------------------------------------------------------------------
SECRET_KEY = _derive("django")
DEBUG = False
_public = urlsplit(PUBLIC_URL)
_secure = _public.scheme == "https"
ALLOWED_HOSTS = [
    _public.hostname or "localhost",
    *(["localhost", "127.0.0.1", "[::1]", "testserver"] if DEMO else []),
]
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"]
ROOT_URLCONF = "undersigned.app.urls"
WSGI_APPLICATION = "undersigned.app.wsgi.application"
SILENCED_SYSTEM_CHECKS = [
    "auth.W004"
]  # user names are unique within an organisation; OrganizationBackend asks for both
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
APPEND_SLASH = False
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [
    ("en", "English"),
    ("da", "Dansk"),
    ("de", "Deutsch"),
    ("es", "Español"),
    ("fr", "Français"),
    ("it", "Italiano"),
    ("nb", "Norsk bokmål"),
    ("fi", "Suomi"),
    ("sv", "Svenska"),
]
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = _secure
LOCALE_PATHS = [Path(__file__).parent.parent / "locale"]
FORMAT_MODULE_PATH = ["undersigned.public.formats"]
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "/console/login"
LOGIN_REDIRECT_URL = "/console/"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "lucide",
    "undersigned.accounts",
    "undersigned.jobs",
    "undersigned.files",
    "undersigned.sealing",
    "undersigned.delivery",
    "undersigned.identity",
    "undersigned.envelopes",
    "undersigned.lifecycle",
    "undersigned.room",
    "undersigned.console",
    "undersigned.public",
    "undersigned.app",
]
MIDDLEWARE = [
    "undersigned.app.middleware.RequestFrame",
    "undersigned.app.middleware.Compress",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]


def _database(url: str) -> dict[str, Any]:
    """Django's DATABASES entry for a `postgresql://` URL, or SQLite (WAL, IMMEDIATE) when `url` is empty."""
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(DATA_DIR / "undersigned.sqlite3"),
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                # FULL: with NORMAL, WAL loses the last commits when the power fails, and a signature was acknowledged by then.
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
            },
        }
    parts = urlsplit(url)
    query = {k: v[0] for k, v in parse_qs(parts.query).items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", "") or parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        # A server that vanished without a word must be missed within half a minute, by a request and by a worker.
        "OPTIONS": {
            "connect_timeout": "5",
            "keepalives_idle": "15",
            "keepalives_interval": "5",
            "keepalives_count": "3",
            "tcp_user_timeout": "30000",
        }
        | query,
    }


DATABASES = {"default": _database(UNDERSIGNED.database_url)}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
AUTHENTICATION_BACKENDS = ["undersigned.accounts.login.OrganizationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# Sessions and cookies. Signers have cookies of their own (room), not Django sessions.
SESSION_COOKIE_NAME = "console"
SESSION_COOKIE_PATH = "/console/"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _secure
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
MESSAGE_STORAGE = (
    "django.contrib.messages.storage.session.SessionStorage"  # they name people: not in a cookie
)
CSRF_FAILURE_VIEW = "undersigned.public.errors.csrf_refused"
SECURE_HSTS_SECONDS = 31536000 if _secure else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
# With `no-referrer` browsers send `Origin: null` with forms, which the CSRF check refuses; this names the host alone.
SECURE_REFERRER_POLICY = "strict-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 6 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500

# Mail.
_mail = urlsplit(UNDERSIGNED.mail_url)
_tls = parse_qs(_mail.query).get("tls", ["starttls"])[0]
EMAIL_BACKEND = "undersigned.delivery.smtp.EmailBackend"
EMAIL_HOST = _mail.hostname or ""
EMAIL_PORT = _mail.port or 587
EMAIL_HOST_USER = unquote(_mail.username or "")
EMAIL_HOST_PASSWORD = unquote(_mail.password or "")
EMAIL_USE_TLS = bool(_mail.hostname) and _tls == "starttls"
EMAIL_USE_SSL = bool(_mail.hostname) and _tls == "tls"
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = UNDERSIGNED.mail_from

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "filters": {"links": {"()": "undersigned.app.logs.HideSecrets"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["links"]}},
    "root": {"handlers": ["stderr"], "level": UNDERSIGNED.log_level},
    # These tell at INFO what they do to each font and each PDF.
    "loggers": {
        name: {"level": "WARNING"}
        for name in ("fontTools", "fpdf", "pikepdf", "pyhanko", "pyhanko_certvalidator")
    },
}
