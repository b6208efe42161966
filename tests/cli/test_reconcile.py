"""`recognizance reconcile` against a real Milvus, and without one."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from cli.conftest import Cli
from milvus_server.serving import MilvusProcess
from recognizance.cli.errors import ExitCode
from recognizance.gallery import MilvusAddress, MilvusEngine, MilvusGallery


def test_reconcile_says_what_it_set_right(cli: Cli, folder: Path, milvus_server: MilvusProcess) -> None:
    cli = replace(cli, extra={"RECOGNIZANCE_VECTOR_ENGINE": milvus_server.url})
    with MilvusEngine(MilvusAddress(milvus_server.url), "any") as engine:
        before = set(engine.ask("list_collections"))
        with cli.serving():
            assert cli("enrol", folder, "--gallery", "staff").code in (ExitCode.OK, ExitCode.PARTLY)
            first = cli("reconcile", "--json").json()
            (name,) = set(engine.ask("list_collections")) - before
            copy = MilvusGallery(engine, name, "any", 128)
            copy.add(["stranger"], np.eye(128, dtype=np.float32)[:1], "any")
            (identifiers,) = copy.identifiers()
            copy.remove(sorted(set(identifiers) - {"stranger"})[:2])
            second = cli("reconcile", "--gallery", "staff", "--json").json()
            told = cli("reconcile")
        engine.drop(name)
    assert first["format"] == "recognizance-reconcile-1"
    ((row,), (again,)) = first["galleries"], second["galleries"]
    assert (row["name"], row["references"]) == ("staff", 8)
    assert (again["references"], again["missing"], again["extra"], again["different"]) == (8, 2, 1, 0)
    assert again["entry"] > row["entry"]
    assert told.code == ExitCode.OK
    assert "All agreed with the record." in told.out


def test_without_an_engine_the_files_are_made_anew(cli: Cli, folder: Path) -> None:
    with cli.serving():
        assert cli("enrol", folder, "--gallery", "staff").code in (ExitCode.OK, ExitCode.PARTLY)
        assert cli("reconcile").code == ExitCode.OK
        assert cli("reconcile", "--gallery", "nowhere").code == ExitCode.NOT_FOUND
        photograph = next(iter(sorted(folder.rglob("*.jpg"))))
        assert cli("search", photograph, "--gallery", "staff", "--json").json()["candidates"]
