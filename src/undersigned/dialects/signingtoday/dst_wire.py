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
    dst_uuid: str | None
    title: str
    filename: str
    url: None = None
    size: int
    created_at: str
    mimetype: str
    pages: int | None
    extra_data: dict[str, Any]


class Form(Wire):
    """A place on a page, in percent of it."""

    instance_id: int = Field(alias="_instance_id")
    id: int
    document_id: int
    type: FormType
    position_x: float
    position_y: float
    width: float
    height: float
    page: int
    signer_id: int | None
    to_fill: bool
    filled: bool
    invisible: bool
    extra_data: dict[str, Any]


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
    signer_id: int | None
    sign_profile: SignProfile
    with_timestamp: bool
    declinable: bool
    restrictions: list[Restriction]
    extra_data: dict[str, Any]


class Signer(Wire):
    """Somebody in a group."""

    instance_id: int = Field(alias="_instance_id")
    id: int
    name: str | None
    surname: str | None
    email: str | None
    phone: str | None
    role: str | None
    user_uuid: str | None = Field(alias="userUUID")
    template_label: str | None


class SignersGroup(Wire):
    """Who sign at the same time."""

    instance_id: int = Field(alias="_instance_id")
    label: str | None
    signers: list[Signer]


class Document(Wire):
    """A document with its plan."""

    instance_id: int = Field(alias="_instance_id")
    id: int
    plain_document_uuid: str | None
    filled_document_uuid: str | None
    signed_document_uuid: str | None
    status: DocumentStatus
    forms: list[Form]
    signature_requests: list[SignatureRequest]
    signer_groups: list[SignersGroup]
    extra_data: dict[str, Any]


class Signature(Wire):
    """A signature that was made, or declined."""

    instance_id: int = Field(alias="_instance_id")
    document_id: int
    signature_request_id: int
    signed_at: str | None
    declined_reason: str | None
    status: SignatureStatus
    extra_data: dict[str, Any]


class DST(Wire):
    """A digital signature transaction, or a template for some."""

    id: str
    domain: str
    title: str
    replaces: str | None
    replaced_by: str | None
    created_by_user: str
    created_at: str
    documents: list[Document]
    published_at: str | None
    expires_at: str | None
    resources: list[Resource]
    signatures: list[Signature]
    status: Status
    error_message: str | None
    deleted_at: None = None
    tags: list[str]
    template: bool
    public_template: bool
    extra_data: dict[str, Any]
    visible_to: list[str]
    cc_groups: list[str]
    cc_users: list[str]
    urgent: bool
    updated_at: str


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
    document_id: Whole = None
    type: FormType | None = None
    position_x: Number = None
    position_y: Number = None
    width: Number = None
    height: Number = None
    page: Whole = None
    signer_id: Whole = None
    to_fill: bool | None = None
    filled: bool | None = None
    invisible: bool | None = None
    extra_data: dict[str, Any] | None = None


class NewSigner(Wire):
    """Somebody of the organisation by `userUUID` or `email`, else anybody."""

    id: Whole = None
    name: str | None = None
    surname: str | None = None
    email: str | None = None
    phone: str | None = None
    role: str | None = None
    user_uuid: str | None = Field(None, alias="userUUID")
    template_label: str | None = None


class NewGroup(Wire):
    """Who sign at the same time."""

    label: str | None = None
    signers: list[NewSigner] | None = None


class NewRequest(Wire):
    """A signature that is to be asked for."""

    id: Whole = None
    reason: str | None = None
    description: str | None = None
    signer_id: Whole = None
    sign_profile: SignProfile | None = None
    with_timestamp: bool | None = None
    declinable: bool | None = None
    restrictions: list[Restriction] | None = None
    extra_data: dict[str, Any] | None = None


class NewDocument(Wire):
    """A document as it is sent."""

    id: Whole = None
    plain_document_uuid: str | None = None
    forms: list[NewForm] | None = None
    signature_requests: list[NewRequest] | None = None
    signer_groups: list[NewGroup] | None = None
    extra_data: dict[str, Any] | None = None


class NewDST(Wire):
    """A transaction as it is sent; what only the server says is passed over."""

    title: str
    documents: list[NewDocument] | None = None
    expires_at: str | None = None
    tags: list[str] | None = None
    template: bool | None = None
    public_template: bool | None = None
    extra_data: dict[str, Any] | None = None
    visible_to: list[str] | None = None
    cc_groups: list[str] | None = None
    cc_users: list[str] | None = None
    urgent: bool | None = None


class NewResource(Wire):
    """What a file is called."""

    title: str | None = None
    filename: str | None = None
    extra_data: dict[str, Any] | None = None


class Note(Wire):
    """A note on a transaction."""

    id: int
    dst_id: str
    user_id: str | None
    created_at: str
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
    user_uuid: str | None = Field(alias="userUUID")


class AuditRecord(Wire):
    """What happened, by event and in a sentence."""

    instance_id: int = Field(alias="_instance_id")
    at: str
    event: AuditEvent
    signer: SignerRecord | None
    value: str
    dst_id: str
    document_id: int | None
    fillable_form_id: int | None
    signature_request_id: int | None
    note_id: int | None


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
    dst_id: str
    user_id: str
    dst_title: str
    username: str
    email: str
    event: NotificationEvent


class Notifications(Wire):
    """A page of them."""

    count: int | None
    values: list[Notification]
