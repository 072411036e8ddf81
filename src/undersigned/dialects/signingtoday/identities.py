"""The signing identities in a user's wallet, and how their signatures look."""

from __future__ import annotations

from typing import Any, BinaryIO, cast

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import Router

from undersigned.accounts.capabilities import require_over
from undersigned.accounts.find_user import find_user
from undersigned.accounts.models import Capability
from undersigned.envelopes.errors import NotFound
from undersigned.files import store
from undersigned.files.models import File
from undersigned.sealing import identities, looks
from undersigned.sealing.appearance import IMAGE_MAX, UnusableLook
from undersigned.sealing.models import SigningIdentity

from . import dst_wire, multipart, reading
from .answers import FILE, TEXT, a_file, bytes_of, described, empty, json_of, statuses, takes_form
from .auth import user_of
from .errors import Faulty
from .wire import Wire

router = Router(tags=["identities"], by_alias=True)
PROVIDER = "Undersigned"
KINDS = ("PDF_Document", "Image")
_FAULTS = {
    "too_large": "Too large",
    "too_small": "Too small, or nothing to be seen on it",
    "not_picture": "Not a picture (PNG, JPEG, WebP), nor a PDF with one",
}


class Identity(Wire):
    """A key that lies on the server, and its certificate (PEM). `providerType`: server, made here; pkcs12, brought along."""

    id: str
    actions: dict[str, Any] = {}
    provider: str
    label: str
    provider_type: str
    subject_common_name: str
    issuer_common_name: str
    expire_date: str | None
    raw_certificate: str
    appearance: dst_wire.Resource | None
    provider_data: dict[str, Any] = {}
    valid: bool
    tags: list[str] = []


@router.get(
    "/user/{user_id}/identities",
    operation_id="listIdentities",
    summary="List the signing identities in the wallet of a user",
    response=statuses(200, list[Identity], 404),
)
def list_identities(request: HttpRequest, user_id: str) -> HttpResponse:
    """Those of others need user.access.all."""
    user = find_user(user_of(request), reading.uuid_of(user_id))
    return json_of([_shown(identity, user.organization.slug) for identity in identities.identities_of(user)])


@router.get(
    "/user/{user_id}/identity/{identity_id}/appearance",
    operation_id="getAppearance",
    summary="Download the graphical appearance of an identity",
    response=statuses(200, None, 404, 503),
    openapi_extra=a_file("application/octet-stream"),
)
def appearance(request: HttpRequest, user_id: str, identity_id: str) -> HttpResponseBase:
    """A PNG: the ink of what was uploaded, without paper."""
    user = find_user(user_of(request), reading.uuid_of(user_id))
    file = identities.identity_of(user, reading.uuid_of(identity_id)).appearance
    if file is None:
        raise NotFound
    return bytes_of(file, file.name)


@router.post(
    "/user/{user_id}/identity/{identity_id}/appearance",
    operation_id="setAppearance",
    summary="Upload the graphical appearance of an identity",
    response=statuses(200, dst_wire.Resource, 400, 404, 409, 413, 503),
    openapi_extra=described(
        (),
        takes_form(
            file=FILE,
            filename=TEXT,
            resourceType=TEXT | {"enum": list(KINDS)},
            title=TEXT,
            required=("file", "filename", "resourceType"),
        ),
    ),
)
def set_appearance(request: HttpRequest, user_id: str, identity_id: str) -> HttpResponse:
    """A picture, or a PDF whose first page is one. Those of others need user.create.all."""
    identity, slug = _changeable(request, user_id, identity_id)
    form = multipart.form_of(request)
    form.fields.choice("resourceType", KINDS, required=True)
    name = form.fields.text("filename", most=multipart.TITLE_MAX).strip()
    title = form.fields.text("title", most=multipart.TITLE_MAX).strip()
    if form.file is None:
        form.fields.fault("file", _FAULTS["not_picture"] if form.fields.data.get("file") else "Required")
    if form.fields.faults or form.file is None:
        raise Faulty(form.fields.faults)
    with form.file, store.receive(cast("BinaryIO", form.file), IMAGE_MAX) as received:
        try:
            file = looks.keep_look(identity, received, name or form.file.name or "signature", title)
        except UnusableLook as e:
            raise Faulty({"file": [_FAULTS.get(e.code, _FAULTS["not_picture"])]}) from e
    return json_of(_resource(file, slug))


@router.delete(
    "/user/{user_id}/identity/{identity_id}/appearance",
    operation_id="deleteAppearance",
    summary="Remove the graphical appearance of an identity",
    response=statuses(204, None, 404),
)
def delete_appearance(request: HttpRequest, user_id: str, identity_id: str) -> HttpResponse:
    identity, _ = _changeable(request, user_id, identity_id)
    if identity.appearance is None:
        raise NotFound
    looks.drop_look(identity)
    return empty()


def _changeable(request: HttpRequest, user_id: str, identity_id: str) -> tuple[SigningIdentity, str]:
    by = user_of(request)
    user = find_user(by, reading.uuid_of(user_id), Capability.CREATE_USERS)
    require_over(by, user)
    return identities.identity_of(user, reading.uuid_of(identity_id)), user.organization.slug


def _shown(identity: SigningIdentity, slug: str) -> Identity:
    certificate = x509.load_der_x509_certificate(bytes(identity.certificate))
    return Identity(
        id=str(identity.pub),
        provider=PROVIDER,
        label=identity.label,
        provider_type=identity.provider,
        subject_common_name=identities.common_name(certificate.subject),
        issuer_common_name=identities.common_name(certificate.issuer),
        expire_date=reading.moment_text(identity.not_after),
        raw_certificate=certificate.public_bytes(Encoding.PEM).decode(),
        appearance=_resource(identity.appearance, slug) if identity.appearance is not None else None,
        valid=identities.is_valid(identity),
    )


def _resource(file: File, slug: str) -> dst_wire.Resource:
    return dst_wire.Resource(
        id=file.pub or "",
        domain=slug,
        type="Image",
        dst_uuid=None,
        title=file.title,
        filename=file.name,
        size=file.blob.size if file.blob is not None else 0,
        created_at=reading.moment_text(file.created_at) or "",
        mimetype=file.media_type,
        pages=file.pages,
        extra_data={},
    )
