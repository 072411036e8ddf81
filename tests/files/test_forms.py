"""What is read of the form in a PDF."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, String

from tests.forms import make_form
from tests.pdfs import make_pdf
from undersigned.files import acroform
from undersigned.files.forms import FormField, fields_of
from undersigned.files.intake import Refused


def read(folder: Path, data: bytes) -> dict[str, FormField]:
    path = folder / "form.pdf"
    path.write_bytes(data)
    return {f.name: f for f in fields_of(path)}


def changed(**to_root: Any) -> bytes:
    """The form with members of its AcroForm replaced."""
    with pikepdf.open(io.BytesIO(make_form())) as pdf:
        for key, value in to_root.items():
            pdf.Root.AcroForm[f"/{key}"] = value(pdf) if callable(value) else value
        del pdf.pages[0].obj["/Annots"]
        target = io.BytesIO()
        pdf.save(target)
    return target.getvalue()


def _deep(pdf: pikepdf.Pdf, depth: int) -> Array:
    node = pdf.make_indirect(Dictionary(FT=Name.Tx, T=String("x")))
    for _ in range(depth):
        node = pdf.make_indirect(Dictionary(T=String("a"), Kids=Array([node])))
    return Array([node])


def _loop(pdf: pikepdf.Pdf) -> Array:
    node = pdf.make_indirect(Dictionary(T=String("a"), Kids=Array()))
    node.Kids.append(node)
    return Array([node])


def test_every_kind_of_field(tmp_path: Path) -> None:
    found = read(tmp_path, make_form())
    kinds = {name: f.kind for name, f in found.items()}
    assert kinds == {
        "person.name": "text",
        "remarks": "multiline",
        "account": "text",
        "policy": "text",
        "secret": "text",
        "smoker": "checkbox",
        "cover": "radio",
        "country": "choice",
        "extras": "choice",
        "town": "choice",
    }
    name = found["person.name"]
    assert (name.label, name.required, name.read_only) == ("Your name", True, False)
    assert (name.boxes[0].page, name.boxes[0].x, name.boxes[0].w, name.boxes[0].h) == (1, 10, 40, 2.5)
    assert name.boxes[0].y == 10  # 80 of 800 points from the top
    assert (found["account"].comb, found["account"].max_length) == (True, 6)
    assert (found["policy"].read_only, found["policy"].value, found["policy"].default) == (True, "P-1", "P-1")
    assert found["secret"].hidden
    assert found["secret"].page is None
    assert [o.value for o in found["cover"].options] == ["small", "large"]
    assert [p.option for p in found["cover"].boxes] == ["small", "large"]
    assert [(o.value, o.label) for o in found["country"].options] == [("fi", "Finland"), ("no", "Norge")]
    assert found["country"].value == "no"
    assert found["extras"].multiple
    assert found["town"].editable
    assert found["smoker"].label == "smoker"  # no better name


def test_a_file_without_a_form_has_no_fields(tmp_path: Path) -> None:
    assert read(tmp_path, make_pdf()) == {}


@pytest.mark.parametrize(
    ("rotation", "expected"),
    [(90, (87.5, 10, 2.5, 40)), (180, (50, 87.5, 40, 2.5)), (270, (10, 50, 2.5, 40))],
)
def test_places_are_those_of_the_page_as_shown(
    tmp_path: Path, rotation: int, expected: tuple[float, ...]
) -> None:
    box = read(tmp_path, make_form(rotation=rotation))["person.name"].boxes[0]
    assert (box.x, box.y, box.w, box.h) == pytest.approx(expected)


def test_values_are_made_normal_and_judged(tmp_path: Path) -> None:
    found = read(tmp_path, make_form())
    smoker, cover, country = found["smoker"], found["cover"], found["country"]
    assert [smoker.normal(v) for v in ("true", "Yes", "off", "")] == ["Yes", "Yes", "", ""]
    assert cover.fault("huge") == "not_an_option"
    assert cover.fault("large") is None
    assert country.normal("Finland") == "fi"
    assert country.fault("Sverige") == "not_an_option"
    assert found["town"].fault("Bergen") is None
    assert found["extras"].normal("boat\r\ndog") == "boat\ndog"
    assert found["extras"].fault("boat\ncat") == "not_an_option"
    assert found["account"].fault("1234567") == "too_long"
    assert found["account"].fault("123456") is None
    assert found["person.name"].normal("Anna\nMaria") == "Anna Maria"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (make_form(xfa=True), "xfa"),
        (
            changed(
                Fields=lambda pdf: Array(
                    [
                        pdf.make_indirect(Dictionary(FT=Name.Tx, T=String(f"f{n}")))
                        for n in range(acroform.MAX_FIELDS + 1)
                    ]
                )
            ),
            "too_complex",
        ),
        (changed(Fields=lambda pdf: _deep(pdf, 120)), "too_complex"),
        (
            changed(
                Fields=lambda pdf: Array([pdf.make_indirect(Dictionary(FT=Name.Tx, T=String("x" * 600)))])
            ),
            None,  # a name is cut
        ),
        (changed(Fields=_loop), None),
        (changed(Fields=String("nothing")), None),
        (b"%PDF-1.7\nnothing of a file", "broken"),
    ],
)
def test_hostile_forms(tmp_path: Path, data: bytes, code: str | None) -> None:
    if code is None:
        assert len(read(tmp_path, data)) <= 1
        return
    with pytest.raises(Refused) as refused:
        read(tmp_path, data)
    assert refused.value.code == code


def test_odd_values_do_not_break_it(tmp_path: Path) -> None:
    odd = {"MaxLen": String("six"), "Opt": 3, "V": 7, "DA": Array(), "Rect": String("here"), "F": Name.X}

    def fields(pdf: pikepdf.Pdf) -> Array:
        kinds = (Name.Tx, Name.Ch, Name.Btn)
        return Array(
            [
                pdf.make_indirect(Dictionary({"/FT": kind, "/T": String(f"f{n}"), **{f"/{k}": v for k, v in odd.items()}}))
                for n, kind in enumerate(kinds)
            ]
        )  # fmt: skip

    found = read(tmp_path, changed(Fields=fields))
    assert [f.hidden for f in found.values()] == [True, True, True]  # on no page
