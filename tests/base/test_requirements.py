"""What the product imports is in what a plain installation installs, and not only in what tests bring along."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import undersigned
from undersigned.base.bounded import PRELOAD

SOURCES = Path(undersigned.__file__).parent
LOCKED = SOURCES.parents[1] / "requirements" / "run.txt"


def imported() -> set[str]:
    """Top-level names of all that is imported, also inside functions, and of what disposable processes load by name."""
    names = set(PRELOAD)
    for path in SOURCES.rglob("*.py"):
        for node in _run(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module)
    return {name.partition(".")[0] for name in names} - {"undersigned"} - set(sys.stdlib_module_names)


def _run(node: ast.AST) -> Iterator[ast.AST]:
    """All below `node` but what only type checkers read."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"):
            yield from _run(child)


def test_every_import_is_locked_for_every_platform() -> None:
    locked = set(re.findall(r"^([a-zA-Z0-9._-]+)==[^ ;]+ *\\$", LOCKED.read_text(), re.MULTILINE))
    locked = {re.sub(r"[-_.]+", "-", name).lower() for name in locked}
    owners = packages_distributions()
    missing = {
        name
        for name in imported()
        if not {re.sub(r"[-_.]+", "-", d).lower() for d in owners.get(name, [name])} & locked
    }
    assert missing == set()
