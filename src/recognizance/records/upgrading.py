"""Bringing a record to this version's schema."""

import logging
from importlib.resources import as_file, files

from sqlalchemy import Connection, inspect, text

from recognizance.errors import SchemaVersionError
from recognizance.records.schema import SCHEMA_VERSION

MIGRATIONS = "recognizance.records.migrations"
_log = logging.getLogger(__name__)


def bring_up_to_date(connection: Connection) -> bool:
    """Create or upgrade the schema within the transaction of `connection`.

    The caller holds the write lock, so that of two processes one upgrades and the other finds it done.

    Returns
    -------
    bool
        Whether the record was empty before.

    Raises
    ------
    SchemaVersionError
        If a newer version, or another program, wrote it.
    """
    found = _version(connection)
    if found == SCHEMA_VERSION:
        return False
    if found is None and inspect(connection).get_table_names():
        raise SchemaVersionError("This database was not made by Recognizance.", "Set the home folder to another place.")
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
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return found is None


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found
