"""Where two APIs want contradictory behaviour, the difference is a policy: set at creation by the dialect, enforced by the core."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from undersigned.identity.policy import Method

from .models import Envelope, Recipient


class Policy(BaseModel):
    """Values of one envelope. Stored as JSON on it.

    `sitting` subset and `final_word` say what an API's words mean; the core does not ask them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    on_decline: Literal["fatal", "hold", "isolate", "waive"] = "fatal"
    decline_scope: Literal["recipient", "assignment"] = "recipient"
    """What a person refuses: all that is asked of them, or the signature that is on the table (`focus`); then each assignment has an
    `on_decline` of its own, fatal or waive."""
    decline_allowed: bool = True
    due_may_be_past: bool = False
    """An envelope may be sent after its own due date; it is overdue at once."""
    past_due: Literal["refuse", "allow"] = "allow"
    past_expires: Literal["none", "recipient_lapses", "envelope_expires"] = "none"
    sitting: Literal["whole", "subset", "one"] = "whole"
    """`one`: each signature is dealt with by itself, has a link of its own (a ticket), and the room goes on to the next."""
    final_word: Literal["agreed", "completed"] = "completed"
    unique_names: bool = False
    """Refuse a second recipient with the same e-mail and a second document with the same name."""
    identity: tuple[Method, ...] = ("link",)
    """Methods that a signer must pass, in order, where the sender names none for the person."""
    secret_known_to_sender: bool = False
    """The sender's API shows the code or link, so the proof says so."""
    invitation: bool = True
    """The core sends invitations; otherwise the sender brings people their links, by plans of their own or otherwise, and the core writes
    only to those whom a signer named (`forwarding`)."""
    told: tuple[Literal["viewers"], ...] = ()
    """Who hears at sending that it is under way, without having anything to do."""
    inbox: bool = False
    """Users whom it concerns are told what becomes of it in their inbox (`inbox`)."""
    phases: bool = False
    """The trail and the sender's program are told when filling in, and when signing, begins (`phases`)."""
    copy_to: tuple[Literal["owner", "signers", "viewers", "grants"], ...] = ("owner", "signers")
    not_pdf: Literal["refuse", "statement"] = "refuse"
    """A file that cannot be signed itself (no PDF, or one that takes no signatures): refused, or a page about it is signed instead."""
    discussion: bool = False
    """The parties may write to each other (`comment`)."""
    room_access: Literal["space", "signing_only"] = "space"
    """Signing only: who signs sees what is to be signed and nothing of what the parties write."""
    sealed_unit: Literal["documents", "people"] = "documents"
    """Sealed once all have agreed, or for each person once they are done (and the whole at the end)."""
    forwarding: bool = False
    """A signer may hand their part on to somebody else."""
    keep_days: int | None = None
    """Days from the end of the last person's time to erasure."""
    tombstone_days: int = 0
    """Days for which an erased envelope still says that it was there."""
    due_months: int | None = None
    """Calendar months from creation to `due_at`."""
    retention_months: int | None = None
    """Calendar months from creation to erasure."""


def knows_code(envelope: Envelope, recipient: Recipient) -> bool:
    """Can the sender read this person's code? Then they could use it too, and the proof says so."""
    return Policy.model_validate(envelope.policy).secret_known_to_sender or not recipient.code_by_sms
