"""From a path to the object of the core that the caller may see. Anything else is not found, whatever its form."""

from __future__ import annotations

import re

from django.http import HttpRequest

from undersigned.envelopes.access import get_collection, get_envelope_at
from undersigned.envelopes.errors import NotFound
from undersigned.envelopes.models import Collection, Envelope

from .auth import DIALECT, actor_of

_ID = re.compile(r"[0-9a-f]{24}")
_VERSION = re.compile(r"[1-9][0-9]{0,9}")


def contract_of(request: HttpRequest, contract_id: str) -> Collection:
    """The contract with this id. Raises NotFound."""
    if not _ID.fullmatch(contract_id):
        raise NotFound
    return get_collection(actor_of(request), DIALECT, Collection.Kind.CONTRACT, contract_id)


def version_of(request: HttpRequest, contract_id: str, version: str) -> Envelope:
    """Version `version` (1 is the first; no sign, no leading zero) of the contract. Raises NotFound."""
    collection = contract_of(request, contract_id)
    if not _VERSION.fullmatch(version):
        raise NotFound
    return get_envelope_at(collection, int(version))
