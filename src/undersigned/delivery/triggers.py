"""The database itself refuses to change a webhook event: its body is the proof that receivers compare with what was posted."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_REFUSAL = "webhook events are immutable"
_POSTGRESQL = f"""
CREATE FUNCTION delivery_webhookevent_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$;
CREATE TRIGGER delivery_webhookevent_immutable BEFORE UPDATE ON delivery_webhookevent
    FOR EACH ROW EXECUTE FUNCTION delivery_webhookevent_refuse();
"""
_SQLITE = f"""
CREATE TRIGGER delivery_webhookevent_immutable BEFORE UPDATE ON delivery_webhookevent
BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END
"""


def create(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:  # noqa: ARG001 - the signature of RunPython
    """For the end of the migration."""
    schema_editor.execute(_POSTGRESQL if schema_editor.connection.vendor == "postgresql" else _SQLITE)


def drop(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:  # noqa: ARG001
    """Inverse of `create`."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION delivery_webhookevent_refuse() CASCADE")
    else:
        schema_editor.execute("DROP TRIGGER delivery_webhookevent_immutable")
