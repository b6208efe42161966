"""Roles that hold for one gallery alone."""

import pytest

from authority.conftest import Office
from recognizance.errors import GalleryNotFoundError, InvalidRequestError, RefusedError
from recognizance.records import galleries as gallery_records
from recognizance.workflows import galleries, operators, purposes
from recognizance.workflows.place import permit


@pytest.fixture
def housed(office: Office) -> Office:
    """Two galleries; ivy investigates in mugshots alone, and looks at licences."""
    make(office, "mugshots")
    make(office, "licences")
    office.hire("ivy", "investigator@mugshots", "examiner@licences")
    return office


def make(office: Office, name: str) -> None:
    with office.place.store.write() as tx:
        gallery_records.create(tx, name, model="m", calibration="c", keep_photographs=False, created_at=office.now)


def may(office: Office, kind: str, gallery: str | None = None, *, who: str = "ivy") -> bool:
    try:
        permit(office.place, office.act(who), kind, gallery=gallery)
    except RefusedError:
        assert office.last()["rules"] == ["standing/role"]
        return False
    return True


def test_a_role_holds_where_it_was_granted(housed: Office) -> None:
    assert may(housed, "search", "mugshots")
    assert not may(housed, "search", "licences")
    assert may(housed, "list", "licences")
    assert not may(housed, "list", "nowhere")
    assert not may(housed, "search", "nowhere")


def test_where_no_gallery_is_named_it_covers_what_reaches_into_none(housed: Office) -> None:
    for kind in ("identity", "own-key", "roster", "session", "list", "detect", "compare"):
        assert may(housed, kind), kind
    for kind in ("search", "enrol", "erase", "emergency", "export"):
        assert not may(housed, kind), kind
    housed.hire("sue", "supervisor@mugshots", "auditor@mugshots", "administrator@mugshots")
    for kind in ("approval", "case", "hold", "authority", "ratification", "operator", "ledger", "disclosure", "backup"):
        assert not may(housed, kind, who="sue"), kind
    assert may(housed, "hold", "mugshots", who="sue")
    assert may(housed, "gallery", "mugshots", who="sue")
    assert not may(housed, "gallery", "another", who="sue")
    assert not may(housed, "gallery", "licences", who="sue")


def test_nobody_sees_galleries_that_they_have_no_role_on(housed: Office) -> None:
    make(housed, "staff")
    housed.hire("eve", "examiner")
    housed.hire("otto", "auditor@staff")

    def seen(who: str) -> list[str]:
        page, _ = galleries.list_galleries(housed.place, housed.act(who), after=0, limit=9)
        return [each.gallery.name for each in page]

    assert seen("ivy") == ["mugshots", "licences"]
    assert seen("eve") == ["mugshots", "licences", "staff"]
    housed.hire("una", "examiner@staff")
    assert seen("una") == ["staff"]
    page, _ = galleries.list_galleries(housed.place, housed.act("ivy"), after=0, limit=1)
    assert [each.gallery.name for each in page] == ["mugshots", "licences"]


def test_a_gallery_of_the_same_name_is_another_one(housed: Office) -> None:
    with housed.place.store.write() as tx:
        gallery_records.delete_gallery(tx, "mugshots")
    make(housed, "mugshots")
    assert not may(housed, "search", "mugshots")
    (known,), _ = operators.list_operators(housed.place, housed.act(), "ivy")
    assert {each.gallery for each in known.operator.gallery_roles} == {"licences"}


def test_the_log_names_galleries_by_their_numbers(housed: Office) -> None:
    entry = housed.entries("operator")[-1]
    assert entry["details"]["roles"] == ["examiner@2", "investigator@1"]
    operators.update_operator(housed.place, housed.act(), "ivy", {}, {"investigator", "examiner@licences"})
    entry = housed.last()
    assert entry["details"]["roles"] == ["examiner@2", "investigator"]
    assert entry["details"]["roles_before"] == ["examiner@2", "investigator@1"]
    assert "mugshots" not in str(housed.entries())
    assert may(housed, "search", "licences")


def test_what_cannot_be_granted(housed: Office) -> None:
    for role, error in (
        ("investigator@nowhere", GalleryNotFoundError),
        ("visitor@mugshots", InvalidRequestError),
        ("investigator@", GalleryNotFoundError),
    ):
        with pytest.raises(error):
            housed.hire("new", role)


def test_an_administrator_of_one_gallery_does_not_administer(housed: Office) -> None:
    housed.hire("head", "administrator")
    with pytest.raises(RefusedError, match="nobody could administer"):
        operators.update_operator(housed.place, housed.act("head"), "head", {}, {"administrator@mugshots"})


def test_a_role_on_one_gallery_does_not_oversee(housed: Office) -> None:
    housed.hire("sue", "supervisor@mugshots")
    found, _ = operators.list_operators(housed.place, housed.act("sue"))
    assert [each.operator.id for each in found] == ["sue"]
    with pytest.raises(RefusedError, match="standing/role"):
        purposes.add_purpose(housed.place, housed.act("sue"), "theft", title="T", legal_basis="B")
