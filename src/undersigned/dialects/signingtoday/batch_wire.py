"""What was made by a sheet, on the wire."""

from __future__ import annotations

from pydantic import Field

from .wire import Wire


class Made(Wire):
    """What a sheet has made; `instantiationGroup` is null where it was only looked at."""

    instantiation_group: str | None
    title: str
    dst_ids: list[str] = Field(alias="dstIDs")


class Group(Wire):
    """All that one sheet has made, and how many of it came to which end."""

    instantiation_group_id: str
    template_id: str | None
    title: str
    generated_at: str
    group_size: int
    in_state_signed: int
    in_state_error: int
    in_state_rejected: int
    in_state_expired: int


class Groups(Wire):
    """One page."""

    count: int | None
    values: list[Group]
