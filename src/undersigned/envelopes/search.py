"""Finding envelopes by title, person and id, by index whatever their number.

Each envelope has a row for each word of its title and reference, of its people's names and addresses, of its metadata, and for its
public id. A search takes the
envelopes that have, for each term, a word that begins with it. Words are bytes, so that both databases compare them alike.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from django.db.models import QuerySet

from undersigned.accounts.models import Organization

from .models import Envelope, MetadataValue, Recipient, SearchWord

WORD_MAX = 64
"""Bytes of a word; what comes after is not searched."""
TERMS_MAX = 6
_WORD = re.compile(r"[^\W_]+")


def add(envelope: Envelope, *texts: str, pub: str = "", people: Iterable[Recipient] = ()) -> None:
    """Make an envelope findable by the words of `texts`, its public id and its people. Words that it has already stay."""
    SearchWord.objects.bulk_create(rows(envelope, *texts, pub=pub, people=people), ignore_conflicts=True)


def rows(
    envelope: Envelope, *texts: str, pub: str = "", people: Iterable[Recipient] = ()
) -> list[SearchWord]:
    """What `add` puts into the table, unsaved."""
    words = {_bytes(word) for text in (*texts, pub) for word in _words(text)}
    for person in people:
        words |= {_bytes(word) for word in _words(person.full_name)}
        if person.email:
            local = person.email.partition("@")[0]
            words |= {_bytes(person.email), *(_bytes(word) for word in _words(local))}
    return [
        SearchWord(organization_id=envelope.organization_id, envelope=envelope, word=word)
        for word in sorted(words)
    ]


def rebuild(envelope: Envelope) -> None:
    """After an edit: the words of what there is now."""
    SearchWord.objects.filter(envelope=envelope).delete()
    pub = envelope.pub or (envelope.collection.pub if envelope.collection else "")
    said = [str(v) for v in MetadataValue.objects.filter(envelope=envelope).values_list("value", flat=True)]
    add(
        envelope,
        envelope.title,
        envelope.reference,
        *said,
        pub=pub,
        people=envelope.recipients.all(),
    )


def find(rows: QuerySet[Envelope], organization: Organization, query: str) -> QuerySet[Envelope]:
    """Those of `rows` that have every term of `query`: whole addresses, else words, each from its beginning."""
    for term in _terms(query):
        found = SearchWord.objects.filter(organization=organization, word__gte=term, word__lt=term + b"\xff")
        rows = rows.filter(pk__in=found.values("envelope_id"))
    return rows


def _terms(query: str) -> list[bytes]:
    terms: list[str] = []
    for chunk in query.split():
        terms += [chunk] if "@" in chunk.strip("@") else _words(chunk)
    return list(dict.fromkeys(_bytes(t) for t in terms))[:TERMS_MAX]


def _words(text: str) -> list[str]:
    return _WORD.findall(_plain(text))


def _plain(text: str) -> str:
    """Without case and accents: who types "asa oberg" means Åsa Öberg."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def _bytes(word: str) -> bytes:
    return _plain(word).encode()[:WORD_MAX]
