"""The ledger's tree and openings, its newest cosigned checkpoint, legal holds; the tree of the entries so far."""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_WIDTH = 256


def upgrade() -> None:
    """Create the tables, and hash the entries of before."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.drop_table("entry_salts")  # never written: entries of version 1 have no commitments
    op.create_table(
        "hash_tiles",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("tile_index", number, autoincrement=False, nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "tile_index", name="pk_hash_tiles"),
    )
    op.create_table(
        "openings",
        sa.Column("entry_index", number, autoincrement=False, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["entry_index"], ["entries.entry_index"], name="fk_openings_entry_index"),
        sa.PrimaryKeyConstraint("entry_index", name="pk_openings"),
    )
    op.create_table(
        "checkpoints",
        sa.Column("size", number, autoincrement=False, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("cosigned_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("size", name="pk_checkpoints"),
    )
    op.create_table(
        "holds",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("gallery_id", number, nullable=True),
        sa.Column("sealed_reason", sa.LargeBinary(), nullable=False),
        sa.Column("placed_by", sa.Text(), nullable=False),
        sa.Column("placed_at", sa.BigInteger(), nullable=False),
        sa.Column("released_by", sa.Text(), nullable=True),
        sa.Column("released_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["gallery_id"], ["galleries.id"], name="fk_holds_gallery_id", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["placed_by"], ["operators.id"], name="fk_holds_placed_by"),
        sa.ForeignKeyConstraint(["released_by"], ["operators.id"], name="fk_holds_released_by"),
        sa.PrimaryKeyConstraint("id", name="pk_holds"),
    )
    op.create_index("ix_holds_target", "holds", ["target"], unique=False)
    op.create_index("ix_holds_gallery_id", "holds", ["gallery_id"], unique=False)
    _hash_entries(op.get_bind())


def _hash_entries(connection: sa.Connection) -> None:
    rows = connection.execute(sa.text("SELECT body FROM entries ORDER BY entry_index")).scalars()
    pending: dict[int, list[bytes]] = {}
    counts: dict[int, int] = {}
    for body in rows:
        level, node = 0, hashlib.sha256(b"\x00" + body).digest()
        while True:
            tile = pending.setdefault(level, [])
            tile.append(node)
            if len(tile) < _WIDTH:
                break
            index = counts.get(level, 0)
            counts[level] = index + 1
            _put(connection, level, index, tile)
            node = _root(tile)
            tile.clear()
            level += 1
    for level, tile in pending.items():
        if level and tile:
            _put(connection, level, counts.get(level, 0), tile)


def _put(connection: sa.Connection, level: int, index: int, tile: list[bytes]) -> None:
    connection.execute(
        sa.text("INSERT INTO hash_tiles (level, tile_index, hashes) VALUES (:level, :place, :hashes)"),
        {"level": level, "place": index, "hashes": b"".join(tile)},
    )


def _root(row: list[bytes]) -> bytes:
    while len(row) > 1:
        row = [hashlib.sha256(b"\x01" + left + right).digest() for left, right in zip(row[::2], row[1::2], strict=True)]
    return row[0]
