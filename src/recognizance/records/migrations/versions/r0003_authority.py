"""Operators with several roles, the origin of their keys, cases, sessions, and requests for a second person."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_FIRST = "administrator"
_ALL_ROLES = ("administrator", "auditor", "examiner", "investigator", "supervisor")


def upgrade() -> None:
    """Create the tables; the one operator there was until now is the one of the first start."""
    name = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.add_column("operators", sa.Column("agency", sa.Text(), server_default="", nullable=False))
    op.add_column("operators", sa.Column("training_kind", sa.Text(), nullable=True))
    op.add_column("operators", sa.Column("training_until", sa.BigInteger(), nullable=True))
    op.add_column("operators", sa.Column("requests_per_minute", sa.BigInteger(), nullable=True))
    op.add_column("operators", sa.Column("first_start", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "operator_roles",
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["operator"], ["operators.id"], name="fk_operator_roles_operator"),
        sa.PrimaryKeyConstraint("operator", "role", name="pk_operator_roles"),
    )
    op.add_column("access_keys", sa.Column("origin", sa.Text(), server_default="first-start", nullable=False))
    op.add_column("access_keys", sa.Column("issued_by", sa.Text(), nullable=True))
    op.add_column("access_keys", sa.Column("issued_with", sa.Text(), nullable=True))
    op.add_column("access_keys", sa.Column("revoked_at", sa.BigInteger(), nullable=True))
    _keep_roles(op.get_bind())
    op.drop_column("operators", "role")
    op.create_table(
        "cases",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("number", name, nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_cases"),
        sa.UniqueConstraint("number", name="uq_cases_number"),
    )
    op.create_table(
        "case_members",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_case_members_case_id"),
        sa.ForeignKeyConstraint(["operator"], ["operators.id"], name="fk_case_members_operator"),
        sa.PrimaryKeyConstraint("case_id", "operator", name="pk_case_members"),
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("authority", sa.Text(), nullable=True),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("opened_with", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_sessions_case_id"),
        sa.ForeignKeyConstraint(["opened_with"], ["access_keys.access_key_id"], name="fk_sessions_opened_with"),
        sa.ForeignKeyConstraint(["operator"], ["operators.id"], name="fk_sessions_operator"),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
    )
    op.create_index("ix_sessions_operator", "sessions", ["operator"], unique=False)
    op.create_table(
        "session_credentials",
        sa.Column("access_key_id", sa.Text(), nullable=False),
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        sa.Column("obtained_with", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["obtained_with"], ["access_keys.access_key_id"], name="fk_session_credentials_obtained_with"
        ),
        sa.ForeignKeyConstraint(["session"], ["sessions.id"], name="fk_session_credentials_session"),
        sa.PrimaryKeyConstraint("access_key_id", name="pk_session_credentials"),
    )
    op.create_index("ix_session_credentials_expires_at", "session_credentials", ["expires_at"], unique=False)
    op.create_index("ix_session_credentials_session", "session_credentials", ["session"], unique=False)
    op.create_table(
        "approvals",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sealed_payload", sa.LargeBinary(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["decided_by"], ["operators.id"], name="fk_approvals_decided_by"),
        sa.ForeignKeyConstraint(["requested_by"], ["operators.id"], name="fk_approvals_requested_by"),
        sa.PrimaryKeyConstraint("id", name="pk_approvals"),
    )
    op.create_index("ix_approvals_state", "approvals", ["state"], unique=False)


def _keep_roles(connection: sa.Connection) -> None:
    connection.execute(
        sa.text("INSERT INTO operator_roles (operator, role) SELECT id, role FROM operators WHERE id <> :first"),
        {"first": _FIRST},
    )
    for role in _ALL_ROLES:  # whoever has a home folder to themselves does everything in it
        connection.execute(
            sa.text("INSERT INTO operator_roles (operator, role) SELECT id, :role FROM operators WHERE id = :first"),
            {"first": _FIRST, "role": role},
        )
    connection.execute(
        sa.text("UPDATE operators SET first_start = :yes WHERE id = :first"), {"yes": True, "first": _FIRST}
    )
