"""A person hands their part on to somebody else, or has somebody else sign after them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from undersigned.base.db import atomic
from undersigned.identity.policy import IdentityPolicy
from undersigned.sealing.prepare import signature_field

from . import add_recipient, audit, doing, links, notify, preparing, search, shown
from .add_recipient import NewRecipient
from .compile_plan import add_declaration
from .compose import PEOPLE_MAX
from .errors import Conflict, Invalid
from .models import (
    Assignment,
    AssignmentState,
    Document,
    Envelope,
    Field,
    Forward,
    NotificationPlan,
    PackageItem,
    Recipient,
    RecipientState,
    Sitting,
    Step,
    StepEdge,
)
from .models.steps import LIVE
from .policy import Policy
from .progress import advance

_Plan = NotificationPlan
_SELF_KEPT = (Assignment.Action.UPLOAD, Assignment.Action.FILL)
"""Done by one person, it is done: nobody brings the same file or fills in the same form again."""


@dataclass(frozen=True)
class NewPerson:
    """Who goes on. `phone` in E.164 or empty."""

    name: str
    email: str
    phone: str = ""


def forward(sitting: Sitting, mode: Forward.Mode, person: NewPerson) -> Recipient:
    """Hand on; returns the new person's row. What was said of the former person (identity, hints) is not asked of the new one.

    With "someone_else" the sitting's person is out at once (standing FORWARDED) and their link dies; what they had not done passes to the
    new person, with their places for signatures. With "both" nothing changes for them: they go on to sign, and the new person's turn to
    read and sign the same comes when they have; no order of events lets the envelope end in between.

    Raises Invalid (name, email, phone; recipients too_many), Conflict: not_identified, not_allowed (the policy), or the standing of the
    person; NotFound.
    """
    doing.refuse_unidentified(sitting)
    with atomic():
        envelope, former, at = doing.locked_turn(sitting)
        if not Policy.model_validate(envelope.policy).forwarding:
            raise Conflict("not_allowed")
        if envelope.recipients.count() >= PEOPLE_MAX:
            raise Invalid({"recipients": ["too_many"]})
        new = _new_person(envelope, former, sitting, person, at)
        both = mode == Forward.Mode.BOTH
        mine = shown.assignments_of(former)
        step = _new_step(envelope, mine[0].step, new, both=both)
        _Handing(envelope, new, step, at).hand_on(mine, both=both)
        _copy_plans(former, new, at)
        Forward.objects.create(original=former, recipient=new, mode=mode, at=at)
        if not both:
            former.state, former.settled_at = RecipientState.FORWARDED, at
            former.save(update_fields=["state", "settled_at"])
            links.revoke(former, at)
        envelope.signer_count += 1 if both else 0
        links.issue(new, at)
        search.add(envelope, people=[new])
        audit.append(
            envelope,
            "forwarded",
            at,
            by=sitting,
            mode=mode,
            to=new.pk,
            to_name=new.full_name,
            to_email=new.email,
            to_phone=new.phone or None,
        )
        notify.happened(envelope, _Plan.Trigger.FORWARDED, at, recipient=former)
        preparing.ask(envelope)
        advance(envelope, at)
    return new


def _new_person(
    envelope: Envelope, former: Recipient, sitting: Sitting, person: NewPerson, at: datetime
) -> Recipient:
    last = envelope.recipients.order_by("-position").values_list("position", flat=True)[0]
    new = NewRecipient(
        person.name,
        person.email,
        phone=person.phone or None,
        language=former.language,
        identity=_identity(former.identity),
        channels=("email",),
        key=str(uuid.uuid4()),
        expires_at=former.expires_at,
        dialog_title=former.dialog_title,
        dialog_message=former.dialog_message,
        sign_text=former.sign_text,
        return_url_done=former.return_url_done,
        return_url_declined=former.return_url_declined,
        return_url_later=former.return_url_later,
        wire=former.wire,
    )
    return add_recipient.put(sitting, envelope, new, at, last + 1, new.key or "")


def _identity(policy: IdentityPolicy) -> IdentityPolicy:
    """As strong as the former person's, without what names them, and without artifacts: nobody's program signs the new person in."""
    return policy.model_copy(update={"compare": (), "artifact": False})


def _new_step(envelope: Envelope, former: Step, new: Recipient, *, both: bool) -> Step:
    """The new person's gate: in the former one's place, or between it and what came after it."""
    step = Step.objects.create(envelope=envelope, position=new.position)
    before = [former.pk] if both else [e.depends_on_id for e in former.edges.all()]
    after = StepEdge.objects.filter(depends_on=former)
    if both:
        StepEdge.objects.bulk_create(StepEdge(step_id=e.step_id, depends_on=step) for e in after)
    else:
        after.update(depends_on=step)
    StepEdge.objects.bulk_create(StepEdge(step=step, depends_on_id=b) for b in before)
    return step


@dataclass
class _Handing:
    envelope: Envelope
    new: Recipient
    step: Step
    at: datetime

    def hand_on(self, mine: list[Assignment], *, both: bool) -> None:
        signed: set[int] = set()
        for assignment in mine:
            if assignment.document.format == Document.Format.DECLARATION:
                if not both:  # it is a page about the former person
                    self._void(assignment)
                    Document.objects.filter(pk=assignment.document_id).update(removed_at=self.at)
            elif not both:
                self._pass_on(assignment)
            elif assignment.action not in _SELF_KEPT and assignment.document_id not in signed:
                self._add(assignment)
                if assignment.action == Assignment.Action.SIGN:
                    signed.add(assignment.document_id)
        add_declaration(self.envelope, self.step, self.new, self.at)

    def _pass_on(self, former: Assignment) -> None:
        """What is not done becomes the new person's, and reading what is to be read; with the place for the signature."""
        done = former.state not in LIVE
        if done and former.action in _SELF_KEPT:
            return
        row = self._copy(former)
        former.fields.update(assignment=row, recipient=self.new)
        PackageItem.objects.filter(assignment=former).update(assignment=row)
        if not done:
            self._void(former)

    def _add(self, former: Assignment) -> None:
        """The same once more. Pages may be final, and signed: nothing can be drawn for one who comes late."""
        row = self._copy(former)
        if row.action == Assignment.Action.SIGN:
            Field.objects.create(
                document_id=row.document_id,
                recipient=self.new,
                assignment=row,
                key=signature_field(self.new.position, former.document.mark),
                kind=Field.Kind.SIGNATURE,
                invisible=True,
            )
        for item in PackageItem.objects.filter(assignment=former).select_related("package"):
            position = item.package.items.count() + 1
            PackageItem.objects.create(package=item.package, assignment=row, position=position)

    def _copy(self, former: Assignment) -> Assignment:
        return Assignment.objects.create(
            envelope=self.envelope,
            step=self.step,
            recipient=self.new,
            document_id=former.document_id,
            key=former.key,
            action=former.action,
            on_decline=former.on_decline,
            decline_allowed=former.decline_allowed,
            profile=former.profile,
            with_timestamp=former.with_timestamp,
            caption=former.caption,
            sign_text=former.sign_text,
            to_archive=former.to_archive,
            return_url=former.return_url,
            return_mode=former.return_mode,
            round=former.round,
            wire=former.wire,
        )

    def _void(self, assignment: Assignment) -> None:
        assignment.state, assignment.settled_at = AssignmentState.VOID, self.at
        assignment.save(update_fields=["state", "settled_at"])


def _copy_plans(former: Recipient, new: Recipient, at: datetime) -> None:
    """The new person's messages. An address that the former person was invited at becomes the new one's; others (the sender's own office,
    programs) stay. Where no plan invites the new person, the core does."""
    plans = list(former.notification_plans.order_by("position"))
    invited = {
        (p.channel, p.address)
        for p in plans
        if p.trigger == _Plan.Trigger.CREATED and p.channel != _Plan.Channel.URL
    } | {(_Plan.Channel.EMAIL, former.email or ""), (_Plan.Channel.SMS, former.phone)}
    reached = False
    for plan in plans:
        if (plan.channel, plan.address) in invited:
            plan.address = (new.email or "") if plan.channel == _Plan.Channel.EMAIL else new.phone
            if not plan.address:
                continue
            reached = reached or (plan.trigger == _Plan.Trigger.CREATED and plan.delay_seconds == 0)
        plan.pk, plan.recipient, plan.due_at, plan.settled_at = None, new, None, None
        plan.save(force_insert=True)
    if reached:
        new.invited_at = at
        new.save(update_fields=["invited_at"])
