"""The tables.  A change here needs a revision in `migrations/versions` and the new `SCHEMA_VERSION`."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import TypeEngine

SCHEMA_VERSION = "0009"

_Kind = type[TypeEngine[Any]] | TypeEngine[Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Moment(TypeDecorator[datetime]):
    """A moment: whole microseconds since 1970 UTC in the record, an aware datetime in the program."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Refuse a datetime without zone: nobody can tell later which moment it meant."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        return (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Return it in UTC."""
        return None if value is None else _EPOCH + value * _MICROSECOND


# SQLite numbers rows by itself only where the type is called INTEGER.
_Number = BigInteger().with_variant(Integer(), "sqlite")
# Names sort by code point everywhere, so that pages are the same on every database.
_Name = Text().with_variant(Text(collation="C"), "postgresql")


def _required(name: str, kind: _Kind, *constraints: SchemaItem) -> Column[Any]:
    return Column(name, kind, *constraints, nullable=False)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

meta = Table("meta", metadata, Column("key", Text, primary_key=True), _required("value", Text))

galleries = Table(
    "galleries",
    metadata,
    Column("id", _Number, primary_key=True),
    _required("name", _Name),
    _required("model", Text),
    _required("calibration", Text),
    _required("keep_photographs", Boolean),
    _required("created_at", Moment),
    _required("version", BigInteger),
    # Counted as rows come and go: counting a million rows takes longer than searching them.
    _required("faces", BigInteger),
    _required("users", BigInteger),
    # Grows with every change of which references belong to which subject.
    Column("subjects_version", BigInteger, nullable=False, server_default=text("0")),
    # Every erasure after this version is in `erased_references`; of those before it, some may be forgotten.
    Column("erasures_known_from", BigInteger, nullable=False, server_default=text("0")),
    UniqueConstraint("name"),
    sqlite_autoincrement=True,  # a number is never used again, so derived files of a deleted gallery stay dead
)

subjects = Table(
    "subjects",
    metadata,
    Column("id", _Number, primary_key=True),
    _required("identifier", Text),  # ours; the name is the client's
    _required("gallery_id", _Number, ForeignKey("galleries.id", ondelete="CASCADE")),
    _required("key_slot", _Number),
    _required("name_digest", LargeBinary),  # keyed: finds the name that is sealed
    _required("sealed_name", LargeBinary),
    _required("faces", BigInteger),
    _required("created_at", Moment),
    UniqueConstraint("gallery_id", "name_digest"),
    UniqueConstraint("identifier"),
    Index(None, "gallery_id", "id"),
    sqlite_autoincrement=True,
)

# Keys that nothing needs any more, from the commit that erased it until they are overwritten.
slots_to_destroy = Table("slots_to_destroy", metadata, Column("slot", _Number, primary_key=True, autoincrement=False))

# Not called "references": that is a reserved word.
references = Table(
    "gallery_references",
    metadata,
    Column("sequence", _Number, primary_key=True),
    _required("gallery_id", _Number, ForeignKey("galleries.id", ondelete="CASCADE")),
    Column("subject_id", _Number, ForeignKey("subjects.id", ondelete="SET NULL"), nullable=True),
    _required("face_id", Text),
    _required("image_id", Text),
    _required("key_slot", _Number),
    _required("enrolled_at", Moment),
    _required("sealed_facts", LargeBinary),
    # Last, so that SQLite can stop reading a row before it.
    _required("sealed_template", LargeBinary),
    UniqueConstraint("face_id"),
    Index(None, "gallery_id", "sequence"),
    Index(None, "subject_id", "sequence"),
    Index(None, "image_id"),
    sqlite_autoincrement=True,
)

# What a copy of a gallery has to drop to catch up: random ids, never used again, and nothing of whose they were.
erased_references = Table(
    "erased_references",
    metadata,
    Column("gallery_id", _Number, ForeignKey("galleries.id", ondelete="CASCADE"), primary_key=True),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("face_id", Text, primary_key=True),
    sqlite_with_rowid=False,
)

# How far the copy of a gallery in a vector engine has followed; see engine_positions.py.
engine_positions = Table(
    "engine_positions",
    metadata,
    Column(
        "gallery_id",
        _Number,
        ForeignKey("galleries.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    _required("collection", Text),
    _required("version", BigInteger),
    _required("sequence", BigInteger),
    _required("forgotten", BigInteger),
    _required("stale", Boolean),
)

images = Table(
    "images",
    metadata,
    Column("image_id", Text, primary_key=True),
    _required("gallery_id", _Number, ForeignKey("galleries.id", ondelete="CASCADE")),
    _required("digest", LargeBinary),  # keyed, of the photograph and the external id together
    _required("photograph_digest", LargeBinary),  # keyed, of the image id and the photograph
    UniqueConstraint("gallery_id", "digest"),
)

photographs = Table(
    "photographs",
    metadata,
    Column("id", _Number, primary_key=True),
    _required("identifier", Text),
    _required("kind", Text),
    _required("media_type", Text),
    _required("created_at", Moment),
    _required("key_slot", _Number),
    _required("sealed", LargeBinary),
    UniqueConstraint("identifier"),
)

tags = Table(
    "tags",
    metadata,
    Column("gallery_id", _Number, ForeignKey("galleries.id", ondelete="CASCADE"), primary_key=True),
    Column("key", _Name, primary_key=True),
    _required("value", Text),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("gallery_id", _Number, ForeignKey("galleries.id", ondelete="CASCADE"), primary_key=True),
    Column("operator", Text, primary_key=True),
    Column("operation", Text, primary_key=True),
    Column("token_digest", LargeBinary, primary_key=True),
    _required("request_digest", LargeBinary),
    _required("sealed_answer", LargeBinary),
    _required("created_at", Moment),
    Index(None, "created_at"),
)

# Presigned requests live for minutes and are used once, whether or not the server restarts between.
used_signatures = Table(
    "used_signatures",
    metadata,
    Column("signature", Text, primary_key=True),
    _required("expires_at", Moment),
    Index(None, "expires_at"),
)

operators = Table(
    "operators",
    metadata,
    Column("id", Text, primary_key=True),
    _required("name", Text),
    _required("active", Boolean),
    _required("created_at", Moment),
    Column("agency", Text, nullable=False, server_default=""),
    Column("training_kind", Text, nullable=True),
    Column("training_until", Moment, nullable=True),
    Column("requests_per_minute", BigInteger, nullable=True),  # NULL: as the setting says
    Column("first_start", Boolean, nullable=False, server_default=false()),  # made by the first start, for it alone
)

operator_roles = Table(
    "operator_roles",
    metadata,
    Column("operator", Text, ForeignKey("operators.id"), primary_key=True),
    Column("role", Text, primary_key=True),
)

# Roles that hold for one gallery alone; those of `operator_roles` hold for all.
gallery_roles = Table(
    "gallery_roles",
    metadata,
    Column("operator", Text, ForeignKey("operators.id"), primary_key=True),
    Column("role", Text, primary_key=True),
    Column(
        "gallery_id",
        _Number,
        ForeignKey("galleries.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Index(None, "gallery_id"),
)

access_keys = Table(
    "access_keys",
    metadata,
    Column("access_key_id", Text, primary_key=True),
    _required("operator", Text, ForeignKey("operators.id")),
    _required("sealed_secret", LargeBinary),
    _required("active", Boolean),
    _required("created_at", Moment),
    Column("origin", Text, nullable=False, server_default="first-start"),
    # Who knew the secret first, and the key that signed the request for it: who else could act as its operator.
    Column("issued_by", Text, nullable=True),
    Column("issued_with", Text, nullable=True),
    Column("revoked_at", Moment, nullable=True),
    Index(None, "operator"),
)

cases = Table(
    "cases",
    metadata,
    Column("id", Text, primary_key=True),
    _required("number", _Name),
    _required("opened_at", Moment),
    Column("closed_at", Moment, nullable=True),
    Column("offence", Text, nullable=True),  # its code
    Column("sealed_offence_words", LargeBinary, nullable=True),
    Column("owner", Text, nullable=True),
    UniqueConstraint("number"),
)

case_members = Table(
    "case_members",
    metadata,
    Column("case_id", Text, ForeignKey("cases.id"), primary_key=True),
    Column("operator", Text, ForeignKey("operators.id"), primary_key=True),
    _required("added_at", Moment),
)

purposes = Table(
    "purposes",
    metadata,
    Column("id", Text, primary_key=True),
    _required("code", _Name),
    _required("title", Text),
    _required("legal_basis", Text),
    _required("valid_from", Moment),
    Column("valid_until", Moment, nullable=True),
    _required("added_by", Text, ForeignKey("operators.id")),
    _required("added_at", Moment),
    Index(None, "code"),
)

authorities = Table(
    "authorities",
    metadata,
    Column("id", Text, primary_key=True),
    _required("case_id", Text, ForeignKey("cases.id")),
    _required("kind", Text),
    _required("document_digest", LargeBinary),  # keyed: finds the document id that is sealed
    _required("sealed_facts", LargeBinary),
    _required("valid_from", Moment),
    Column("valid_until", Moment, nullable=True),  # as first recorded; extensions come on top
    _required("added_by", Text, ForeignKey("operators.id")),
    _required("added_at", Moment),
    Column("ratify_by", Moment, nullable=True),  # of an emergency alone
    Column("ratified_by", Text, ForeignKey("operators.id"), nullable=True),
    Column("ratified_at", Moment, nullable=True),
    Column("sealed_ratification", LargeBinary, nullable=True),
    Column("rejected_by", Text, ForeignKey("operators.id"), nullable=True),
    Column("rejected_at", Moment, nullable=True),
    Column("lapsed_at", Moment, nullable=True),  # when it was noticed; use stops at `ratify_by` by itself
    Column("ended_by", Text, ForeignKey("operators.id"), nullable=True),
    Column("ended_at", Moment, nullable=True),
    # Which legal holds the log says keep its results from deletion; so that it says so once.
    Column("suspended_for", Text, nullable=True),
    UniqueConstraint("case_id", "document_digest"),
    Index(None, "ratify_by"),
)

authority_extensions = Table(
    "authority_extensions",
    metadata,
    Column("authority_id", Text, ForeignKey("authorities.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    _required("valid_until", Moment),
    _required("sealed_facts", LargeBinary),
    _required("added_by", Text, ForeignKey("operators.id")),
    _required("added_at", Moment),
)

# Which entries acts under an authority left: that it was used stays on record, whatever becomes of the results.
authority_uses = Table(
    "authority_uses",
    metadata,
    Column("authority_id", Text, ForeignKey("authorities.id"), primary_key=True),
    Column("entry_index", _Number, ForeignKey("entries.entry_index"), primary_key=True, autoincrement=False),
    Column("of_entry", _Number, nullable=True),  # of the search whose review, or repetition, the entry is about
    Column("results_deleted_at", Moment, nullable=True),
    Index(None, "authority_id", "results_deleted_at"),
    Index(None, "entry_index"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Text, primary_key=True),
    _required("operator", Text, ForeignKey("operators.id")),
    _required("purpose", Text),
    _required("case_id", Text, ForeignKey("cases.id")),
    Column("authority_id", Text, nullable=True),
    Column("sealed_authority", LargeBinary, nullable=True),
    _required("opened_at", Moment),
    _required("opened_with", Text, ForeignKey("access_keys.access_key_id")),
    _required("expires_at", Moment),
    Column("closed_at", Moment, nullable=True),
    Index(None, "operator"),
)

session_credentials = Table(
    "session_credentials",
    metadata,
    Column("access_key_id", Text, primary_key=True),
    _required("session", Text, ForeignKey("sessions.id")),
    _required("sealed_secret", LargeBinary),
    _required("token_digest", LargeBinary),
    # Revoking this key ends them too.
    _required("obtained_with", Text, ForeignKey("access_keys.access_key_id")),
    _required("expires_at", Moment),
    Index(None, "session"),
    Index(None, "expires_at"),
)

approvals = Table(
    "approvals",
    metadata,
    Column("id", Text, primary_key=True),
    _required("kind", Text),
    _required("sealed_payload", LargeBinary),
    _required("requested_by", Text, ForeignKey("operators.id")),
    _required("requested_at", Moment),
    _required("state", Text),
    Column("decided_by", Text, ForeignKey("operators.id"), nullable=True),
    Column("decided_at", Moment, nullable=True),
    Index(None, "state"),
)

entries = Table(
    "entries",
    metadata,
    Column("entry_index", _Number, primary_key=True, autoincrement=False),
    _required("at", Moment),
    _required("body", LargeBinary),
)

# The Merkle tree over the entries: full tiles of level 0, and on the levels above also the one that is growing.
hash_tiles = Table(
    "hash_tiles",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("tile_index", _Number, primary_key=True, autoincrement=False),
    _required("hashes", LargeBinary),
)

# Apart from the entries, which say nothing of what is in here.
openings = Table(
    "openings",
    metadata,
    Column("entry_index", _Number, ForeignKey("entries.entry_index"), primary_key=True, autoincrement=False),
    _required("sealed", LargeBinary),
)

# The newest checkpoint that a witness has cosigned.
checkpoints = Table(
    "checkpoints",
    metadata,
    Column("size", _Number, primary_key=True, autoincrement=False),
    _required("note", Text),
    _required("cosigned_at", Moment),
)

# What a pack said when it was switched on, so that decisions can be traced after it has changed.
pack_texts = Table(
    "pack_texts",
    metadata,
    Column("digest", Text, primary_key=True),
    _required("pack", Text),
    _required("description", Text),
    _required("rules", Text),
)

# Every set of rules that was ever in force; the newest is.  Nothing here is changed or deleted.
policies = Table(
    "policies",
    metadata,
    Column("number", _Number, primary_key=True),
    _required("digest", Text),
    _required("mode", Text),
    _required("packs", Text),  # JSON: those that are on, with their digests, since when and by whom
    _required("since", Moment),
    _required("set_by", Text),
    Index(None, "digest"),
    sqlite_autoincrement=True,
)

searches = Table(
    "searches",
    metadata,
    # Not judged at the commit: that is shared, and an error there would be everybody's.
    Column("entry_index", _Number, ForeignKey("entries.entry_index"), primary_key=True, autoincrement=False),
    _required("id", Text),
    Column("gallery_id", _Number, ForeignKey("galleries.id", ondelete="SET NULL"), nullable=True),
    _required("gallery", Text),
    _required("operator", Text),
    _required("operation", Text),
    _required("searched", Text),
    Column("probe_photograph", Text, nullable=True),
    Column("probe_slot", _Number, nullable=True),
    Column("sealed_probe", LargeBinary, nullable=True),
    # Numbers of rows, not ids: they say nothing any more once the row is erased.
    Column("probe_kind", Text, nullable=True),
    Column("probe_number", _Number, nullable=True),
    Column("threshold_requested_percent", Double, nullable=True),
    Column("threshold_requested_score", Double, nullable=True),
    _required("threshold_applied_percent", Double),
    _required("threshold_applied_score", Double),
    _required("candidates_max", BigInteger),
    _required("references_searched", BigInteger),
    _required("gallery_version", BigInteger),
    _required("model", Text),
    _required("calibration", Text),
    Column("claimed_purpose", Text, nullable=True),
    Column("claimed_case", Text, nullable=True),
    Column("authority_id", Text, nullable=True),
    Column("sealed_authority", LargeBinary, nullable=True),
    Column("source", Text, nullable=False, server_default="unstated"),
    Column("edits", Text, nullable=True),  # NULL: not stated; "none", or words joined by "+"
    Column("results_deleted_at", Moment, nullable=True),
    _required("at", Moment),
    # NULL in searches of before rule packs; ``rules`` and ``facts`` are JSON.
    Column("candidates_requested", BigInteger, nullable=True),
    Column("policy", Text, nullable=True),
    Column("decision", Text, nullable=True),
    Column("rules", Text, nullable=True),
    Column("facts", Text, nullable=True),
    # When it is to be deleted, if somebody has said so; nothing is deleted by itself yet.
    Column("retain_until", Moment, nullable=True),
    UniqueConstraint("id"),
    Index(None, "gallery_id", "entry_index"),
    Index(None, "operator", "entry_index"),
)

search_candidates = Table(
    "search_candidates",
    metadata,
    Column("entry_index", _Number, ForeignKey("searches.entry_index", ondelete="CASCADE"), primary_key=True),
    Column("rank", BigInteger, primary_key=True, autoincrement=False),
    _required("number", _Number),  # of a reference or a subject, as its search says; see there
    _required("score", Double),
    _required("similarity_percent", Double),
    _required("fmr", Double),
)

holds = Table(
    "holds",
    metadata,
    Column("id", Text, primary_key=True),
    _required("kind", Text),
    _required("target", Text),
    Column("gallery_id", _Number, ForeignKey("galleries.id", ondelete="SET NULL"), nullable=True),
    _required("sealed_reason", LargeBinary),
    _required("placed_by", Text, ForeignKey("operators.id")),
    _required("placed_at", Moment),
    Column("released_by", Text, ForeignKey("operators.id"), nullable=True),
    Column("released_at", Moment, nullable=True),
    Index(None, "target"),
    Index(None, "gallery_id"),
)

# What a search found, on its way to who searched: see review/.
leads = Table(
    "leads",
    metadata,
    Column("id", Text, primary_key=True),
    _required("entry_index", _Number, ForeignKey("searches.entry_index")),
    _required("operator", Text, ForeignKey("operators.id")),
    Column("case_id", Text, ForeignKey("cases.id"), nullable=True),
    _required("request_digest", LargeBinary),  # keyed: the same request is answered by the same lead
    _required("state", Text),
    _required("withheld", Boolean),
    _required("terms", Text),
    _required("rules", Text),
    _required("made_at", Moment),
    Column("concluded_at", Moment, nullable=True),
    Column("released_by", Text, ForeignKey("operators.id"), nullable=True),
    Column("released_at", Moment, nullable=True),
    Column("sealed_reason", LargeBinary, nullable=True),
    UniqueConstraint("entry_index"),
    UniqueConstraint("request_digest"),
    Index(None, "state", "made_at"),
    Index(None, "operator"),
    Index(None, "case_id"),
)

# The candidates in an order of chance: their place says nothing of how alike they are.
lead_candidates = Table(
    "lead_candidates",
    metadata,
    Column("lead_id", Text, ForeignKey("leads.id"), primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    _required("rank", BigInteger),
    Column("excluded_by", Text, ForeignKey("leads.id"), nullable=True),
    Column("decision", Text, nullable=True),
)

examinations = Table(
    "examinations",
    metadata,
    Column("lead_id", Text, ForeignKey("leads.id"), primary_key=True),
    Column("examiner", Text, ForeignKey("operators.id"), primary_key=True),
    _required("entry_index", _Number, ForeignKey("entries.entry_index")),
    _required("concluded_at", Moment),
    Index(None, "entry_index"),
)

# What is seen of a face is sealed under the key of whose it is.
findings = Table(
    "findings",
    metadata,
    Column("lead_id", Text, ForeignKey("leads.id"), primary_key=True),
    Column("examiner", Text, ForeignKey("operators.id"), primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    _required("conclusion", Text),
    Column("key_slot", _Number, nullable=True),
    Column("sealed", LargeBinary, nullable=True),
)

# "Not this person": who is not released again for a case.
case_exclusions = Table(
    "case_exclusions",
    metadata,
    Column("case_id", Text, ForeignKey("cases.id"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("number", _Number, primary_key=True, autoincrement=False),
    _required("lead_id", Text, ForeignKey("leads.id")),
)

outcomes = Table(
    "outcomes",
    metadata,
    Column("entry_index", _Number, ForeignKey("entries.entry_index"), primary_key=True, autoincrement=False),
    _required("kind", Text),
    Column("case_id", Text, ForeignKey("cases.id"), nullable=True),
    Column("search_entry", _Number, ForeignKey("searches.entry_index"), nullable=True),
    _required("sealed_note", LargeBinary),
    _required("recorded_by", Text, ForeignKey("operators.id")),
    _required("recorded_at", Moment),
    Index(None, "case_id"),
    Index(None, "search_entry"),
)

# With what an operator has compared within a day, where comparing too much is searching.
comparisons = Table(
    "comparisons",
    metadata,
    Column("operator", Text, ForeignKey("operators.id"), primary_key=True),
    # Keyed digests of the two photographs, the smaller first.
    Column("first_digest", LargeBinary, primary_key=True),
    Column("second_digest", LargeBinary, primary_key=True),
    _required("targets", BigInteger),
    _required("at", Moment),
)

# To whom what an entry commits to was opened.
disclosures = Table(
    "disclosures",
    metadata,
    Column("entry_index", _Number, ForeignKey("entries.entry_index"), primary_key=True, autoincrement=False),
    _required("disclosed_entry", _Number),
    _required("fields", Text),
    _required("disclosed_by", Text),
    _required("at", Moment),
    Index(None, "disclosed_entry"),
)
