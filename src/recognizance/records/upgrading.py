"""Bringing a record to this version's schema."""

import logging
from importlib.resources import as_file, files

from sqlalchemy import Connection, inspect, text

from recognizance.errors import SchemaVersionError
from recognizance.records.schema import SCHEMA_VERSION
from recognizance.records.transaction import Transaction

MIGRATIONS = "recognizance.records.migrations"
_log = logging.getLogger(__name__)


def bring_up_to_date(tx: Transaction) -> None:
    """Create or upgrade the schema within a transaction.

    The caller holds the write lock, so that of two processes one upgrades and the other finds it done.

    Raises
    ------
    SchemaVersionError
        If a newer version, or another program, wrote it.
    """
    found = _version(tx.connection)
    if found == SCHEMA_VERSION:
        return
    if found is None and inspect(tx.connection).get_table_names():
        raise SchemaVersionError(
            "This database was not made by Recognizance.",
            "Set the home folder to another place, or the setting `record` to a database of its own.",
        )
    # Only here: Alembic takes longer to import than an up-to-date record takes to open.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    with as_file(files(MIGRATIONS)) as folder:
        config = Config()
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        if found is not None and found not in known:
            raise SchemaVersionError(
                f"The record has schema version {found}; this version of Recognizance knows none later than "
                f"{SCHEMA_VERSION}.",
                "Run the version of Recognizance that last used this home folder, or a later one; or restore a "
                "backup made before the upgrade.",
            )
        _log.info("bringing the record from schema version %s to %s", found or "none", SCHEMA_VERSION)
        # Revisions seal what earlier versions kept in plain.
        config.attributes.update(connection=tx.connection, transaction=tx)
        command.upgrade(config, "head")


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found
