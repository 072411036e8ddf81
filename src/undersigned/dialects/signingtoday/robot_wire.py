"""What robots send."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from .dst_wire import NewDocument, NewSigner
from .wire import Wire


class Source(Wire):
    """Where a file comes from: inside (`embeddedData`, Base64), or from an address (`sourceURL`)."""

    type: Literal["Embedded", "URL"]
    embedded_data: str | None = None
    source_url: str | None = Field(None, alias="sourceURL")


class NewFile(Wire):
    """A document's file."""

    filename: str | None = None
    resource_type: Literal["PDF_Document"] | list[Literal["PDF_Document"]] | None = None
    title: str | None = None
    source: Source


class CreateDocument(NewDocument):
    """A document with its file."""

    resource: NewFile


class Patches(Wire):
    """What is to differ; null: as in the template."""

    title: str | None = None
    documents: list[CreateDocument] | None = Field(None, description="In the place of all of the template's.")
    status: Literal["draft", "published"] | None = None
    expires_at: str | None = None
    tags: list[str] | None = None
    template: bool | None = None
    public_template: bool | None = None
    cc_groups: list[str] | None = None
    cc_users: list[str] | None = None
    urgent: bool | None = None
    extra_data: dict[str, Any] | None = None


class CreateDST(Patches):
    """A transaction in one call."""

    title: str


class Role(Wire):
    """Somebody for a role of the template."""

    role_name: str
    signer: NewSigner


class Instantiate(Wire):
    """Of `rolesMapping` an object of signers by role will do, too."""

    template_patches: Patches | None = None
    roles_mapping: list[Role] | dict[str, NewSigner] | None = None
