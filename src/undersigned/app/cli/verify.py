"""`undersigned verify`: check files without the server."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

DESPITE_UNKNOWN = ("valid", "unknown_issuer")
"""Verdicts that are no fault when nobody said whom they trust: the file is as signed, and the issuer is named."""


@click.command()
@click.argument(
    "files",
    metavar="FILE…",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option(
    "--root",
    "roots",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Certificate that you trust (PEM or DER).",
)
@click.option("--json", "as_json", is_flag=True, help="Print the whole report as JSON.")
def command(files: tuple[Path, ...], roots: tuple[Path, ...], as_json: bool) -> None:
    """Check signed PDF files and ASiC-E containers, and the evidence that belongs to them, with the files alone.

    Evidence (its PDF or its JSON) is recognised among the files and compared with the others. A file that people signed by a page about
    it is recognised by its evidence.

    Exit code 0: every file is exactly as it was signed and time-stamped, and the evidence belongs to them. Exit code 1: something is
    wrong, and the output says what. 2: the command was called wrongly.

    Whose certificates are trusted is for you to say: with --root, a file whose issuer is another one fails. Without it, on a server's own
    machine the server's authority is trusted; elsewhere the issuer's fingerprint is printed for you to compare.
    """
    _configure()
    from undersigned.sealing.evidence import verify_evidence
    from undersigned.sealing.package import embedded_pdfs
    from undersigned.sealing.verify import verify_file, verify_pdf

    trusted = list(_certificates(roots)) or _own_roots()
    accepted = ("valid",) if roots else DESPITE_UNKNOWN
    records = [f for f in files if verify_evidence(f, [], trusted).code != "unreadable"]
    documents = [f for f in files if f not in records]
    judged = {f: verify_evidence(f, documents, trusted) for f in records}
    named = {m.sha256: m.title for record in judged.values() for m in record.files if m.named_by_page}
    good = True
    report: dict[str, Any] = {"files": [], "evidence": []}
    for file in documents:
        if (title := named.get(sha256 := _sha256(file))) is not None:
            # It carries no signatures; that the record is whole is judged below.
            report["files"].append({"file": str(file), "sha256": sha256, "named_by_page": title})
            if not as_json:
                click.echo(f"{file}\n  The file that people signed by a page about it: “{title}”.")
            continue
        result = verify_file(file, trusted)
        good = good and result.verdict in accepted
        report["files"].append({"file": str(file)} | result.as_json())
        if not as_json:
            _print_file(file, result)
    for file, record in judged.items():
        good = good and record.good and (record.seal is None or record.seal.verdict in accepted)
        about: dict[str, Any] = {"file": str(file), "good": record.good} | record.as_json()
        report["evidence"].append(about)
        if not as_json:
            click.echo(f"{file}\n  {evidence_sentence(record)}")
        if record.seal is None:
            continue
        with embedded_pdfs(file) as signed:  # a package holds the signed files themselves
            for name, copy in signed:
                result = verify_pdf(copy, trusted)
                good = good and result.verdict in accepted
                about.setdefault("embedded", []).append({"file": name} | result.as_json())
                if not as_json:
                    _print_file(Path(name), result)
    if as_json:
        click.echo(json.dumps(report | {"good": good}, indent=2, ensure_ascii=False))
    sys.exit(0 if good else 1)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def evidence_sentence(record: Any) -> str:
    from undersigned.sealing.verdicts import evidence_words, verdict_words

    words = evidence_words(record.code, record.events, record.broken_at)
    return f"{words}. {verdict_words(record.seal.verdict)[0]}." if record.seal else f"{words}."


def _print_file(file: Path, result: Any) -> None:
    from undersigned.sealing.verdicts import reason_words, verdict_words

    heading, text = verdict_words(result.verdict)
    click.echo(f"{file}\n  {heading}. {text}")
    if result.reason:
        click.echo(f"  Reason: {reason_words(result.reason)}")
    if result.files:
        click.echo(f"  Files: {', '.join(result.files)}")
    for s in result.signers:
        when = f"{s.confirmed_at:%Y-%m-%d %H:%M:%S} UTC" if s.confirmed_at else "at an unconfirmed time"
        click.echo(
            f"  - {s.signer.name or s.signer.organization}, {when}, {s.level or 'no level'}, {s.verdict}"
        )
        if s.serial:
            click.echo(f"    certificate {s.serial} under {s.issuer}")
    if result.verdict == "unknown_issuer" and (unknown := result.worst):
        click.echo(f"    issuer {unknown.issuer}, root SHA-256 {unknown.root_sha256 or 'unknown'}")


def _certificates(paths: Iterable[Path]) -> Iterable[bytes]:
    """DER of the certificates in the files."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    for path in paths:
        data = path.read_bytes()
        try:
            found = (
                x509.load_pem_x509_certificates(data)
                if b"-----BEGIN" in data
                else [x509.load_der_x509_certificate(data)]
            )
        except ValueError as e:
            raise click.BadParameter(f"{path} holds no certificate") from e
        yield from (c.public_bytes(Encoding.DER) for c in found)


def _here() -> bool:
    """Whether the environment points to an installation with data."""
    folder = Path(os.environ.get("UNDERSIGNED_DATA_DIR", "data"))
    return bool(os.environ.get("UNDERSIGNED_DATABASE_URL")) or (folder / "undersigned.sqlite3").exists()


def _configure() -> None:
    """Django for translations alone, unless this is a server's machine: checking files must leave no trace in the folder."""
    if _here():
        from .setup import django_setup

        os.environ.setdefault("UNDERSIGNED_DEMO", "false")  # demo mode would make a master key
        django_setup()
        return
    import django
    from django.conf import settings

    settings.configure(USE_TZ=True)
    django.setup()


def _own_roots() -> list[bytes]:
    if not _here():
        return []
    from django.db import DatabaseError

    from undersigned.sealing.models import Key

    try:
        return [bytes(k.certificate) for k in Key.objects.filter(purpose=Key.Purpose.ROOT)]
    except DatabaseError:
        return []
