"""The result of a check as a PDF, for a file or a letter. It proves nothing by itself and says so."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from undersigned.base import clock
from undersigned.sealing.evidence_pages import Block, write
from undersigned.sealing.pdf.text import clean
from undersigned.sealing.verify import Report, SignatureReport

from .templatetags.ui import moment
from .verdict import Verdict


def draw(report: Report, said: Verdict, name: str, target: Path) -> None:
    """Write what /verify says about the file `name` to `target`, in the active language."""
    title = clean(_("Check of {name}").format(name=name))
    about = [
        (_("File"), name),
        ("SHA-256", report.sha256),
        (_("Size"), _("{n} bytes").format(n=report.size)),
        (_("Checked"), moment(clock.now())),
        (_("Checked at"), settings.PUBLIC_URL),
    ]
    blocks = [
        Block("title", said.heading, ((_("Check of a signed file"),),)),
        Block("text", said.text),
        *([Block("note", said.fingerprint)] if said.fingerprint else []),
        *([Block("text", _about(said.worst))] if said.worst else []),
        Block("facts", rows=tuple(about)),
        *[Block("text", sentence.text) for sentence in said.signatures],
        *([Block("text", said.record.text)] if said.record else []),
        *[b for n, s in enumerate(report.signatures, 1) for b in _signature(n, s, report)],
        Block(
            "note",
            _(
                "This page is a note of the check and proves nothing by itself: it is not signed. Check the file again, here or with any "
                "program that knows PAdES and CAdES."
            ),
        ),
    ]
    write(blocks, title, title, target)


def _about(name: str) -> str:
    return _("This is about the signature of {name}.").format(name=name)


def _signature(number: int, seen: SignatureReport, report: Report) -> list[Block]:
    revisions = report.revisions
    version = _("{n} of {total}").format(n=seen.revision, total=revisions) if seen.revision else "-"
    rows = [
        (_("Result"), ", ".join(filter(None, [seen.indication, seen.sub_indication]))),
        (_("Level"), f"{report.profile} {seen.level}" if seen.level else "-"),
        (_("Issued by"), str(seen.issuer) or "-"),
        (_("Certificate"), seen.certificate_sha256 or "-"),
        (_("Root"), seen.root_sha256 or "-"),
        (_("Covers"), ", ".join(seen.covers)) if seen.covers else (_("Version"), version),
        *([] if seen.covers else [(_("Later changes"), seen.modification)]),
    ]
    return [Block("name", f"{number}. {seen.signer}"), Block("facts", rows=tuple(rows))]
