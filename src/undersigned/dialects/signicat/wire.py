"""What goes over the wire, member by member; also the source of the OpenAPI description.

In requests null stands for absent; answers leave out what is unset.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

TaskStatus = Literal["CREATED", "COMPLETED", "REJECTED", "EXPIRED", "DELETED"]
PackagingTaskStatus = Literal["CREATED", "COMPLETED", "FAILED"]
Action = Literal["SIGN", "VIEW", "UPLOAD"]
Source = Literal["SESSION", "UPLOAD", "ARCHIVE"]
MethodType = Literal["AUTHENTICATION_BASED", "SIGNED_STATEMENT", "THIRD_PARTY"]
NotificationType = Literal["EMAIL", "SMS", "URL"]
TaskTrigger = Literal["CREATED", "COMPLETED", "REJECTED", "EXPIRED", "FORWARDED", "STARTED"]
PackagingTrigger = Literal["CREATED", "COMPLETED"]

ACTIONS = ("SIGN", "VIEW", "UPLOAD")
SOURCES = ("SESSION", "UPLOAD", "ARCHIVE")
METHOD_TYPES = ("AUTHENTICATION_BASED", "SIGNED_STATEMENT", "THIRD_PARTY")
NOTIFICATION_TYPES = ("EMAIL", "SMS", "URL")
TASK_TRIGGERS = ("CREATED", "COMPLETED", "REJECTED", "EXPIRED", "FORWARDED", "STARTED")
PACKAGING_TRIGGERS = ("CREATED", "COMPLETED")
PACKAGING_METHODS = ("pades",)
EVENT_TYPES = (
    "task-created",
    "notification-sent",
    "task-started",
    "task-rejected",
    "task-completed",
    "error",
    "document-uploaded",
    "document-signed",
    "document-viewed",
    "document-sign-cancelled",
    "document-deleted",
    "user-authenticated",
    "user-authentication-cancelled",
    "packaging-task-created",
    "packaging-task-completed",
    "packaging-task-failed",
    "internal",
)

ID_MAX = 100
REFERENCE_MAX = 255
URL_MAX = 2000
LOGO_MAX = 1000
DAYS_TO_LIVE, DAYS_TO_LIVE_MAX = 30, 365
DAYS_UNTIL_DELETION, DAYS_UNTIL_DELETION_MAX = 7, 30
DELAY_MAX = 1_000_000
"""Of each part of a delay; as minutes nearly two years."""

Id = Annotated[
    str,
    Field(
        min_length=1,
        max_length=ID_MAX,
        pattern=r"^[^\s/]([^/]*[^\s/])?$",
        description="Chosen by the client; it is part of addresses.",
    ),
]
_UUID = ["b8a5ccdc-d79b-412e-a20e-03c2a8c8cdd2"]
_STORED = ["0807201949xfrupvbzx7o07uihsihsx3xllslasvk8qtaojow3792xjucp"]


class Model(BaseModel):
    """Unknown members are ignored, here and below."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, serialize_by_alias=True)


# --- the order: what is asked for, and given back -------------------------------------------------
class InputParam(Model):
    name: str
    value: str


class Form(Model):
    """Its presence makes the PDF's form a form."""

    interactive: bool | None = Field(None, description="The signer fills in what is left to fill in.")
    input_params: list[InputParam] | None = None


class TaskDocument(Model):
    id: Id
    description: str | None = Field(None, max_length=500, description="Shown to the signer.")
    action: Action
    source: Source | None = Field(None, description="Needed unless the action is UPLOAD.")
    document_ref: str | None = Field(
        None, description="`documentId` of a stored document; for ARCHIVE an archive id.", examples=_STORED
    )
    external_reference: str | None = Field(None, max_length=255)
    sign_text_entry: str | None = Field(None, max_length=2000)
    send_result_to_archive: bool | None = None
    form: Form | None = None


class SignatureMethod(Model):
    """A name and a type, unless `handwritten` is true."""

    name: str | None = Field(None, max_length=100, examples=["nbid-sign"])
    type: MethodType | None = None
    handwritten: bool | None = None


class Authentication(Model):
    methods: list[str] | None = None
    artifact: bool | None = None


class Attribute(Model):
    name: str = Field(examples=["national-id"])
    value: str
    methods: list[str] | None = None


class Subject(Model):
    id: str | None = Field(None, max_length=255)
    attributes: list[Attribute] | None = None
    login_hints: list[Attribute] | None = None


class Dialog(Model):
    title: str | None = Field(None, max_length=500)
    message: str | None = Field(None, max_length=5000)


class Delay(Model):
    """The parts add up."""

    minutes: int | None = Field(None, ge=0, le=DELAY_MAX)
    hours: int | None = Field(None, ge=0, le=DELAY_MAX)
    days: int | None = Field(None, ge=0, le=DELAY_MAX)


class TaskSchedule(Model):
    trigger_status: TaskTrigger
    delay: Delay | None = None


class PackagingSchedule(Model):
    trigger_status: PackagingTrigger


class Notification(Model):
    id: Id
    recipient: str = Field(description="Mail address, phone number or URL.", max_length=URL_MAX)
    sender: str | None = Field(None, max_length=320)
    header: str | None = Field(None, max_length=500)
    message: str = Field(max_length=20_000)
    type: NotificationType


class TaskNotification(Notification):
    notification_template_params_id: str | None = None
    schedule: list[TaskSchedule] | None = Field(None, description="Missing: at once.")


class PackagingNotification(Notification):
    schedule: list[PackagingSchedule] | None = Field(None, description="Missing: when COMPLETED.")


class Task(Model):
    id: Id
    profile: str | None = Field(None, max_length=100)
    language: str | None = Field(
        None, max_length=16, description="ISO 639-1; of a language that we do not speak: English."
    )
    days_to_live: int | None = Field(None, ge=1, le=DAYS_TO_LIVE_MAX)
    configuration: str | None = Field(None, max_length=100)
    documents: list[TaskDocument] = Field(min_length=1)
    signature_methods: list[SignatureMethod] | None = Field(
        None, min_length=1, description="Needed when something is to be signed."
    )
    authentication: Authentication | None = None
    on_task_postpone: str | None = Field(None, max_length=URL_MAX)
    on_task_complete: str | None = Field(None, max_length=URL_MAX)
    on_task_reject: str | None = Field(None, max_length=URL_MAX)
    dialog: Dialog | None = None
    notifications: list[TaskNotification] | None = Field(None, min_length=1)
    sign_text: str | None = Field(None, max_length=10_000)
    subject: Subject | None = None
    depends_on_tasks: list[str] | None = None
    use_legacy_document_viewer: bool | None = None
    signing_url: str | None = Field(
        None, description="In answers: where the signer goes. Ignored in requests."
    )


class PackagedDocuments(Model):
    task_id: str
    document_ids: list[str] = Field(min_length=1)


class PackagingTask(Model):
    id: Id
    send_to_archive: bool | None = None
    method: Literal["pades"]
    notifications: list[PackagingNotification] | None = Field(None, min_length=1)
    documents: list[PackagedDocuments] = Field(min_length=1)


class TemplateParams(Model):
    id: str = Field(min_length=1, max_length=ID_MAX)
    footer: str | None = Field(None, max_length=2000)
    button: str | None = Field(None, max_length=200)
    link_text: str | None = Field(None, max_length=500)
    logo_url: str | None = Field(None, max_length=LOGO_MAX)


class NewOrder(Model):
    client_reference: str | None = Field(None, min_length=1, max_length=REFERENCE_MAX, examples=_UUID)
    tasks: list[Task] = Field(min_length=1)
    notifications: list[Notification] | None = Field(
        None, min_length=1, description="Sent when all tasks are COMPLETED."
    )
    days_until_deletion: int | None = Field(None, ge=1, le=DAYS_UNTIL_DELETION_MAX)
    packaging_tasks: list[PackagingTask] | None = Field(None, min_length=1)
    notification_template_params: list[TemplateParams] | None = Field(None, min_length=1)


class Order(NewOrder):
    id: str
    artifact: str | None = Field(
        None, description="Only when the order is made, and only when a task asked for one; valid 30 seconds."
    )


# --- answers -------------------------------------------------------------------------------------
class StoredDocument(Model):
    document_id: str = Field(examples=_STORED)


class DocumentStatus(Model):
    id: str
    original_uri: str | None = None
    generated_uri: str | None = Field(None, description="Once a form is filled in.")
    result_uri: str | None = Field(None, description="Once signed.")
    form_output_param: list[InputParam] | None = Field(
        None, description="What an interactive form was filled with."
    )


class Status(Model):
    order_id: str
    task_id: str
    task_status: TaskStatus
    client_reference: str | None = None
    documents: list[DocumentStatus] | None = None
    reject_reason: str | None = None


class PackagingStatus(Model):
    order_id: str
    packaging_task_id: str
    packaging_task_status: PackagingTaskStatus
    packaging_task_result_uri: str | None = Field(None, description="Once COMPLETED.")


class Event(Model):
    event_type: str = Field(
        json_schema_extra={"enum": [*EVENT_TYPES, *(t.upper().replace("-", "_") for t in EVENT_TYPES)]},
        description="UNDERSIGNED_SIGNICAT_EVENT_STYLE says in which of the two spellings.",
    )
    event_time: str = Field(examples=["2019-08-24T14:15:22Z"])
    data: str | None = None


class Forwarded(Model):
    order_id: str
    task_id: str
    original_task_id: str
    forwarder_name: str | None = None
    forwarder_email: str | None = None
    recipient_name: str | None = None
    recipient_email: str | None = None
    recipient_mobile: str | None = None


class Artifact(Model):
    artifact: str
    order_id: str
    task_id: str
    signing_url: str


class Problem(Model):
    status: int
    type: str
    title: str
    detail: str


class Violation(Model):
    property_path: str = Field(examples=["tasks[0].subject.attributes[0].value"])
    message: str


class Violated(Problem):
    """Of a body that is no JSON object, and of a document that is refused, there are no violations."""

    violations: list[Violation] | None = None
