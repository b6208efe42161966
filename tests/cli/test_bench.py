"""What the command says of this machine; how fast it is, is for benchmarks/ to judge."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cli.conftest import Cli
from recognizance.bootstrap import open_calibration
from recognizance.cli.bench import duration, milliseconds, sizes
from recognizance.cli.errors import ExitCode
from recognizance.errors import RecognizanceError
from recognizance.settings import read_settings
from recognizance.workflows.bench import material
from recognizance.workflows.bench.plan import plan
from recognizance.workflows.bench.searching import Searches

REFERENCES = 20_000


def test_one_document_tells_of_searches_memory_enrolment_and_a_plan(cli: Cli, folder: Path) -> None:
    result = cli("bench", "--references", str(REFERENCES), "--photographs", folder, "--plan", "40000000", "--json")
    told = result.json()
    assert told["format"] == "recognizance-bench-1"
    assert (told["references"], told["dimension"], told["batch_size"]) == (REFERENCES, 128, 32)
    times = ("search_ms", "search_all_threads_ms", "batch_search_ms", "streaming_read_ms", "numpy_ms", "ready_s")
    assert all(told[name] > 0 for name in times)
    assert told["streaming_read_ms"] < told["search_ms"]
    codes_mb = REFERENCES * 128 / 1e6
    assert codes_mb < told["resident_mb"] < 100
    assert told["file_mb"] > 5 * codes_mb
    assert told["enrol_per_second"] > 0
    assert [row["references"] for row in told["sizes"]] == [10_000, REFERENCES]
    assert told["sizes"][-1]["search_ms"] == told["search_ms"]
    planned = told["plan"]
    assert planned["references"] == 40_000_000
    assert planned["search_ms"] == pytest.approx(told["search_ms"] * 2000)
    assert planned["enrol_days"] == pytest.approx(40_000_000 / told["enrol_per_second"] / 86_400)
    eighty, ninety, _ = planned["false_candidates"]
    assert eighty["expected"] == pytest.approx(400, rel=0.05)  # 1 in 100,000
    assert ninety["expected"] == pytest.approx(40, rel=0.05)
    assert eighty["expected_in_worst_group"] > eighty["expected"]
    assert not cli.home.exists()
    assert not list(cli.cache.glob("bench-*"))


def test_a_table_curves_and_a_plan_are_shown_and_drawn(cli: Cli, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed (extra bench)")
    drawn = tmp_path / "curves.svg"
    result = cli("bench", "--references", str(REFERENCES), "--no-enrolment", "--plot", drawn)
    assert result.code == 0, result.err
    for words in ("20,000", "numpy float32", "reading the bytes only", "20,000,000 photographs", "2.7 GB in memory"):
        assert words in result.out
    assert "photographs a second" not in result.out
    assert "Searching among 20,000 references" in result.err
    assert drawn.read_text().count("<svg") == 1


def test_wrong_uses_are_told_before_anything_is_measured(cli: Cli, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    wrong = (
        (("--plot", tmp_path / "curves.pdf"), ExitCode.USAGE, "neither .svg nor .png"),
        (("--plot", tmp_path / "absent" / "curves.svg"), ExitCode.USAGE, "folder does not exist"),
        (("--references", "10"), ExitCode.USAGE, "--references"),
        (("--photographs", tmp_path / "absent"), ExitCode.NOT_FOUND, "There is no folder"),
        (("--photographs", empty), ExitCode.NOT_FOUND, "no JPEG or PNG"),
        (("--references", "9000000000000"), ExitCode.FAILED, "GB of disk are needed"),
    )
    for result, (options, code, words) in zip(
        cli.together(*(("bench", *options) for options, _, _ in wrong)), wrong, strict=True
    ):
        assert (result.code, words in result.err) == (code, True), (options, result.err)
        assert not result.out


def test_without_matplotlib_a_plot_is_refused_with_the_remedy(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "matplotlib.py").write_text("raise ImportError('as if it were not installed')")
    path = os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("PYTHONPATH"))))
    # A process of its own: the others have looked for their modules already.
    with replace(cli, extra={"PYTHONPATH": path}).start("bench", "--plot", tmp_path / "curves.png") as process:
        _, told = process.communicate()
    assert process.returncode == ExitCode.USAGE
    assert 'pip install "recognizance[bench]"' in told


def test_too_little_memory_is_told_with_what_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(material, "available_memory", lambda: 500_000_000)
    material.require_room(tmp_path, 100_000, 128)
    with pytest.raises(RecognizanceError, match=r"0\.5 GB of memory are needed; 0\.5 GB are free"):
        material.require_room(tmp_path, 1_000_000, 128)


def test_the_answers_are_those_of_all_references(tmp_path: Path) -> None:
    material.fill(tmp_path / "made", 3_000, 128, progress=lambda count: None)
    gallery = material.open_gallery(tmp_path / "made", 128)
    assert gallery.load() == {}
    assert len(gallery) == 3_000
    (segment,) = gallery.segments
    vectors = segment.storage.vectors(np.arange(3_000))
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_a_plan_grows_with_the_references(tmp_path: Path) -> None:
    measured = Searches(1_000_000, 6.0, 3.0, 2.0, 4.0, 30.0, 1.0, 160.0, 140.0)
    calibration = open_calibration(read_settings(home=tmp_path))
    options: dict[str, Any] = {"dimension": 128, "threads": 2, "calibration": calibration}
    made = plan(100_000_000, measured, photographs_per_second=50.0, **options)
    assert (made.search_ms, made.search_all_threads_ms, made.searches_per_second) == (600, 300, 10)
    assert made.memory_gb == pytest.approx(13.3)
    assert made.enrol_days == pytest.approx(23.1, abs=0.1)
    assert plan(1, measured, photographs_per_second=None, **options).enrol_days is None


def test_sizes_are_powers_of_ten_and_the_largest() -> None:
    assert sizes(1_000) == [1_000]
    assert sizes(10_000) == [10_000]
    assert sizes(2_000_000) == [10_000, 100_000, 1_000_000, 2_000_000]


def test_figures_are_written_as_people_read_them() -> None:
    assert [milliseconds(value) for value in (0.052, 5.25, 52.5, 5250)] == ["0.05", "5.25", "52.5", "5,250"]
    assert [duration(days) for days in (400, 3.25, 0.5, 0.01, 0.001)] == [
        "400.0 days",
        "3.2 days",
        "12.0 hours",
        "14.4 minutes",
        "under 2 minutes",
    ]
