"""Where two APIs want contradictory behaviour, the difference is a policy: set at creation by the dialect, enforced by the core."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Policy(BaseModel):
    """Values of one envelope. Stored as JSON on it.

    Enforced so far: `on_decline` fatal and hold, `past_due`, `past_expires` recipient_lapses, and everything from `unique_names` on.
    The other values, and `decline_scope`, `sitting` and `final_word` (whole sittings and whole people are what the core does), are
    named here for the APIs that will need them; an API that sets one brings the code that enforces it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    on_decline: Literal["fatal", "hold", "isolate", "waive"] = "fatal"
    decline_scope: Literal["recipient", "assignment"] = "recipient"
    decline_allowed: bool = True
    past_due: Literal["refuse", "allow"] = "allow"
    past_expires: Literal["none", "recipient_lapses", "envelope_expires"] = "none"
    sitting: Literal["whole", "subset", "one"] = "whole"
    final_word: Literal["agreed", "completed"] = "completed"
    unique_names: bool = False
    """Refuse a second recipient with the same e-mail and a second document with the same name."""
    identity: tuple[str, ...] = ("link",)
    """Methods that a signer must pass, in order."""
    secret_known_to_sender: bool = False
    """The sender's API shows the code or link, so the proof says so."""
    invitation: bool = True
    """The core sends invitations; otherwise only the client's plans do."""
    copy_to: tuple[Literal["owner", "signers", "viewers"], ...] = ("owner", "signers")
    due_months: int | None = None
    """Calendar months from creation to `due_at`."""
    retention_months: int | None = None
    """Calendar months from creation to erasure."""
