"""Tasks: where they stand, what happened, who handed them on, artifacts, and their documents."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import Router

from undersigned.base.clock import now
from undersigned.envelopes import artifacts
from undersigned.envelopes.errors import NotFound

from . import happenings, mapping, papers, wire
from .addresses import address, signing_url
from .answers import A_FILE, A_KEPT_FILE, bytes_of, file_statuses, json_of, statuses
from .errors import problem
from .lookup import deleted_task, known, task_of

router = Router(tags=["tasks"])
_TASK = "/orders/{order_id}/tasks/{task_id}"
_DOCUMENT = f"{_TASK}/documents/{{document_id}}"
RETRY_AFTER = "2"
PATIENCE, PAUSE = 4.0, 0.2
"""Seconds that a result is waited for, and between two looks: clients fetch it as soon as the task is COMPLETED, and it is being sealed."""
"""Seconds after which a result that is being sealed may be asked for again."""


@router.get(
    f"{_TASK}/status",
    operation_id="getTaskStatus",
    summary="Where the task stands; of a deleted order for 30 days DELETED",
    response=statuses(200, wire.Status, 404),
    by_alias=True,
)
def status(request: HttpRequest, order_id: str, task_id: str) -> HttpResponse:
    try:
        envelope, recipient = task_of(request, order_id, task_id)
    except NotFound:
        recipient = deleted_task(request, order_id, task_id)
        return json_of(wire.Status(order_id=order_id, task_id=recipient.key, task_status="DELETED"))
    word = mapping.task_status(recipient)
    return json_of(
        wire.Status(
            order_id=order_id,
            task_id=recipient.key,
            task_status=word,
            client_reference=mapping.echo(envelope).get("clientReference"),
            documents=[
                papers.status_of(p, lambda *path: address(request, *path)) for p in papers.of(recipient)
            ],
            reject_reason=(recipient.reason or None) if word == "REJECTED" else None,
        )
    )


@router.get(
    f"{_TASK}/events",
    operation_id="getTaskEvents",
    summary="What happened, oldest first",
    response=statuses(200, list[wire.Event], 404),
    by_alias=True,
)
def events(request: HttpRequest, order_id: str, task_id: str) -> HttpResponse:
    _, recipient = task_of(request, order_id, task_id)
    return json_of(happenings.of(recipient, upper=settings.SIGNICAT_EVENT_STYLE == "upper"))


@router.get(
    f"{_TASK}/forwards",
    operation_id="getTaskForwards",
    summary="Who handed the task on to whom; of either task",
    response=statuses(200, list[wire.Forwarded], 404),
    by_alias=True,
)
def forwards(request: HttpRequest, order_id: str, task_id: str) -> HttpResponse:
    return json_of(mapping.forwards_of(*task_of(request, order_id, task_id)))


def artifact(request: HttpRequest, order_id: str, task_id: str) -> HttpResponse:
    envelope, recipient = task_of(request, order_id, task_id)
    value = artifacts.issue(recipient, now(envelope.organization.clock_offset))
    return json_of(
        wire.Artifact(
            artifact=value,
            order_id=order_id,
            task_id=recipient.key,
            signing_url=signing_url(envelope, recipient, value, token=False),
        )
    )


for _method in (router.post, router.put):
    for _word, _name in (
        ("artifact", "createArtifact"),
        ("authentication-artifact", "createAuthenticationArtifact"),
    ):
        _verb = "" if _method == router.post else "ByPut"
        _method(
            f"{_TASK}/{_word}",
            operation_id=f"{_name}{_verb}",
            summary="A new artifact for 30 seconds in place of the former one",
            response=statuses(200, wire.Artifact, 404),
            by_alias=True,
        )(artifact)


@router.get(
    f"{_DOCUMENT}/original",
    operation_id="getOriginalDocument",
    summary="The file as it was brought",
    response=file_statuses(),
    openapi_extra=A_FILE,
)
def original(request: HttpRequest, order_id: str, task_id: str, document_id: str) -> HttpResponseBase:
    paper = _paper(request, order_id, task_id, document_id)
    if paper.original is None:
        raise NotFound
    return bytes_of(paper.original)


@router.get(
    f"{_DOCUMENT}/generated",
    operation_id="getGeneratedDocument",
    summary="The file with its form filled in and flattened",
    response=file_statuses(),
    openapi_extra=A_FILE,
)
def generated(request: HttpRequest, order_id: str, task_id: str, document_id: str) -> HttpResponseBase:
    paper = _paper(request, order_id, task_id, document_id)
    if paper.generated is None:
        raise NotFound
    return bytes_of(paper.generated)


@router.get(
    f"{_DOCUMENT}/result",
    operation_id="getResultDocument",
    summary="The signed file, sealed; 404 with Retry-After while it is being sealed",
    response=file_statuses(),
    openapi_extra=A_KEPT_FILE,
)
def result(request: HttpRequest, order_id: str, task_id: str, document_id: str) -> HttpResponseBase:
    end = time.monotonic() + PATIENCE
    paper = _paper(request, order_id, task_id, document_id)
    while paper.signed and paper.result is None and time.monotonic() < end:
        time.sleep(PAUSE)
        paper = _paper(request, order_id, task_id, document_id)
    if paper.result is not None:
        return bytes_of(paper.result, papers.kept_at(paper, lambda *path: address(request, *path)))
    response = problem(404)
    if paper.signed:
        response["Retry-After"] = RETRY_AFTER
    return response


def _paper(request: HttpRequest, order_id: str, task_id: str, document_id: str) -> Any:
    _, recipient = task_of(request, order_id, task_id)
    found = next((p for p in papers.of(recipient, known(document_id))), None)
    if found is None:
        raise NotFound
    return found
