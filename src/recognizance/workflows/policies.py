"""Switch rule packs on and off, and say whether they bind.

Who tightens does it alone.  Loosening what is enforced takes a second person: disabling a pack, putting another version
in its place, enabling the first one where none is on, or going back to observing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from recognizance.errors import InvalidRequestError, NotFoundError
from recognizance.ledger import Value
from recognizance.policy import BrokenPack, Pack, Reason, policy_digest
from recognizance.records import Transaction, policies
from recognizance.records.policies import ENFORCE, OBSERVE, EnabledPack
from recognizance.records.policies import PolicyRow as PolicyRow
from recognizance.workflows import approvals
from recognizance.workflows.act import Act
from recognizance.workflows.objections import Objection, objections_refused
from recognizance.workflows.pack_folders import FoundPack, usable
from recognizance.workflows.place import Permit, Workplace, failures_recorded, permit, record

KIND = "policy"
READING = "rules"

RECORDED = "record"
"""The origin of a pack that is on, and of which no folder holds the version that is."""


@dataclass(frozen=True, slots=True)
class ListedPack:
    """A pack, as it is on or as a folder has it.

    Attributes
    ----------
    origin : str
        ``shipped``, ``own``, or ``record`` if no folder has it any more.
    pack : Pack or BrokenPack
        As it is on; as the folder has it, if it is not.
    enabled : EnabledPack or None
        Since when it is on, and by whom; None if it is not.
    changed : bool
        Whether it is on, and the folder has another version.
    """

    origin: str
    pack: Pack | BrokenPack
    enabled: EnabledPack | None
    changed: bool

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with it; nothing, if it can be used."""
        return self.pack.problems if isinstance(self.pack, BrokenPack) else ()


def said_by(listed: ListedPack) -> Pack | None:
    """Give what a pack says; None if it cannot be used."""
    return None if isinstance(listed.pack, BrokenPack) else listed.pack


@failures_recorded(READING)
def list_packs(place: Workplace, act: Act) -> tuple[PolicyRow, list[ListedPack], int]:
    """List the rules in force, and every pack there is; recorded."""
    permitted = permit(place, act, READING)
    found = place.packs.list_all()
    with place.store.write() as tx:
        row, listed = _listed(place, tx, found)
        return row, listed, record(tx, permitted, {"packs": len(listed)})


@failures_recorded(READING)
def show_pack(place: Workplace, act: Act, identifier: str) -> tuple[ListedPack, int]:
    """Show a pack, on or not; recorded.

    Raises
    ------
    NotFoundError
    """
    permitted = permit(place, act, READING)
    found = place.packs.list_all()
    with place.store.write() as tx:
        _, listed = _listed(place, tx, found)
        pack = next((each for each in listed if each.pack.id == identifier), None)
        if pack is None:
            place.packs.find(identifier)  # which says that there is none
            raise AssertionError(identifier)
        return pack, record(tx, permitted, {"pack": identifier})


@failures_recorded(KIND)
def enable(place: Workplace, act: Act, identifier: str, approval: str | None = None) -> tuple[PolicyRow, int]:
    """Switch a pack on, as its folder has it now; what it says is kept in the record.  Recorded.

    Parameters
    ----------
    approval : str, optional
        For putting another version in the place of one that is enforced, for the first one where rules are enforced and
        none is on, and where the rules in force are not those that the log names: the request (`request_change`) that a
        second person has approved.

    Raises
    ------
    NotFoundError
    PackError
        If it cannot be used.
    InvalidRequestError
        If this very version is on.
    RefusedError
    """
    permitted = permit(place, act, KIND)
    pack = usable(place.packs.find(identifier))
    with objections_refused(place, permitted), place.store.write() as tx:
        in_force = place.rulebook.in_force_in(tx)
        before = in_force.row
        present = before.pack(identifier)
        if present is not None and present.digest == pack.digest and in_force.as_logged:
            raise InvalidRequestError(f"The pack {identifier} is on already, and its folder has the same version.")
        # One more pack only tightens; the first one permits what nothing permitted before.
        tightens = present is None and before.packs and in_force.as_logged
        if before.mode == ENFORCE and not tightens:
            _require_second(tx, permitted, approval, _replacement(present, pack), f"policy enable {identifier}")
        now = permitted.time
        policies.keep_text(tx, pack.digest, pack.id, pack.text.description, pack.text.rules)
        packs = [each for each in before.packs if each.id != identifier]
        packs.append(EnabledPack(pack.id, pack.digest, now, act.operator))
        details = {"pack": pack.id, "pack_digest": pack.digest}
        return _put(tx, permitted, before, before.mode, packs, "replaced" if present else "enabled", details)


@failures_recorded(KIND)
def disable(place: Workplace, act: Act, identifier: str, approval: str | None = None) -> tuple[PolicyRow, int]:
    """Switch a pack off; recorded.

    Parameters
    ----------
    approval : str, optional
        While packs are enforced: the request (`request_change`) that a second person has approved.

    Raises
    ------
    NotFoundError
        If it is not on.
    RefusedError
    """
    permitted = permit(place, act, KIND)
    with objections_refused(place, permitted), place.store.write() as tx:
        before = place.rulebook.in_force_in(tx).row
        present = _enabled(before, identifier)
        if before.mode == ENFORCE:
            _require_second(tx, permitted, approval, _disabling(present), f"policy disable {identifier}")
        packs = [each for each in before.packs if each.id != identifier]
        details = {"pack": identifier, "pack_digest": present.digest}
        return _put(tx, permitted, before, before.mode, packs, "disabled", details)


@failures_recorded(KIND)
def set_mode(place: Workplace, act: Act, mode: str, approval: str | None = None) -> tuple[PolicyRow, int]:
    """Let packs bind (``enforce``), or only report (``observe``); recorded.

    Parameters
    ----------
    approval : str, optional
        For observing: the request (`request_change`) that a second person has approved.

    Raises
    ------
    InvalidRequestError
        If it is so already.
    RefusedError
    """
    permitted = permit(place, act, KIND)
    with objections_refused(place, permitted), place.store.write() as tx:
        before = place.rulebook.in_force_in(tx).row
        _require_other_mode(before, mode)
        if mode == OBSERVE:
            _require_second(tx, permitted, approval, _observing(), "policy mode observe")
        return _put(tx, permitted, before, mode, before.packs, mode, {})


@failures_recorded(approvals.KIND)
def request_change(place: Workplace, act: Act, change: str, identifier: str | None = None) -> tuple[str, int]:
    """Ask for a second person to agree to a change that loosens; recorded.  Returns the request's id and the entry.

    Parameters
    ----------
    change : str
        ``disable``: a pack is to be switched off; ``replace``: the version in the folder is to take the place of the
        one that is on, or of none; ``observe``: packs are to report only.
    identifier : str, optional
        The pack; not for ``observe``.

    Raises
    ------
    NotFoundError
        If the pack is not on.
    PackError
        If the version in the folder cannot be used.
    InvalidRequestError
    """
    permit(place, act, KIND, recorded_as=approvals.KIND)
    row = place.rulebook.in_force().row
    match change, identifier:
        case "observe", None:
            payload = _observing()
        case "disable", str():
            payload = _disabling(_enabled(row, identifier))
        case "replace", str():
            payload = _replacement(row.pack(identifier), usable(place.packs.find(identifier)))
        case _:
            raise InvalidRequestError(
                f"{change!r} is no change that two persons make so.", "Name a pack to disable or replace, or observe."
            )
    approval, entry = approvals.request(place, act, KIND, payload)
    return approval.id, entry


def _disabling(pack: EnabledPack) -> dict[str, Any]:
    return {"change": "disable", "pack": pack.id, "digest": pack.digest}


def _replacement(pack: EnabledPack | None, by: Pack) -> dict[str, Any]:
    return {"change": "replace", "pack": by.id, "digest": None if pack is None else pack.digest, "by": by.digest}


def _observing() -> dict[str, Any]:
    return {"change": "observe"}


def _require_second(
    tx: Transaction, permitted: Permit, approval: str | None, payload: Mapping[str, Any], command: str
) -> None:
    if approval is None:
        raise Objection(
            Reason(
                approvals.RULE,
                "What is enforced is loosened by two persons.",
                f"Ask for it first: `recognizance {command} --request`.",
            )
        )
    approvals.redeem(tx, permitted.act, approval, KIND, payload, now=permitted.time)


def _enabled(row: PolicyRow, identifier: str) -> EnabledPack:
    found = row.pack(identifier)
    if found is None:
        raise NotFoundError(
            f"The rule pack {identifier} is not on.", "`recognizance policy list` shows those that are."
        )
    return found


def _require_other_mode(row: PolicyRow, mode: str) -> None:
    if row.mode == mode:
        raise InvalidRequestError(f"The rules are in the mode {mode} already.")


def _put(
    tx: Transaction,
    permitted: Permit,
    before: PolicyRow,
    mode: str,
    packs: Sequence[EnabledPack],
    change: str,
    details: Mapping[str, Value],
) -> tuple[PolicyRow, int]:
    now: datetime = permitted.time
    digest = policy_digest(mode, ((pack.id, pack.digest) for pack in packs))
    row = policies.put(tx, digest=digest, mode=mode, packs=packs, since=now, set_by=permitted.act.operator)
    told: dict[str, Value] = {"change": change, "mode": mode, "policy": digest, "policy_before": before.digest}
    return row, record(tx, permitted, {**told, **details})


def _listed(place: Workplace, tx: Transaction, found: Sequence[FoundPack]) -> tuple[PolicyRow, list[ListedPack]]:
    in_force = place.rulebook.in_force_in(tx)
    here = {each.pack.id: each for each in found}
    listed = []
    for enabled, pack in zip(in_force.row.packs, in_force.packs, strict=True):
        there = here.pop(enabled.id, None)
        origin = RECORDED if there is None else there.origin
        listed.append(ListedPack(origin, pack, enabled, there is None or there.pack.digest != enabled.digest))
    listed += [ListedPack(each.origin, each.pack, None, False) for each in here.values()]
    return in_force.row, sorted(listed, key=lambda each: each.pack.id)
