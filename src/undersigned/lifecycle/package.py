"""Put signed documents together into one sealed file, once all that goes into it is there."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from django.utils import translation
from django.utils.translation import gettext as _

from undersigned.base import languages
from undersigned.base.db import atomic
from undersigned.envelopes.complete_package import Content, complete_package, contents, fail_package
from undersigned.envelopes.models import Envelope, Package
from undersigned.envelopes.record import evidence_record
from undersigned.files import storage
from undersigned.files.models import Blob
from undersigned.files.store import stage
from undersigned.jobs.run import Run
from undersigned.sealing.evidence import SEAL_FIELD
from undersigned.sealing.package import Embedded, PackagePlan, Part, build_package
from undersigned.sealing.prepare import seal_field
from undersigned.sealing.seal import seal_pdf

from .sealing import request


def package(package_id: int, run: Run) -> None:
    """Build and seal it outside any lock, then adopt it in one transaction. Repeatable: one that is settled or erased is left alone.

    It fails when a file of it is gone, since then it never can be built.
    """
    found = (
        Package.objects.filter(
            pk=package_id,
            state=Package.State.CREATED,
            envelope__content_erased_at=None,
            envelope__erased_at=None,
            envelope__deleted_at=None,
        )
        .exclude(queued_at=None)
        .select_related("envelope__organization", "envelope__owner_user", "envelope__collection")
        .first()
    )
    if found is None:
        return
    envelope = found.envelope
    parts = contents(found)
    if any(p.version.file.blob is None for p in parts):
        with atomic():
            fail_package(package_id, envelope.pk)
            run.finish()
        return
    with storage.temporary_file(".pdf") as bound, storage.temporary_file(".pdf") as sealed:
        pages = _build(envelope, parts, bound, run)
        seal_pdf(bound, sealed, request(envelope, SEAL_FIELD))
        staged = stage(envelope.organization_id, sealed)
    run.check()
    with atomic():
        complete_package(package_id, envelope.pk, staged, pages)
        run.finish()


def _build(envelope: Envelope, parts: list[Content], target: Path, run: Run) -> int:
    with ExitStack() as stack:

        def stored(blob: Blob | None) -> Path:
            assert blob is not None  # asked before, and an erased one ends the attempt
            return stack.enter_context(storage.local_path(blob))

        made: list[Part] = []
        digests: dict[int, str] = {}
        for number, one in enumerate(parts, start=1):
            document, version = one.document, one.version
            pages = stored(version.file.blob)
            files: list[Embedded] = []
            if one.signed:
                signed = stored(one.sealed.file.blob) if one.sealed else None
                if signed is None:
                    signed = stack.enter_context(storage.temporary_file(".pdf"))
                    seal_pdf(pages, signed, request(envelope, seal_field(document.mark)))
                    digests[document.pk] = storage.sha256_of(signed)
                files.append(Embedded(signed, _name(number, document.signed_name, ".pdf"), document.title))
            if document.by_statement and document.source is not None:
                files.append(
                    Embedded(
                        stored(document.source),
                        _name(number, document.title),
                        document.title,
                        "Supplement",
                        document.source.media_type,
                    )
                )
            readable = one.signed or version.file.pages is not None
            if not files and not readable:
                files.append(
                    Embedded(pages, _name(number, document.title), document.title, "Supplement", version.file.media_type)
                )  # fmt: skip
            made.append(Part(document.title, pages if readable else None, tuple(files)))
            run.check()
        with translation.override(languages.spoken(envelope.language)):
            evidence = _("Evidence")
        plan = PackagePlan(envelope.title, tuple(made), evidence_record(envelope, digests), evidence)
        return build_package(target, plan)


def _name(number: int, title: str, ending: str = "") -> str:
    """Numbered, so that two of one name stay two, and they stand in their order."""
    title = title if not ending or title.lower().endswith(ending) else title + ending
    return f"{number:02d} {title}"
