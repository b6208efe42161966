"""Run all vectors of one pack, and say how what came differs from what was expected."""

from collections.abc import Sequence
from dataclasses import dataclass

from recognizance.cli.checking.asking import Outcome
from recognizance.cli.checking.scratch import scratch_server
from recognizance.cli.checking.staging import CannotArrangeError, stage
from recognizance.settings import Settings
from recognizance.workflows.engine import Engine
from recognizance.workflows.pack_folders import Vector

PASSED = "passed"
FAILED = "failed"
NOT_RUN = "not-run"

_CLOSE = 1e-6


@dataclass(frozen=True, slots=True)
class Checked:
    """A vector and what came of it; ``differences`` are sentences, and why it was not run is one."""

    vector: Vector
    outcome: Outcome | None
    differences: tuple[str, ...]

    @property
    def result(self) -> str:
        """Say ``passed``, ``failed`` or ``not-run``."""
        if self.outcome is None:
            return NOT_RUN
        return FAILED if self.differences else PASSED


def run_vectors(settings: Settings, engine: Engine, pack: str, vectors: Sequence[Vector]) -> list[Checked]:
    """Run vectors on a server of their own, one after the other."""
    found = []
    with scratch_server(settings, engine) as scratch:
        scratch.furnish()
        scratch.enforce(pack)
        for vector in vectors:
            try:
                outcome = stage(scratch, vector)
            except CannotArrangeError as error:
                found.append(Checked(vector, None, (error.message,)))
            else:
                found.append(Checked(vector, outcome, differences(vector, outcome)))
    return found


def differences(vector: Vector, outcome: Outcome) -> tuple[str, ...]:
    """Say how an outcome differs from what a vector expects."""
    told = []
    if outcome.decision != vector.expect:
        told.append(f"Expected {vector.expect}, and it was {outcome.decision}.")
    missing = sorted(set(vector.rules) - set(outcome.rules))
    if missing:
        named = ", ".join(outcome.rules) or "none"
        told.append(f"Expected the rule {', '.join(missing)}, and named were: {named}.")
    wanted, applied = vector.threshold_applied_percent, outcome.threshold_applied_percent
    if wanted is not None and (applied is None or abs(applied - wanted) > _CLOSE):
        told.append(f"Expected {wanted:g} % to be applied, and it was {'not told' if applied is None else applied}.")
    if told and outcome.message:
        told.append(f"It was told: {outcome.message}")
    return tuple(told)
