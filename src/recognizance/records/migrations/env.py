"""Alembic's entry: run the revisions on the connection, and in the transaction, that the store gives."""

from alembic import context

from recognizance.records.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # The store begins transactions explicitly, so SQLite rolls a failed revision back whole.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
