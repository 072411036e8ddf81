"""Fetch a file that the sender named by its address."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from undersigned.accounts import endpoints
from undersigned.base import languages, outgoing
from undersigned.envelopes.fetch_sources import Fetched, adopt_source, fail_source, wanted
from undersigned.envelopes.models import Document
from undersigned.files import intake, scan, storage
from undersigned.files.store import Received, take_in
from undersigned.jobs.run import Run

TIMEOUT = 120.0
"""Seconds for one attempt at a download."""
_FINAL = (outgoing.InvalidUrl, outgoing.AddressRefused, outgoing.TooLarge, outgoing.CertificateRefused)
_LATER = {408, 425, 429}
"""Statuses below 500 that another attempt may change (RFC 9110, RFC 6585)."""


def fetch_source(document_id: int, run: Run) -> None:
    """Download, check, scan and store it outside any lock, then give it to its document. Repeatable.

    What no further attempt can change ends the envelope at once; other failures propagate, and the job is tried again.
    """
    document = wanted(document_id)
    if document is None:
        return
    with storage.temporary_file(".pdf") as path:
        try:
            _download(document, path)
            facts = intake.check(path)
            received = Received(path, storage.sha256_of(path), path.stat().st_size)
            staged = take_in(document.envelope.organization_id, received)
        except (*_FINAL, intake.Refused, scan.Infected) as e:
            fail_source(document_id, in_words(document, e))
            return
        except outgoing.NotServed as e:
            if e.status >= 500 or e.status in _LATER:
                raise
            fail_source(document_id, in_words(document, e))
            return
        run.check()
        adopt_source(document_id, Fetched(staged, facts.pages), run)


def _download(document: Document, path: Path) -> None:
    auth = endpoints.endpoint_of(document.envelope.owner_user).auth
    outgoing.download(
        document.source_url,
        path,
        auth=auth,
        timeout=TIMEOUT,
        limit=settings.MAX_UPLOAD_BYTES,
        allow_private=settings.WEBHOOKS_MAY_BE_PRIVATE,
    )


def gave_up(document_id: int, _reason: str) -> None:
    """No attempt succeeded."""
    document = wanted(document_id)
    if document is not None:
        with translation.override(languages.spoken(document.envelope.language)):
            fail_source(document_id, _("Its server could not be reached, or did not give it."))


def in_words(document: Document, error: Exception) -> str:
    """What went wrong, in the envelope's language. What exactly answered inside a network is nobody's business."""
    with translation.override(languages.spoken(document.envelope.language)):
        if isinstance(error, intake.Refused):
            return error.sentence
        if isinstance(error, scan.Infected):
            return _("The virus scan found malware in it.")
        if isinstance(error, outgoing.NotServed):
            return _("Its server refused to give it (status {status}).").format(status=error.status)
        if isinstance(error, outgoing.TooLarge):
            return _("It is too large.")
        if isinstance(error, outgoing.CertificateRefused):
            return _("The client certificate for its server cannot be used.")
        return _("Its address is not allowed.")
