"""Rows that the database itself refuses to change: the migration operation that makes the triggers, on both databases."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.migrations import RunPython
from django.db.migrations.operations.base import Operation


def refuse(table: str, *, update_of: Iterable[str] | None = None, delete: bool = False) -> Operation:
    """Refuse every UPDATE of `table` (with `update_of`: of these columns only) and, with `delete`, every DELETE."""
    columns = f"OF {', '.join(update_of)} " if update_of else ""
    events = [("update", f"UPDATE {columns}"), *([("delete", "DELETE ")] if delete else [])]

    def create(_apps: Any, schema_editor: Any) -> None:
        postgresql = schema_editor.connection.vendor == "postgresql"
        if postgresql:
            schema_editor.execute(
                f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN RAISE EXCEPTION '{table} is append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$"
            )
        for name, event in events:
            head = f"CREATE TRIGGER {table}_no_{name} BEFORE {event}ON {table} "
            schema_editor.execute(
                head + f"FOR EACH ROW EXECUTE FUNCTION {table}_refuse()"
                if postgresql
                else head + f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )

    def drop(_apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"DROP FUNCTION {table}_refuse() CASCADE")
            return
        for name, _ in events:
            schema_editor.execute(f"DROP TRIGGER {table}_no_{name}")

    return RunPython(create, drop)
