"""Is a signed file built as it should be? Byte ranges, signature dictionaries, what follows the last signature.

Against the known attacks: universal signature forgery, signature wrapping, incremental saving (pdf-insecurity.org). What is absent or
malformed is refused, never taken for unknown. Runs in the bounded process.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import IO, Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import DEFAULT_DIFF_POLICY, ModificationLevel, SuspiciousModification
from pyhanko.sign.fields import SigSeedSubFilter, enumerate_sig_fields
from pyhanko.sign.validation import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel

_TAIL = 4096
_BLANKS = b" \t\r\n\x0c\x00"


@dataclass
class Found:
    """A filled signature field. `problem`: why it cannot be what it pretends to be, "" when nothing is wrong.

    `damaged` tells a CMS that cannot be read (more likely an accident) from a forgery. `range`: where the signed bytes end, where the gap
    for the CMS begins and ends.
    """

    field: str
    problem: str = ""
    damaged: bool = False
    gap: tuple[int, int] = (0, 0)
    end: int = 0
    embedded: EmbeddedPdfSignature | None = None


def find(reader: PdfFileReader, file: IO[bytes], size: int) -> list[Found]:
    """All filled signature fields in the order of their revisions; those that are malformed come first."""
    found: list[Found] = []
    for name, _, field in enumerate_sig_fields(reader):
        field = field.get_object()  # noqa: PLW2901 - pyHanko gives references and dictionaries alike
        value = field["/V"] if "/V" in field else None  # noqa: SIM401 - get() does not follow references
        if value is None or isinstance(value, generic.NullObject):
            continue
        one = Found(str(name))
        found.append(one)
        one.problem = _range_problem(one, value, file, size)
        if one.problem:
            continue
        if "/SubFilter" not in value or value["/SubFilter"] not in [s.value for s in SigSeedSubFilter]:
            one.problem = "unknown_format"
            continue
        try:
            one.embedded = EmbeddedPdfSignature(reader, field, one.field)
        except Exception:  # noqa: BLE001 - whatever the CMS parser throws at malformed bytes
            one.problem, one.damaged = "unreadable_signature", True
    found.sort(key=lambda f: f.end)
    for earlier, later in pairwise(found):
        # A later signature covers an earlier one whole, its CMS included (ISO 32000-2, 12.8.1).
        if earlier.end and not later.problem and later.gap[0] < earlier.end:
            later.problem = "overlap"
    return found


def _range_problem(one: Found, value: Any, file: IO[bytes], size: int) -> str:
    """What is wrong with /ByteRange and /Contents, "" when nothing: [0 a b c], with exactly the hexadecimal /Contents between."""
    if not isinstance(value, generic.DictionaryObject):
        return "not_a_dictionary"
    try:
        numbers = [int(n) for n in value["/ByteRange"]]
    except Exception:  # noqa: BLE001 - absent, null, or anything but an array of numbers
        return "no_byte_range"
    if len(numbers) != 4:
        return "byte_range_parts"
    start, first, second, rest = numbers
    if start != 0 or first <= 0 or second <= first or rest <= 0:
        return "byte_range_order"
    if second + rest > size:
        return "byte_range_beyond_file"
    contents = value.raw_get("/Contents") if "/Contents" in value else None
    if not isinstance(contents, generic.TextStringObject | generic.ByteStringObject):
        return "no_contents"
    if not contents.original_bytes.strip(b"\0"):
        return "empty_contents"
    file.seek(first)
    gap = file.read(second - first)
    try:
        plain = gap[:1] == b"<" and gap[-1:] == b">" and bytes.fromhex(gap[1:-1].decode("ascii"))
    except ValueError:
        plain = False
    if plain != contents.original_bytes:
        return "gap_is_not_contents"
    if _after_der(contents.original_bytes).strip(b"\0"):
        return "padding_not_empty"
    one.gap, one.end = (first, second), second + rest
    return ""


def _after_der(data: bytes) -> bytes:
    """What follows the first DER value: no signature covers it, so nothing may be hidden there."""
    if len(data) < 2 or data[1] < 0x80:
        return data[2 + data[1] :] if len(data) > 1 else b""
    octets = data[1] & 0x7F
    return data[2 + octets + int.from_bytes(data[2 : 2 + octets], "big") :]


def coverage_problem(one: Found) -> str:
    """ "" when the signature covers the whole revision that it belongs to."""
    assert one.embedded is not None
    covered = one.embedded.evaluate_signature_coverage()
    good = (SignatureCoverageLevel.ENTIRE_FILE, SignatureCoverageLevel.ENTIRE_REVISION)
    return "" if covered in good else "revision_not_covered"


def steps(reader: PdfFileReader, first: int) -> dict[int, ModificationLevel]:
    """For each revision after `first`: what it changes against the one before.

    A chain of steps instead of each signature against each later revision: the same findings, since every rule looks at one change,
    in linear instead of quadratic time.
    """
    levels: dict[int, ModificationLevel] = {}
    for number in range(first + 1, reader.xrefs.total_revisions):
        try:
            levels[number] = DEFAULT_DIFF_POLICY.apply(
                reader.get_historical_resolver(number - 1),
                reader.get_historical_resolver(number),
                field_mdp_spec=None,
                doc_mdp=None,
            ).modification_level
        except SuspiciousModification:
            levels[number] = ModificationLevel.OTHER
        except Exception:  # noqa: BLE001 - a change that cannot even be compared is no permitted one
            levels[number] = ModificationLevel.OTHER
    return levels


def allowed(one: Found, reader: PdfFileReader, levels: dict[int, ModificationLevel]) -> tuple[str, int]:
    """Highest level of change after the signature's revision, and the first revision that it does not allow (0: none).

    Filling forms and adding validation data are allowed, unless the signature itself allows less (ISO 32000-2, 12.8.2.2).
    """
    signature = one.embedded
    assert signature is not None
    ceiling = ModificationLevel.FORM_FILLING.value
    if signature.docmdp_level is not None:
        ceiling = min(ceiling, signature.docmdp_level.value)
    highest, refused = ModificationLevel.NONE, 0
    for number, level in sorted(levels.items()):
        if number <= signature.signed_revision:
            continue
        highest = max(highest, level)
        if level.value > ceiling and not refused:
            refused = number
    if signature.fieldmdp is not None and not refused and highest != ModificationLevel.NONE:
        # Locked fields are named in the signature, so each later revision is compared with its own.
        signature.compute_integrity_info()
        result: object = signature.diff_result
        if isinstance(result, SuspiciousModification):
            highest, refused = ModificationLevel.OTHER, signature.signed_revision + 1
    return highest.name, refused


def unsigned_end(
    found: list[Found],
    reader: PdfFileReader,
    levels: dict[int, ModificationLevel],
    file: IO[bytes],
    size: int,
) -> int:
    """Whether something other than validation data follows the last signature: the offending revision (from 1), 0 when nothing does."""
    last = max((f.embedded.signed_revision for f in found if f.embedded is not None), default=-1)
    for number, level in sorted(levels.items()):
        if number > last and level.value > ModificationLevel.LTA_UPDATES.value:
            return number + 1
    file.seek(max(0, size - _TAIL))
    tail = file.read()
    ends = [m.end() for m in re.finditer(rb"%%EOF", tail)]
    return 0 if ends and not tail[ends[-1] :].strip(_BLANKS) else reader.xrefs.total_revisions


def had_signatures(reader: PdfFileReader) -> bool:
    """Whether an earlier revision held a signature: then a file without one was stripped."""
    for number in range(reader.xrefs.total_revisions - 1):
        try:
            if any(
                True for _ in enumerate_sig_fields(reader.get_historical_resolver(number), filled_status=True)
            ):
                return True
        except Exception:  # noqa: BLE001, S112 - an unreadable old revision holds nothing to speak of
            continue
    return False
