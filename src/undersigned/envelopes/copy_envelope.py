"""Make a draft out of another envelope: an instance of a template, a clone, a further template, a new start after a refusal."""

from __future__ import annotations

from dataclasses import replace as changed
from enum import StrEnum

from undersigned.base.clock import now
from undersigned.base.db import atomic

from . import audit, copies, draft_content, fetch_sources
from .actor import Actor
from .copies import Copy
from .draft_content import DraftContent
from .errors import Conflict, Invalid
from .locks import lock_envelope
from .models import Envelope, EnvelopeState


class Mode(StrEnum):
    """What is made of what."""

    INSTANTIATE = "instantiate"
    """An envelope of an offered template."""
    CLONE = "clone"
    """The same again, of anything in any state."""
    TEMPLATIZE = "templatize"
    """A template of an offered template."""
    REPLACE = "replace"
    """An envelope in place of one that was refused, once."""


_ENDED = (EnvelopeState.DECLINED, EnvelopeState.CANCELLED)


def copy_envelope(
    actor: Actor, source_id: int, mode: Mode, copy: Copy | None = None, *, send: bool = False
) -> Envelope:
    """A draft of the actor's with the documents and the plan of an envelope that they have already reached. Signatures stay behind.

    `send`: it is sent (a template: offered), at once or when its files are there. Raises Invalid (as `faults_of`, roles.<name> unknown,
    and what hinders sending), Conflict: not_offered; not_declined, replaced; NotFound.
    """
    copy = copy or Copy()
    if faults := faults_of(copy):
        raise Invalid(faults)
    with atomic():
        source = lock_envelope(source_id)
        return _copy(actor, source, mode, copy, send=send)


def _copy(actor: Actor, source: Envelope, mode: Mode, copy: Copy, *, send: bool) -> Envelope:
    at = now(source.organization.clock_offset)
    if mode in (Mode.INSTANTIATE, Mode.TEMPLATIZE):
        refuse_unless_offered(source)
        template = mode == Mode.TEMPLATIZE
        copy = changed(copy, template=template if copy.template is None else copy.template)
    if mode == Mode.REPLACE:
        if source.state not in _ENDED:
            raise Conflict("not_declined")
        if source.replaced_by.filter(deleted_at=None).exists():
            raise Conflict("replaced")
        audit.append(source, "replacement_begun", at, by=actor)
    replaces = source if mode == Mode.REPLACE else None
    (envelope,) = copies.insert(actor, source, [copy], at, replaces=replaces)
    fetch_sources.set_out(actor, envelope, at, names=copy.file_names, send=send)
    return envelope


def refuse_unless_offered(source: Envelope) -> None:
    """Raises Conflict (not_offered)."""
    if not (source.template and source.state == EnvelopeState.OFFERED):
        raise Conflict("not_offered")


def faults_of(copy: Copy) -> dict[str, list[str]]:
    """What is wrong with what is to differ: as `draft_content.faults_of`, and roles.<name>.email…"""
    title = "-" if copy.title is None else copy.title
    faults = draft_content.faults_of(DraftContent(title, tags=copy.tags or ()))
    for name, player in copy.players.items():
        faults |= {f"roles.{name}.{part}": codes for part, codes in player.faults().items()}
    return faults
