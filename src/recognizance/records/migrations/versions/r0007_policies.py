"""Which rule packs are on, what they said when they were switched on, and what searches were decided on."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create the tables; no pack is on yet, and of earlier searches it is not known what a pack would have asked."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "pack_texts",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("pack", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_pack_texts"),
    )
    op.create_table(
        "policies",
        sa.Column("number", number, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("packs", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_policies"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_policies_digest", "policies", ["digest"])
    for name, kind in (
        ("candidates_requested", sa.BigInteger()),
        ("policy", sa.Text()),
        ("decision", sa.Text()),
        ("rules", sa.Text()),
        ("facts", sa.Text()),
    ):
        op.add_column("searches", sa.Column(name, kind, nullable=True))
