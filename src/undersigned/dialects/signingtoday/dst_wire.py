"""Digital signature transactions as they stand on the wire."""

from __future__ import annotations

from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

Status = Literal[
    "draft",
    "downloadingInDraft",
    "downloadingInPublished",
    "published",
    "toFill",
    "toSign",
    "expired",
    "signed",
    "rejected",
    "error",
]
DocumentStatus = Literal["plain", "filled", "signed"]
SignatureStatus = Literal["signed", "declined"]
FormType = Literal["SignatureForm", "TextForm", "ClauseForm"]
SignProfile = Literal["CAdES", "PAdES"]
STATUSES: tuple[str, ...] = get_args(Status)


class _Wire(BaseModel):
    model_config = ConfigDict(populate_by_name=True, extra="forbid")


class Resource(_Wire):
    """A file. `type` is PDF_Document, `url` always null: the bytes are at `/resource/{id}`."""

    id: str
    domain: str
    type: str = "PDF_Document"
    dstUuid: str | None
    title: str
    filename: str
    url: None = None
    size: int
    createdAt: str
    mimetype: str
    pages: int | None
    extraData: dict[str, Any]


class Form(_Wire):
    """A place on a page, in percent of it."""

    instance_id: int = Field(alias="_instance_id")
    id: int
    documentId: int
    type: FormType
    positionX: float
    positionY: float
    width: float
    height: float
    page: int
    signerId: int | None
    toFill: bool
    filled: bool
    invisible: bool
    extraData: dict[str, Any]


class Restriction(_Wire):
    """Kept and given back; nothing is made of it."""

    rule: str | None = None
    operator: str | None = None
    value: str | None = None


class SignatureRequest(_Wire):
    """A signature that is asked for. Once it is asked, `extraData` holds `st_uuid`, and the ticket for those who may see it."""

    instance_id: int = Field(alias="_instance_id")
    id: int
    reason: str
    description: str
    signerId: int | None
    signProfile: SignProfile
    withTimestamp: bool
    declinable: bool
    restrictions: list[Restriction]
    extraData: dict[str, Any]


class Signer(_Wire):
    """Somebody in a group."""

    instance_id: int = Field(alias="_instance_id")
    id: int
    name: str | None
    surname: str | None
    email: str | None
    phone: str | None
    role: str | None
    userUUID: str | None
    templateLabel: str | None


class SignersGroup(_Wire):
    """Who sign at the same time."""

    instance_id: int = Field(alias="_instance_id")
    label: str | None
    signers: list[Signer]


class Document(_Wire):
    """A document with its plan."""

    instance_id: int = Field(alias="_instance_id")
    id: int
    plainDocumentUuid: str | None
    filledDocumentUuid: str | None
    signedDocumentUuid: str | None
    status: DocumentStatus
    forms: list[Form]
    signatureRequests: list[SignatureRequest]
    signerGroups: list[SignersGroup]
    extraData: dict[str, Any]


class Signature(_Wire):
    """A signature that was made, or declined."""

    instance_id: int = Field(alias="_instance_id")
    documentId: int
    signatureRequestId: int
    signedAt: str | None
    declinedReason: str | None
    status: SignatureStatus
    extraData: dict[str, Any]


class DST(_Wire):
    """A digital signature transaction, or a template for some."""

    id: str
    domain: str
    title: str
    replaces: str | None
    replacedBy: str | None
    createdByUser: str
    createdAt: str
    documents: list[Document]
    publishedAt: str | None
    expiresAt: str | None
    resources: list[Resource]
    signatures: list[Signature]
    status: Status
    errorMessage: str | None
    deletedAt: None = None
    tags: list[str]
    template: bool
    publicTemplate: bool
    extraData: dict[str, Any]
    visibleTo: list[str]
    ccGroups: list[str]
    ccUsers: list[str]
    urgent: bool
    updatedAt: str


class DSTs(_Wire):
    """A page of transactions; `count` of all that were found, where it was asked for."""

    count: int | None
    values: list[DST]
