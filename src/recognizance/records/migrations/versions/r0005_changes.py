"""What copies of a gallery catch up by: the ids of erased references, and when subjects were regrouped."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the feed of erasures; a gallery of before remembers from its present version on."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    for column in ("subjects_version", "erasures_known_from"):
        op.add_column("galleries", sa.Column(column, sa.BigInteger(), nullable=False, server_default=sa.text("0")))
    op.execute("UPDATE galleries SET erasures_known_from = version")
    op.create_table(
        "erased_references",
        sa.Column("gallery_id", number, nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("face_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["gallery_id"], ["galleries.id"], name="fk_erased_references_gallery_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("gallery_id", "version", "face_id", name="pk_erased_references"),
        sqlite_with_rowid=False,
    )
    if op.get_bind().dialect.name == "postgresql":
        # The first version that runs on it; SQLite has them since 0001.
        from recognizance.records.postgresql import append_only_triggers

        for statement in append_only_triggers():
            op.execute(statement)
