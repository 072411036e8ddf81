"""An order as it was asked for: read member by member, with every fault noted under its path.

What comes out is the order's echo: the known members that were sent and are not null, as JSON. What members mean together is for `checking`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from undersigned.base.text import is_one_line
from undersigned.dialects.shared.fields import Fields

from . import wire

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z]{2,4})?")
_NAMES_MAX = 100
Said = dict[str, Any]


def order(fields: Fields) -> Said:
    """The body of POST /orders."""
    reference = fields.text("clientReference", most=wire.REFERENCE_MAX)
    if fields.data.get("clientReference") == "":
        fields.fault("clientReference", f"Must have 1 to {wire.REFERENCE_MAX} characters")
    return _said(
        fields,
        clientReference=reference,
        tasks=[_task(t) for t in fields.objects("tasks", required="At least one task is required")],
        notifications=_notifications(fields, _order_notification),
        daysUntilDeletion=fields.integer("daysUntilDeletion", least=1, most=wire.DAYS_UNTIL_DELETION_MAX),
        packagingTasks=_packages(fields),
        notificationTemplateParams=[
            _template_params(p) for p in fields.objects("notificationTemplateParams", filled=True)
        ],
    )


def _said(fields: Fields, **members: Any) -> Said:
    """The members that were sent and say something."""
    return {
        name: value
        for name, value in members.items()
        if fields.data.get(name) is not None and value is not None
    }


def _unique(fields: Fields, key: str, seen: set[str], what: str) -> None:
    """Note a second use of an id under `key`; ids are told apart by every character."""
    if key and key in seen:
        fields.fault("id", f"{what} id is used twice")
    seen.add(key)


def _id(fields: Fields, what: str) -> str:
    value = fields.text("id", required=f"{what} id is required", most=wire.ID_MAX)
    if value and (value != value.strip() or "/" in value or value in (".", "..") or not is_one_line(value)):
        fields.fault("id", f"{what} id must be one line without a slash, and not begin or end with a blank")
    return value


def _line(fields: Fields, name: str, most: int, required: bool | str = False) -> str:
    """A text that goes where there is one line."""
    value = fields.text(name, required=required, most=most)
    if not is_one_line(value):
        fields.fault(name, "Must be one line")
        return ""
    return value


def _each(fields: Fields, name: str, read: Callable[[Fields], Said]) -> list[Said]:
    return [read(one) for one in fields.objects(name)]


def _part(fields: Fields, name: str, read: Callable[[Fields], Said]) -> Said | None:
    found = fields.object(name)
    return read(found) if found is not None else None


# --- tasks ---------------------------------------------------------------------------------------
def _task(one: Fields) -> Said:
    language = one.text("language", most=16)
    if language and not _LANGUAGE.fullmatch(language):
        one.fault("language", "Not an ISO 639-1 code")
    days = one.data.get("daysToLive")
    if isinstance(days, int) and not isinstance(days, bool) and days < 1:
        one.fault("daysToLive", "Must be at least 1")
    else:
        days = one.integer("daysToLive", least=1, most=wire.DAYS_TO_LIVE_MAX)
    return _said(
        one,
        id=_id(one, "Task"),
        profile=_line(one, "profile", _NAMES_MAX),
        language=language,
        daysToLive=days,
        configuration=_line(one, "configuration", _NAMES_MAX),
        documents=list(_documents(one)),
        signatureMethods=[_method(m) for m in one.objects("signatureMethods", filled=True)],
        authentication=_part(one, "authentication", _authentication),
        onTaskPostpone=_line(one, "onTaskPostpone", wire.URL_MAX),
        onTaskComplete=_line(one, "onTaskComplete", wire.URL_MAX),
        onTaskReject=_line(one, "onTaskReject", wire.URL_MAX),
        dialog=_part(one, "dialog", _dialog),
        notifications=_notifications(one, _task_notification),
        signText=one.text("signText", most=10_000),
        subject=_part(one, "subject", _subject),
        dependsOnTasks=one.texts("dependsOnTasks"),
        useLegacyDocumentViewer=one.boolean("useLegacyDocumentViewer"),
    )


def _documents(task: Fields) -> Iterator[Said]:
    seen: set[str] = set()
    for one in task.objects("documents", required="At least one document is required"):
        found = _document(one)
        _unique(one, found.get("id", ""), seen, "Document")
        yield found


def _document(one: Fields) -> Said:
    action = one.choice("action", wire.ACTIONS, required="Document action is required")
    brought = action == "UPLOAD"
    source = one.choice("source", wire.SOURCES, required=not brought and "Document source is required")
    if action in ("SIGN", "VIEW") and source == "UPLOAD":
        one.fault("source", f"A document with action {action} must be stored before")
    reference = one.text("documentRef", most=_NAMES_MAX)
    if not reference and action in ("SIGN", "VIEW") and source != "UPLOAD":
        one.fault("documentRef", "Document reference is required")
    return _said(
        one,
        id=_id(one, "Document"),
        description=_line(one, "description", 500),
        action=action,
        source=source,
        documentRef=reference,
        externalReference=_line(one, "externalReference", 255),
        signTextEntry=one.text("signTextEntry", most=2000),
        sendResultToArchive=one.boolean("sendResultToArchive"),
        form=_part(one, "form", _form),
    )


def _form(one: Fields) -> Said:
    return _said(
        one,
        interactive=one.boolean("interactive"),
        inputParams=_each(one, "inputParams", _input_param),
    )


def _input_param(one: Fields) -> Said:
    name = _line(one, "name", 500, "Input parameter name is required")
    if one.data.get("value") is None:
        one.fault("value", "Input parameter value is required")
    return _said(one, name=name, value=one.text("value", most=20_000))


def _method(one: Fields) -> Said:
    drawn = one.boolean("handwritten")
    return _said(
        one,
        name=_line(one, "name", _NAMES_MAX, not drawn and "Signature method name is required"),
        type=one.choice(
            "type", wire.METHOD_TYPES, required=not drawn and "Signature method type is required"
        ),
        handwritten=drawn,
    )


def _authentication(one: Fields) -> Said:
    methods = one.texts("methods")
    for index, name in enumerate(methods):
        if len(name) > _NAMES_MAX or not is_one_line(name):
            one.fault(f"methods.{index}", "Not a name")
    return _said(one, methods=methods, artifact=one.boolean("artifact"))


def _dialog(one: Fields) -> Said:
    return _said(one, title=_line(one, "title", 500), message=one.text("message", most=5000))


def _subject(one: Fields) -> Said:
    return _said(
        one,
        id=_line(one, "id", 255),
        attributes=[_pair(a, "Subject attribute") for a in one.objects("attributes")],
        loginHints=[_pair(h, "Login hint") for h in one.objects("loginHints")],
    )


def _pair(one: Fields, what: str) -> Said:
    return _said(
        one,
        name=_line(one, "name", _NAMES_MAX, f"{what} name is required"),
        value=_line(one, "value", 500, f"{what} value is required"),
        methods=one.texts("methods"),
    )


# --- notifications -------------------------------------------------------------------------------
def _notifications(holder: Fields, read: Callable[[Fields], Said]) -> list[Said]:
    seen: set[str] = set()
    found = []
    for one in holder.objects("notifications", filled=True):
        found.append(read(one))
        _unique(one, found[-1].get("id", ""), seen, "Notification")
    return found


def _order_notification(one: Fields) -> Said:
    return _said(
        one,
        id=_id(one, "Notification"),
        recipient=_line(one, "recipient", wire.URL_MAX, "Notification recipient is required"),
        sender=_line(one, "sender", 320),
        header=_line(one, "header", 500),
        message=one.text("message", required="Notification message is required", most=20_000),
        type=one.choice("type", wire.NOTIFICATION_TYPES, required="Notification type is required"),
    )


def _task_notification(one: Fields) -> Said:
    styled = one.text("notificationTemplateParamsId", most=wire.ID_MAX)
    return (
        _order_notification(one)
        | _said(one, notificationTemplateParamsId=styled)
        | _said(one, schedule=_each(one, "schedule", _task_schedule))
    )


def _packaging_notification(one: Fields) -> Said:
    return _order_notification(one) | _said(one, schedule=_each(one, "schedule", _packaging_schedule))


def _task_schedule(one: Fields) -> Said:
    trigger = one.choice("triggerStatus", wire.TASK_TRIGGERS, required="Trigger status is required")
    return _said(one, triggerStatus=trigger, delay=_part(one, "delay", _delay))


def _packaging_schedule(one: Fields) -> Said:
    trigger = one.choice("triggerStatus", wire.PACKAGING_TRIGGERS, required="Trigger status is required")
    return _said(one, triggerStatus=trigger)


def _delay(one: Fields) -> Said:
    return _said(
        one,
        **{name: one.integer(name, least=0, most=wire.DELAY_MAX) for name in ("minutes", "hours", "days")},
    )


def _template_params(one: Fields) -> Said:
    return _said(
        one,
        id=_line(one, "id", wire.ID_MAX, "Template parameters id is required"),
        footer=one.text("footer", most=2000),
        button=one.text("button", most=200),
        linkText=one.text("linkText", most=500),
        logoUrl=_line(one, "logoUrl", wire.LOGO_MAX),
    )


# --- packages ------------------------------------------------------------------------------------
def _packages(fields: Fields) -> list[Said]:
    seen: set[str] = set()
    found = []
    for one in fields.objects("packagingTasks", filled=True):
        found.append(_package(one))
        _unique(one, found[-1].get("id", ""), seen, "Packaging task")
    return found


def _package(one: Fields) -> Said:
    return _said(
        one,
        id=_id(one, "Packaging task"),
        sendToArchive=one.boolean("sendToArchive"),
        method=one.choice("method", wire.PACKAGING_METHODS, required="Packaging method is required"),
        notifications=_notifications(one, _packaging_notification),
        documents=[
            _packaged(d) for d in one.objects("documents", required="At least one document is required")
        ],
    )


def _packaged(one: Fields) -> Said:
    return _said(
        one,
        taskId=one.text("taskId", required="Task id is required"),
        documentIds=one.texts("documentIds", required="At least one document id is required"),
    )
