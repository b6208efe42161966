"""Erasing people for good: from the record, its free pages, its log files, and from backups of before."""

import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import botocore.exceptions
import pytest

from cli.conftest import Cli
from conftest import StartServer
from publication import log_client
from recognizance_verify.folder import verify_export
from recognizance_verify.notes import VerifierKey
from recognizance_verify.receipts import Receipt
from recognizance_verify.trust import Trust
from rekognition.pictures import mugshots
from rekognition.processes import Server

NAME = "people"
SUBJECT = "subject-that-nobody-else-is-called"
EXTERNAL = "external-id-of-one-person-only"


def enrol(server: Server, faces: Path) -> dict[str, Any]:
    """Enrol one person as a subject, and another one; return what was given for the first."""
    client = server.client()
    client.create_collection(CollectionId=NAME)
    first, second = [photographs[0] for photographs in mugshots(faces).values()][:2]
    given = client.index_faces(CollectionId=NAME, Image={"Bytes": first.read_bytes()}, ExternalImageId=EXTERNAL)
    face = given["FaceRecords"][0]["Face"]
    client.index_faces(CollectionId=NAME, Image={"Bytes": second.read_bytes()}, ExternalImageId="other")
    client.create_user(CollectionId=NAME, UserId=SUBJECT)
    client.associate_faces(CollectionId=NAME, UserId=SUBJECT, FaceIds=[face["FaceId"]])
    exported = log_client.native(server).export_references(Gallery=NAME)["References"]
    template = next(row["Template"] for row in exported if row["FaceId"] == face["FaceId"])
    return {"face": face["FaceId"], "photograph": first.read_bytes(), "template": template}


def holding(folder: Path, *secrets: bytes) -> list[str]:
    """Name the files below a folder that hold any of these bytes."""
    return [
        f"{path.relative_to(folder)}: {secret[:20]!r}"
        for path in folder.rglob("*")
        if path.is_file()
        for secret in secrets
        if secret in path.read_bytes()
    ]


def secrets_of(person: dict[str, Any]) -> list[bytes]:
    template = person["template"]
    return [SUBJECT.encode(), EXTERNAL.encode(), template, template[64:96], person["photograph"][200:260]]


def test_nothing_of_a_person_lies_in_the_home_folder_in_the_clear(new_server: StartServer, faces: Path) -> None:
    server = new_server()
    person = enrol(server, faces)
    assert holding(server.settings.home, *secrets_of(person)) == []
    server.stop()
    assert holding(server.settings.home, *secrets_of(person)) == []


def test_an_erased_person_is_gone_and_every_proof_still_holds(
    new_server: StartServer, faces: Path, tmp_path: Path
) -> None:
    server = new_server()
    person = enrol(server, faces)
    client, native = server.client(), log_client.native(server)
    search = client.search_faces(CollectionId=NAME, FaceId=person["face"], FaceMatchThreshold=0)
    entry = int(search["ResponseMetadata"]["HTTPHeaders"]["x-recognizance-entry"])
    key = VerifierKey.parse(log_client.get(server, "key")[1].decode().strip())
    before = Receipt.parse(native.get_receipt(Index=entry)["Receipt"])
    before.verify(Trust(key))

    grounds = {"Reason": "Acquitted on appeal.", "Order": "EX-2026-204"}
    done = native.erase_person(Gallery=NAME, Subject=SUBJECT, **grounds)
    assert (done["References"], done["Photographs"]) == (1, 1)
    assert SUBJECT not in json.dumps(client.list_users(CollectionId=NAME)["Users"])
    listed = client.list_faces(CollectionId=NAME)["Faces"]
    assert [face["ExternalImageId"] for face in listed] == ["other"]
    (home,) = {server.settings.home}
    assert holding(home, *secrets_of(person)) == []

    before.verify(Trust(key))
    after = Receipt.parse(native.get_receipt(Index=entry)["Receipt"]).verify(Trust(key))
    assert after.entry.kind == "search"
    recorded = int(done["ResponseMetadata"]["HTTPHeaders"]["x-recognizance-entry"])
    erasure = json.loads(Receipt.parse(native.get_receipt(Index=recorded)["Receipt"]).entry)
    assert (erasure["kind"], erasure["details"]["references"]) == ("erase", 1)
    with pytest.raises(botocore.exceptions.ClientError, match="erased"):
        native.disclose_entry(Index=entry, Fields=["probe_reference"])
    told = native.disclose_entry(Index=recorded, Fields=["reason", "order"])["Disclosure"]
    assert all(text in told for text in grounds.values())
    assert holding(home, *(text.encode() for text in grounds.values())) == []


def test_a_backup_of_before_does_not_bring_an_erased_person_back(
    new_server: StartServer, faces: Path, tmp_path: Path, model_cache: Path
) -> None:
    server = new_server()
    person = enrol(server, faces)
    cli = Cli(server.settings.home, model_cache)
    copy = tmp_path / "copy.db"
    done = cli("backup", copy)
    assert done.code == 0, done.err
    assert holding(tmp_path, *secrets_of(person)) == []
    log_client.native(server).erase_person(Gallery=NAME, Subject=SUBJECT)
    server.stop()

    refused = cli("restore", copy, "--yes")
    assert refused.code != 0
    assert "roll the log back" in refused.err
    forced = cli("restore", copy, "--yes", "--roll-back-log")
    assert forced.code == 0, forced.err
    assert "rolled back" in forced.err

    again = new_server()
    client = again.client()
    assert client.list_users(CollectionId=NAME)["Users"] == []
    assert [face["ExternalImageId"] for face in client.list_faces(CollectionId=NAME)["Faces"]] == ["other"]
    bodies = [json.loads(body) for body in log_client.entries(again, log_client.checkpoint(again).size)]
    (restored,) = [body for body in bodies if body["kind"] == "restore"]
    assert restored["details"]["rolled_back_from"]["size"] > restored["index"]
    assert restored["details"]["erased_again"] > 0
    assert holding(again.settings.home, *secrets_of(person)) == []


def test_a_restore_without_a_loss_needs_no_flag(new_server: StartServer, tmp_path: Path, model_cache: Path) -> None:
    server = new_server()
    server.client().create_collection(CollectionId=NAME)
    cli = Cli(server.settings.home, model_cache)
    server.stop()
    copy = tmp_path / "copy.db"
    # The command serves for itself, so that its own stop is in the log after the copy was made: that is a loss.
    assert cli("backup", copy).code == 0
    assert cli("restore", copy, "--yes").code != 0
    shutil.copy(server.settings.home / "record.db", tmp_path / "whole.db")
    done = cli("restore", tmp_path / "whole.db", "--yes")
    assert done.code == 0, done.err
    again = new_server()
    assert again.client().list_collections()["CollectionIds"] == [NAME]


def test_an_old_home_folder_put_back_by_hand_is_noticed(
    new_server: StartServer, tmp_path: Path, model_cache: Path
) -> None:
    server = new_server()
    home = server.settings.home
    server.stop()
    shutil.copytree(home, tmp_path / "old")
    server = new_server()
    server.client().create_collection(CollectionId=NAME)
    server.stop()
    shutil.rmtree(home)
    shutil.copytree(tmp_path / "old", home)
    refused = Cli(home, model_cache)("galleries")
    assert refused.code != 0
    assert "rolled back" in refused.err


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "not a backup"), (b"SQLite format 3\x00" + b"x" * 5000, "not a backup"), (b"hello", "not a backup")],
)
def test_what_is_no_backup_is_not_restored(
    new_server: StartServer, tmp_path: Path, model_cache: Path, content: bytes, words: str
) -> None:
    server = new_server()
    server.stop()
    before = (server.settings.home / "record.db").read_bytes()
    (tmp_path / "file.db").write_bytes(content)
    refused = Cli(server.settings.home, model_cache)("restore", tmp_path / "file.db", "--yes")
    assert refused.code != 0
    assert words in refused.err
    assert (server.settings.home / "record.db").read_bytes() == before


def test_a_damaged_or_foreign_backup_is_not_restored(
    new_server: StartServer, tmp_path: Path, model_cache: Path
) -> None:
    server = new_server()
    cli = Cli(server.settings.home, model_cache)
    server.stop()
    copy = tmp_path / "copy.db"
    assert cli("backup", copy).code == 0
    data = bytearray(copy.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 4096] = b"\xa5" * 4096
    (tmp_path / "damaged.db").write_bytes(data)
    (tmp_path / "short.db").write_bytes(copy.read_bytes()[: len(data) // 3])
    for name in ("damaged.db", "short.db"):
        assert cli("restore", tmp_path / name, "--yes", "--roll-back-log").code != 0, name
    other = Cli(tmp_path / "other", model_cache)
    assert other("galleries").code == 0
    foreign = other("restore", copy, "--yes", "--roll-back-log")
    assert foreign.code != 0
    assert "sealed with the key" in foreign.err


def test_a_backup_holds_its_own_entry_and_opens_as_a_database(
    new_server: StartServer, tmp_path: Path, model_cache: Path
) -> None:
    server = new_server()
    cli = Cli(server.settings.home, model_cache)
    copy = tmp_path / "copy.db"
    assert cli("backup", copy).code == 0
    assert oct(copy.stat().st_mode & 0o777) == "0o600"
    with sqlite3.connect(copy) as connection:
        bodies = [json.loads(row[0]) for row in connection.execute("SELECT body FROM entries ORDER BY entry_index")]
    connection.close()
    assert "backup" in [body["kind"] for body in bodies]
    assert cli("backup", copy).code != 0
    export = tmp_path / "log"
    assert cli("ledger", "export", export).code == 0
    key = VerifierKey.parse(cli("ledger", "key").out.strip())
    verify_export(export, Trust(key))


def test_a_start_without_a_remembered_checkpoint_shows(new_server: StartServer) -> None:
    server = new_server()
    server.stop()
    new_server().stop()
    (server.settings.keys_folder / "log-head").unlink()
    last = new_server()
    assert [entry["details"]["head"] for entry in last.entries() if entry["kind"] == "start"] == [
        "none",
        "compared",
        "none",
    ]
    assert "log-head" in last.log.read_text(encoding="utf-8")
