"""The gateway on the real core: translates between what pages need and the use cases; decides nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import QuerySet

from undersigned.base.clock import now
from undersigned.envelopes import appearance as looks
from undersigned.envelopes import links
from undersigned.envelopes.decline import decline
from undersigned.envelopes.enter_code import enter_code
from undersigned.envelopes.errors import CodeLocked, Conflict, NotFound, WrongCode
from undersigned.envelopes.models import DocumentVersion, EnvelopeState, Recipient, Sitting
from undersigned.envelopes.open_sitting import find_sitting, open_sitting, reopen_sitting
from undersigned.envelopes.pages_seen import record_page
from undersigned.envelopes.resend_code import resend_code
from undersigned.envelopes.resend_link import resend_link
from undersigned.envelopes.sign import SignRequest as CoreRequest
from undersigned.envelopes.sign import sign
from undersigned.files import pages, storage
from undersigned.files.models import Blob
from undersigned.sealing.timestamp import TimestampUnavailable

from .gateway import (
    Appearance,
    Client,
    CodeResult,
    FileAnswer,
    Gone,
    Opened,
    Outcome,
    Reason,
    Rejected,
    Room,
    Signing,
    SignRequest,
    State,
    TextLine,
    Visit,
    Wait,
)
from .values import BEHIND_CODE, is_locked, next_sms, room_of, state_of


class Engine:
    """Implements `gateway.Gateway`."""

    # --- the link -------------------------------------------------------------------------------
    def look(self, token: str) -> Room | None:
        link = links.find(token)
        if link is None or link.recipient.envelope.state == EnvelopeState.DRAFT:
            return None
        state = state_of(link.recipient)
        return room_of(
            "",
            link.recipient,
            State.LINK if state in (State.READ, State.PREPARING, State.NOT_YOUR_TURN) else state,
            None,
        )

    def open_link(self, token: str, client: Client) -> Opened | None:
        try:
            opened = open_sitting(token, client.ip, client.agent)
        except NotFound:
            return None
        return Opened(opened.sitting.pub, opened.secret)

    def resend_from_link(self, token: str, client: Client) -> None:
        link = links.find(token)
        if link is not None:
            _resend(link.recipient)

    # --- the sitting ----------------------------------------------------------------------------
    def find(self, visit: Visit) -> Room | None:
        sitting = find_sitting(visit.room_id, visit.secret)
        if sitting is None:
            return None
        state = state_of(sitting.recipient)
        if sitting.ended_at is not None and state in BEHIND_CODE:
            state = State.SITTING_OVER
        elif sitting.identified_at is None and state in BEHIND_CODE:
            state = State.LOCKED if is_locked(sitting.recipient) else State.CODE
        return room_of(sitting.pub, sitting.recipient, state, sitting)

    def reopen(self, visit: Visit) -> None:
        with _or_gone():
            reopen_sitting(_sitting(visit))

    def resend(self, visit: Visit) -> None:
        _resend(_sitting(visit).recipient)

    def enter_code(self, visit: Visit, code: str) -> CodeResult:
        try:
            enter_code(_sitting(visit), code)
        except WrongCode as e:
            return CodeResult(False, e.tries_left)
        except (CodeLocked, Conflict):
            return CodeResult(False, 0)
        except NotFound as e:
            raise Gone from e
        return CodeResult(True)

    def send_code(self, visit: Visit) -> None:
        recipient = _sitting(visit).recipient
        wait = next_sms(recipient)
        if wait is not None and (seconds := (wait - now()).total_seconds()) > 0:
            raise Wait(int(seconds) + 1)
        try:
            with _or_gone():
                resend_code(recipient)
        except Conflict:
            return

    # --- the signature --------------------------------------------------------------------------
    def keep_signature(self, visit: Visit, appearance: Appearance) -> None:
        look = looks.Look(
            str(appearance.kind), appearance.path, appearance.name, appearance.hand, appearance.image
        )
        try:
            with _or_gone():
                looks.keep(_identified(visit), look)
        except looks.UnusableLook as e:
            raise Rejected(e.code, e.detail) from e

    def kept_picture(self, visit: Visit) -> tuple[str, bytes]:
        sitting = _identified(visit)
        if sitting.appearance is None:
            raise LookupError
        return looks.picture(sitting.appearance)

    def typed_picture(self, visit: Visit, name: str, hand: str) -> bytes:
        _identified(visit)
        try:
            return looks.typed_picture(name, hand)
        except looks.UnusableLook as e:
            raise Rejected(e.code, e.detail) from e

    def sign(self, visit: Visit, request: SignRequest) -> Signing:
        sitting = _identified(visit)
        core_request = CoreRequest(
            request.consent_text,
            sitting.recipient.language,
            request.revision,
            request.digest,
            request.request_key,
        )
        try:
            with _or_gone():
                sign(sitting, core_request)
        except TimestampUnavailable:
            return Signing(Outcome.NOT_READY, Reason.NO_TIME)
        except Conflict as e:
            match e.code:
                case "moved":
                    return Signing(Outcome.MOVED)
                case "busy":
                    return Signing(Outcome.NOT_SIGNED, Reason.BUSY)
                case "past_due" | "expired":
                    return Signing(Outcome.NOT_SIGNED, Reason.EXPIRED)
                case "signed" | "completed":
                    return Signing(Outcome.SIGNED)
            return Signing(Outcome.NOT_SIGNED, Reason.TURN_ENDED)
        return Signing(Outcome.SIGNED)

    def decline(self, visit: Visit, reason: str) -> None:
        try:
            with _or_gone():
                decline(_identified(visit), reason)
        except Conflict:
            return  # the page that follows says how things stand

    # --- files ----------------------------------------------------------------------------------
    def page_image(self, visit: Visit, document: str, version: str, page: int, width: int) -> bytes:
        sitting = _identified(visit)
        found = _version(sitting, document, version)
        content = self._drawn(found, page, width)
        if width > pages.WIDTHS[0]:
            with _or_gone():
                record_page(sitting, found.document_id, page)
        return content

    def _drawn(self, version: DocumentVersion, page: int, width: int) -> bytes:
        try:
            return pages.picture(_blob(version), page, width)
        except (pages.CannotDraw, storage.Damaged) as e:
            raise LookupError from e

    def page_text(self, visit: Visit, document: str, version: str, page: int) -> list[TextLine]:
        found = _version(_identified(visit), document, version)
        try:
            return [
                TextLine(t.text, t.left, t.top, t.width, t.height) for t in pages.text(_blob(found), page)
            ]
        except (pages.CannotDraw, storage.Damaged) as e:
            raise LookupError from e

    def unsigned_file(self, visit: Visit, document: str) -> FileAnswer:
        return _answer(_of_kind(_identified(visit), document, DocumentVersion.Kind.PREPARED))

    def sealed_file(self, visit: Visit, document: str) -> FileAnswer:
        return _answer(_of_kind(_identified(visit), document, DocumentVersion.Kind.SEALED))


@contextmanager
def _or_gone() -> Iterator[None]:
    """What is erased in the middle of an action is gone; nothing was done."""
    try:
        yield
    except (NotFound, ObjectDoesNotExist) as e:
        raise Gone from e


def _sitting(visit: Visit) -> Sitting:
    found = find_sitting(visit.room_id, visit.secret)
    if found is None:
        raise Gone
    return found


def _identified(visit: Visit) -> Sitting:
    found = _sitting(visit)
    if found.identified_at is None or found.ended_at is not None:
        raise Gone
    return found


def _resend(recipient: Recipient) -> None:
    try:
        resend_link(None, recipient)
    except (Conflict, NotFound):
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
        document__envelope=sitting.recipient.envelope_id,
        document__position=int(document),
        document__removed_at=None,
        voided_at=None,
    ).select_related("file__blob", "document")


def _blob(version: DocumentVersion) -> Blob:
    if version.file.blob is None:
        raise LookupError
    return version.file.blob


def _answer(version: DocumentVersion) -> FileAnswer:
    blob = _blob(version)
    return FileAnswer(storage.read(blob), blob.size)
