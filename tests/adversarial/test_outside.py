"""What comes from outside and is no signed file: pictures, addresses in certificates, and calls that would go out by another way."""

from __future__ import annotations

import ast
import io
import socket
import struct
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import undersigned
from tests.sealing import conftest as making
from undersigned.sealing.appearance import UnusableLook, clean_image
from undersigned.sealing.authority import root_certificates
from undersigned.sealing.verify import verify_pdf

pytestmark = pytest.mark.adversarial


def png(width: int, height: int, rows: bytes = b"") -> bytes:
    """A PNG that says it is so large, with `rows` as its packed content."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("size", "code"),
    [((6001, 50), "too_large"), ((9000, 9000), "too_large"), ((60_000, 60_000), "not_picture")],
)
def test_picture_bombs(size: tuple[int, int], code: str) -> None:
    """Some hundred bytes that would be gigabytes of pixels are refused by what they say of themselves, before they are unpacked."""
    with pytest.raises(UnusableLook) as e:
        clean_image(png(*size, zlib.compress(bytes(1000))))
    assert e.value.code == code


def test_pictures_lose_what_they_tell_of_their_maker() -> None:
    picture = Image.new("RGB", (300, 100), "white")
    picture.paste((0, 0, 0), (40, 40, 260, 60))
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    out = io.BytesIO()
    picture.save(out, "JPEG", exif=exif)
    assert b"taken at home" in out.getvalue()
    assert b"taken at home" not in clean_image(out.getvalue())


@pytest.fixture
def listener() -> Iterator[tuple[int, list[str]]]:
    """A port, and who connected to it."""
    calls: list[str] = []
    listening = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                connection, peer = listening.accept()
            except OSError:
                return
            calls.append(peer[0])
            connection.close()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    yield listening.getsockname()[1], calls
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join(5)


@pytest.mark.django_db
def test_checking_a_file_calls_nobody(tmp_path: Path, settings: Any, listener: tuple[int, list[str]]) -> None:
    """Certificates name addresses of revocation lists; whoever makes a certificate could so make the server call where they like."""
    port, calls = listener
    settings.PUBLIC_URL = f"http://127.0.0.1:{port}"
    prepared, signed = making.prepare(tmp_path, ["Anna"]), tmp_path / "signed.pdf"
    making.sign_pdf(prepared, signed, making.request(prepared, 1, "Anna"))
    assert b"127.0.0.1" in bytes.fromhex(
        signed.read_bytes().partition(b"/Contents <")[2].partition(b">")[0].decode()
    )
    assert verify_pdf(signed, root_certificates()).verdict == "incomplete"
    making.seal(signed)
    assert calls == []


CALLERS = {
    "base/outgoing.py",
    "app/cli/sandbox.py",
    "app/doctor/sending.py",
    "delivery/smtp.py",
    "delivery/gateway.py",
}
"""The one client for web addresses that others name, the sandbox signer's command, mail, SMS and push to the operator's own services
(and the doctor, who reads those services' addresses)."""
CLIENTS = {
    "urllib.request",
    "http.client",
    "requests",
    "httpx",
    "aiohttp",
    "urllib3",
    "smtplib",
    "ftplib",
    "apprise",
}


def test_only_the_vetting_client_calls_out() -> None:
    root = Path(undersigned.__file__).parent
    found = set()
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [f"{node.module}.{a.name}" for a in node.names]
            names = [
                n for n in names if n != "urllib.request.parse_http_list"
            ]  # reads a header, calls nobody
            if any(n == c or n.startswith(f"{c}.") for n in names for c in CLIENTS):
                found.add(str(path.relative_to(root)))
    assert found <= CALLERS, found - CALLERS
