"""The product's settings with this room alone, so that the tests' processes start fast and meet no other room's ticks."""

from __future__ import annotations

from undersigned.app.django_settings import *  # noqa: F403

INSTALLED_APPS = ["undersigned.jobs"]
