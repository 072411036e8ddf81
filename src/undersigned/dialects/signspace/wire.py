"""What goes over the wire, member by member; also the source of the OpenAPI description."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Status = Literal["open", "in_progress", "on_hold", "complete", "cancelled"]
ParticipantStatus = Literal["waiting", "pending", "signed", "declined"]
STATUSES = ("open", "in_progress", "on_hold", "complete", "cancelled")
ROLES = ("signer", "watcher")
AUTH_METHODS = ("light_email_or_sms", "light_email", "strong")
INVITATION_METHODS = ("sms", "email")
STRENGTHS = ("light", "strong")
VERSIONS = ("v1", "v2")
LANGUAGES = ("en", "fi", "sv")
INVITATION_TYPES = ("default_signing", "force_swr")
MONTHS = {
    "delete_signed_content_after_months": "signed",
    "delete_unsigned_content_after_months": "unsigned",
    "delete_conversations_and_tasks_after_months": "other",
}
MONTHS_MAX = 1200

_ID = ["62a85fd06cd3aa6e70d1af2d"]
Flag = bool | Literal["true", "false"]


class Model(BaseModel):
    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)


class Retention(Model):
    delete_unsigned_content_after_months: int | None = Field(None, ge=1, le=MONTHS_MAX)
    delete_signed_content_after_months: int | None = Field(None, ge=1, le=MONTHS_MAX)
    delete_conversations_and_tasks_after_months: int | None = Field(None, ge=1, le=MONTHS_MAX)


class StoredFile(Model):
    id: str = Field(alias="_id", examples=_ID)
    name: str
    importance_order: int
    size: int = Field(description="Bytes.")
    content_type: str
    sha256: str
    created_by: str
    created_at: str = Field(
        description="UTC, to the second, without offset.", examples=["2022-06-14T10:15:44"]
    )
    last_scanned_at: str | None
    scan_status: Literal["none", "clean", "infected"]


class Participant(Model):
    handle: str
    role: Literal["signer", "watcher"]
    display_name: str | None
    nin: str | None = Field(description="Only for the client that made the request, and not in lists.")
    phone_number: str | None
    forced_auth_method: Literal["light_email_or_sms", "light_email", "strong"] | None
    effective_auth_method: Literal["light", "light_email", "light_email_or_sms", "strong"]
    invitation_methods: list[Literal["sms", "email"]]
    order: int = Field(description="Place in the list, from 1.")
    status: ParticipantStatus
    invited_at: str | None
    signed_at: str | None
    declined_at: str | None
    decline_reason: str | None


class SignedBy(Model):
    signed_by: str
    signed_at: str


class Task(Model):
    id: str = Field(alias="_id", examples=_ID)
    type: Literal["signing_request"]
    version: Literal["v1", "v2"]
    status: Status
    is_overdue: bool
    title: str
    description: str | None
    files: list[str]
    signed_files: list[str]
    conversation: str | None
    acting_handle: str
    owners_handles: list[str]
    creator_handle: str | None
    creator_name: str | None
    company_name: str | None
    participants: list[Participant]
    participants_list_order_respected: bool
    signature_strength: Literal["light", "strong"]
    recipient_language: str
    due_date: str | None
    overdue_signing_disabled: bool
    invitation_type: Literal["default_signing", "force_swr"]
    cannot_sign_disabled: bool
    signing_discussion_disabled: bool
    custom_customer_reference: str | None
    is_protected: bool
    retention_settings: Retention
    metadata_template: str | None
    metadata: dict[str, Any]
    signatures_requested_count: int
    signatures_completed_count: int
    signed_data: list[SignedBy]
    message_url: str
    created_at: str
    last_updated_at: str


class Tasks(Model):
    """In place of the array, with `UNDERSIGNED_SIGNSPACE_WRAP_LISTS`."""

    tasks: list[Task]


class FoundTask(Model):
    id: str = Field(alias="_id", examples=_ID)
    title: str
    status: Status
    created_at: str
    last_updated_at: str
    message_url: str
    signatures_requested_count: int
    signatures_completed_count: int
    contracting_parties: list[str]
    files: list[str] = Field(description="Names, not ids.")
    signed_data: list[SignedBy]


class Found(Model):
    tasks: list[FoundTask]


class Conversation(Model):
    id: str = Field(alias="_id", examples=_ID)
    title: str
    tasks: list[str]
    owners_handles: list[str]
    members_handles: list[str]
    retention_settings: Retention
    marked_deleted_at: str | None
    delete_after: str | None


class Mark(Model):
    id: str = Field(alias="_id", examples=_ID)
    marked_deleted_at: str | None
    delete_after: str | None


class Marks(Model):
    conversations: list[Mark]


class RetentionSet(Model):
    task: str | None
    conversation: str | None
    retention_settings: Retention


class Error(Model):
    error: str = Field(examples=["not_found"])
    message: str = Field(examples=["No such task"])


class Invalid(Error):
    errors: dict[str, list[str]] = Field(examples=[{"participants.0.handle": ["Required"]}])


# --- requests: for the description only, `reading` says what is wrong with one in this API's words ------
class Acting(Model):
    """Unknown members are ignored, here and below."""

    acting_handle: str = Field(description="Id or e-mail address of the client's robot.")


class NewFile(Acting):
    name: str = Field(min_length=1)
    base64: str = Field(description="The content, any type of file.", examples=["dGVzdCBkb2N1bWVudA=="])
    importance_order: int | None = Field(None, description="Higher is shown earlier.", ge=-(2**31), lt=2**31)


class NewParticipant(Model):
    handle: str = Field(description="E-mail address.", max_length=320, examples=["signatory@email.com"])
    role: Literal["signer", "watcher"]
    nin: str | None = Field(None, max_length=64, description="A signer needs this or display_name.")
    display_name: str | None = Field(None, max_length=200)
    forced_auth_method: Literal["light_email_or_sms", "light_email", "strong"] | None = None
    invitation_methods: list[Literal["sms", "email"]] | None = Field(
        None, description='["email"] when left out; sms needs phone_number.'
    )
    phone_number: str | None = Field(None, description="International, with +.", examples=["+3580412345678"])


class MetadataEntry(Model):
    value: Any


class Words(Acting):
    """What create and update share."""

    title: str | None = Field(None, min_length=1, max_length=1000)
    description: str | None = Field(None, max_length=5000)
    owners_handles: list[str] | None = Field(
        None, description="E-mail addresses, ids, or group: and an id; acting_handle is always one."
    )
    creator_handle: str | None = None
    creator_name: str | None = Field(None, max_length=200)
    company_name: str | None = Field(None, max_length=200)
    recipient_language: Literal["en", "fi", "sv"] | None = None
    due_date: str | None = Field(
        None, description="ISO 8601. Without time: the end of that day; without offset: UTC."
    )
    overdue_signing_disabled: Flag | None = None
    cannot_sign_disabled: Flag | None = None
    signing_discussion_disabled: Flag | None = None
    custom_customer_reference: str | None = Field(None, max_length=500)
    retention_settings: Retention | None = None
    metadata_template: str | None = None
    metadata: dict[str, MetadataEntry] | None = None


class NewRequest(Words):
    files: list[str] = Field(min_length=1, max_length=50)
    participants: list[NewParticipant] = Field(min_length=1, max_length=200)
    title: str = Field(min_length=1, max_length=1000)
    create_conversation: Flag | None = Field(
        None,
        description="true: make the conversation and send the request. Otherwise it is kept and nothing is sent.",
    )
    participants_list_order_respected: Flag | None = None
    signature_strength: Literal["light", "strong"] | None = None
    version: Literal["v1", "v2"] | None = None
    invitation_type: Literal["default_signing", "force_swr"] | None = None
    is_protected: Flag | None = None


class OneTask(Acting):
    task: str = Field(examples=_ID)


class UpdateRequest(Words, OneTask):
    files: list[str] | None = Field(None, min_length=1, max_length=50, description="The whole new list.")


class SetRetention(Acting):
    retention_settings: Retention
    task: str | None = Field(None, description="This or conversation is needed; both may be given.")
    conversation: str | None = None


class Conversations(Acting):
    conversations: list[str] = Field(min_length=1)


class MarkDeleted(Conversations):
    email_recipients_handles: list[str] | None = Field(None, description="Used with one conversation only.")
    message_to_recipients: str | None = Field(None, description="Used with one conversation only.")
