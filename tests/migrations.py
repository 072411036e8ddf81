"""`make migrations`: writes the one migration of each room anew from the models, until the first release.

What Django writes adds indexes and constraints after all tables, an operation each, and with every operation it makes all models of the
state anew, on SQLite the table too. In the operation that makes the table they cost nothing: an empty database is there in half the time.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from django.db.migrations import AddConstraint, AddField, AddIndex, CreateModel
from django.db.migrations.operations.base import Operation
from django.db.migrations.writer import MigrationWriter

from tests import environment  # settings that leave no data folder behind

PACKAGE = Path(__file__).parent.parent / "src" / "undersigned"
ROOMS = ("accounts", "delivery", "envelopes", "files", "identity", "jobs", "sealing")
REFUSALS = {
    "delivery": ("from undersigned.base.immutable import refuse", 'refuse("delivery_webhookevent"),'),
    "envelopes": ("from undersigned.envelopes import immutable", "*immutable.OPERATIONS,"),
}
"""What nobody may change afterwards, which models cannot say: an import, and the operations at the end."""


def fold(operations: Sequence[Operation]) -> list[Operation]:
    """Indexes and constraints go into the operation that makes their table, but for those of fields that come later."""
    tables: dict[str, CreateModel] = {}
    later: set[tuple[str, str]] = set()
    left: list[Operation] = []
    for operation in operations:
        if isinstance(operation, CreateModel):
            tables[operation.name_lower] = operation
        elif isinstance(operation, AddField):
            later.add((operation.model_name_lower, operation.name_lower))
        elif isinstance(operation, AddIndex | AddConstraint):
            table = tables[operation.model_name_lower]
            kind, what = (
                ("indexes", operation.index)
                if isinstance(operation, AddIndex)
                else ("constraints", operation.constraint)
            )
            missing = {field for model, field in later if model == operation.model_name_lower}
            # Whole words of what it is made of: names of fields, with a look-up or a minus sign around them.
            named = repr(what.deconstruct()[1:])
            if not any(f"'{field}" in named or f"'-{field}" in named for field in missing):
                table.options.setdefault(kind, []).append(what)
                continue
        left.append(operation)
    return left


def generate() -> None:
    """Django's own, with one file a room."""
    for room in ROOMS:
        for path in (PACKAGE / room / "migrations").glob("0*.py"):
            path.unlink()
    # In a process of its own: the former migrations are loaded once a process.
    command = [sys.executable, "-m", "django", "makemigrations", "-v", "0", "-n", "initial", *ROOMS]
    subprocess.run(command, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}, check=True)


def rewrite(room: str) -> None:
    """The room's migration with its operations folded, and its refusals at the end."""
    path = PACKAGE / room / "migrations" / "0001_initial.py"
    migration = importlib.import_module(f"undersigned.{room}.migrations.0001_initial").Migration(
        "0001_initial", room
    )
    migration.operations = fold(migration.operations)
    source = MigrationWriter(migration).as_string()
    if room in REFUSALS:
        imported, operations = REFUSALS[room]
        head, tail = "from django.db import migrations, models\n", "    ]\n"
        if head not in source or not source.endswith(tail):
            raise SystemExit(f"{path}: Django writes another form than it did")
        source = source.replace(head, f"{head}\n{imported}\n", 1).removesuffix(tail)
        source += f"        {operations}\n{tail}"
    path.write_text(source)


def main() -> None:
    generate()
    import django

    django.setup()
    for room in ROOMS:
        rewrite(room)


if __name__ == "__main__":
    assert environment
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "undersigned.app.django_settings")
    main()
