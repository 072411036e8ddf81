"""What documents of an order refer to: session documents of the client, documents of the archive."""

from __future__ import annotations

from collections.abc import Iterable, Set

from undersigned.base.clock import now
from undersigned.envelopes.actor import Actor
from undersigned.files import archive, session
from undersigned.files.models import File

from .checking import Ref
from .errors import Violations


def find(actor: Actor, refs: Set[Ref]) -> dict[Ref, File]:
    """Those that are there."""
    assert actor.credential is not None
    found: dict[Ref, File] = {}
    wanted = [name for source, name in refs if source == "SESSION"]
    if wanted:
        at = now(actor.organization.clock_offset)
        for file in session.kept(actor.credential, at).filter(pub__in=wanted):
            found["SESSION", file.pub or ""] = file
    wanted = [name for source, name in refs if source == "ARCHIVE"]
    if wanted:
        for file in archive.kept(actor.credential).filter(pub__in=wanted):
            found["ARCHIVE", file.pub or ""] = file
    return found


def hold(files: Iterable[File]) -> None:
    """Nobody takes them away until the transaction ends. Raises Violations when somebody just did."""
    ids = {f.pk for f in files}
    locked = File.objects.select_for_update(of=("self",)).filter(pk__in=ids, erased_at=None).order_by("pk")
    if len(list(locked.values_list("pk", flat=True))) < len(ids):
        raise Violations({"tasks": ["A document was deleted meanwhile"]})
