"""Purposes, authorities of cases, and roles that hold for one gallery; document ids of authorities are sealed."""

from typing import Any

import sqlalchemy as sa
from alembic import context, op

from recognizance.records.transaction import Transaction

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Create the tables; what sessions and searches named as their authority until now is sealed."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    name = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "gallery_roles",
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("gallery_id", number, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["gallery_id"], ["galleries.id"], name="fk_gallery_roles_gallery_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["operator"], ["operators.id"], name="fk_gallery_roles_operator"),
        sa.PrimaryKeyConstraint("operator", "role", "gallery_id", name="pk_gallery_roles"),
    )
    op.create_index("ix_gallery_roles_gallery_id", "gallery_roles", ["gallery_id"], unique=False)
    op.add_column("cases", sa.Column("offence", sa.Text(), nullable=True))
    op.add_column("cases", sa.Column("sealed_offence_words", sa.LargeBinary(), nullable=True))
    op.add_column("cases", sa.Column("owner", sa.Text(), nullable=True))
    op.create_table(
        "purposes",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("code", name, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("legal_basis", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_until", sa.BigInteger(), nullable=True),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["added_by"], ["operators.id"], name="fk_purposes_added_by"),
        sa.PrimaryKeyConstraint("id", name="pk_purposes"),
    )
    op.create_index("ix_purposes_code", "purposes", ["code"], unique=False)
    _create_authorities(number)
    _seal("sessions", "id", "authority", "session-authority")
    _seal("searches", "entry_index", "claimed_authority", "search-authority")
    op.add_column("searches", sa.Column("source", sa.Text(), nullable=False, server_default="unstated"))
    op.add_column("searches", sa.Column("edits", sa.Text(), nullable=True))
    op.add_column("searches", sa.Column("results_deleted_at", sa.BigInteger(), nullable=True))


def _create_authorities(number: sa.types.TypeEngine[Any]) -> None:
    op.create_table(
        "authorities",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("document_digest", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_facts", sa.LargeBinary(), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_until", sa.BigInteger(), nullable=True),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("ratify_by", sa.BigInteger(), nullable=True),
        sa.Column("ratified_by", sa.Text(), nullable=True),
        sa.Column("ratified_at", sa.BigInteger(), nullable=True),
        sa.Column("sealed_ratification", sa.LargeBinary(), nullable=True),
        sa.Column("rejected_by", sa.Text(), nullable=True),
        sa.Column("rejected_at", sa.BigInteger(), nullable=True),
        sa.Column("lapsed_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("suspended_for", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_authorities_case_id"),
        *(
            sa.ForeignKeyConstraint([column], ["operators.id"], name=f"fk_authorities_{column}")
            for column in ("added_by", "ratified_by", "rejected_by", "ended_by")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_authorities"),
        sa.UniqueConstraint("case_id", "document_digest", name="uq_authorities_case_id_document_digest"),
    )
    op.create_index("ix_authorities_ratify_by", "authorities", ["ratify_by"], unique=False)
    op.create_table(
        "authority_extensions",
        sa.Column("authority_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("valid_until", sa.BigInteger(), nullable=False),
        sa.Column("sealed_facts", sa.LargeBinary(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["added_by"], ["operators.id"], name="fk_authority_extensions_added_by"),
        sa.ForeignKeyConstraint(["authority_id"], ["authorities.id"], name="fk_authority_extensions_authority_id"),
        sa.PrimaryKeyConstraint("authority_id", "number", name="pk_authority_extensions"),
    )
    op.create_table(
        "authority_uses",
        sa.Column("authority_id", sa.Text(), nullable=False),
        sa.Column("entry_index", number, autoincrement=False, nullable=False),
        sa.Column("of_entry", number, nullable=True),
        sa.Column("results_deleted_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["authority_id"], ["authorities.id"], name="fk_authority_uses_authority_id"),
        sa.ForeignKeyConstraint(["entry_index"], ["entries.entry_index"], name="fk_authority_uses_entry_index"),
        sa.PrimaryKeyConstraint("authority_id", "entry_index", name="pk_authority_uses"),
    )
    op.create_index(
        "ix_authority_uses_authority_id_results_deleted_at",
        "authority_uses",
        ["authority_id", "results_deleted_at"],
        unique=False,
    )
    op.create_index("ix_authority_uses_entry_index", "authority_uses", ["entry_index"], unique=False)


def _seal(table: str, key: str, column: str, place: str) -> None:
    """Seal a column of names in two new ones, and drop it."""
    tx: Transaction = context.config.attributes["transaction"]
    op.add_column(table, sa.Column("authority_id", sa.Text(), nullable=True))
    op.add_column(table, sa.Column("sealed_authority", sa.LargeBinary(), nullable=True))
    # The names are this module's own.
    found = tx.connection.execute(sa.text(f"SELECT {key}, {column} FROM {table} WHERE {column} IS NOT NULL")).all()  # noqa: S608
    keep = sa.text(f"UPDATE {table} SET sealed_authority = :sealed WHERE {key} = :wanted")  # noqa: S608
    for identifier, named in found:
        sealed = tx.sealer.seal(named.encode(), f"{place}:{identifier}")
        tx.connection.execute(keep, {"sealed": sealed, "wanted": identifier})
    op.drop_column(table, column)
