"""The verifier installs and runs alone: the standard library, `cryptography` and what that needs, nothing else."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from verify.building import LOG_KEY, WITNESS_KEY, make_disclosure, make_log, write_export
from verify.environments import make_environment

PACKAGE = Path(__file__).parents[2] / "verify"
KEYS = ["--key", str(LOG_KEY.verifier_key()), "--witness", str(WITNESS_KEY.verifier_key())]

LIST_MODULES = """
import json, sys
from recognizance_verify.command import main
for line in json.loads(sys.argv[1]):
    main(line)
tops = {name.partition(".")[0] for name, module in sys.modules.items() if getattr(module, "__file__", None)}
print(json.dumps(sorted(tops - set(sys.stdlib_module_names) - {"__main__"})))
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment into which only the verifier was installed."""
    return make_environment(tmp_path_factory.mktemp("alone") / "environment", sys.executable, str(PACKAGE))


@pytest.fixture
def files(tmp_path: Path) -> Path:
    log = make_log(300)
    write_export(tmp_path / "good", log.files())
    bad = log.files()
    bad["tile/entries/000"] = bad["tile/entries/000"].replace(b"ann", b"eve", 1)
    write_export(tmp_path / "bad", bad)
    (tmp_path / "receipt").write_text(log.receipt(9).text())
    (tmp_path / "checkpoint").write_text(log.note(100).serialize())
    (tmp_path / "growth").write_text(log.consistency(100).text())
    (tmp_path / "disclosure").write_text(make_disclosure().text())
    return tmp_path


def test_the_environment_holds_nothing_but_cryptography(python: Path) -> None:
    done = subprocess.run(
        [python, "-I", "-m", "pip", "list", "--format=json", "--disable-pip-version-check"],
        capture_output=True,
        check=True,
    )
    names = {package["name"] for package in json.loads(done.stdout)}
    # cffi and pycparser are cryptography's; pip, and setuptools up to Python 3.11, come with every environment.
    assert names - {"pip", "setuptools"} == {"recognizance-verify", "cryptography", "cffi", "pycparser"}


def test_the_program_tells_good_from_bad(python: Path, files: Path) -> None:
    program = python.parent / "recognizance-verify"
    for command in (
        ["receipt", "receipt"],
        ["log", "good"],
        ["consistency", "checkpoint", "good"],
        ["consistency", "checkpoint", "growth"],
        ["disclosure", "disclosure"],
    ):
        done = subprocess.run([program, *command, *KEYS], cwd=files, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        done = subprocess.run(
            [python, "-I", "-m", "recognizance_verify", *command], cwd=files, capture_output=True, check=False
        )
        assert (done.returncode, done.stderr) == (3, b"")
    done = subprocess.run(
        [python, "-I", "-m", "recognizance_verify", "log", "bad", *KEYS],
        cwd=files,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Not verified. bad: tile/0/000: Its hash 0 is not that of entry 0.\n"


def test_only_the_standard_library_and_cryptography_are_imported(files: Path, python: Path) -> None:
    commands = [["receipt", "receipt"], ["log", "good"], ["consistency", "checkpoint", "good"]]
    commands += [["consistency", "checkpoint", "growth"], ["disclosure", "disclosure"]]
    # Once in the empty environment, and once here, where everything else that the server needs could be imported.
    for interpreter in (python, Path(sys.executable)):
        done = subprocess.run(
            [interpreter, "-I", "-c", LIST_MODULES, json.dumps([[*command, *KEYS] for command in commands])],
            cwd=files,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.count("Result: verified.") == len(commands)
        imported = set(json.loads(done.stdout.splitlines()[-1]))
        assert {"cryptography", "recognizance_verify"} <= imported
        assert imported <= {"cryptography", "recognizance_verify", "_cffi_backend", "cffi"} | start_up(interpreter)


def start_up(interpreter: Path) -> set[str]:
    """What an environment's own start-up files import before any program begins."""
    listing = "import sys; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([interpreter, "-I", "-c", listing], capture_output=True, text=True, check=True)
    return set(done.stdout.split())
