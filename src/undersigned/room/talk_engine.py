"""The discussion on the real core."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from undersigned.envelopes import discussion
from undersigned.envelopes.comment import add_comment, delete_comment, edit_comment
from undersigned.envelopes.errors import Conflict, Invalid, NotFound
from undersigned.envelopes.models import Sitting
from undersigned.envelopes.open_sitting import find_sitting
from undersigned.envelopes.proofs import may_read

from .gateway import Gone, Visit
from .talk import Remark


class TalkEngine:
    """Implements `talk.Talk`."""

    def remarks(self, visit: Visit, before: int | None = None) -> list[Remark]:
        sitting = _sitting(visit)
        with _in_our_words():
            found = discussion.comments(sitting, _place(sitting), before)
        return [
            Remark(
                id=c.pk,
                author=discussion.author(c),
                text=c.text,
                at=c.created_at,
                mine=discussion.is_author(sitting, c),
                edited=c.edited_at is not None,
                deleted=c.deleted_at is not None,
            )
            for c in found
        ]

    def write(self, visit: Visit, text: str) -> None:
        sitting = _sitting(visit)
        with _in_our_words():
            add_comment(sitting, _place(sitting), text)

    def change(self, visit: Visit, remark: int, text: str) -> None:
        with _in_our_words():
            edit_comment(_sitting(visit), remark, text)

    def take_back(self, visit: Visit, remark: int) -> None:
        with _in_our_words():
            delete_comment(_sitting(visit), remark)


def _sitting(visit: Visit) -> Sitting:
    found = find_sitting(visit.room_id, visit.secret)
    if found is None or not may_read(found):
        raise Gone
    return found


def _place(sitting: Sitting) -> discussion.Place:
    return discussion.place_of(sitting.recipient.envelope)


@contextmanager
def _in_our_words() -> Iterator[None]:
    try:
        yield
    except (NotFound, Conflict) as e:
        raise LookupError from e
    except Invalid as e:
        raise ValueError from e
