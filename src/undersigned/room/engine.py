"""The gateway on the real core: translates between what pages need and the use cases; decides nothing."""

from __future__ import annotations

import re

from django.db.models import QuerySet

from undersigned.accounts.limits import LimitReached
from undersigned.base.clock import now
from undersigned.envelopes import appearance as looks
from undersigned.envelopes import focus, links, proofs, shown
from undersigned.envelopes.decline import decline
from undersigned.envelopes.enter_code import enter_code
from undersigned.envelopes.errors import CodeLocked, Conflict, NotFound, RunOut, WrongCode
from undersigned.envelopes.models import DocumentVersion, EnvelopeState, Recipient, Sitting
from undersigned.envelopes.open_sitting import find_sitting, open_sitting, reopen_sitting
from undersigned.envelopes.pages_seen import record_page
from undersigned.envelopes.proofs import may_read
from undersigned.envelopes.resend_code import resend_code
from undersigned.envelopes.resend_link import resend_link
from undersigned.envelopes.sign import SignRequest as CoreRequest
from undersigned.envelopes.sign import sign
from undersigned.files import kinds, pages, storage
from undersigned.files.models import Blob
from undersigned.files.scan import Infected, ScannerUnavailable, read_clean
from undersigned.sealing.errors import TimestampUnavailable

from .documents import FileAnswer, TextLine
from .gateway import (
    Client,
    CodeResult,
    Gone,
    Opened,
    Outcome,
    Reason,
    Room,
    Signing,
    SignRequest,
    State,
    Visit,
    Wait,
    Withheld,
)
from .identifying_engine import IdentifyingEngine, send_if_asked
from .look_engine import LookEngine
from .looks import HANDS
from .pad_engine import PadEngine
from .part_engine import PartEngine
from .sittings import identified, or_gone, reading, sitting_of
from .tray_engine import TrayEngine, accepted_rows, is_on_table
from .tray_values import for_ticket
from .values import BEHIND_PROOF, frame_of, next_sms, room_of, state_in, state_of

_UNOPENED = (State.READ, State.VIEW, State.PREPARING, State.NOT_YOUR_TURN)
"""States that the link's page does not tell apart: it may be opened."""


class Engine(IdentifyingEngine, LookEngine, PadEngine, PartEngine, TrayEngine):
    """Implements `gateway.Gateway`."""

    # --- the link -------------------------------------------------------------------------------
    def look(self, token: str) -> Room | None:
        link = links.find(token)
        if link is None or link.recipient.envelope.state == EnvelopeState.DRAFT:
            return None
        state = state_of(link.recipient)
        offset = link.recipient.envelope.organization.clock_offset
        if state in BEHIND_PROOF and links.run_out(link, now(offset)):
            return room_of("", link.recipient, State.SIGN_IN_OVER, None)
        room = room_of("", link.recipient, State.LINK if state in _UNOPENED else state, None)
        return for_ticket(room, link) if link.assignment_id is not None else room

    def open_link(self, token: str, client: Client) -> Opened | None:
        try:
            opened = open_sitting(token, client.ip, client.agent)
        except (NotFound, RunOut):
            return None
        if not may_read(opened.sitting):
            send_if_asked(opened.sitting)
        return Opened(opened.sitting.pub, opened.secret)

    def resend_from_link(self, token: str, client: Client) -> None:
        link = links.find(token)
        if link is not None:
            _resend(link.recipient)

    # --- the sitting ----------------------------------------------------------------------------
    def find(self, visit: Visit) -> Room | None:
        return _room(find_sitting(visit.room_id, visit.secret))

    def ask(self, visit: Visit) -> Room | None:
        return _room(find_sitting(visit.room_id, visit.secret, awake=False))

    def glance(self, visit: Visit) -> Room | None:
        sitting = find_sitting(visit.room_id, visit.secret)
        return (
            frame_of(sitting.pub, sitting.recipient, state_in(sitting), sitting)
            if sitting is not None
            else None
        )

    def still_shown(self, visit: Visit, revision: str, digest: str) -> bool:
        sitting = find_sitting(visit.room_id, visit.secret, awake=False)
        if sitting is None:
            raise Gone
        try:
            shown.as_seen(sitting.recipient, revision, digest, self._of_one(sitting, revision))
        except Conflict:
            return False
        return True

    def _of_one(self, sitting: Sitting, revision: str) -> int | None:
        """Where each thing is dealt with by itself, the document that a page with this revision showed, if it was one."""
        if not focus.one_at_a_time(sitting.recipient.envelope) or not re.fullmatch("[0-9]{1,18}", revision):
            return None
        found = DocumentVersion.objects.filter(pk=int(revision)).values_list("document", flat=True)
        return found.first()

    def reopen(self, visit: Visit) -> None:
        with or_gone():
            reopen_sitting(sitting_of(visit))
            if not may_read(sitting := sitting_of(visit)):
                send_if_asked(sitting)

    def resend(self, visit: Visit) -> None:
        _resend(sitting_of(visit).recipient)

    def enter_code(self, visit: Visit, code: str) -> CodeResult:
        sitting = sitting_of(visit)
        try:
            enter_code(sitting, code)
        except WrongCode as e:
            return CodeResult(False, e.tries_left)
        except (CodeLocked, Conflict):
            return CodeResult(False, 0)
        except NotFound as e:
            raise Gone from e
        send_if_asked(sitting)
        return CodeResult(True)

    def send_code(self, visit: Visit) -> None:
        recipient = sitting_of(visit).recipient
        wait = next_sms(recipient)
        if wait is not None and (seconds := (wait - now()).total_seconds()) > 0:
            raise Wait(int(seconds) + 1)
        try:
            with or_gone():
                resend_code(recipient)
        except Conflict:
            return

    # --- the end --------------------------------------------------------------------------------
    def sign(self, visit: Visit, request: SignRequest) -> Signing:
        sitting = identified(visit)
        if not is_on_table(sitting, request.task):
            return Signing(Outcome.MOVED)
        self._look_by_name(sitting)
        core_request = CoreRequest(
            request.consent_text,
            request.language,
            request.revision,
            request.digest,
            request.request_key,
            accepted_rows(sitting, request.task, request.accepted),
        )
        try:
            with or_gone():
                sign(sitting, core_request)
        except TimestampUnavailable:
            return Signing(Outcome.NOT_READY, Reason.NO_TIME)
        except ScannerUnavailable:
            return Signing(Outcome.NOT_READY, Reason.NO_SCAN)
        except Conflict as e:
            match e.code:
                case "moved" | "clause":
                    return Signing(Outcome.MOVED)
                case "busy":
                    return Signing(Outcome.NOT_SIGNED, Reason.BUSY)
                case "identity":
                    return Signing(Outcome.NOT_SIGNED, Reason.OWN_KEY)
                case "past_due" | "expired":
                    return Signing(Outcome.NOT_SIGNED, Reason.EXPIRED)
                case "signed" | "completed":
                    return Signing(Outcome.SIGNED)
            return Signing(Outcome.NOT_SIGNED, Reason.TURN_ENDED)
        return Signing(Outcome.SIGNED)

    def _look_by_name(self, sitting: Sitting) -> None:
        """Where nothing is asked about the look of a signature, it is the person's name."""
        way = proofs.signing_way(sitting)
        if way is not None and not way.drawn and (name := proofs.signing_name(sitting).name):
            looks.keep(sitting, looks.Look("typed", name=name[: looks.NAME_MAX], hand=HANDS[-1]))

    def decline(self, visit: Visit, reason: str, task: int = 0) -> None:
        sitting = reading(visit)
        if not is_on_table(sitting, task):
            return
        try:
            with or_gone():
                decline(sitting, reason)
        except Conflict:
            return  # the page that follows says how things stand

    # --- files ----------------------------------------------------------------------------------
    def page_image(self, visit: Visit, document: str, version: str, page: int, width: int) -> bytes:
        sitting = reading(visit)
        found = _version(sitting, document, version)
        content = self._drawn(found, page, width)
        if width > pages.WIDTHS[0]:
            with or_gone():
                record_page(sitting, found.document_id, page)
        return content

    def _drawn(self, version: DocumentVersion, page: int, width: int) -> bytes:
        try:
            return pages.picture(_blob(version), page, width)
        except (pages.CannotDraw, storage.Damaged) as e:
            raise LookupError from e

    def page_text(self, visit: Visit, document: str, version: str, page: int) -> list[TextLine]:
        found = _version(reading(visit), document, version)
        try:
            return [
                TextLine(t.text, t.left, t.top, t.width, t.height) for t in pages.text(_blob(found), page)
            ]
        except (pages.CannotDraw, storage.Damaged) as e:
            raise LookupError from e

    def unsigned_file(self, visit: Visit, document: str) -> FileAnswer:
        sitting = reading(visit)
        try:
            return _answer(_of_kind(sitting, document, DocumentVersion.Kind.PREPARED))
        except LookupError:  # nobody signs it, or it is not filled in yet
            return _answer(_of_kind(sitting, document, DocumentVersion.Kind.ORIGINAL))

    def original_file(self, visit: Visit, document: str) -> FileAnswer:
        found = _of_kind(reading(visit), document, DocumentVersion.Kind.ORIGINAL)
        if not found.document.by_statement:
            raise LookupError
        return _answer(found)

    def sealed_file(self, visit: Visit, document: str) -> FileAnswer:
        return _answer(_of_kind(reading(visit), document, DocumentVersion.Kind.SEALED))


def _room(sitting: Sitting | None) -> Room | None:
    return (
        room_of(sitting.pub, sitting.recipient, state_in(sitting), sitting) if sitting is not None else None
    )


def _resend(recipient: Recipient) -> None:
    try:
        resend_link(None, recipient)
    except (Conflict, NotFound, LimitReached):
        return  # whether there was anything to send is nobody's business here


def _version(sitting: Sitting, document: str, version: str) -> DocumentVersion:
    """A version whose pages this signer may see: one of their envelope that has page content final."""
    found = (
        _versions(sitting, document).filter(sha256__startswith=version).first()
        if len(version) == 16
        else None
    )
    if found is None:
        raise LookupError
    return found


def _of_kind(sitting: Sitting, document: str, kind: DocumentVersion.Kind) -> DocumentVersion:
    found = _versions(sitting, document).filter(kind=kind).order_by("-seq").first()
    if found is None:
        raise LookupError
    return found


def _versions(sitting: Sitting, document: str) -> QuerySet[DocumentVersion]:
    if not document.isdecimal() or len(document) > 6:
        raise LookupError
    return DocumentVersion.objects.filter(
        document__in=shown.documents_of(sitting.recipient).filter(position=int(document)), voided_at=None
    ).select_related("file__blob", "document")


def _blob(version: DocumentVersion) -> Blob:
    if version.file.blob is None:
        raise LookupError
    return version.file.blob


def _answer(version: DocumentVersion) -> FileAnswer:
    blob = _blob(version)
    try:
        return FileAnswer(read_clean(blob), blob.size, kinds.served_as(blob.media_type))
    except ScannerUnavailable as e:
        raise Withheld(Reason.NO_SCAN) from e
    except Infected as e:
        raise Withheld(Reason.INFECTED) from e
