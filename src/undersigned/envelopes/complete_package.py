"""The commit halves of the job that builds a package, and what goes into one."""

from __future__ import annotations

from dataclasses import dataclass

from undersigned.base.clock import now
from undersigned.files import archive
from undersigned.files.models import File
from undersigned.files.store import StagedBlob, adopt, new_file

from . import audit, notify, packages
from .errors import NotFound
from .locks import lock_envelope
from .models import Document, DocumentVersion, Envelope, NotificationPlan, Package, Signature
from .ports import dialect


@dataclass(frozen=True)
class Content:
    """A document of a package: the version that goes in, and the sealed copy of it if one was made already."""

    document: Document
    version: DocumentVersion
    sealed: DocumentVersion | None
    signed: bool


def contents(package: Package) -> list[Content]:
    """Each document once, in the order of the package, as the last of its listed signatures left it; what nobody signed as it is.

    Raises ValueError for a document without a file.
    """
    found: dict[int, Content] = {}
    for item in package.items.select_related("assignment__document__head__file__blob").order_by("position"):
        document = item.assignment.document
        if document.pk in found:
            continue
        signature = (
            Signature.objects.filter(
                assignment__document=document, assignment__package_items__package=package, voided_at=None
            )
            .select_related("version_after__file__blob")
            .order_by("-version_after__seq")
            .first()
        )
        version = signature.version_after if signature else document.head
        if version is None:
            raise ValueError("a document without a file")
        copies = DocumentVersion.objects.filter(
            parent=version,
            kind__in=[DocumentVersion.Kind.RESULT, DocumentVersion.Kind.SEALED],
            voided_at=None,
        )
        sealed = copies.select_related("file__blob").order_by("seq").first() if signature else None
        found[document.pk] = Content(document, version, sealed, signature is not None)
    return list(found.values())


def complete_package(package_id: int, envelope_id: int, staged: StagedBlob, pages: int) -> None:
    """Adopt the sealed file. Caller holds the transaction; no effect the second time, nor when its envelope was erased meanwhile."""
    found = _waiting(package_id, envelope_id)
    if found is None:
        return
    package, envelope = found
    at = now(envelope.organization.clock_offset)
    port = dialect(envelope.dialect)
    package.file = new_file(
        adopt(staged),
        File.Kind.VERSION,
        f"{envelope.title or package.key}.pdf",
        media_type="application/pdf",
        pages=pages,
        pub=port.new_public_id("file", at),
    )
    package.state, package.settled_at = Package.State.COMPLETED, at
    package.save(update_fields=["file", "state", "settled_at"])
    if package.to_archive:
        archive.keep(
            package.file,
            at,
            origin=envelope.pub or str(envelope.pk),
            user=envelope.owner_user,
            client=envelope.created_by_credential,
        )
    for recipient in packages.listed(package):
        audit.append(
            envelope,
            "package_completed",
            at,
            by=None,
            recipient=recipient,
            package=package.key,
            sha256=staged.sha256,
        )
    notify.happened(envelope, NotificationPlan.Trigger.COMPLETED, at, package=package)
    envelope.needs_attention = ""
    envelope.save(update_fields=["needs_attention", "updated_at"])


def fail_package(package_id: int, envelope_id: int) -> None:
    """It never can be built: a file of it is gone. Caller holds the transaction; no effect on one that is settled."""
    found = _waiting(package_id, envelope_id)
    if found is not None:
        package, envelope = found
        packages.fail(package, envelope, now(envelope.organization.clock_offset))


def _waiting(package_id: int, envelope_id: int) -> tuple[Package, Envelope] | None:
    try:
        envelope = lock_envelope(envelope_id)
    except NotFound:
        return None
    package = Package.objects.filter(pk=package_id, state=Package.State.CREATED).first()
    return (package, envelope) if package is not None and envelope.content_erased_at is None else None
