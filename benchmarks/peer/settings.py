"""Django's settings of the peer: database, keys and folder are those of the environment, all else is bare."""

from __future__ import annotations

from undersigned.app.django_settings import (
    AUTH_USER_MODEL,
    DATA_DIR,
    DATABASES,
    DEFAULT_AUTO_FIELD,
    MASTER_KEYS,
    PUBLIC_URL,
    SECRET_KEY,
    STORAGE_URL,
    TIMESTAMP_AUTHORITY,
    USE_TZ,
)

__all__ = [
    "AUTH_USER_MODEL",
    "DATABASES",
    "DATA_DIR",
    "DEFAULT_AUTO_FIELD",
    "MASTER_KEYS",
    "PUBLIC_URL",
    "SECRET_KEY",
    "STORAGE_URL",
    "TIMESTAMP_AUTHORITY",
    "USE_TZ",
]
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "benchmarks.peer.urls"
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]  # says how long an answer is
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "undersigned.accounts",
    "undersigned.jobs",
    "undersigned.files",
    "undersigned.sealing",
    "undersigned.delivery",
    "undersigned.identity",
    "undersigned.envelopes",
]
