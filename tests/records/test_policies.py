from datetime import timedelta

import pytest

from recognizance.errors import NotFoundError
from recognizance.records import RecordStore, decided_searches, entries, policies, searches
from recognizance.records.galleries import GalleryRow
from recognizance.records.policies import ENFORCE, OBSERVE, EnabledPack
from records.making import NOW, a_search

PACK = EnabledPack("county", "aa", NOW, "ada")


def test_a_new_record_has_no_rules(store: RecordStore) -> None:
    with store.read() as tx:
        assert policies.newest(tx) is None
        assert policies.list_all(tx) == []
        for look in (lambda: policies.get(tx, 1), lambda: policies.by_digest(tx, "aa")):
            with pytest.raises(NotFoundError):
                look()


def test_the_newest_rules_count_and_all_stay(store: RecordStore) -> None:
    with store.write() as tx:
        first = policies.put(tx, digest="one", mode=OBSERVE, packs=[PACK], since=NOW, set_by="ada")
        second = policies.put(tx, digest="two", mode=ENFORCE, packs=[PACK], since=NOW, set_by="bob")
        third = policies.put(tx, digest="one", mode=OBSERVE, packs=[PACK], since=NOW, set_by="ada")
    with store.read() as tx:
        assert policies.newest(tx) == (third.number, "one")
        assert policies.in_force(tx) == third
        assert policies.list_all(tx) == [first, second, third]
        assert policies.by_digest(tx, "one") == third
        assert policies.get(tx, second.number).packs == (PACK,)
        assert second.pack("county") == PACK
        assert second.pack("other") is None


def test_what_a_pack_said_is_kept(store: RecordStore) -> None:
    with store.write() as tx:
        assert policies.text_of(tx, "aa") is None
        for _ in range(2):
            policies.keep_text(tx, "aa", "county", "title = 1", "permit;")
        policies.keep_text(tx, "bb", "county", "title = 2", "forbid;")
        found = policies.text_of(tx, "aa")
    assert found == policies.PackTextRow("title = 1", "permit;")


def test_searches_are_listed_with_what_they_were_decided_on(store: RecordStore, gallery: GalleryRow) -> None:
    made = []
    for day in range(5):
        with store.write() as tx:
            index = entries.append(tx, lambda index: b"{}", at=NOW).index
            made.append(a_search(index, gallery, at=NOW + timedelta(days=day), facts={"day": day} if day else None))
            searches.add(tx, made[-1])
    with store.read() as tx:
        first, second = made[0].entry_index, made[1].entry_index
        assert [each.id for each in decided_searches.list_page(tx, after_entry=-1, limit=2)] == [made[0].id, made[1].id]
        assert [each.facts for each in decided_searches.list_page(tx, after_entry=first - 1, limit=2)] == [
            None,
            {"day": 1},
        ]
        since, until = NOW + timedelta(days=1), NOW + timedelta(days=3)
        found = decided_searches.list_page(tx, after_entry=-1, limit=9, since=since, until=until)
        assert [each.at for each in found] == [NOW + timedelta(days=day) for day in (1, 2, 3)]
        assert decided_searches.count(tx, since=since, until=until) == 3
        assert decided_searches.count(tx) == 5
        assert searches.id_at(tx, second) == made[1].id
        assert searches.id_at(tx, 99) is None
