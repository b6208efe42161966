"""Operators, keys, cases, sessions and requests for a second person, as the record keeps them."""

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from recognizance.errors import InvalidRequestError, NotFoundError, RecordUnavailableError
from recognizance.records import (
    KeyVault,
    RecordStore,
    Sealer,
    Transaction,
    access_keys,
    approvals,
    cases,
    operators,
    schema,
    sessions,
)
from records.making import KEY, NOW

LATER = NOW + timedelta(hours=1)


def two_operators(tx: Transaction) -> None:
    operators.create(tx, "ada", name="Ada", roles={"investigator"}, created_at=NOW)
    operators.create(tx, "bob", name="Bob", roles={"auditor", "supervisor"}, created_at=NOW)
    access_keys.create(tx, "AKID", operator="ada", secret="hush", created_at=NOW)


def a_session(tx: Transaction, session_id: str = "s") -> sessions.SessionRow:
    two_operators(tx)
    cases.create(tx, "c", "2026-17", opened_at=NOW)
    return sessions.create(
        tx,
        session_id,
        operator="ada",
        purpose="missing",
        case_id="c",
        authority=None,
        opened_at=NOW,
        opened_with="AKID",
        expires_at=LATER,
    )


def test_access_keys_are_sealed_and_bound_to_their_operator(store: RecordStore) -> None:
    with store.write() as tx:
        two_operators(tx)
        key = access_keys.get(tx, "AKID")
        found = access_keys.find_credential(tx, "AKID")
        assert found is not None
        assert (found.secret, found.operator, found.usable) == ("hush", operators.get(tx, "ada"), True)
        assert "hush" not in repr(found)
        assert access_keys.list_of(tx, "ada") == access_keys.list_all(tx) == [key]
        assert access_keys.find_credential(tx, "other") is None
        assert [(row.id, row.roles) for row in operators.list_all(tx)] == [
            ("ada", {"investigator"}),
            ("bob", {"auditor", "supervisor"}),
        ]
        with pytest.raises(InvalidRequestError):
            operators.create(tx, "ada", name="Ada", roles=(), created_at=NOW)
        with pytest.raises(InvalidRequestError):
            access_keys.create(tx, "AKID", operator="bob", secret="hush", created_at=NOW)
        with pytest.raises(NotFoundError):
            access_keys.create(tx, "AKID2", operator="eve", secret="hush", created_at=NOW)
        tx.execute(update(schema.access_keys).values(operator="bob"))
        with pytest.raises(RecordUnavailableError):
            access_keys.find_credential(tx, "AKID")


def test_a_key_is_of_no_use_when_it_or_its_operator_is_inactive(store: RecordStore) -> None:
    with store.write() as tx:
        two_operators(tx)

        def usable() -> bool:
            found = access_keys.find_credential(tx, "AKID")
            return found is not None and found.usable

        operators.set_active(tx, "ada", False)
        assert not usable()
        operators.set_active(tx, "ada", True)
        assert usable()
        assert access_keys.revoke(tx, "AKID", now=NOW)
        assert not access_keys.revoke(tx, "AKID", now=LATER)
        assert access_keys.get(tx, "AKID").revoked_at == NOW
        assert not usable()
        with pytest.raises(NotFoundError):
            operators.set_active(tx, "eve", True)
        with pytest.raises(NotFoundError):
            access_keys.revoke(tx, "none", now=NOW)


def test_what_is_known_of_an_operator_changes_and_the_rest_stays(store: RecordStore) -> None:
    with store.write() as tx:
        two_operators(tx)
        operators.change(tx, "ada", {"agency": "Yard", "training_kind": "FISWG", "training_until": LATER})
        operators.set_roles(tx, "ada", {"examiner", "auditor"})
        found = operators.get(tx, "ada")
        assert (found.name, found.agency, found.training_until) == ("Ada", "Yard", LATER)
        assert found.roles == {"examiner", "auditor"}
        with pytest.raises(ValueError, match="active"):
            operators.change(tx, "ada", {"active": False})
        assert operators.any_named(tx)


def test_temporary_credentials_end_with_their_session_and_with_the_key_they_came_from(store: RecordStore) -> None:
    with store.write() as tx:
        session = a_session(tx)
        assert (session.case, session.is_open(NOW), session.is_open(LATER)) == ("2026-17", True, False)
        for name in ("ASIA1", "ASIA2"):
            sessions.add_credential(
                tx, name, session="s", secret="hush", token="tok", obtained_with="AKID", expires_at=LATER, now=NOW
            )
        found = sessions.find_credential(tx, "ASIA1")
        assert found is not None
        assert (found.operator, found.secret, found.active) == ("ada", "hush", True)
        assert found.token_digest == sessions.digest_of("tok")
        assert "hush" not in repr(found)
        access_keys.revoke(tx, "AKID", now=NOW)
        assert not sessions.find_credential(tx, "ASIA1").active  # type: ignore[union-attr]
        assert sessions.opened_with(tx, "AKID") == ["s"]
        assert sessions.close(tx, "s", closed_at=NOW)
        assert not sessions.close(tx, "s", closed_at=NOW)
        assert sessions.list_newest(tx, operator="bob", limit=9) == []
        assert sessions.list_newest(tx, open_at=NOW, limit=9) == []
        assert [row.closed_at for row in sessions.list_newest(tx, limit=9)] == [NOW]


def test_the_newest_sessions_are_listed_in_the_order_of_opening(store: RecordStore) -> None:
    with store.write() as tx:
        a_session(tx)
        for number in range(1, 4):
            sessions.create(
                tx,
                f"s{number}",
                operator="ada",
                purpose="missing",
                case_id="c",
                authority=None,
                opened_at=NOW + timedelta(minutes=number),
                opened_with="AKID",
                expires_at=LATER + timedelta(minutes=number),
            )
        assert [row.id for row in sessions.list_newest(tx, limit=3)] == ["s1", "s2", "s3"]
        later = LATER + timedelta(minutes=1)
        assert [row.id for row in sessions.list_newest(tx, open_at=later, limit=9)] == ["s2", "s3"]


def test_credentials_long_over_are_dropped(store: RecordStore) -> None:
    with store.write() as tx:
        a_session(tx)
        for name, expires_at in (("ASIA1", NOW), ("ASIA2", LATER)):
            sessions.add_credential(
                tx, name, session="s", secret="x", token="t", obtained_with="AKID", expires_at=expires_at, now=LATER
            )
        much_later = NOW + sessions.KEPT_AFTER_EXPIRY
        sessions.add_credential(
            tx, "ASIA3", session="s", secret="x", token="t", obtained_with="AKID", expires_at=LATER, now=much_later
        )
        assert [sessions.find_credential(tx, name) is None for name in ("ASIA1", "ASIA2")] == [True, False]


def test_cases_have_members(store: RecordStore) -> None:
    with store.write() as tx:
        two_operators(tx)
        case = cases.create(tx, "c", "2026-17", opened_at=NOW)
        with pytest.raises(InvalidRequestError):
            cases.create(tx, "d", "2026-17", opened_at=NOW)
        assert cases.add_member(tx, "c", "ada", added_at=NOW)
        assert not cases.add_member(tx, "c", "ada", added_at=NOW)
        with pytest.raises(NotFoundError):
            cases.add_member(tx, "c", "eve", added_at=NOW)
        assert (cases.members(tx, "c"), cases.is_member(tx, "c", "bob")) == (["ada"], False)
        assert cases.list_all(tx, member="ada") == cases.list_all(tx) == [case]
        assert cases.list_all(tx, member="bob") == []
        assert cases.remove_member(tx, "c", "ada")
        assert not cases.remove_member(tx, "c", "ada")
        cases.close(tx, "c", closed_at=LATER)
        assert cases.get(tx, "2026-17").closed_at == cases.of_id(tx, "c").closed_at == LATER


def test_an_approval_is_used_once(store: RecordStore) -> None:
    with store.write() as tx:
        two_operators(tx)
        row = approvals.create(tx, "r", "hold", {"hold": "h1"}, requested_by="ada", requested_at=NOW)
        assert approvals.any_waiting(tx, "ada")
        assert not approvals.any_waiting(tx, "bob")
        assert not approvals.use(tx, "r")
        assert approvals.decide(tx, "r", approvals.APPROVED, by="bob", now=LATER)
        assert not approvals.decide(tx, "r", approvals.APPROVED, by="bob", now=LATER)
        assert not approvals.any_waiting(tx, "ada")
        found = approvals.get(tx, "r")
        assert (found.payload, found.decided_by, found.state) == (row.payload, "bob", approvals.APPROVED)
        assert approvals.use(tx, "r")
        assert not approvals.use(tx, "r")
        assert not approvals.withdraw_approved(tx, "r")
        assert approvals.list_all(tx) == []
        assert [each.id for each in approvals.list_all(tx, undone=False)] == ["r"]
        with pytest.raises(NotFoundError):
            approvals.get(tx, "none")


def test_secrets_tokens_and_payloads_are_not_in_the_file(store: RecordStore, path: Path) -> None:
    with store.write() as tx:
        a_session(tx)
        sessions.add_credential(
            tx,
            "ASIA1",
            session="s",
            secret="the secret of a session",
            token="the token of a session",
            obtained_with="AKID",
            expires_at=LATER,
            now=NOW,
        )
        approvals.create(tx, "r", "hold", {"why": "a reason to hide"}, requested_by="ada", requested_at=NOW)
    files = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"ASIA1" in files
    for secret in (b"the secret of", b"the token of", b"a reason to"):
        assert secret not in files


def test_the_operator_of_before_keeps_its_key_and_gets_every_role(tmp_path: Path) -> None:
    """As a record of the first schema is upgraded."""
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine

    import recognizance.records.migrations as migrations

    file = tmp_path / "old.db"
    engine = create_engine(f"sqlite:///{file}")
    vault = KeyVault.open(tmp_path / "keys", sealer=Sealer(KEY))
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.set_main_option("path_separator", "os")
    for revision in ("0001", "0003"):
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            config.attributes["transaction"] = Transaction(connection, Sealer(KEY), vault)
            command.upgrade(config, revision)
            if revision == "0001":
                for operator, role in (("administrator", "administrator"), ("ada", "investigator")):
                    connection.exec_driver_sql(
                        "INSERT INTO operators (id, name, role, active, created_at) VALUES (?, 'n', ?, 1, 0)",
                        (operator, role),
                    )
                connection.exec_driver_sql("INSERT INTO access_keys VALUES ('AKID', 'administrator', x'00', 1, 0)")
    engine.dispose()
    with sqlite3.connect(file) as connection:
        roles = connection.execute("SELECT operator, role FROM operator_roles ORDER BY 1, 2").fetchall()
        assert roles[0] == ("ada", "investigator")
        assert len([row for row in roles if row[0] == "administrator"]) == 5
        assert connection.execute("SELECT id FROM operators WHERE first_start").fetchall() == [("administrator",)]
        assert connection.execute("SELECT access_key_id, origin, active FROM access_keys").fetchall() == [
            ("AKID", "first-start", 1)
        ]
    connection.close()
