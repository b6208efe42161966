import csv
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from recognizance.accuracy.verification import Trials, count_fnmr
from recognizance.bootstrap import open_calibration
from recognizance.settings import read_settings
from recognizance.workflows.evaluate.curve import DET_POINTS_MAX
from recognizance.workflows.evaluate.document import Told
from recognizance.workflows.evaluate.service import Compared
from recognizance.workflows.evaluate.trial_list import NO_LABELS, read_pairs
from recognizance.workflows.evaluate.verify import report


def test_a_curve_of_many_points_is_thinned_where_nothing_changes(tmp_path: Path) -> None:
    # Few pairs of one person among very many of two, as everywhere: the curve of misses lies in the last few points.
    random = np.random.default_rng(1)
    mated = np.arange(20_000) < 600
    scores = np.where(mated, random.normal(0.7, 0.06, 20_000), random.normal(0.0, 0.12, 20_000))
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).touch()
    with (tmp_path / "pairs.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [("a", "b", "mated"), *(("a.jpg", "b.jpg", "yes" if one else "no") for one in mated)]
        )
    trials = read_pairs(tmp_path / "pairs.csv", tmp_path)
    calibration = open_calibration(read_settings(home=tmp_path))
    told = Told("drawn", "none", "0", datetime.now(UTC), {})
    made = report(trials, NO_LABELS, Compared(scores, {}, ""), calibration, [], told)
    curve = made["det"]
    assert len(curve["score"]) <= DET_POINTS_MAX
    assert curve["score"][-1] is None  # nothing matches at infinity
    assert curve["fnmr"][-1] == 1
    assert made["ten_folds"] is None  # saying "two people" of every pair would be right for 97 of 100
    for threshold in np.linspace(0.5, 0.85, 30):
        thinned = np.interp(threshold, curve["score"][:-1], curve["fnmr"][:-1])
        exact = count_fnmr(Trials(scores[mated], scores[~mated]), threshold).rate
        assert thinned == pytest.approx(exact, abs=0.01)
