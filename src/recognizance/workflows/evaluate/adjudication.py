"""Which candidates show the person searched: what is known of it, and who said so."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from recognizance.errors import TrialListError
from recognizance.workflows.evaluate.search_trials import SearchTrials
from recognizance.workflows.evaluate.trial_list import SUBJECT, read_rows

SAME = "same"
DIFFERENT = "different"
OPEN = "not adjudicated"

ADJUDICATED = "adjudication"
"""The source of a verdict that a person gave."""


@dataclass(frozen=True, slots=True)
class Truth:
    """Whether a candidate shows the probe's person (SAME, DIFFERENT or OPEN), and by what that is known."""

    verdict: str
    source: str


@dataclass(frozen=True)
class PairFile:
    """What a file says of pairs of a probe and a candidate, by their names; its name and SHA-256.

    `elsewhere` counts the pairs that these folders do not have both photographs of.
    """

    name: str
    sha256: str
    verdicts: Mapping[tuple[str, str], str]
    elsewhere: int


@dataclass(frozen=True)
class Adjudication:
    """What is known of candidates: from labels, from a list of known mates, and from people who looked."""

    trials: SearchTrials
    known_mates: PairFile | None
    adjudicated: PairFile | None

    def judge(self, probe: str, candidate: str) -> Truth:
        """Tell what is known of a candidate; what a person saw counts more than what labels say."""
        pair = (probe, candidate)
        if self.adjudicated and pair in self.adjudicated.verdicts:
            return Truth(self.adjudicated.verdicts[pair], ADJUDICATED)
        if candidate in self.trials.same_file.get(probe, ()):
            return Truth(SAME, "same file")
        if self.known_mates and pair in self.known_mates.verdicts:
            return Truth(SAME, "known mates")
        searched = self.trials.of_probes.of.get(probe, {}).get(SUBJECT)
        listed = self.trials.of_gallery.of.get(candidate, {}).get(SUBJECT)
        if searched and listed:
            return Truth(SAME if searched == listed else DIFFERENT, "labels")
        return Truth(OPEN, "")


def read_adjudication(trials: SearchTrials, known_mates: Path | None, adjudication: Path | None) -> Adjudication:
    """Read a CSV file of known mates (probe, candidate) and one of verdicts (probe, candidate, verdict).

    A verdict is same or different; a line without one has not been looked at yet.

    Raises
    ------
    TrialListError
        Naming the line that cannot be used, or if a file names no photograph of the folders.
    """
    return Adjudication(trials, _read(trials, known_mates, None), _read(trials, adjudication, "verdict"))


def _read(trials: SearchTrials, path: Path | None, column: str | None) -> PairFile | None:
    if path is None:
        return None
    rows, sha256 = read_rows(path, {"probe", "candidate"} | ({column} if column else set()))
    found: dict[tuple[str, str], str] = {}
    for line, row in rows:
        verdict = row[column].lower() if column else SAME
        if verdict not in (SAME, DIFFERENT, ""):
            raise TrialListError(f"{path}, line {line}: the verdict is {verdict!r}.", "Write same or different.")
        if verdict and found.setdefault((row["probe"], row["candidate"]), verdict) != verdict:
            raise TrialListError(f"{path}, line {line}: an earlier line says otherwise of these two photographs.")
    probes, gallery = set(trials.probes.names), set(trials.gallery.names)
    elsewhere = sum(probe not in probes or candidate not in gallery for probe, candidate in found)
    if found and elsewhere == len(found):
        raise TrialListError(
            f"{path} names no probe and candidate of these folders.",
            "Its names are as they are below the folders, as in adjudicate.csv of an earlier report.",
        )
    return PairFile(path.name, sha256, found, elsewhere)
