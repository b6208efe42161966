"""Each person's data sealed under a key of its own; names and digests that are found by keyed digests.

What lay in plain is sealed, and its pages are overwritten as they are freed (`secure_delete`); the store empties the
write-ahead log afterwards.
"""

import uuid
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import context, op

from recognizance.records.transaction import Transaction

revision = "0002"
down_revision = "0001"

_REPLACED = (
    "search_candidates",
    "searches",
    "gallery_references",
    "subjects",
    "images",
    "photographs",
    "idempotency",
)
_INDEXES = (
    ("idempotency", "created_at"),
    ("searches", "gallery_id_entry_index"),
    ("searches", "operator_entry_index"),
    ("subjects", "gallery_id_id"),
    ("gallery_references", "gallery_id_sequence"),
    ("gallery_references", "image_id"),
    ("gallery_references", "subject_id_sequence"),
)
_ROWS_AT_ONCE = 2_000


def upgrade() -> None:
    """Make the tables anew, move what they hold, and drop those that were."""
    if op.get_bind().dialect.name != "sqlite":  # other databases came later: nothing is in them yet
        for table in _REPLACED:
            op.drop_table(table)
        _create_people()
        _create_searches()
        return
    for table, columns in _INDEXES:
        op.drop_index(f"ix_{table}_{columns}", table_name=table)
    for table in _REPLACED:
        op.rename_table(table, f"{table}_0001")
    _create_people()
    _create_searches()
    tx: Transaction = context.config.attributes["transaction"]
    _move_people(tx)
    _move_photographs(tx)
    _move_searches(tx)
    for table in _REPLACED:
        op.drop_table(f"{table}_0001")


def _create_people() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "slots_to_destroy",
        sa.Column("slot", number, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("slot", name="pk_slots_to_destroy"),
    )
    op.create_table(
        "subjects",
        sa.Column("id", number, nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("gallery_id", number, nullable=False),
        sa.Column("key_slot", number, nullable=False),
        sa.Column("name_digest", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_name", sa.LargeBinary(), nullable=False),
        sa.Column("faces", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["gallery_id"], ["galleries.id"], name="fk_subjects_gallery_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_subjects"),
        sa.UniqueConstraint("gallery_id", "name_digest", name="uq_subjects_gallery_id_name_digest"),
        sa.UniqueConstraint("identifier", name="uq_subjects_identifier"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_subjects_gallery_id_id", "subjects", ["gallery_id", "id"], unique=False)
    op.create_table(
        "gallery_references",
        sa.Column("sequence", number, nullable=False),
        sa.Column("gallery_id", number, nullable=False),
        sa.Column("subject_id", number, nullable=True),
        sa.Column("face_id", sa.Text(), nullable=False),
        sa.Column("image_id", sa.Text(), nullable=False),
        sa.Column("key_slot", number, nullable=False),
        sa.Column("enrolled_at", sa.BigInteger(), nullable=False),
        sa.Column("sealed_facts", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_template", sa.LargeBinary(), nullable=False),
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
    for columns in (["gallery_id", "sequence"], ["image_id"], ["subject_id", "sequence"]):
        op.create_index(f"ix_gallery_references_{'_'.join(columns)}", "gallery_references", columns, unique=False)
    op.create_table(
        "images",
        sa.Column("image_id", sa.Text(), nullable=False),
        sa.Column("gallery_id", number, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("photograph_digest", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["gallery_id"], ["galleries.id"], name="fk_images_gallery_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("image_id", name="pk_images"),
        sa.UniqueConstraint("gallery_id", "digest", name="uq_images_gallery_id_digest"),
    )
    op.create_table(
        "photographs",
        sa.Column("id", number, nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("key_slot", number, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_photographs"),
        sa.UniqueConstraint("identifier", name="uq_photographs_identifier"),
    )


def _create_searches() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    # What it held was kept for 8 hours: a request sent before the upgrade and again after it is answered anew.
    op.create_table(
        "idempotency",
        sa.Column("gallery_id", number, nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        sa.Column("request_digest", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_answer", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["gallery_id"], ["galleries.id"], name="fk_idempotency_gallery_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("gallery_id", "operator", "operation", "token_digest", name="pk_idempotency"),
    )
    op.create_index("ix_idempotency_created_at", "idempotency", ["created_at"], unique=False)
    op.create_table(
        "searches",
        sa.Column("entry_index", number, autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("gallery_id", number, nullable=True),
        sa.Column("gallery", sa.Text(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("searched", sa.Text(), nullable=False),
        sa.Column("probe_photograph", sa.Text(), nullable=True),
        sa.Column("probe_slot", number, nullable=True),
        sa.Column("sealed_probe", sa.LargeBinary(), nullable=True),
        sa.Column("probe_kind", sa.Text(), nullable=True),
        sa.Column("probe_number", number, nullable=True),
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
        sa.ForeignKeyConstraint(["entry_index"], ["entries.entry_index"], name="fk_searches_entry_index"),
        sa.ForeignKeyConstraint(["gallery_id"], ["galleries.id"], name="fk_searches_gallery_id", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("entry_index", name="pk_searches"),
        sa.UniqueConstraint("id", name="uq_searches_id"),
    )
    for column in ("gallery_id", "operator"):
        op.create_index(f"ix_searches_{column}_entry_index", "searches", [column, "entry_index"], unique=False)
    op.create_table(
        "search_candidates",
        sa.Column("entry_index", number, nullable=False),
        sa.Column("rank", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", number, nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("similarity_percent", sa.Double(), nullable=False),
        sa.Column("fmr", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_index"], ["searches.entry_index"], name="fk_search_candidates_entry_index", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("entry_index", "rank", name="pk_search_candidates"),
    )


def _move_people(tx: Transaction) -> None:
    for rows in _batches(tx, "subjects_0001", "id"):
        made = []
        for row, slot in zip(rows, tx.vault.take_many(len(rows)), strict=True):
            identifier, name = str(uuid.uuid4()), row.name.encode()
            made.append(
                {
                    "id": row.id,
                    "identifier": identifier,
                    "gallery_id": row.gallery_id,
                    "key_slot": slot,
                    "name_digest": tx.sealer.digest("subject name", row.gallery_id.to_bytes(8), name),
                    "sealed_name": tx.vault.seal(slot, name, f"subject:{row.gallery_id}:{identifier}"),
                    "faces": row.faces,
                    "created_at": row.created_at,
                }
            )
        _insert(tx, "subjects", made)
    for rows in _batches(tx, "gallery_references_0001", "sequence"):
        made = []
        for row, slot in zip(rows, tx.vault.take_many(len(rows)), strict=True):
            place = f"{row.gallery_id}:{row.face_id}"
            name = b"" if row.external_id is None else b"\x01" + row.external_id.encode()
            facts = len(row.face).to_bytes(2) + row.face + name
            made.append(
                {
                    "sequence": row.sequence,
                    "gallery_id": row.gallery_id,
                    "subject_id": row.subject_id,
                    "face_id": row.face_id,
                    "image_id": row.image_id,
                    "key_slot": slot,
                    "enrolled_at": row.enrolled_at,
                    "sealed_facts": tx.vault.seal(slot, facts, f"facts:{place}"),
                    "sealed_template": tx.vault.seal(slot, row.template, f"template:{place}"),
                }
            )
        _insert(tx, "gallery_references", made)
    for table in ("subjects", "gallery_references"):  # numbers are never used again, those of erased rows neither
        names = {"now": table, "before": f"{table}_0001"}
        _run(tx, "DELETE FROM sqlite_sequence WHERE name = :now", now=table)
        _run(
            tx,
            "INSERT INTO sqlite_sequence (name, seq) SELECT :now, seq FROM sqlite_sequence WHERE name = :before",
            **names,
        )


def _move_photographs(tx: Transaction) -> None:
    for rows in _batches(tx, "images_0001", "image_id"):
        made = []
        for row in rows:
            name = (row.external_id.encode(),) if row.external_id else ()
            parts = (row.gallery_id.to_bytes(8), row.sha256, *name)
            made.append(
                {
                    "image_id": row.image_id,
                    "gallery_id": row.gallery_id,
                    "digest": tx.sealer.digest("enrolled photograph", *parts),
                    "photograph_digest": tx.sealer.digest(
                        "photograph of an image id", row.image_id.encode(), row.sha256
                    ),
                }
            )
        _insert(tx, "images", made)
    for rows in _batches(tx, "photographs_0001", "id", at_once=20):
        made = []
        for row, slot in zip(rows, tx.vault.take_many(len(rows)), strict=True):
            where = f"photograph:{row.kind}:{row.identifier}"
            sealed = tx.vault.seal(slot, tx.sealer.open(row.sealed, where), where)
            made.append({**row._mapping, "key_slot": slot, "sealed": sealed})
        _insert(tx, "photographs", made)


def _move_searches(tx: Transaction) -> None:
    kept = "SELECT key_slot FROM photographs WHERE identifier = :identifier"
    for rows in _batches(tx, "searches_0001", "entry_index"):
        made = []
        for row in rows:
            values = dict(row._mapping)
            reference, salt, digest = (values.pop(f"probe_{name}") for name in ("reference", "salt", "digest"))
            values.update(_probe_of(tx, row.gallery_id, reference))
            values["searched"] = "subject" if row.operation.startswith("SearchUsers") else "reference"
            values["probe_slot"] = values["sealed_probe"] = None
            if salt is not None:
                slot = _run(tx, kept, identifier=row.probe_photograph).scalar() or tx.vault.take()
                values["probe_slot"] = slot
                values["sealed_probe"] = tx.vault.seal(slot, salt + digest, f"probe:{row.id}")
            made.append(values)
        _insert(tx, "searches", made)
    _run(
        tx,
        """
        INSERT INTO search_candidates (entry_index, rank, number, score, similarity_percent, fmr)
        SELECT c.entry_index, c.rank, coalesce(
            CASE s.searched
            WHEN 'subject' THEN (
                SELECT id FROM subjects_0001 WHERE gallery_id = s.gallery_id AND name = c.identifier)
            ELSE (
                SELECT sequence FROM gallery_references_0001
                WHERE gallery_id = s.gallery_id AND face_id = c.identifier)
            END, 0), c.score, c.similarity_percent, c.fmr
        FROM search_candidates_0001 AS c JOIN searches AS s ON s.entry_index = c.entry_index
        """,
    )


def _probe_of(tx: Transaction, gallery: int | None, reference: str | None) -> dict[str, Any]:
    """Find the number of what was searched instead of a photograph: 0 if it was erased since."""
    if reference is None:
        return {"probe_kind": None, "probe_number": None}
    for kind, query in (
        ("reference", "SELECT sequence FROM gallery_references_0001 WHERE gallery_id = :here AND face_id = :wanted"),
        ("subject", "SELECT id FROM subjects_0001 WHERE gallery_id = :here AND name = :wanted"),
    ):
        number = _run(tx, query, here=gallery, wanted=reference).scalar()
        if number is not None:
            return {"probe_kind": kind, "probe_number": number}
    return {"probe_kind": "reference", "probe_number": 0}


def _batches(tx: Transaction, table: str, key: str, *, at_once: int = _ROWS_AT_ONCE) -> Iterator[Sequence[sa.Row[Any]]]:
    query = f"SELECT * FROM {table} WHERE {key} > :after ORDER BY {key} LIMIT {at_once}"  # noqa: S608 - our own names
    after: Any = "" if key == "image_id" else -1
    while rows := _run(tx, query, after=after).all():
        yield rows
        after = getattr(rows[-1], key)


def _insert(tx: Transaction, table: str, rows: list[dict[str, Any]]) -> None:
    columns = ", ".join(rows[0])
    values = ", ".join(f":{column}" for column in rows[0])
    tx.execute(sa.text(f"INSERT INTO {table} ({columns}) VALUES ({values})"), rows)  # noqa: S608 - our own names


def _run(tx: Transaction, statement: str, **parameters: Any) -> "sa.CursorResult[*tuple[Any, ...]]":
    return tx.execute(sa.text(statement), parameters)
