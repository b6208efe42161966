"""`recognizance evaluate … --endpoint`: another service is measured as the engine in process is."""

import csv
import json
import signal
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

from cli.conftest import Cli, Result, wait_for
from recognizance.cli.errors import ExitCode
from rekognition.processes import Server

IN_FLIGHT = 10


@pytest.fixture(scope="module")
def lab(live_server: Server, model_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Cli:
    """The program with a profile of an operator at a server."""
    folder = tmp_path_factory.mktemp("lab")
    credentials = folder / "credentials"
    pairs = {"lab": live_server.key.secret, "wrong": "not-the-secret"}
    credentials.write_text(
        "".join(
            f"[{name}]\naws_access_key_id = {live_server.key.access_key_id}\naws_secret_access_key = {secret}\n"
            for name, secret in pairs.items()
        )
    )
    return Cli(folder / "home", model_cache, {"AWS_SHARED_CREDENTIALS_FILE": str(credentials)})


@pytest.fixture(scope="module")
def pairs(faces: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All pairs of two photographs of each of four people, and pairs with what is of no use."""
    folder = tmp_path_factory.mktemp("pairs")
    for pose in ("neutral_front", "smiling_front"):
        for path in sorted((faces / "london" / pose).glob("*.jpg"))[:4]:
            (folder / f"{path.stem}-{pose}.jpg").write_bytes(path.read_bytes())
    names = sorted(path.name for path in folder.iterdir())
    (folder / "cut.jpg").write_bytes((faces / "broken" / "truncated.jpg").read_bytes())
    PIL.Image.new("RGB", (200, 200), "grey").save(folder / "grey.png")
    with (folder / "pairs.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["a", "b", "mated"])
        for a, b in combinations(names, 2):
            writer.writerow([a, b, "yes" if a[:3] == b[:3] else "no"])
        writer.writerows([[names[0], "cut.jpg", "yes"], [names[7], "cut.jpg", "no"], ["grey.png", names[2], "no"]])
    return folder / "pairs.csv"


def trials(out: Path) -> list[tuple[str, ...]]:
    with (out / "trials.csv").open(newline="") as file:
        return [
            (row["a"], row["b"], row["mated"], row["similarity_percent"], row["failure"])
            for row in csv.DictReader(file)
        ]


def calls(server: Server, since: int) -> Counter[str]:
    return Counter(entry["details"].get("operation") for entry in server.entries()[since:])


@pytest.fixture(scope="module")
def measured(lab: Cli, live_server: Server, pairs: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """In process; and over the network, killed midway, with half a line at the end of what it kept, and run again."""
    here, there = tmp_path_factory.mktemp("here"), tmp_path_factory.mktemp("there")
    command: list[str | Path] = ["evaluate", "verify", "--pairs", pairs, "--out", there]
    command += ["--endpoint", live_server.endpoint, "--profile", "lab"]
    since = len(live_server.entries())
    answers = there / "answers.jsonl"
    killed = lab.start(*command, "--rate", IN_FLIGHT)
    wait_for(lambda: answers.exists() and answers.read_bytes().count(b"\n") >= 5, "answer")
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    kept = answers.read_bytes().count(b"\n")
    with answers.open("ab") as file:
        file.write(b'{"key": "')
    resumed = lab(*command, "--rate", "500")
    made = calls(live_server, since)
    local = lab("evaluate", "verify", "--pairs", pairs, "--out", here)
    assert (resumed.code, local.code) == (0, 0), resumed.err + local.err
    return {"here": here, "there": there, "command": command, "kept": kept, "made": made, "resumed": resumed}


def test_similarities_and_failures_are_those_of_the_engine_in_process(measured: dict[str, Any]) -> None:
    assert trials(measured["there"]) == trials(measured["here"])
    reports = [json.loads((measured[at] / "report.json").read_text()) for at in ("here", "there")]
    assert reports[0]["sample"] == reports[1]["sample"]
    for here, there in zip(*(report["rates_at_percent"] for report in reports), strict=True):
        assert (there["fmr"], there["fnmr"], there["score"]) == (here["fmr"], here["fnmr"], there["percent"])


def test_the_report_names_the_service_and_nothing_kept_is_secret(measured: dict[str, Any], live_server: Server) -> None:
    service = json.loads((measured["there"] / "report.json").read_text())["service"]
    assert (service["endpoint"], service["region"]) == (live_server.endpoint, "us-east-1")
    assert service["score_is"] == "similarity in percent"
    assert f"the service at {live_server.endpoint}" in (measured["there"] / "report.html").read_text(encoding="utf-8")
    for path in measured["there"].iterdir():
        text = path.read_text(encoding="utf-8")
        for secret in (live_server.key.access_key_id, live_server.key.secret):
            assert secret not in text, path
    answers = (measured["there"] / "answers.jsonl").read_text()
    assert ".jpg" not in answers
    assert (measured["there"] / "answers.jsonl").stat().st_mode & 0o077 == 0


def test_a_killed_run_goes_on_where_it_was(measured: dict[str, Any], lab: Cli, live_server: Server) -> None:
    count, kept = 28 + 3, measured["kept"]
    assert 5 <= kept < count
    # What was under way when it was killed is all that is asked again; of the pairs with a photograph of no use, one
    # may be passed over.
    assert count - 1 <= measured["made"]["CompareFaces"] <= count + IN_FLIGHT
    assert f"{count - kept} CompareFaces" in measured["resumed"].err
    since = len(live_server.entries())
    again: Result = lab(*measured["command"])
    assert again.code == 0
    assert "Nothing is asked of 127.0.0.1: an earlier run has left all 31 answers." in again.err
    assert not calls(live_server, since)
    assert trials(measured["there"]) == trials(measured["here"])


def test_what_does_not_go_together_is_refused_before_anything_is_called(
    lab: Cli, live_server: Server, pairs: Path, tmp_path: Path
) -> None:
    since = len(live_server.entries())
    command: list[str | Path] = ["evaluate", "verify", "--pairs", pairs, "--out", tmp_path / "out"]
    at = [*command, "--endpoint", live_server.endpoint]
    costly, wrong, stray, named = lab.together(
        (*at, "--profile", "lab", "--price-per-call", "0.5"),
        (*at, "--profile", "wrong"),
        (*command, "--profile", "lab"),
        (*command, "--endpoint", live_server.endpoint.replace("http://", "http://key:secret@")),
    )
    assert costly.code == ExitCode.USAGE
    assert "31 calls (31 CompareFaces), 6 s at 5 a second, 15.50 USD" in costly.err
    assert "Add --yes" in costly.err
    assert wrong.code == ExitCode.UNAVAILABLE
    assert "Check the secret key of --profile" in wrong.err
    assert (stray.code, named.code) == (ExitCode.USAGE, ExitCode.USAGE)
    assert "Add --endpoint" in stray.err
    assert "CompareFaces" not in calls(live_server, since)
    left = lab("evaluate", "forget", "--out", tmp_path, "--endpoint", live_server.endpoint, "--profile", "lab")
    assert "Deleted 0 collections" in left.out
