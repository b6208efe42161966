"""The program `recognizance-verify`."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from recognizance_verify import __version__
from recognizance_verify.checking import check_consistency, check_disclosure, check_log, check_receipt
from recognizance_verify.errors import VerificationError
from recognizance_verify.files import read_file
from recognizance_verify.keys import VerifierKey
from recognizance_verify.reports import Report
from recognizance_verify.trust import Trust

VERIFIED, FAILED, USAGE, SELF_CONSISTENT = 0, 1, 2, 3

_KEY_FILE_BYTES_MAX = 4096
_EPILOG = """\
Exit status: 0 if all is well; 1 if not, and a sentence says what is wrong and where; 2 if the command was not
understood; 3 if nothing is wrong but the log's key was not given, so that anybody could have made what was checked.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; its exit status is returned."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal that lacks a character is no reason to fail
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        trust = Trust(None if given.key is None else _key(given.key), tuple(_key(witness) for witness in given.witness))
    except VerificationError as error:
        parser.error(str(error))
    try:
        status = _run(given, trust)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read the output has enough of it; without this, Python complains once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    return status


def _run(given: argparse.Namespace, trust: Trust) -> int:
    try:
        report = _check(given, trust)
        answer = _answer(given, report)
    except RecursionError:
        return _fail(given, "What was given is nested too deeply to be read.")
    except VerificationError as error:
        return _fail(given, str(error))
    print(answer)  # noqa: T201  (a program's answer)
    return VERIFIED if report.authentic else SELF_CONSISTENT


def _answer(given: argparse.Namespace, report: Report) -> str:
    result = "verified" if report.authentic else "self-consistent only"
    if given.json:
        return _json({"ok": report.authentic, "result": result, **report.members})
    why = "" if report.authentic else ". Without the log's key (--key) nothing shows who made this"
    return "\n".join([*report.lines, f"Result: {result}{why}."])


def _check(given: argparse.Namespace, trust: Trust) -> Report:
    if given.command == "receipt":
        return check_receipt(given.file, trust)
    if given.command == "disclosure":
        return check_disclosure(given.file, trust)
    if given.command == "log":
        return check_log(given.folder, trust)
    return check_consistency(given.old, given.new, trust, given.proof)


def _fail(given: argparse.Namespace, sentence: str) -> int:
    if given.json:
        print(_json({"ok": False, "result": "failed", "error": sentence}))  # noqa: T201
    else:
        print(f"Not verified. {sentence}", file=sys.stderr)  # noqa: T201
    return FAILED


def _json(members: dict[str, object]) -> str:
    return json.dumps(members, indent=2)


def _key(text: str) -> VerifierKey:
    """Read a verifier key that was given as such or as the name of a file that holds it."""
    try:
        return VerifierKey.parse(text)
    except VerificationError as error:
        not_a_key = error
    try:
        content = read_file(Path(text), _KEY_FILE_BYTES_MAX, follow=True).decode()
    except VerificationError as error:
        raise VerificationError(f"{not_a_key} As a file: {error}") from None
    except UnicodeError:
        raise VerificationError(f"{not_a_key} As a file: It does not hold a verifier key.") from None
    return VerifierKey.parse(content.strip())


def _parser() -> argparse.ArgumentParser:
    keys = argparse.ArgumentParser(add_help=False)
    keys.add_argument(
        "--key",
        metavar="KEY",
        help="the log's verifier key, or a file that holds it; take it from a source other than the log itself",
    )
    keys.add_argument(
        "--witness",
        metavar="KEY",
        action="append",
        default=[],
        help="a witness's verifier key, or a file that holds it; may be repeated; one of them must have cosigned",
    )
    keys.add_argument("--json", action="store_true", help="answer in JSON")
    parser = argparse.ArgumentParser(
        prog="recognizance-verify",
        description="Check, offline, what a Recognizance server's log says was done.",
        epilog=_EPILOG,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"recognizance-verify {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, does: str) -> argparse.ArgumentParser:
        return commands.add_parser(
            name, help=does, description=does, epilog=_EPILOG, parents=[keys], allow_abbrev=False
        )

    receipt = add("receipt", "Check that an entry is in the log.")
    receipt.add_argument("file", metavar="FILE", type=Path)
    log = add("log", "Check that a folder holds the whole log, with nothing removed, changed or slipped in.")
    log.add_argument("folder", metavar="DIR", type=Path)
    consistency = add("consistency", "Check that a newer log holds all of an older one, unchanged and in its order.")
    consistency.add_argument("old", metavar="OLD", type=Path, help="a checkpoint, a receipt or an exported log")
    consistency.add_argument(
        "new", metavar="NEW", type=Path, help="an exported log, a consistency file, or a checkpoint with --proof"
    )
    consistency.add_argument("--proof", metavar="FILE", type=Path, help="a consistency file that leads from OLD to NEW")
    disclosure = add("disclosure", "Check values that an entry commits to without saying them.")
    disclosure.add_argument("file", metavar="FILE", type=Path)
    return parser
