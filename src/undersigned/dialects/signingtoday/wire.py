"""What all answers of this API are made of; each resource has its own members in a module beside."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class Wire(BaseModel):
    """Members are camelCase on the wire. Answers carry null where there is nothing: clients take both."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, serialize_by_alias=True)


class Error(Wire):
    """One thing that is wrong."""

    code: str
    message: str
    target: str | None = Field(None, description="Where: `documents[0].forms[1].page`.")


class Failure(Wire):
    """A fault of the server's."""

    code: str
    message: str
