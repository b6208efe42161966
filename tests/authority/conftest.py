"""A workplace over a real record, without models: nothing here looks at a photograph."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from recognizance.authority.access_keys import KeyPair
from recognizance.bootstrap import open_record, pack_folders
from recognizance.policy import StandingPolicy
from recognizance.records import entries
from recognizance.settings import read_settings
from recognizance.workflows import first_start, keys, operators
from recognizance.workflows.act import Act
from recognizance.workflows.place import Workplace
from recognizance.workflows.rulebook import Rulebook

Acting = Callable[..., Act]


@dataclass
class Office:
    """The workplace, a clock to turn, and the keys of those who work here."""

    place: Workplace
    now: datetime = datetime(2026, 11, 24, 9, tzinfo=UTC)
    keys: dict[str, str] = field(default_factory=dict)

    def act(self, operator: str = first_start.ADMINISTRATOR, **changes: Any) -> Act:
        """Act as an operator, with their newest key."""
        return replace(Act(operator, self.keys[operator], "Test", "request"), **changes)

    def hire(self, identifier: str, *roles: str, by: str = first_start.ADMINISTRATOR, key: bool = True) -> str:
        """Add an operator, with a key issued by somebody."""
        operators.add_operator(self.place, self.act(by), identifier, name=identifier.title(), roles=roles)
        if key:
            self.issue(identifier, by=by)
        return identifier

    def issue(self, identifier: str, *, by: str = first_start.ADMINISTRATOR) -> KeyPair:
        pair, _ = keys.issue_key(self.place, self.act(by), identifier)
        self.keys[identifier] = pair.access_key_id
        return pair

    def pass_time(self, **duration: float) -> None:
        self.now += timedelta(**duration)

    def entries(self, kind: str | None = None) -> list[dict[str, Any]]:
        """Read the log."""
        with self.place.store.read() as tx:
            found = [json.loads(row.body) for row in entries.list_page(tx, limit=10_000)]
        return [entry for entry in found if kind in (None, entry["kind"])]

    def last(self) -> dict[str, Any]:
        return self.entries()[-1]


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder and its keys after the first start, made once: making the tables takes a while."""
    folder = tmp_path_factory.mktemp("begun")
    with open_record(read_settings(home=folder / "home")):
        return folder


@pytest.fixture
def office(begun: Path, tmp_path: Path) -> Iterator[Office]:
    shutil.copytree(begun, tmp_path, dirs_exist_ok=True)
    settings = read_settings(home=tmp_path / "home", packs=tmp_path / "packs")
    with open_record(settings) as record:
        known = {
            "store": record.store,
            "roster": record.roster,
            "ledger": record.ledger,
            "policy": StandingPolicy(),
            "rulebook": Rulebook(record.store),
            "packs": pack_folders(settings),
        }
        others = dict.fromkeys(each.name for each in fields(Workplace))
        known |= {"clock": lambda: office.now, "emergency_hours": 48}
        office = Office(Workplace(**{**others, **known}))
        with record.store.read() as tx:
            first = first_start.administrator_key(tx)
        assert first is not None
        office.keys[first_start.ADMINISTRATOR] = first.access_key_id
        office.now = max(office.now, datetime.now(UTC))
        yield office
