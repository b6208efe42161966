from pathlib import Path

import pytest

from policy.making import DESCRIPTION, write_pack
from recognizance.errors import NotFoundError, PackError
from recognizance.policy import Pack
from recognizance.workflows.pack_folders import OWN, SHIPPED, PackFolders, usable


def test_ones_own_pack_stands_in_for_a_shipped_one(tmp_path: Path) -> None:
    for name in ("county", "state"):
        write_pack(tmp_path / "shipped", name)
    write_pack(tmp_path / "own", "county", DESCRIPTION.replace("County rules", "Our rules"))
    (tmp_path / "own" / "notes").mkdir()
    folders = PackFolders(tmp_path / "shipped", tmp_path / "own")
    assert [(each.pack.id, each.origin) for each in folders.list_all()] == [("county", OWN), ("state", SHIPPED)]
    found = folders.find("county").pack
    assert isinstance(found, Pack)
    assert found.about.title == "Our rules"
    with pytest.raises(NotFoundError):
        folders.find("../own/county")


def test_folders_that_are_not_there_hold_nothing(tmp_path: Path) -> None:
    assert PackFolders(tmp_path / "none", tmp_path / "nowhere").list_all() == []


def test_what_is_wrong_with_a_folder_is_told(tmp_path: Path) -> None:
    for name in ("no-rules", "binary", "elsewhere"):
        write_pack(tmp_path, name)
    (tmp_path / "no-rules" / "rules.cedar").unlink()
    (tmp_path / "binary" / "rules.cedar").write_bytes(b"\xff\xfe")
    write_pack(tmp_path, "elsewhere", " " + DESCRIPTION.replace('id = "county"', 'id  = "county"'))
    told = {}
    for each in PackFolders(tmp_path).list_all():
        with pytest.raises(PackError) as found:
            usable(each)
        told[each.pack.id] = found.value.problems
    assert "cannot be read" in told["no-rules"][0]
    assert "UTF-8" in told["binary"][0]
    assert "folder" in told["elsewhere"][0]
