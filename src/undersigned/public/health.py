"""Whether this process can serve."""

from __future__ import annotations

import logging

from django.db import Error, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from undersigned.base import db

logger = logging.getLogger(__name__)
_migrated = False


@require_safe
def health(_request: HttpRequest) -> JsonResponse:
    """200 when the database answers and holds every table of this release, 503 otherwise; no reason is given to the public."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        ready = _is_migrated()
    except Error:
        logger.warning("the database does not answer", exc_info=True)
        ready = False
    response = JsonResponse({"status": "ok" if ready else "unavailable"}, status=200 if ready else 503)
    response["Cache-Control"] = "no-store"
    return response


def _is_migrated() -> bool:
    """Whether no migration is left to apply; once true it stays true for the life of the process."""
    global _migrated
    if not _migrated:
        _migrated = not db.unapplied()
    return _migrated
