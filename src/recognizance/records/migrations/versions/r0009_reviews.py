"""Leads, examinations, releases, exclusions, outcomes; comparisons of a day; disclosures; retention of searches."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Create the tables; no search of before was referred to reviewers."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("searches", sa.Column("retain_until", sa.BigInteger(), nullable=True))
    _create_leads(number)
    _create_examinations(number)
    op.create_table(
        "case_exclusions",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", number, autoincrement=False, nullable=False),
        sa.Column("lead_id", sa.Text(), nullable=False),
        _refers("case_exclusions", "case_id", "cases.id"),
        _refers("case_exclusions", "lead_id", "leads.id"),
        sa.PrimaryKeyConstraint("case_id", "kind", "number", name="pk_case_exclusions"),
    )
    op.create_table(
        "outcomes",
        sa.Column("entry_index", number, autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=True),
        sa.Column("search_entry", number, nullable=True),
        sa.Column("sealed_note", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        _refers("outcomes", "entry_index", "entries.entry_index"),
        _refers("outcomes", "case_id", "cases.id"),
        _refers("outcomes", "search_entry", "searches.entry_index"),
        _refers("outcomes", "recorded_by", "operators.id"),
        sa.PrimaryKeyConstraint("entry_index", name="pk_outcomes"),
    )
    op.create_index("ix_outcomes_case_id", "outcomes", ["case_id"])
    op.create_index("ix_outcomes_search_entry", "outcomes", ["search_entry"])
    op.create_table(
        "comparisons",
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("first_digest", sa.LargeBinary(), nullable=False),
        sa.Column("second_digest", sa.LargeBinary(), nullable=False),
        sa.Column("targets", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        _refers("comparisons", "operator", "operators.id"),
        sa.PrimaryKeyConstraint("operator", "first_digest", "second_digest", name="pk_comparisons"),
    )
    op.create_table(
        "disclosures",
        sa.Column("entry_index", number, autoincrement=False, nullable=False),
        sa.Column("disclosed_entry", number, nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("disclosed_by", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        _refers("disclosures", "entry_index", "entries.entry_index"),
        sa.PrimaryKeyConstraint("entry_index", name="pk_disclosures"),
    )
    op.create_index("ix_disclosures_disclosed_entry", "disclosures", ["disclosed_entry"])


def _create_leads(number: sa.types.TypeEngine[Any]) -> None:
    op.create_table(
        "leads",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("entry_index", number, nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=True),
        sa.Column("request_digest", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("withheld", sa.Boolean(), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("concluded_at", sa.BigInteger(), nullable=True),
        sa.Column("released_by", sa.Text(), nullable=True),
        sa.Column("released_at", sa.BigInteger(), nullable=True),
        sa.Column("sealed_reason", sa.LargeBinary(), nullable=True),
        _refers("leads", "entry_index", "searches.entry_index"),
        _refers("leads", "operator", "operators.id"),
        _refers("leads", "case_id", "cases.id"),
        _refers("leads", "released_by", "operators.id"),
        sa.PrimaryKeyConstraint("id", name="pk_leads"),
        sa.UniqueConstraint("entry_index", name="uq_leads_entry_index"),
        sa.UniqueConstraint("request_digest", name="uq_leads_request_digest"),
    )
    op.create_index("ix_leads_state_made_at", "leads", ["state", "made_at"])
    op.create_index("ix_leads_operator", "leads", ["operator"])
    op.create_index("ix_leads_case_id", "leads", ["case_id"])
    op.create_table(
        "lead_candidates",
        sa.Column("lead_id", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        sa.Column("excluded_by", sa.Text(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        _refers("lead_candidates", "lead_id", "leads.id"),
        _refers("lead_candidates", "excluded_by", "leads.id"),
        sa.PrimaryKeyConstraint("lead_id", "position", name="pk_lead_candidates"),
    )


def _create_examinations(number: sa.types.TypeEngine[Any]) -> None:
    op.create_table(
        "examinations",
        sa.Column("lead_id", sa.Text(), nullable=False),
        sa.Column("examiner", sa.Text(), nullable=False),
        sa.Column("entry_index", number, nullable=False),
        sa.Column("concluded_at", sa.BigInteger(), nullable=False),
        _refers("examinations", "lead_id", "leads.id"),
        _refers("examinations", "examiner", "operators.id"),
        _refers("examinations", "entry_index", "entries.entry_index"),
        sa.PrimaryKeyConstraint("lead_id", "examiner", name="pk_examinations"),
    )
    op.create_index("ix_examinations_entry_index", "examinations", ["entry_index"])
    op.create_table(
        "findings",
        sa.Column("lead_id", sa.Text(), nullable=False),
        sa.Column("examiner", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("conclusion", sa.Text(), nullable=False),
        sa.Column("key_slot", number, nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        _refers("findings", "lead_id", "leads.id"),
        _refers("findings", "examiner", "operators.id"),
        sa.PrimaryKeyConstraint("lead_id", "examiner", "position", name="pk_findings"),
    )


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [to], name=f"fk_{table}_{column}")
