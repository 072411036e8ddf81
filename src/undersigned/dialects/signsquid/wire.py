"""What goes over the wire, member by member."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

VersionStatus = Literal[
    "NotPublished", "WaitingForSignatoryAction", "Agreed", "Refused", "NewVersionAvailable"
]
SignatoryStatus = Literal["WaitingForSignatoryAction", "Agreed", "Refused"]
SmsStatus = Literal["Pending", "Sent", "Failed"]

UNREADABLE = "\x00"
"""Stands for a value of the wrong type. The core refuses it as invalid, together with everything else that is wrong."""


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else UNREADABLE


Text = Annotated[str, BeforeValidator(_text)]
"""A string; null counts as empty. What is allowed in it, the core says."""


class NewContract(BaseModel):
    """Unknown members are ignored, here and below."""

    model_config = ConfigDict(
        json_schema_extra={"required": ["name"], "example": {"name": "My new contract name"}}
    )
    name: Text = Field(
        "",
        description="Display name, 1 to 1000 characters.",
        json_schema_extra={"minLength": 1, "maxLength": 1000},
    )


class NewSignatory(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "required": ["name", "email"],
            "example": {"name": "John Doe", "email": "john.doe@example.com", "mobilePhone": "7065551234"},
        }
    )
    name: Text = Field("", json_schema_extra={"minLength": 1, "maxLength": 200})
    email: Text = Field(
        "", description="Where the link is sent.", json_schema_extra={"format": "email", "maxLength": 320}
    )
    mobilePhone: Text = Field(  # noqa: N815 - the wire's name
        "",
        description="If set, the code is sent there by SMS at publication. Ten digits, or eleven starting with 1, are Canada or the "
        "United States; any other country needs + or 00 and its code. null and empty mean none.",
        json_schema_extra={"type": ["string", "null"], "maxLength": 60},
    )


class Signatory(BaseModel):
    name: str
    email: str
    code: str = Field(
        description="The signatory's secret code: six capital letters and digits.", examples=["NSZX7G"]
    )
    status: SignatoryStatus
    mobilePhone: str | None = Field(description="As it was given.")  # noqa: N815
    smsStatus: SmsStatus | None  # noqa: N815


class Version(BaseModel):
    signatories: list[Signatory]
    published: bool
    expires: str = Field(description="UTC, milliseconds, Z.", examples=["2013-09-19T04:33:53.976Z"])
    status: VersionStatus


class Contract(BaseModel):
    id: str = Field(examples=["5211a032e536381594f460b8"])
    name: str
    versions: list[Version] = Field(description="Oldest first; version n is at position n.")
    agreed: str | None = Field(description="When the last signatory of the last version agreed.")
    status: VersionStatus = Field(description="The status of the last version.")


class ListedContract(BaseModel):
    id: str
    name: str


class ListedFile(BaseModel):
    filename: str
    size: int = Field(description="Bytes, as uploaded.")


class SomeoneSigned(BaseModel):
    contractId: str  # noqa: N815
    contractVersion: int  # noqa: N815
    name: str
    email: str


class EveryoneSigned(BaseModel):
    contractId: str  # noqa: N815
    contractVersion: int  # noqa: N815


class Event(BaseModel):
    """Also what is posted to webhook URLs, byte for byte."""

    id: str
    privateId: str  # noqa: N815
    created: str
    type: Literal["SomeoneSigned", "EveryoneSigned"]
    event: SomeoneSigned | EveryoneSigned


class Message(BaseModel):
    message: str = Field(examples=["Not found"])


class Invalid(BaseModel):
    message: str = Field(examples=["Your request is invalid"])
    errors: dict[str, list[str]] = Field(examples=[{"name": ["Required"]}])
