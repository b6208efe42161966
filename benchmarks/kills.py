"""kill -9 at random moments under a mixed load, again and again: nothing acknowledged is lost, nothing is half done.

    python benchmarks/kills.py [--rounds 50] [--clients 8] [--seed N] [--self-test] [--postgresql] [--json FILE]

Each round starts the real server, lets unmodified boto3 clients index, search, delete, list, detect, create users, use
wrong secrets and ask for what is not there, and kills the server somewhere within the next seconds, now and then while
it still starts.  After the restart the log is replayed against the record:

- every answer's entry is in the log, about that very request, and its receipt verifies with the log's key;
- what was acknowledged is there, or gone, as answered;
- no entry without its effect and no effect without its entry: references, photographs, searches, probes and users;
- the log begins with what it was at each checkpoint that was seen before the kill, and SQLite finds its file sound.

With ``--postgresql`` two servers share a database of a PostgreSQL server that is started for it.  Then either both
servers are killed, or PostgreSQL is: by kill -9 of all its processes, or by its immediate shutdown.  It is started
again, and the servers have to go on before they are killed too.

At the end the whole log is exported by the command and verified by `recognizance-verify`.  Then the same checks look
at copies of the record in which something was tampered with, and have to notice (SQLite only); with ``--self-test``,
after three rounds.
"""

import argparse
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import botocore.session
from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError, ConnectionClosedError

import ledger_processes
import ledger_replay
import samples
from ledger_processes import Server
from ledger_replay import Acknowledged, Told
from pipeline import make_photographs
from recognizance.authority.sign_ins import EACH_MAX
from recognizance.errors import RecognizanceError
from recognizance.native import native_client
from recognizance.settings import Settings, read_settings

GALLERY = "kills"
WRONG, STRANGER = "a wrong secret", "an unknown key"
TURNED_AWAY = "turned away"
PHOTOGRAPHS = 40
LOAD_SECONDS = 0.2, 3.0
"""When the kill comes, counted from the first request."""
KILLED_EARLY = 0.15
"""How often a server is killed while it starts, before the one that is loaded."""
WATCH_SECONDS = 0.05
DATABASE_ENDS = {"PostgreSQL, kill -9": "kill", "PostgreSQL, immediate shutdown": "stop_at_once"}
SELF_TEST_ROUNDS = 3


@dataclass
class Journal:
    """What all clients have asked and were told; any number of threads may write."""

    told: Told = field(default_factory=Told)
    unanswered: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)
    surprises: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def acknowledge(self, operation: str, as_: str, response: dict[str, Any]) -> None:
        """Note an answer and the entry that it names."""
        metadata = response["ResponseMetadata"]
        headers = metadata["HTTPHeaders"]
        with self.lock:
            self.answered[f"{as_ or operation}, {headers.get('x-recognizance-decision', TURNED_AWAY)}"] += 1
            if "x-recognizance-entry" in headers:
                self.told.answers.append(
                    Acknowledged(
                        operation,
                        metadata["RequestId"],
                        int(headers["x-recognizance-entry"]),
                        headers["x-recognizance-decision"],
                    )
                )
            elif metadata["HTTPStatusCode"] == 200:
                self.surprises.append(f"{operation} was answered without an entry.")


class Client:
    """A client that does one thing after another until the server is gone, with faces and users of its own."""

    def __init__(self, server: Server, journal: Journal, photographs: Sequence[bytes], seed: str) -> None:
        self._dice = random.Random(seed)  # noqa: S311 - a run can be repeated
        self._seed = seed
        self._journal = journal
        self._photographs = photographs
        self._number = 0
        self._free: list[str] = []
        self._indexed: list[tuple[bytes, str]] = []
        self._users: list[str] = []
        key, secret = ledger_processes.administrator(server.settings)
        self._good = ledger_processes.client(server, key, secret)
        self._wrong = ledger_processes.client(server, key, secret[::-1])
        self._stranger = ledger_processes.client(server, "AKIAAAAAAAAAAAAAAAAA", secret)
        self._good.meta.events.register("before-parse.rekognition", self._require_whole)
        self.killed = threading.Event()

    def work(self) -> None:
        """Work until the connection breaks."""
        doings: list[tuple[Callable[[], None], int]] = [
            (self._index, 25),
            (self._search, 22),
            (self._search_by_image, 10),
            (self._create_user, 6),
            (self._associate, 8),
            (self._delete, 10),
            (self._list, 6),
            (self._detect, 5),
            (self._search_for_nobody, 4),
            (self._use_wrong_secret, 4),
        ]
        choices, weights = zip(*doings, strict=True)
        while True:
            try:
                self._dice.choices(choices, weights)[0]()
            except BotoCoreError as error:
                if not self.killed.wait(5):
                    self._surprise(f"The connection broke before the server was killed: {error}")
                return
            except Exception as error:
                self._surprise(f"A client failed: {error!r}")
                raise

    def _call(self, operation: str, client: Any = None, as_: str = "", **parameters: Any) -> dict[str, Any] | None:
        """Send one request; None if it was refused or failed.  ``as_`` is what it counts as, if not its operation."""
        try:
            response: dict[str, Any] = getattr(client or self._good, xform_name(operation))(**parameters)
        except ClientError as error:
            self._journal.acknowledge(operation, as_, error.response)
            if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500 and not self.killed.is_set():
                self._surprise(f"{operation}: {error.response['Error']['Code']}")
            return None
        except BotoCoreError:
            with self._journal.lock:
                self._journal.unanswered[as_ or operation] += 1
            raise
        self._journal.acknowledge(operation, as_, response)
        return response

    def _require_whole(self, operation_model: Any, response_dict: dict[str, Any], **_: object) -> None:
        """Notice an answer whose end was cut off by the kill: botocore does not, and takes it for an empty one.

        Its headers came, and so its entry has to be there.
        """
        headers = response_dict["headers"]
        if len(response_dict["body"]) == int(headers["content-length"]):
            return
        metadata = {"HTTPHeaders": headers, "RequestId": headers["x-amzn-requestid"], "HTTPStatusCode": 0}
        self._journal.acknowledge(operation_model.name, "", {"ResponseMetadata": metadata})
        raise ConnectionClosedError(endpoint_url=self._good.meta.endpoint_url)

    def _surprise(self, sentence: str) -> None:
        with self._journal.lock:
            self._journal.surprises.append(sentence)

    def _new_name(self) -> str:
        self._number += 1
        return f"{self._seed}-{self._number}"

    def _index(self) -> None:
        if self._indexed and self._dice.random() < 0.15:  # the same again: it is there already
            photograph, name = self._dice.choice(self._indexed)
        else:
            photograph, name = self._dice.choice(self._photographs), self._new_name()
        request: dict[str, Any] = {"Image": {"Bytes": photograph}, "ExternalImageId": name, "QualityFilter": "NONE"}
        done = self._call("IndexFaces", CollectionId=GALLERY, **request)
        if done is None:
            return
        faces = [one["Face"]["FaceId"] for one in done["FaceRecords"]]
        if not faces:
            self._surprise("IndexFaces found no face.")
        with self._journal.lock:
            new = set(faces) - self._journal.told.present
            self._journal.told.present |= set(faces)
        self._free.extend(sorted(new))
        self._indexed.append((photograph, name))

    def _search(self) -> None:
        if self._free:
            self._call("SearchFaces", CollectionId=GALLERY, FaceId=self._dice.choice(self._free), MaxFaces=20)

    def _search_by_image(self) -> None:
        image = {"Bytes": self._dice.choice(self._photographs)}
        self._call("SearchFacesByImage", CollectionId=GALLERY, Image=image, MaxFaces=20)

    def _search_for_nobody(self) -> None:
        if self._call("SearchFaces", CollectionId=GALLERY, FaceId="00000000-0000-4000-8000-000000000000") is not None:
            self._surprise("SearchFaces found a face that never was.")

    def _create_user(self) -> None:
        name = self._new_name()
        if self._call("CreateUser", CollectionId=GALLERY, UserId=name) is not None:
            self._users.append(name)
            with self._journal.lock:
                self._journal.told.users.add(name)

    def _associate(self) -> None:
        if not self._free or not self._users:
            return
        user = self._users.pop(self._dice.randrange(len(self._users)))  # once only: a user has one face
        face = self._free.pop(self._dice.randrange(len(self._free)))
        done = self._call("AssociateFaces", CollectionId=GALLERY, UserId=user, FaceIds=[face])
        for one in (done or {}).get("AssociatedFaces", []):
            with self._journal.lock:
                self._journal.told.associated[one["FaceId"]] = user

    def _delete(self) -> None:
        if not self._free:
            return
        self._dice.shuffle(self._free)
        chosen = [self._free.pop() for _ in range(min(len(self._free), self._dice.randint(1, 3)))]
        with self._journal.lock:
            self._journal.told.present -= set(chosen)  # until it is answered, nobody knows
        done = self._call("DeleteFaces", CollectionId=GALLERY, FaceIds=chosen)
        if done is None:
            return
        with self._journal.lock:
            self._journal.told.gone |= set(done["DeletedFaces"])
        if set(done["DeletedFaces"]) != set(chosen):
            self._surprise(f"DeleteFaces left {set(chosen) - set(done['DeletedFaces'])} out.")

    def _list(self) -> None:
        self._call("ListFaces", CollectionId=GALLERY, MaxResults=self._dice.randint(1, 50))

    def _detect(self) -> None:
        self._call("DetectFaces", Image={"Bytes": self._dice.choice(self._photographs)})

    def _use_wrong_secret(self) -> None:
        who, client = self._dice.choice([(WRONG, self._wrong), (STRANGER, self._stranger)])
        if self._call("ListFaces", client, who, CollectionId=GALLERY) is not None:
            self._surprise(f"{who} was let in.")


class Watcher:
    """Fetches the public checkpoint again and again, as anybody may."""

    def __init__(self, server: Server) -> None:
        self._url = f"http://{server.host}/log/checkpoint"
        self.seen: list[str] = []

    def work(self) -> None:
        """Watch until the server is gone."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        while True:
            try:
                with opener.open(self._url, timeout=5) as answer:
                    note = answer.read().decode()
            except OSError:
                return
            if note not in self.seen[-1:]:
                self.seen.append(note)
            time.sleep(WATCH_SECONDS)


def load_and_kill(
    servers: Sequence[Server],
    journal: Journal,
    photographs: Sequence[bytes],
    seed: str,
    clients: int,
    database_ends: Callable[[], None] | None = None,
) -> list[str]:
    """Let clients work, and kill the servers in the middle; return the checkpoints that were seen.

    Parameters
    ----------
    database_ends : callable, optional
        Ends the database's server and starts it again, before the servers are killed.
    """
    dice = random.Random(seed)  # noqa: S311 - a run can be repeated
    working = [
        Client(servers[number % len(servers)], journal, photographs, f"{seed}.{number}") for number in range(clients)
    ]
    watcher = Watcher(servers[0])
    threads = [threading.Thread(target=work) for work in (watcher.work, *(client.work for client in working))]
    for thread in threads:
        thread.start()
    time.sleep(dice.uniform(*LOAD_SECONDS))
    for client in working:
        client.killed.set()
    if database_ends is not None:
        database_ends()
        before = sum(journal.answered.values())
        while sum(journal.answered.values()) < before + 5 * clients and any(thread.is_alive() for thread in threads):
            time.sleep(0.05)  # they go on by themselves
        time.sleep(dice.uniform(*LOAD_SECONDS) / 3)
    for server in servers:
        server.kill()
    for thread in threads:
        thread.join()
    return watcher.seen


def end_database(cluster: Any, how: str) -> None:
    """End PostgreSQL in one of its ways, leave the servers without it for a moment, and start it again."""
    getattr(cluster, DATABASE_ENDS[how])()
    time.sleep(0.3)
    cluster.start()


def kill_while_starting(home: Path, dice: random.Random, shared: dict[str, str]) -> None:
    """Start a server and kill it before, or just when, it answers."""
    process = subprocess.Popen(
        [sys.executable, "-m", "recognizance", "serve"],
        env=ledger_processes.environment(home, **shared),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(dice.uniform(0.2, 2.5))
    process.kill()
    process.wait()


def listed_faces(server: Server) -> set[str]:
    """List the faces as a client sees them."""
    client = ledger_processes.client(server, *ledger_processes.administrator(server.settings))
    pages = client.get_paginator("list_faces").paginate(CollectionId=GALLERY)
    return {face["FaceId"] for page in pages for face in page["Faces"]}


def listed_users(server: Server) -> set[str]:
    """List the users as a client sees them."""
    client = ledger_processes.client(server, *ledger_processes.administrator(server.settings))
    pages = client.get_paginator("list_users").paginate(CollectionId=GALLERY)
    return {user["UserId"] for page in pages for user in page["Users"]}


def examine(
    server: Server, told: Told, fresh: Sequence[Acknowledged], older: Sequence[str], since: int
) -> tuple[list[str], int]:
    """Check everything after a restart; the receipts of the last round's answers come from the server.

    Returns
    -------
    tuple
        What is wrong, and the log's size, from which on the next round looks at candidate lists.
    """
    faces, users = listed_faces(server), listed_users(server)
    problems = [f"The face {face} was indexed, and is not listed." for face in told.present - faces]
    problems += [f"The face {face} was deleted, and is listed." for face in told.gone & faces]
    problems += [f"The user {user} was created, and is not listed." for user in told.users - users]
    session = botocore.session.Session()
    session.set_credentials(*ledger_processes.administrator(server.settings))
    native = native_client(session, f"http://{server.host}", region="us-east-1")
    with ledger_replay.looking(server.settings) as look:
        problems += ledger_replay.check_all(look, told, GALLERY, older, since=since)
        trust, size = look.trust, look.ledger.size(look.tx)
    problems += ledger_replay.check_receipts(
        lambda index: str(native.get_receipt(Index=index)["Receipt"]), trust, fresh
    )
    return problems, size


def check_sign_ins(settings: Settings, journal: Journal, due: int) -> list[str]:
    """Count the refused sign-ins: those with a known key have entries of their own, up to a rate."""
    with ledger_replay.looking(settings) as look:
        log, problems = ledger_replay.read_log(look)
    counted = sum(one["details"].get("count", 1) for one in log if one["kind"] == "sign-in")
    most = sum(journal.answered[f"{who}, {TURNED_AWAY}"] + journal.unanswered[who] for who in (WRONG, STRANGER))
    if not due <= counted <= most:
        problems.append(f"{counted} refused sign-ins are on record; at least {due} and at most {most} were made.")
    return problems


# What is done to copies of the record; each has to be noticed.  An answer's entry is named by `:entry`.
TAMPERING = {
    "an acknowledged entry is removed": ["DELETE FROM entries WHERE entry_index = :entry"],
    "the log ends before an acknowledged entry": [
        "DELETE FROM searches WHERE entry_index >= :entry",
        "DELETE FROM openings WHERE entry_index >= :entry",
        "DELETE FROM entries WHERE entry_index >= :entry",
    ],
    "an acknowledged entry is rewritten": [
        "UPDATE entries SET body = CAST(replace(CAST(body AS TEXT), '\"allowed\"', '\"refused\"') AS BLOB) "
        "WHERE entry_index = :entry"
    ],
    "an entry's search is removed": ["DELETE FROM searches WHERE entry_index = :search"],
    "a reference is removed without an entry": [
        "DELETE FROM gallery_references WHERE sequence = (SELECT min(sequence) FROM gallery_references)"
    ],
    "a reference is added without an entry": [
        "CREATE TEMP TABLE copy AS SELECT * FROM gallery_references LIMIT 1",
        "UPDATE copy SET sequence = 9999999, face_id = '00000000-0000-4000-8000-00000000000f'",
        "INSERT INTO gallery_references SELECT * FROM copy",
    ],
    "a user is removed without an entry": ["DELETE FROM subjects WHERE id = (SELECT min(id) FROM subjects)"],
}


def tamper(settings: Settings, told: Told, older: Sequence[str], scratch: Path) -> Iterator[tuple[str, list[str]]]:
    """Check copies of the record, the first as it is and the others tampered with; give what was noticed."""
    allowed = [answer for answer in told.answers if answer.decision == "allowed"]
    values = {
        "entry": allowed[len(allowed) // 2].entry,
        "search": next(answer.entry for answer in reversed(allowed) if answer.operation.startswith("Search")),
    }
    for number, (name, statements) in enumerate({"nothing": [], **TAMPERING}.items()):
        home = scratch / f"copy-{number}" / "home"
        shutil.copytree(settings.home, home, ignore=shutil.ignore_patterns("cache"))
        copy = read_settings(home=home)
        shutil.copytree(settings.keys_folder, copy.keys_folder)
        connection = sqlite3.connect(home / "record.db")
        for trigger in ("update", "delete", "gap"):
            connection.execute(f"DROP TRIGGER IF EXISTS entries_refuse_{trigger}")
        for statement in statements:
            connection.execute(statement, {key: value for key, value in values.items() if f":{key}" in statement})
        connection.commit()
        connection.close()
        try:
            with ledger_replay.looking(copy) as look:
                yield name, ledger_replay.check_all(look, told, GALLERY, older)
        except RecognizanceError as error:  # the record itself will not be read
            yield name, [error.message]


def export(server: Server, scratch: Path, shared: dict[str, str]) -> list[str]:
    """Export the whole log by the command, and verify it by the other one."""
    folder = scratch / "export"
    with ledger_replay.looking(server.settings) as look:
        key = look.ledger.verifier_key
    exporting = [ledger_processes.program("recognizance"), "ledger", "export", str(folder)]
    ran = ledger_processes.run(exporting, scratch, ledger_processes.environment(server.settings.home, **shared))
    if ran.exit_code:
        return [f"`recognizance ledger export` ended with {ran.exit_code}."]
    verifying = [ledger_processes.program("recognizance-verify"), "log", str(folder), "--key", key]
    ran = ledger_processes.run(verifying, scratch)
    return [f"`recognizance-verify log` ended with {ran.exit_code}."] if ran.exit_code else []


@contextmanager
def postgresql(scratch: Path) -> Iterator[tuple[dict[str, str], Any]]:
    """Start a PostgreSQL server; give the settings of servers that share a database of it, and itself."""
    sys.path.append(str(Path(__file__).parents[1] / "tests"))
    from postgresql.cluster import find_programs, running_cluster  # type: ignore[import-not-found]

    programs = find_programs()
    if programs is None:
        raise SystemExit("PostgreSQL is not installed: apt-get install postgresql.")
    with running_cluster(programs) as cluster:
        yield {"record": cluster.create("kills"), "keys": str(scratch / "server" / "keys")}, cluster


def run(arguments: argparse.Namespace, scratch: Path) -> dict[str, Any]:
    """Run the rounds, the export and the tampering."""
    if not arguments.postgresql:
        return run_rounds(arguments, scratch, {}, None)
    with postgresql(scratch) as (shared, cluster):
        return run_rounds(arguments, scratch, shared, cluster)


def run_rounds(arguments: argparse.Namespace, scratch: Path, shared: dict[str, str], cluster: Any) -> dict[str, Any]:
    """Run the rounds on a home folder, or on two with one database."""
    homes = [scratch / "server" / name for name in (("home",) if cluster is None else ("home", "other"))]
    home, journal = homes[0], Journal()
    home.parent.mkdir()
    photographs = make_photographs(PHOTOGRAPHS)
    dice = random.Random(arguments.seed)  # noqa: S311 - a run can be repeated
    ends: Counter[str] = Counter()
    older: list[str] = []
    problems: list[str] = []
    proved, early, due_sign_ins, fresh_from, since = 0, 0, 0, 0, 0
    for number in range(arguments.rounds + 1):
        if number and dice.random() < KILLED_EARLY:
            kill_while_starting(home, dice, shared)
            early += 1
        with ExitStack() as stack:
            servers = [stack.enter_context(ledger_processes.serving(one, **shared)) for one in homes]
            server = servers[0]
            if number:
                fresh = journal.told.answers[fresh_from:]
                try:
                    found, since = examine(server, journal.told, fresh, older, since)
                except BotoCoreError as error:
                    raise RuntimeError(
                        f"The server ended by itself: {server.process.wait(5)}\n{server.tail()}"
                    ) from error
                proved, fresh_from = proved + len(fresh), len(journal.told.answers)
                problems += [f"Round {number}: {sentence}" for sentence in found]
                print(f"round {number}: {len(fresh)} answers, {len(found)} problems", flush=True)
                for sentence in found[:10]:
                    print(f"  {sentence}", flush=True)
            else:
                admin = ledger_processes.client(server, *ledger_processes.administrator(server.settings))
                admin.create_collection(CollectionId=GALLERY)
            if number == arguments.rounds:
                problems += export(server, scratch, shared)
                break
            before = journal.answered[f"{WRONG}, {TURNED_AWAY}"]
            end = dice.choice(["servers", "servers", *DATABASE_ENDS]) if cluster is not None else "servers"
            ends[end] += 1
            older += load_and_kill(
                servers,
                journal,
                photographs,
                f"{arguments.seed}.{number}",
                arguments.clients,
                None if end == "servers" else partial(end_database, cluster, end),
            )
            # Those over the rate, and all of strangers, are only counted, and a kill may lose the count.  Without its
            # database a server turns away whoever comes.
            if end == "servers":
                due_sign_ins += min(journal.answered[f"{WRONG}, {TURNED_AWAY}"] - before, EACH_MAX)
    settings = read_settings(home=home, **shared)
    problems += check_sign_ins(settings, journal, due_sign_ins)
    noticed = dict(tamper(settings, journal.told, older, scratch)) if cluster is None else {}
    with ledger_replay.looking(settings) as look:
        log, _ = ledger_replay.read_log(look)
    return {
        "rounds": arguments.rounds,
        "clients": arguments.clients,
        "seed": arguments.seed,
        "killed_while_starting": early,
        "killed": dict(ends),
        "entries": len(log),
        "entries_by_kind": dict(ledger_replay.kinds(log)),
        "answered": dict(journal.answered),
        "unanswered": dict(journal.unanswered),
        "receipts": proved,
        "checkpoints": len(older),
        "problems": problems + journal.surprises,
        "noticed": noticed,
    }


def report(result: dict[str, Any]) -> bool:
    """Print the tables; say whether all is well."""
    answers = sum(result["answered"].values())
    samples.table(
        ("", ""),
        [
            ("rounds, each with a kill under load", result["rounds"]),
            ("kills while starting, besides", result["killed_while_starting"]),
            ("clients", result["clients"]),
            ("answers", f"{answers:,}"),
            ("requests that the kill left unanswered", sum(result["unanswered"].values())),
            ("entries in the log", f"{result['entries']:,}"),
            ("receipts verified", f"{result['receipts']:,}"),
            ("checkpoints that the log still begins with", f"{result['checkpoints']:,}"),
            ("problems", len(result["problems"])),
        ],
    )
    samples.table(("answer", "count"), sorted(result["answered"].items()))
    samples.table(("entry", "count"), sorted(result["entries_by_kind"].items()))
    samples.table(("killed", "rounds"), sorted(result["killed"].items()))
    rows = [(name, len(found), (found or ["-"])[0]) for name, found in result["noticed"].items()]
    samples.table(("tampered with a copy", "problems noticed", "the first"), rows)
    for sentence in result["problems"][:50]:
        print(sentence)
    noticed = result["noticed"]
    sound = not noticed or (not noticed["nothing"] and all(noticed[name] for name in TAMPERING))
    if not sound:
        print("The checks do not notice what they should.")
    return sound and not result["problems"]


def main() -> int:
    """Run, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--self-test", action="store_true", help=f"only {SELF_TEST_ROUNDS} rounds before the tampering")
    parser.add_argument("--postgresql", action="store_true", help="two servers on one database")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    if arguments.self_test:
        arguments.rounds = SELF_TEST_ROUNDS
    with tempfile.TemporaryDirectory(prefix="recognizance-kills-") as scratch:
        result = run(arguments, Path(scratch))
    samples.write_json(arguments.json, result)
    return 0 if report(result) else 1


if __name__ == "__main__":
    sys.exit(main())
