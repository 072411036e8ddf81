"""A first call for each API that uses keys."""

from __future__ import annotations

from django.conf import settings


def sample(dialect: str, key: str) -> str:
    """Three lines of curl that make something in `dialect`; empty where there is none."""
    if dialect != "signsquid":
        return ""
    return "\n".join(
        [
            f"curl -i -u {key}: \\",
            "  -H 'Content-Type: application/json' -d '{\"name\": \"My first contract\"}' \\",
            f"  {settings.PUBLIC_URL}/api/v1/contracts",
        ]
    )
