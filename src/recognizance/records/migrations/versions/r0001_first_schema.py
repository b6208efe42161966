"""The first schema.

Written out rather than taken from `schema.py`, which later revisions change and this one must not.
"""

import sqlalchemy as sa
from alembic import op

from recognizance.records.sqlite import append_only_triggers

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create every table."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    name = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "entries",
        sa.Column("entry_index", number, autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("entry_index", name="pk_entries"),
    )
    op.create_table(
        "galleries",
        sa.Column("id", number, nullable=False),
        sa.Column("name", name, nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("calibration", sa.Text(), nullable=False),
        sa.Column("keep_photographs", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("faces", sa.BigInteger(), nullable=False),
        sa.Column("users", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_galleries"),
        sa.UniqueConstraint("name", name="uq_galleries_name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "meta",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_meta"),
    )
    op.create_table(
        "operators",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_operators"),
    )
    op.create_table(
        "photographs",
        sa.Column("id", number, nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_photographs"),
        sa.UniqueConstraint("identifier", name="uq_photographs_identifier"),
    )
    op.create_table(
        "access_keys",
        sa.Column("access_key_id", sa.Text(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["operator"], ["operators.id"], name="fk_access_keys_operator"),
        sa.PrimaryKeyConstraint("access_key_id", name="pk_access_keys"),
    )
    op.create_index("ix_access_keys_operator", "access_keys", ["operator"], unique=False)
    op.create_table(
        "entry_salts",
        sa.Column("entry_index", number, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["entry_index"], ["entries.entry_index"], name="fk_entry_salts_entry_index"),
        sa.PrimaryKeyConstraint("entry_index", "name", name="pk_entry_salts"),
    )
    op.create_table(
        "idempotency",
        sa.Column("gallery_id", number, nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("request_digest", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["gallery_id"], ["galleries.id"], name="fk_idempotency_gallery_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("gallery_id", "operator", "operation", "token", name="pk_idempotency"),
    )
    op.create_index("ix_idempotency_created_at", "idempotency", ["created_at"], unique=False)
    op.create_table(
        "used_signatures",
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("signature", name="pk_used_signatures"),
    )
    op.create_index("ix_used_signatures_expires_at", "used_signatures", ["expires_at"], unique=False)
    op.create_table(
        "images",
        sa.Column("image_id", sa.Text(), nullable=False),
        sa.Column("gallery_id", number, nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["gallery_id"], ["galleries.id"], name="fk_images_gallery_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("image_id", name="pk_images"),
        sa.UniqueConstraint("gallery_id", "sha256", "external_id", name="uq_images_gallery_id_sha256_external_id"),
    )
    op.create_table(
        "searches",
        sa.Column("entry_index", number, autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("gallery_id", number, nullable=True),
        sa.Column("gallery", sa.Text(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("probe_photograph", sa.Text(), nullable=True),
        sa.Column("probe_reference", sa.Text(), nullable=True),
        sa.Column("probe_salt", sa.LargeBinary(), nullable=True),
        sa.Column("probe_digest", sa.LargeBinary(), nullable=True),
        sa.Column("threshold_requested_percent", sa.Double(), nullable=True),
        sa.Column("threshold_requested_score", sa.Double(), nullable=True),
        sa.Column("threshold_applied_percent", sa.Double(), nullable=False),
        sa.Column("threshold_applied_score", sa.Double(), nullable=False),
        sa.Column("candidates_max", sa.BigInteger(), nullable=False),
        sa.Column("references_searched", sa.BigInteger(), nullable=False),
        sa.Column("gallery_version", sa.BigInteger(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("calibration", sa.Text(), nullable=False),
        sa.Column("claimed_purpose", sa.Text(), nullable=True),
        sa.Column("claimed_case", sa.Text(), nullable=True),
        sa.Column("claimed_authority", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_index"],
            ["entries.entry_index"],
            name="fk_searches_entry_index",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["gallery_id"], ["galleries.id"], name="fk_searches_gallery_id", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("entry_index", name="pk_searches"),
        sa.UniqueConstraint("id", name="uq_searches_id"),
    )
    op.create_index("ix_searches_gallery_id_entry_index", "searches", ["gallery_id", "entry_index"], unique=False)
    op.create_index("ix_searches_operator_entry_index", "searches", ["operator", "entry_index"], unique=False)
    op.create_table(
        "subjects",
        sa.Column("id", number, nullable=False),
        sa.Column("gallery_id", number, nullable=False),
        sa.Column("name", name, nullable=False),
        sa.Column("faces", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["gallery_id"], ["galleries.id"], name="fk_subjects_gallery_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_subjects"),
        sa.UniqueConstraint("gallery_id", "name", name="uq_subjects_gallery_id_name"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_subjects_gallery_id_id", "subjects", ["gallery_id", "id"], unique=False)
    op.create_table(
        "tags",
        sa.Column("gallery_id", number, nullable=False),
        sa.Column("key", name, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["gallery_id"], ["galleries.id"], name="fk_tags_gallery_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("gallery_id", "key", name="pk_tags"),
    )
    op.create_table(
        "gallery_references",
        sa.Column("sequence", number, nullable=False),
        sa.Column("gallery_id", number, nullable=False),
        sa.Column("subject_id", number, nullable=True),
        sa.Column("face_id", sa.Text(), nullable=False),
        sa.Column("image_id", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("enrolled_at", sa.BigInteger(), nullable=False),
        sa.Column("face", sa.LargeBinary(), nullable=False),
        sa.Column("template", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["gallery_id"], ["galleries.id"], name="fk_gallery_references_gallery_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["subject_id"], ["subjects.id"], name="fk_gallery_references_subject_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("sequence", name="pk_gallery_references"),
        sa.UniqueConstraint("face_id", name="uq_gallery_references_face_id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_gallery_references_gallery_id_sequence", "gallery_references", ["gallery_id", "sequence"], unique=False
    )
    op.create_index("ix_gallery_references_image_id", "gallery_references", ["image_id"], unique=False)
    op.create_index(
        "ix_gallery_references_subject_id_sequence", "gallery_references", ["subject_id", "sequence"], unique=False
    )
    op.create_table(
        "search_candidates",
        sa.Column("entry_index", number, nullable=False),
        sa.Column("rank", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("similarity_percent", sa.Double(), nullable=False),
        sa.Column("fmr", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_index"], ["searches.entry_index"], name="fk_search_candidates_entry_index", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("entry_index", "rank", name="pk_search_candidates"),
    )
    if op.get_bind().dialect.name == "sqlite":
        for statement in append_only_triggers():
            op.execute(statement)
