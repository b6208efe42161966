from pathlib import Path

from cli.conftest import Cli
from recognizance.cli.errors import ExitCode


def test_the_demo_finds_the_astronaut_and_can_be_run_again(cli: Cli) -> None:
    for start in ("Enrolled", "Found"):
        result = cli("demo")
        assert result.code == 0, result.err
        assert f"{start}" in result.out
        assert "eileen-collins" in result.out
        assert "A candidate is a lead, not an identification." in result.out
        assert "1 in 100,000" in result.out
        assert "recognizance serve" in result.out
    probe = cli.home / "demo" / "probe.jpg"
    found = cli("search", probe, "--gallery", "demo", "--json").json()
    assert found["references_searched"] == 1
    assert found["candidates"][0]["external_id"] == "eileen-collins"
    assert found["candidates"][0]["similarity_percent"] >= 80


def test_the_demo_takes_photographs_of_ones_own(cli: Cli, folder: Path, tmp_path: Path) -> None:
    result = cli("demo", "--photos", folder)
    assert result.code == 0, result.err
    assert "8 photographs" in result.out
    assert "100.0 %" in result.out
    assert not (cli.home / "demo").exists()  # a probe of them is not left behind
    (tmp_path / "empty").mkdir()
    assert cli("demo", "--photos", tmp_path / "empty").code == ExitCode.NOT_FOUND
