"""Packaging tasks: where they stand, and the file."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import Router

from undersigned.envelopes.errors import NotFound
from undersigned.envelopes.models import Package
from undersigned.files import archive

from . import mapping, wire
from .addresses import address
from .answers import A_KEPT_FILE, bytes_of, file_statuses, json_of, statuses
from .lookup import package_of

router = Router(tags=["packaging tasks"])
_PACKAGE = "/orders/{order_id}/packaging-tasks/{packaging_task_id}"


@router.get(
    f"{_PACKAGE}/status",
    operation_id="getPackagingTaskStatus",
    summary="Where the packaging task stands",
    response=statuses(200, wire.PackagingStatus, 404),
    by_alias=True,
)
def status(request: HttpRequest, order_id: str, packaging_task_id: str) -> HttpResponse:
    envelope, package = package_of(request, order_id, packaging_task_id)
    done = package.state == Package.State.COMPLETED
    return json_of(
        wire.PackagingStatus(
            order_id=envelope.pub or "",
            packaging_task_id=package.key,
            packaging_task_status=mapping.PACKAGING_STATUS[Package.State(package.state)],
            packaging_task_result_uri=_result_uri(request, envelope.pub or "", package) if done else None,
        )
    )


@router.get(
    f"{_PACKAGE}/result",
    operation_id="getPackagingTaskResult",
    summary="The packaged file; 404 until COMPLETED",
    response=file_statuses(),
    openapi_extra=A_KEPT_FILE,
)
def result(request: HttpRequest, order_id: str, packaging_task_id: str) -> HttpResponseBase:
    """200 with the bytes and where the stored copy is: one client follows Location, the others take the body; none gets on with a bare 3xx."""
    envelope, package = package_of(request, order_id, packaging_task_id)
    if package.state != Package.State.COMPLETED or package.file is None:
        raise NotFound
    archived = archive.ids_of([package.file]).get(package.file.pk)
    where = (
        address(request, "archive-documents", archived)
        if archived
        else _result_uri(request, envelope.pub or "", package)
    )
    return bytes_of(package.file, where)


def _result_uri(request: HttpRequest, order_id: str, package: Package) -> str:
    return address(request, "orders", order_id, "packaging-tasks", package.key, "result")
