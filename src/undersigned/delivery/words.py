"""What the words of a mail are made of. Plain text and HTML are made from the same blocks, so they cannot say different things."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from django.conf import settings
from django.utils.translation import ngettext

from .params import Params


class Block(NamedTuple):
    """One paragraph. `quote`: words of the sender, shown as such; `link`: `text` is what stands before the address `url`; `button`: on it;
    `image`: a picture at `url`, in HTML only; `own`: a text as the sender wrote it, addresses in it lead there."""

    kind: Literal["text", "quote", "link", "code", "button", "image", "own"]
    text: str
    url: str = ""


@dataclass(frozen=True)
class Words:
    """A mail: subject of at most 59 characters, body, footer."""

    subject: str
    body: list[Block]
    footer: list[Block]


@dataclass(frozen=True)
class Material:
    """What a text is made from. `secrets` holds "url" or "code" as the purpose needs; `attached`: the files travel with the mail."""

    params: Params
    organization: str
    secrets: dict[str, str]
    attached: bool = False

    @property
    def documents(self) -> str:
        n = self.params.documents
        return ngettext("%(n)d document", "%(n)d documents", n) % {"n": n}

    @property
    def verify(self) -> str:
        return f"{settings.PUBLIC_URL}/verify"

    def link(self, text: str) -> Block:
        return Block("link", text, self.secrets["url"])


def text(words: str) -> Block:
    return Block("text", words)
