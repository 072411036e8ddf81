"""What a sender says of a person before anybody has identified them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Pair(BaseModel):
    """A name and a value; `asked_as`: only for methods that were asked for by one of these names, empty means all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    value: str
    asked_as: tuple[str, ...] = ()


class Expected(BaseModel):
    """`attributes` must agree with what a provider says, else the person is another; `hints` only help the provider to begin."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    attributes: tuple[Pair, ...] = ()
    hints: tuple[Pair, ...] = ()
