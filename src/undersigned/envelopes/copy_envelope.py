"""Make a draft out of another envelope: an instance of a template, a clone, a further template, a new start after a refusal."""

from __future__ import annotations

from dataclasses import replace as changed
from enum import StrEnum

from undersigned.base.clock import now
from undersigned.base.db import atomic

from . import audit, copies, fetch_sources
from .actor import Actor
from .copies import Copy
from .create_envelope import checked_title
from .errors import Conflict, Invalid
from .locks import lock_envelope
from .models import Envelope, EnvelopeState

TAG_MAX = 200
TAGS_MAX = 50


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


def copy_envelope(actor: Actor, source_id: int, mode: Mode, copy: Copy | None = None) -> Envelope:
    """A draft of the actor's with the documents and the plan of an envelope that they have already reached. Signatures stay behind.

    Raises Invalid (as `faults_of`, and roles.<name> unknown), Conflict: not_offered; not_declined, replaced; NotFound.
    """
    copy = copy or Copy()
    if faults := faults_of(copy):
        raise Invalid(faults)
    with atomic():
        source = lock_envelope(source_id)
        return copy_locked(actor, source, mode, copy)


def copy_locked(actor: Actor, source: Envelope, mode: Mode, copy: Copy) -> Envelope:
    """As `copy_envelope`, of a source that the caller holds the lock of, with what it has checked."""
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
    fetch_sources.begin(envelope)
    return envelope


def refuse_unless_offered(source: Envelope) -> None:
    """Raises Conflict (not_offered)."""
    if not (source.template and source.state == EnvelopeState.OFFERED):
        raise Conflict("not_offered")


def faults_of(copy: Copy) -> dict[str, list[str]]:
    """What is wrong with what is to differ: title, tags, roles.<name>.email…"""
    faults: dict[str, list[str]] = {}
    if copy.title is not None:
        try:
            checked_title(copy.title)
        except Invalid as e:
            faults |= e.faults
    if copy.tags is not None:
        if len(copy.tags) > TAGS_MAX:
            faults["tags"] = ["too_many"]
        elif any(not 0 < len(tag) <= TAG_MAX for tag in copy.tags):
            faults["tags"] = ["too_long"]
    for name, player in copy.players.items():
        faults |= {f"roles.{name}.{part}": codes for part, codes in player.faults().items()}
    return faults
