import shlex
import signal
import socket
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

from cli.conftest import PATIENCE_SECONDS, Cli
from recognizance.cli.errors import ExitCode


def exports(text: str) -> dict[str, str]:
    """Read export lines as a shell does."""
    found = {}
    for line in text.splitlines():
        word, assignment = shlex.split(line)
        assert word == "export"
        name, _, value = assignment.partition("=")
        found[name] = value
    return found


def test_env_points_boto3_at_the_running_server(served: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    told = exports(served("env").out)
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("rekognition", config=Config(proxies={}))
    assert client.meta.endpoint_url == told["AWS_ENDPOINT_URL_REKOGNITION"]
    assert client.meta.region_name == told["AWS_REGION"]
    assert "people" in client.list_collections()["CollectionIds"]
    client.close()


def test_env_works_without_a_server_and_is_all_that_is_printed(cli: Cli) -> None:
    first = cli("env", "--port", "8123")
    told = exports(first.out)
    assert first.err == ""
    assert told["AWS_ENDPOINT_URL_REKOGNITION"] == "http://127.0.0.1:8123"
    assert told["AWS_ACCESS_KEY_ID"].startswith("AKIA")
    assert set(told) == {
        "AWS_ENDPOINT_URL_REKOGNITION",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
    }
    assert exports(cli("env", "--port", "8123").out) == told
    with_token = Cli(cli.home, cli.cache, {"AWS_SESSION_TOKEN": "of another key"})
    assert with_token("env").out.splitlines()[-1] == "unset AWS_SESSION_TOKEN"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_tells_how_to_use_it_and_stops_cleanly(cli: Cli, number: int) -> None:
    process = cli.start("serve")
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "Ctrl-C" in line:
            break
    process.send_signal(number)
    process.communicate(timeout=PATIENCE_SECONDS)
    text = "".join(lines)
    assert process.returncode == 0
    assert "http://127.0.0.1:" in text
    assert 'eval "$(recognizance env)"' in text
    assert str(cli.home) in text
    assert f"{cli.home}-keys" in text
    told = exports(cli("env").out)
    assert told["AWS_ACCESS_KEY_ID"] in text
    assert told["AWS_SECRET_ACCESS_KEY"] not in text


def test_a_port_or_a_home_in_use_is_told(served: Cli, another_cli: Cli) -> None:
    twice = served("serve")
    assert twice.code == ExitCode.UNAVAILABLE
    assert "in use by a server" in twice.err
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = another_cli("serve", "--port", str(taken.getsockname()[1]))
    assert result.code == ExitCode.UNAVAILABLE
    assert "Port" in result.err
    outside = another_cli("serve", "--host", "192.0.2.1")
    assert outside.code == ExitCode.UNAVAILABLE
    assert "loopback" in outside.err


def test_the_address_of_a_killed_server_is_not_believed(cli: Cli, folder: Path) -> None:
    with cli.serving() as process:
        process.kill()
        process.wait()
        process.returncode = 0  # as killed by this test
        assert (cli.home / "server.json").exists()
        assert cli("galleries", "--json").json()["galleries"] == []
