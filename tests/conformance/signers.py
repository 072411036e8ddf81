"""Signers, acting through the core's use cases as the room's pages do."""

from __future__ import annotations

import secrets

from tests.jobs.testing import run_due
from undersigned.delivery.outbox import JOB
from undersigned.envelopes import links, shown
from undersigned.envelopes.appearance import Look, keep
from undersigned.envelopes.decline import decline
from undersigned.envelopes.enter_code import enter_code
from undersigned.envelopes.models import Envelope, Recipient, Sitting
from undersigned.envelopes.open_sitting import again, open_sitting
from undersigned.envelopes.sign import SignRequest, sign
from undersigned.jobs.models import Job

from .caller import Caller


def envelope_at(version_path: str) -> Envelope:
    """The envelope behind `/contracts/{id}/versions/{n}`."""
    _, _, contract_id, _, number = version_path.split("/")
    return Envelope.objects.get(collection__pub=contract_id, position=int(number))


def signer(api: Caller, version_path: str, email: str) -> tuple[Recipient, str]:
    """The signatory with this address and the code that the API shows for it."""
    code = next(s["code"] for s in api.read(version_path)["signatories"] if s["email"] == email)
    return envelope_at(version_path).recipients.get(email=email), code


def enter(recipient: Recipient, code: str) -> Sitting:
    """Open the link and enter the code."""
    sitting = open_sitting(links.token(recipient), "192.0.2.1", "tests").sitting
    enter_code(sitting, code)
    sitting.refresh_from_db()
    return sitting


def refuse(api: Caller, version_path: str, email: str, reason: str = "Not like this.") -> None:
    decline(enter(*signer(api, version_path, email)), reason)


def run_jobs() -> None:
    """Prepare and seal what is due. Deliveries are left out: nothing leaves these tests."""
    Job.objects.filter(kind=JOB).delete()
    run_due()


def agree(api: Caller, version_path: str, email: str) -> None:
    """Sign everything, after the jobs that are due have run (they prepare the pages)."""
    run_jobs()
    sitting = enter(*signer(api, version_path, email))
    seen = shown.current(sitting.recipient)
    keep(sitting, Look("typed", name=sitting.recipient.full_name, hand="caveat"))
    sign(again(sitting), SignRequest("I agree.", "en", seen.revision, seen.digest, secrets.token_hex(8)))


def everyone_agrees(api: Caller, version_path: str) -> None:
    for signatory in api.read(version_path)["signatories"]:
        agree(api, version_path, signatory["email"])
