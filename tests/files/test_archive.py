"""The archive: copies that stay until whoever had them put there takes them out."""

from __future__ import annotations

import io

import pytest
from django.db import transaction

from tests.pdfs import make_pdf
from undersigned.accounts.models import Credential, User
from undersigned.base import clock
from undersigned.files import archive
from undersigned.files.models import ArchiveEntry, File
from undersigned.files.store import erase_file, receive, store_pdf

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def client_of(user: User, name: str) -> Credential:
    return Credential.objects.create(
        organization=user.organization,
        user=user,
        dialect="orders",
        kind=Credential.Kind.OAUTH_CLIENT,
        reach=Credential.Reach.CLIENT,
        description=name,
        client_id=name,
        secret_hash=name.encode(),
    )


def result(user: User, text: str, pub: str | None) -> File:
    with receive(io.BytesIO(make_pdf(text=text))) as received:
        return store_pdf(user.organization, received, f"{text}.pdf", kind=File.Kind.VERSION, pub=pub)


def test_a_copy_outlives_its_file_and_goes_when_its_client_says_so(user: User) -> None:
    mine, other = client_of(user, "mine"), client_of(user, "other")
    file, evidence = result(user, "lease", "abc"), result(user, "evidence", None)
    at = clock.now()
    with transaction.atomic():
        archive.keep(file, at, origin="order 1", user=user, client=mine, evidence=evidence.blob)
    assert archive.ids_of([file, evidence]) == {file.pk: "abc"}
    erase_file(file, at)
    kept = archive.kept(mine).get(pub="abc")
    assert kept.blob is not None
    assert (kept.name, kept.pages) == ("lease.pdf", 1)
    assert not archive.kept(other).exists()
    with transaction.atomic():
        assert not archive.delete(other, "abc", at)
        assert archive.delete(mine, "abc", at)
        assert not archive.delete(mine, "abc", at)
    assert not archive.kept(mine).exists()
    entry = ArchiveEntry.objects.get()
    assert entry.deleted_at == at
    assert entry.evidence is not None
    assert (entry.file.blob, entry.evidence.blob) == (None, None)
    evidence.refresh_from_db()
    assert evidence.blob is not None  # the envelope's own


def test_what_has_no_public_id_is_not_archived(user: User) -> None:
    with pytest.raises(ValueError, match="public id"):
        archive.keep(result(user, "a", None), clock.now(), origin="", user=user, client=None)
