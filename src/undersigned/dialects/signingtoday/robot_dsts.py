"""Transactions that robots make in one call: with the files inside, or fetched; or of a template, with people for its roles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Router

from undersigned.base.clock import now
from undersigned.dialects.shared.fields import Fields
from undersigned.dialects.shared.upload import Uploads, receive_all_base64
from undersigned.envelopes import access
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.copies import Copy
from undersigned.envelopes.copy_envelope import Mode, copy_envelope
from undersigned.envelopes.create_draft import create_draft
from undersigned.envelopes.draft_content import DraftContent
from undersigned.envelopes.errors import Conflict, Invalid
from undersigned.envelopes.fetch_sources import set_out
from undersigned.envelopes.models import Envelope
from undersigned.envelopes.plan import PlannedDocument, plan_of
from undersigned.envelopes.ports import dialect
from undersigned.envelopes.roles import Player, unknown

from . import dst_reading, dst_wire, reading, robot_wire
from .answers import IDEMPOTENCY_KEY, described, statuses, takes
from .auth import actor_of, once
from .copying import maker_of
from .errors import Faulty
from .planning import documents_of
from .port import DIALECT
from .signers import Accounts, signer_of
from .sources import Documents, bring
from .transactions import shown

router = Router(tags=["robots"], by_alias=True)
STATUSES = ("draft", "published")
ROLES_MAX = 200
_FILE = "embeddedData"


def _received(request: HttpRequest) -> Uploads:
    return receive_all_base64(request, _FILE, settings.MAX_UPLOAD_BYTES)


@router.post(
    "/robot/DSTs",
    operation_id="robotCreateDST",
    summary="Make a transaction with its files, and publish it if asked",
    response=statuses(200, dst_wire.DST, 400, 409, 413, 503),
    openapi_extra=described([IDEMPOTENCY_KEY], takes(robot_wire.CreateDST)),
)
def create(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    access.refuse_unless_maker(actor)
    with _received(request) as uploads:
        fields = Fields(uploads.fields)
        publish = fields.choice("status", STATUSES) == "published"
        read = documents_of(Accounts(actor.organization, fields.data), fields)
        documents = bring(actor, read, uploads)
        content = dst_reading.content_of(actor.organization, fields, read, ())
        reading.settle(fields)

    def act() -> HttpResponse:
        with _in_our_words():
            envelope = _made(actor, content, documents, publish=publish)
        return shown(actor, envelope)

    return once(request, uploads.digest, act)


def _made(actor: Actor, content: DraftContent, documents: Documents, *, publish: bool) -> Envelope:
    """In the caller's transaction."""
    envelope = create_draft(actor, DIALECT, replace(content, documents=documents.drafted(actor)))
    at = now(actor.organization.clock_offset)
    set_out(actor, envelope, at, names=documents.names, send=publish)
    return envelope


@router.post(
    "/robot/DST/{dst_id}/instantiate",
    operation_id="robotInstantiateDST",
    summary="Make a transaction of a published template: people for its roles, what else is to differ; and publish it if asked",
    response=statuses(200, dst_wire.DST, 400, 404, 409, 413, 503),
    openapi_extra=described([IDEMPOTENCY_KEY], takes(robot_wire.Instantiate)),
)
def instantiate(request: HttpRequest, dst_id: str) -> HttpResponse:
    actor, template = maker_of(request, dst_id)
    with _received(request) as uploads:
        fields = Fields(uploads.fields)
        patches = fields.object("templatePatches") or Fields({}, "templatePatches.", fields.faults)
        asked = list(_mappings(fields))
        publish = patches.choice("status", STATUSES) == "published"
        signers = [{"signer": signer.data} for _, signer, _ in asked]
        accounts = Accounts(
            actor.organization, {"documents": patches.data.get("documents"), "rolesMapping": signers}
        )
        patched = _Patched.read(actor, template, patches, accounts, uploads)
        players = _players(accounts, patched.planned(template), asked, fields)
        reading.settle(fields)

    def act() -> HttpResponse:
        with _in_our_words():
            copy = patched.copy(actor, players)
            made = copy_envelope(actor, template.pk, Mode.INSTANTIATE, copy, send=publish)
        return shown(actor, made)

    return once(request, uploads.digest, act)


router.post("/robot/{dst_id}/instantiate", operation_id="robotInstantiateDSTAlias", include_in_schema=False)(
    instantiate
)


@dataclass(frozen=True)
class _Patched:
    """What is to differ from the template: of `content`, the members that were `given`."""

    content: DraftContent
    given: frozenset[str]
    documents: Documents

    @classmethod
    def read(
        cls, actor: Actor, template: Envelope, patches: Fields, accounts: Accounts, uploads: Uploads
    ) -> _Patched:
        """Faults are noted. What is null is as in the template."""
        given = {name: value for name, value in patches.data.items() if value is not None}
        within = Fields({"title": template.title, **given}, patches.path, patches.faults)
        read = documents_of(accounts, within)
        content = dst_reading.content_of(actor.organization, within, read, ())
        return cls(content, frozenset(given), bring(actor, read, uploads))

    def planned(self, template: Envelope) -> tuple[PlannedDocument, ...]:
        """What is planned with the documents: the patched ones, else the template's."""
        return self.content.plan if "documents" in self.given else plan_of(template).documents or ()

    def copy(self, actor: Actor, players: dict[str, Player]) -> Copy:
        """In the caller's transaction."""
        content, given = self.content, self.given
        copy = Copy(
            title=content.title if "title" in given else None,
            template=content.template if "template" in given else None,
            public=content.public if "publicTemplate" in given else None,
            urgent=content.urgent if "urgent" in given else None,
            expires_at=content.expires_at,
            tags=content.tags if "tags" in given else None,
            readers=content.readers if "visibleTo" in given else None,
            told=content.copies if {"ccUsers", "ccGroups"} & given else None,
            players=players,
            content=(self.documents.drafted(actor), content.plan) if "documents" in given else None,
            file_names=self.documents.names,
        )
        if "extraData" not in given:
            return copy
        own = dialect(DIALECT).policy
        policy = {"invitation": own.invitation, "copy_to": own.copy_to, **content.policy}
        return replace(copy, return_url=content.return_url, policy=policy, sealed=content.sealed or "")


Asked = tuple[str, Fields, str]
"""A role's name, who takes it, and where in the body the name stands."""


def _mappings(fields: Fields) -> Iterator[Asked]:
    """`rolesMapping`: an array of `{roleName, signer}`, or an object of signers by role."""
    given = fields.data.get("rolesMapping")
    if isinstance(given, dict):
        within = fields.object("rolesMapping")
        for name in list(given)[:ROLES_MAX]:
            signer = within.object(name) if within is not None else None
            if signer is not None:
                yield name, signer, f"rolesMapping.{name}"
        return
    for number, one in enumerate(fields.objects("rolesMapping", most=ROLES_MAX)):
        name = one.text("roleName", required=True, most=200)
        signer = one.object("signer")
        if signer is None:
            one.fault("signer", "Required")
        elif name:
            yield name, signer, f"rolesMapping.{number}.roleName"


def _players(
    accounts: Accounts, planned: Sequence[PlannedDocument], asked: Sequence[Asked], fields: Fields
) -> dict[str, Player]:
    """By role; faults are noted."""
    strange = unknown(planned, [name for name, _, _ in asked])
    found: dict[str, Player] = {}
    for name, one, at in asked:
        if name in strange:
            fields.fault(at, "No such role in the template")
        if name in found:
            fields.fault(at, "Already used")
        signer = signer_of(accounts, one, "0")
        user = accounts.by_id(one.text("userUUID")) or accounts.by_email(signer.email)
        if user is None and not signer.email and not one.has("userUUID"):
            one.fault("email", "Required")
        found[name] = Player(
            signer.name, signer.surname, signer.email, signer.phone, user, signer.language, signer.role
        )
    return found


@contextmanager
def _in_our_words() -> Iterator[None]:
    """What hinders publishing, as it is said here."""
    try:
        yield
    except Invalid as e:
        if any(name.endswith(".file") for name in e.faults):
            raise Conflict("no_file") from e
        raise Faulty(dst_reading.in_our_words(e.faults)) from e
