"""Rows that the database itself refuses to change: the migration operation that makes the triggers, on both databases."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.migrations.operations.base import Operation


class Refuse(Operation):
    """See `refuse`. No RunPython, which would have all models of the state made anew for functions that ask for none."""

    def __init__(self, table: str, update_of: Iterable[str], delete: bool) -> None:
        columns = ", ".join(update_of)
        self.table = table
        self.events = [("update", f"UPDATE OF {columns} " if columns else "UPDATE ")]
        self.events += [("delete", "DELETE ")] if delete else []

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Models are as they were."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        table = self.table
        postgresql = schema_editor.connection.vendor == "postgresql"
        if postgresql:
            schema_editor.execute(
                f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN RAISE EXCEPTION '{table} is append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$"
            )
        for name, event in self.events:
            head = f"CREATE TRIGGER {table}_no_{name} BEFORE {event}ON {table} "
            schema_editor.execute(
                head + f"FOR EACH ROW EXECUTE FUNCTION {table}_refuse()"
                if postgresql
                else head + f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"DROP FUNCTION {self.table}_refuse() CASCADE")
            return
        for name, _ in self.events:
            schema_editor.execute(f"DROP TRIGGER {self.table}_no_{name}")

    def describe(self) -> str:
        return f"Refuse changes of {self.table}"


def refuse(table: str, *, update_of: Iterable[str] = (), delete: bool = False) -> Operation:
    """Refuse every UPDATE of `table` (with `update_of`: of these columns only) and, with `delete`, every DELETE."""
    return Refuse(table, update_of, delete)
