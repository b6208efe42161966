"""A session's credentials in unmodified programs: by credential_process, and by role_arn."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from clients.programs import HERE, find_aws, find_node
from sts.staff import CASE, Staff


@pytest.fixture
def profiles(staff: Staff, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Profiles of ivy: `ivy` with a key, `process` and `role` with a session; the rest of the environment."""
    ivy = staff.keys["ivy"]
    credentials, config = tmp_path / "credentials", tmp_path / "config"
    credentials.write_text(f"[ivy]\naws_access_key_id={ivy.access_key_id}\naws_secret_access_key={ivy.secret}\n")
    given = {
        "RECOGNIZANCE_HOME": str(staff.server.settings.home),
        "AWS_SHARED_CREDENTIALS_FILE": str(credentials),
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_REGION": "us-east-1",
    }
    command = ["env", *(f"{name}={value}" for name, value in given.items()), sys.executable, "-m", "recognizance"]
    command += ["--profile", "ivy", "session", "open", "--purpose", "theft", "--case", CASE]
    role = staff.session("ivy")["RoleArn"]
    config.write_text(
        f"[profile process]\ncredential_process = {shlex.join([*command, '--format', 'credential-process'])}\n"
        f"[profile role]\nrole_arn = {role}\nsource_profile = ivy\n"
    )
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "RECOGNIZANCE_", "PYTHONWARN"))
    }
    environment |= {
        "AWS_SHARED_CREDENTIALS_FILE": str(credentials),
        "AWS_CONFIG_FILE": str(config),
        "AWS_ENDPOINT_URL_REKOGNITION": staff.server.endpoint,
        "AWS_ENDPOINT_URL_STS": staff.server.endpoint,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
    }
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return environment


def last_list(staff: Staff) -> dict[str, Any]:
    return [entry for entry in staff.server.entries() if entry["kind"] == "list"][-1]


def assert_in_session(entry: dict[str, Any], context: str = "session") -> None:
    assert (entry["operator"], entry["decision"], entry["details"]["context"]) == ("ivy", "allowed", context)
    assert entry["details"]["session"]
    assert entry["details"]["access_key"].startswith("ASIA")


@pytest.mark.parametrize("profile", ["process", "role"])
@pytest.mark.usefixtures("profiles")
def test_boto3(staff: Staff, profile: str) -> None:
    session = boto3.Session(profile_name=profile)
    client = session.client("rekognition", config=Config(proxies={}))
    client.list_collections()
    assert_in_session(last_list(staff))
    client.close()
    client = session.client(
        "rekognition", endpoint_url=f"{staff.server.endpoint}/case/{CASE}", config=Config(proxies={})
    )
    client.list_collections()
    assert_in_session(last_list(staff), "both")
    client.close()


@pytest.mark.parametrize("profile", ["process", "role"])
def test_aws_cli(staff: Staff, profiles: dict[str, str], profile: str) -> None:
    def run(*arguments: str) -> Any:
        done = subprocess.run(
            [find_aws(), *arguments, "--profile", profile, "--output", "json"],
            env=profiles,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    assert run("sts", "get-caller-identity")["UserId"].endswith(":ivy")
    run("rekognition", "list-collections")
    assert_in_session(last_list(staff))


@pytest.mark.parametrize("profile", ["process", "role"])
def test_node(staff: Staff, profiles: dict[str, str], profile: str, tmp_path: Path) -> None:
    node, modules = find_node()
    (tmp_path / "node_modules").symlink_to(modules.resolve())
    program = tmp_path / "session.mjs"
    program.write_bytes((HERE / "node" / "session.mjs").read_bytes())
    done = subprocess.run(
        [node, "--preserve-symlinks", str(program)],
        env=profiles | {"AWS_PROFILE": profile},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"isArray": True}
    assert_in_session(last_list(staff))


def test_the_command_line_needs_no_home_folder_where_the_server_is_named(
    staff: Staff, profiles: dict[str, str], tmp_path: Path
) -> None:
    for name, code in (("ivy", 0), (None, 6)):
        done = subprocess.run(
            [sys.executable, "-m", "recognizance", *(["--profile", name] if name else []), "session", "list", "--json"],
            env=profiles
            | {"AWS_ENDPOINT_URL_RECOGNIZANCE": staff.server.endpoint, "RECOGNIZANCE_HOME": str(tmp_path / "nothing")},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == code, done.stderr
        assert not (tmp_path / "nothing").exists()
    assert "no credentials" in done.stderr
