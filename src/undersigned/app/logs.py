"""What must not stand in a log."""

from __future__ import annotations

import logging
import re

_LINK = re.compile(r"(/room/l/)[^/\s?#\"']+")


class HideLinks(logging.Filter):
    """Cuts the secret out of signers' addresses: Django logs the path of refused and failed requests."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if _LINK.search(message):
            record.msg, record.args = _LINK.sub(r"\1…", message), ()
        return True
