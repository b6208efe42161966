"""Settings, and their documentation."""

from pathlib import Path

import pytest

from recognizance.errors import SettingsError
from recognizance.settings import Settings, read_settings

DOCUMENTATION = Path(__file__).parent.parent / "docs" / "settings.md"


def test_every_setting_is_documented_as_it_describes_itself() -> None:
    text = DOCUMENTATION.read_text(encoding="utf-8")
    rows = {line.split("|")[1].strip(" `"): line for line in text.splitlines() if line.startswith("| `")}
    assert set(rows) == set(Settings.model_fields)
    for name, field in Settings.model_fields.items():
        assert field.description
        assert field.description in rows[name]


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECOGNIZANCE_HOME", str(tmp_path))
    (tmp_path / "settings.toml").write_text("port = 1234\nregion = 'eu-west-1'\n", encoding="utf-8")
    assert (read_settings().port, read_settings().region) == (1234, "eu-west-1")
    monkeypatch.setenv("RECOGNIZANCE_PORT", "4321")
    assert (read_settings().port, read_settings().region) == (4321, "eu-west-1")
    assert read_settings(port=99).port == 99


def test_keys_lie_outside_the_home_folder(tmp_path: Path) -> None:
    settings = read_settings(home=tmp_path / "home")
    assert settings.keys_folder == tmp_path / "home-keys"
    assert settings.cache_folder == tmp_path / "home" / "cache"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("port = 70000", "port"),
        ("port = 'x'\nthreads = 0", "threads"),
        ("prot = 8750", "prot"),
        ("port = ", "cannot be read"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "settings.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=told) as caught:
        read_settings(home=tmp_path)
    assert caught.value.remedy


def test_a_secret_is_not_in_the_repr(tmp_path: Path) -> None:
    assert "hush" not in repr(read_settings(home=tmp_path, s3_secret_access_key="hush"))


def test_an_address_holds_no_password_for_settings_are_quoted_in_the_log(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="s3_secret_access_key") as caught:
        read_settings(home=tmp_path, s3_endpoint="http://reader:hush@127.0.0.1:9000")
    assert "hush" not in caught.value.message
    with pytest.raises(SettingsError, match="vector_engine_token") as caught:
        read_settings(home=tmp_path, vector_engine="milvus://root:hush@127.0.0.1:19530")
    assert "hush" not in caught.value.message
    assert "hush" not in repr(read_settings(home=tmp_path, vector_engine_token="root:hush"))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ada:hush@127.0.0.1/record",
        "postgresql://ada@127.0.0.1/record?password=hush",
        "mysql://ada@127.0.0.1/record",
    ],
)
def test_a_database_is_named_without_a_password(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError, match="record") as caught:
        read_settings(home=tmp_path, record=url)
    assert "hush" not in caught.value.message


def test_the_record_is_a_file_unless_a_database_is_named(tmp_path: Path) -> None:
    assert read_settings(home=tmp_path).record_place == tmp_path / "record.db"
    assert read_settings(home=tmp_path, record="postgresql:///faces").record_place == "postgresql:///faces"


@pytest.mark.parametrize("seconds", [0, -1, float("inf"), float("nan")])
def test_a_log_is_published_in_a_time_that_can_be_waited_for(tmp_path: Path, seconds: float) -> None:
    with pytest.raises(SettingsError, match="checkpoint_seconds"):
        read_settings(home=tmp_path, checkpoint_seconds=seconds)


def test_an_unknown_variable_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECOGNIZANCE_PROT", "8750")
    with pytest.raises(SettingsError, match="RECOGNIZANCE_PROT"):
        read_settings(home=tmp_path)


def test_folders_are_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    settings = read_settings(home="~/home", keys="keys")
    assert (settings.home, settings.keys_folder) == (tmp_path / "home", tmp_path / "keys")
