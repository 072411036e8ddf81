"""What subcommands that touch the database do first."""

from __future__ import annotations

import os


def django_setup() -> None:
    """Set Django up with the options in the environment."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "undersigned.app.django_settings")
    import django

    django.setup()
