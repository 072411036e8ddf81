"""Digital signature transactions as they stand on the wire."""

from __future__ import annotations

from typing import Any, Literal, get_args

from pydantic import Field

from .wire import Wire

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


class Resource(Wire):
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


class Form(Wire):
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


class Restriction(Wire):
    """Kept and given back; nothing is made of it."""

    rule: str | None = None
    operator: str | None = None
    value: str | None = None


class SignatureRequest(Wire):
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


class Signer(Wire):
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


class SignersGroup(Wire):
    """Who sign at the same time."""

    instance_id: int = Field(alias="_instance_id")
    label: str | None
    signers: list[Signer]


class Document(Wire):
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


class Signature(Wire):
    """A signature that was made, or declined."""

    instance_id: int = Field(alias="_instance_id")
    documentId: int
    signatureRequestId: int
    signedAt: str | None
    declinedReason: str | None
    status: SignatureStatus
    extraData: dict[str, Any]


class DST(Wire):
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


class DSTs(Wire):
    """A page of transactions; `count` of all that were found, where it was asked for."""

    count: int | None
    values: list[DST]


class SigningAddress(Wire):
    """Where a signature is made."""

    url: str


Number = float | str | None
Whole = int | str | None


class NewForm(Wire):
    """A form as it is sent: numbers also as strings. Of a text, `extraData.value` is what stands in it."""

    instance_id: Whole = Field(None, alias="_instance_id")
    id: Whole = None
    documentId: Whole = None
    type: FormType | None = None
    positionX: Number = None
    positionY: Number = None
    width: Number = None
    height: Number = None
    page: Whole = None
    signerId: Whole = None
    toFill: bool | None = None
    filled: bool | None = None
    invisible: bool | None = None
    extraData: dict[str, Any] | None = None


class NewSigner(Wire):
    """Somebody of the organisation by `userUUID` or `email`, else anybody."""

    id: Whole = None
    name: str | None = None
    surname: str | None = None
    email: str | None = None
    phone: str | None = None
    role: str | None = None
    userUUID: str | None = None
    templateLabel: str | None = None


class NewGroup(Wire):
    """Who sign at the same time."""

    label: str | None = None
    signers: list[NewSigner] | None = None


class NewRequest(Wire):
    """A signature that is to be asked for."""

    id: Whole = None
    reason: str | None = None
    description: str | None = None
    signerId: Whole = None
    signProfile: SignProfile | None = None
    withTimestamp: bool | None = None
    declinable: bool | None = None
    restrictions: list[Restriction] | None = None
    extraData: dict[str, Any] | None = None


class NewDocument(Wire):
    """A document as it is sent."""

    id: Whole = None
    plainDocumentUuid: str | None = None
    forms: list[NewForm] | None = None
    signatureRequests: list[NewRequest] | None = None
    signerGroups: list[NewGroup] | None = None
    extraData: dict[str, Any] | None = None


class NewDST(Wire):
    """A transaction as it is sent; what only the server says is passed over."""

    title: str
    documents: list[NewDocument] | None = None
    expiresAt: str | None = None
    tags: list[str] | None = None
    template: bool | None = None
    publicTemplate: bool | None = None
    extraData: dict[str, Any] | None = None
    visibleTo: list[str] | None = None
    ccGroups: list[str] | None = None
    ccUsers: list[str] | None = None
    urgent: bool | None = None


class NewResource(Wire):
    """What a file is called."""

    title: str | None = None
    filename: str | None = None
    extraData: dict[str, Any] | None = None


class Note(Wire):
    """A note on a transaction."""

    id: int
    dstId: str
    userId: str | None
    createdAt: str
    text: str


class NewNote(Wire):
    """The text of a note."""

    text: str


AuditEvent = Literal[
    "event_published",
    "event_form_fill",
    "event_signature",
    "event_rejection",
    "event_replacement",
    "event_note_add",
    "event_note_modify",
    "event_note_delete",
    "event_solicitation",
    "stage_to_fill",
    "stage_to_sign",
    "stage_expired",
    "stage_signed",
    "stage_rejected",
    "event_upload_alfresco",
]


class SignerRecord(Wire):
    """Who did it."""

    name: str | None
    surname: str | None
    email: str | None
    role: str | None
    userUUID: str | None


class AuditRecord(Wire):
    """What happened, by event and in a sentence."""

    instance_id: int = Field(alias="_instance_id")
    at: str
    event: AuditEvent
    signer: SignerRecord | None
    value: str
    dstId: str
    documentId: int | None
    fillableFormId: int | None
    signatureRequestId: int | None
    noteId: int | None


NotificationEvent = Literal[
    "dst_status_published",
    "dst_status_expired",
    "dst_status_rejected",
    "dst_status_signed",
    "dst_status_error",
    "dst_alert_fill",
    "dst_alert_sign",
    "dst_alert_note_added",
    "dst_alert_note_modified",
    "dst_alert_note_deleted",
]


class Notification(Wire):
    """Something that the user has not heard of yet."""

    id: int
    time: str
    dstId: str
    userId: str
    dstTitle: str
    username: str
    email: str
    event: NotificationEvent


class Notifications(Wire):
    """A page of them."""

    count: int | None
    values: list[Notification]
