"""A backup that is put back brings nobody back."""

import json
from pathlib import Path

import pytest

from authority.conftest import Office
from recognizance.authority.administrators import usable_administrators
from recognizance.authority.revocations import ended_in
from recognizance.bootstrap import open_record
from recognizance.copies import back_up_record, restore_record
from recognizance.errors import InvalidRequestError
from recognizance.records import (
    Transaction,
    access_keys,
    authorities,
    cases,
    galleries,
    operators,
    purposes,
    sessions,
)
from recognizance.settings import Settings, read_settings
from recognizance.workflows import authorities as authority_work
from recognizance.workflows import cases as case_work
from recognizance.workflows import emergencies as emergency_work
from recognizance.workflows import keys
from recognizance.workflows import operators as operator_work
from recognizance.workflows import purposes as purpose_work
from recognizance.workflows import sessions as session_work
from recognizance.workflows.first_start import ADMINISTRATOR as FIRST


def states(tx: Transaction) -> tuple[dict[str, bool], dict[str, bool], list[bool], list[bool]]:
    return (
        {row.access_key_id: row.active for row in access_keys.list_all(tx)},
        {row.id: row.active for row in operators.list_all(tx)},
        [row.closed_at is None for row in sessions.list_newest(tx, limit=9)],
        [row.closed_at is None for row in cases.list_all(tx)],
    )


def test_what_ended_after_a_backup_ends_again(office: Office, tmp_path: Path) -> None:
    settings: Settings = read_settings(home=tmp_path / "home")
    place = office.place
    for name in ("ivy", "max"):
        office.hire(name, "investigator")
    for number in ("9", "8"):
        case_work.open_case(place, office.act(), number, ["ivy"])
    for number in ("9", "8"):
        session_work.open_session(place, office.act("ivy"), purpose="p", case=number, authority=None)
    back_up_record(settings, tmp_path / "backup")
    revoked, kept = office.keys["max"], office.keys["ivy"]
    keys.revoke_key(place, office.act(), revoked)
    operator_work.set_active(place, office.act(), "max", active=False)
    open_ones, _ = session_work.list_sessions(place, office.act("ivy"))
    session_work.close_session(place, office.act("ivy"), open_ones[0].id)
    case_work.close_case(place, office.act(), "8")
    with place.store.read() as tx:
        before, known = states(tx), ended_in(tx)
    assert known.keys == {revoked}
    assert restore_record(settings, tmp_path / "backup", roll_back_log=True).rolled_back_from is not None
    with open_record(settings) as record, record.store.read() as tx:
        assert states(tx) == before
        assert access_keys.get(tx, kept).active


def test_roles_and_cases_that_were_taken_away_stay_so(office: Office, tmp_path: Path) -> None:
    settings: Settings = read_settings(home=tmp_path / "home")
    place = office.place
    office.hire("sue", "supervisor", "auditor")
    office.hire("ivy", "investigator")
    case_work.open_case(place, office.act(), "9", ["ivy", "sue"])
    back_up_record(settings, tmp_path / "backup")
    operator_work.update_operator(place, office.act(), "sue", {}, {"auditor", "investigator"})
    case_work.set_member(place, office.act(), "9", "sue", member=False)
    done = restore_record(settings, tmp_path / "backup", roll_back_log=True)
    assert done.ended_again == 2
    with open_record(settings) as record, record.store.read() as tx:
        assert operators.get(tx, "sue").roles == {"auditor"}
        assert operators.get(tx, "ivy").roles == {"investigator"}
        assert cases.members(tx, cases.get(tx, "9").id) == ["ivy"]


def test_purposes_authorities_and_roles_on_galleries_end_again(office: Office, tmp_path: Path) -> None:
    settings: Settings = read_settings(home=tmp_path / "home")
    place = office.place
    with place.store.write() as tx:
        for name in ("mugshots", "licences"):
            galleries.create(tx, name, model="m", calibration="c", keep_photographs=False, created_at=office.now)
    office.hire("sue", "supervisor")
    office.hire("ivy", "investigator", "examiner@mugshots", "examiner@licences")
    case_work.open_case(place, office.act(), "9", ["ivy"])
    purpose_work.add_purpose(place, office.act(), "theft", title="Theft", legal_basis="Code 1")
    known = {"kind": "warrant", "issuer": "Judge"}
    for document in ("W-1", "W-2"):
        authority_work.add_authority(place, office.act(), "9", document=document, **known)
    for document in ("E-1", "E-2", "E-3"):
        emergency_work.declare_emergency(place, office.act("ivy"), "9", document=document, reason="Danger.")
    back_up_record(settings, tmp_path / "backup")
    operator_work.update_operator(place, office.act(), "ivy", {}, {"investigator", "examiner@licences"})
    purpose_work.end_purpose(place, office.act(), "theft")
    authority_work.end(place, office.act(), "9", "W-1")
    office.hire("una", "supervisor")  # whom the backup does not know
    emergency_work.reject(place, office.act("una"), "9", "E-1", reason="No danger.")
    for by, document in (("sue", "E-2"), ("una", "E-3")):
        found = {"ratified_by_document": "W-7", "issuer": "Judge"}
        emergency_work.ratify(place, office.act(by), "9", document, **found)
    done = restore_record(settings, tmp_path / "backup", roll_back_log=True)
    assert done.ended_again == 4
    with open_record(settings) as record, record.store.read() as tx:
        assert operators.get(tx, "ivy").spelt_roles == ["examiner@2", "investigator"]
        (purpose,) = purposes.list_all(tx)
        assert purpose.valid_until is not None
        now = {
            row.document: (row.ended_by, row.rejected_at is not None, row.ratified_by, row.ratified_at is not None)
            for row in authorities.list_all(tx)
        }
    assert now == {
        "W-1": (FIRST, False, None, False),
        "W-2": (None, False, None, False),
        "E-1": (None, True, None, False),
        "E-2": (None, False, "sue", True),
        "E-3": (None, False, None, True),
    }


def test_nobody_is_locked_out_for_good(office: Office, tmp_path: Path) -> None:
    """A backup from before anybody had a name, put back after the administrator of the first start was closed."""
    settings: Settings = read_settings(home=tmp_path / "home")
    back_up_record(settings, tmp_path / "backup")
    office.hire("ada", "administrator")
    with office.place.store.read() as tx:
        assert not operators.get(tx, FIRST).active
    done = restore_record(settings, tmp_path / "backup", roll_back_log=True)
    assert not done.administered
    with open_record(settings) as record:
        clock = office.place.clock
        with record.store.read() as tx:
            assert usable_administrators(tx) == []
        pair, index = keys.recover(record.store, record.ledger, FIRST, clock=clock)
        with record.store.read() as tx:
            assert [row.id for row in usable_administrators(tx)] == [FIRST]
            entry = json.loads(record.ledger.entry(tx, index))
        assert (entry["kind"], entry["operator"], entry["details"]["activated"]) == ("recovery", "-", True)
        assert entry["details"]["key"] == pair.access_key_id
        with pytest.raises(InvalidRequestError):  # there is one now
            keys.recover(record.store, record.ledger, FIRST, clock=clock)
