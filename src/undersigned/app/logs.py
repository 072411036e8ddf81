"""What must not stand in a log."""

from __future__ import annotations

import logging
import re

_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![\w-])"
_SECRET = re.compile(
    rf"(/room/[lp]/|/console/new-password/|passwordToken=)[^/\s?#&\"']+|(/)(?!{_UUID})[\w-]{{30,}}"
)
"""Links of signers and for new passwords, and every part of a path that is long enough to be a key, a token or a code (ids are shorter, or UUIDs)."""


class HideSecrets(logging.Filter):
    """Cuts secrets out of addresses: Django logs the path of refused and failed requests."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if _SECRET.search(message):
            record.msg, record.args = _SECRET.sub(r"\1\2…", message), ()
        return True
