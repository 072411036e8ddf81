"""SignSpace's files: what comes in, and who may download it (A7, A15)."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from typing import Any

import pytest
from django.conf import LazySettings
from hypothesis import given
from hypothesis import strategies as st

from tests.pdfs import make_pdf
from undersigned.dialects.shared import upload
from undersigned.files.models import File

from .signspace_caller import NOBODY, Space, errors, refused

pytestmark = [pytest.mark.django_db]


# --- A7, A15: downloads ---------------------------------------------------------------------------------------
def test_what_is_downloaded_is_what_came(space: Space) -> None:
    content = "Grüße\n".encode()
    pub = space.file("a/b\\Grüße.txt", content)
    response = space.get("files.download", f"id={pub}&id={pub}&id=")
    assert (response.getvalue(), response["Content-Type"], response["Content-Length"]) == (
        content,
        "text/plain",
        "8",
    )
    assert response["Content-Disposition"] == "attachment; filename*=utf-8''Gr%C3%BC%C3%9Fe.txt"


def test_several_are_a_zip_with_names_of_their_own_or_nothing(space: Space) -> None:
    contents = [make_pdf(n) for n in (1, 2, 3)]
    pubs = [space.file("a.pdf", content) for content in contents]
    response = space.get("files.download", "&".join(f"id={p}" for p in reversed(pubs)))
    with zipfile.ZipFile(io.BytesIO(response.getvalue())) as archive:
        assert archive.namelist() == ["a.pdf", "a (2).pdf", "a (3).pdf"]
        assert archive.read("a.pdf") == contents[2]
    refused(space.get("files.download", f"id={pubs[0]}&id={NOBODY}"), 404, "not_found")
    refused(space.get("files.download", "id=%00"), 404, "not_found")
    assert "id" in errors(space.get("files.download", "&".join(f"id={n}" for n in range(101))))


def test_who_may_download(space: Space, space_colleague: Space, space_stranger: Space) -> None:
    pub = space.file()
    for other in (space_colleague, space_stranger):
        refused(other.get("files.download", f"id={pub}"), 404, "not_found")
    task = space.task(files=[pub], owners_handles=[space_colleague.robot.email, space_stranger.robot.email])
    assert space_colleague.get("files.download", f"id={pub}").status_code == 200
    refused(space_stranger.get("files.download", f"id={pub}"), 404, "not_found")
    assert task["files"] == [pub]


# --- files -----------------------------------------------------------------------------------------------------
def test_files_that_are_refused(space: Space, settings: LazySettings) -> None:
    for wrong, path in (
        ({}, {"name", "base64"}),
        ({"name": " ", "base64": ""}, {"name", "base64"}),
        ({"name": "a", "base64": "abc"}, {"base64"}),
        ({"name": "a", "base64": 5}, {"base64"}),
        ({"name": ["a"], "base64": "YQ==", "importance_order": "1"}, {"name", "importance_order"}),
        ({"name": "a", "base64": "YQ==", "importance_order": True}, {"importance_order"}),
        ({"name": "a", "base64": "YQ==", "importance_order": 2**31}, {"importance_order"}),
    ):
        assert set(errors(space.post("files.create", wrong))) == path, wrong
    settings.MAX_UPLOAD_BYTES = 10
    refused(
        space.post("files.create", {"name": "a", "base64": base64.b64encode(b"x" * 11).decode()}),
        413,
        "too_large",
    )
    assert space.file("a", b"x" * 10)
    assert File.objects.count() == 1


def test_a_large_file_is_never_held_whole(space: Space) -> None:
    content = bytes(range(256)) * 4096 * 20
    text = base64.b64encode(content).decode().replace("/", "\\/").replace("+", "\\u002B")
    body = f'{{"name": "big.bin", "base64": "{text}", "acting_handle": "{space.robot.email}"}}'.encode()
    response = space.send("POST", "files.create", body)
    found = json.loads(response.content)
    assert (found["size"], found["content_type"]) == (len(content), "application/octet-stream")
    assert space.get("files.download", f"id={found['_id']}").getvalue() == content


@given(
    st.binary(max_size=300),
    st.integers(1, 50),
    st.dictionaries(
        st.sampled_from(["a", "name", "q\"'}"]),
        st.one_of(st.text(), st.lists(st.text(max_size=3)), st.none()),
    ),
    st.booleans(),
)
def test_base64_is_found_in_any_object(content: bytes, size: int, others: dict[str, Any], last: bool) -> None:
    class Pieces:
        def __init__(self, body: bytes) -> None:
            self.body = io.BytesIO(body)

        def read(self, _size: int) -> bytes:
            return self.body.read(size)

    text = base64.b64encode(content).decode()
    given_ = others | {"base64": text} if last else {"base64": text} | others
    nested = given_ | {"n": {"base64": "zz", "l": ["base64", {"base64": 1}]}}
    with upload.receive_base64(Pieces(json.dumps(nested).encode()), "base64", 1000) as found:  # type: ignore[arg-type]
        assert found.file is not None
        assert (found.valid, found.file.path.read_bytes()) == (True, content)
        assert found.fields == nested | {"base64": ""}
