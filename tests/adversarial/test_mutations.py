"""The table of protections is true to the source; that each test fails without its protection, `python -m tests.adversarial.mutations` shows."""

from __future__ import annotations

import ast

import pytest

from .mutations import DOCS, MUTATIONS, ROOT


@pytest.mark.adversarial
def test_every_row_names_a_line_and_a_test_that_exist() -> None:
    for row in MUTATIONS:
        source = (ROOT / "src" / "undersigned" / row.file).read_text("utf-8")
        assert source.count(row.old) == 1, row
        path, _, name = row.test.partition("::")
        functions = {
            node.name
            for node in ast.walk(ast.parse((ROOT / "tests" / path).read_text("utf-8")))
            if isinstance(node, ast.FunctionDef)
        }
        assert name.partition("[")[0] in functions, row.test


@pytest.mark.adversarial
def test_the_page_has_every_row() -> None:
    page = DOCS.read_text("utf-8")
    for row in MUTATIONS:
        assert f"| {row.attack} | {row.protection} | `{row.test}` | yes |" in page, row
