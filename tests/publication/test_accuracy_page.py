"""What was measured of the model that runs, shown to everybody; never another model's."""

import http.client
import json
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from recognizance.bootstrap import open_calibration
from recognizance.settings import read_settings
from rekognition.processes import Server
from sts.staff import Staff

PAGE = f"""<!DOCTYPE html><html><title>Accuracy</title><style>p{{margin:0}}</style>
<p>Measured with <code>{open_calibration(read_settings()).digest}</code>.</p></html>
"""


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


def ask(server: Server, path: str, method: str = "GET", **headers: str) -> Reply:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        told = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, told, answer.read())
    finally:
        connection.close()


@pytest.fixture
def folder(staff: Staff) -> Iterator[Path]:
    """The folder that the setting names, empty."""
    found = staff.server.settings.home.with_name("accuracy")
    found.mkdir(exist_ok=True)
    yield found
    for file in found.iterdir():
        file.unlink()


def report(**changes: Any) -> str:
    """Write a report on the model and calibration of the defaults, which the servers of these tests run."""
    running = open_calibration(read_settings())
    return json.dumps({"service": {"model": running.model, "calibration": running.digest, **changes}})


def write(folder: Path, text: str) -> None:
    folder.joinpath("report.json").write_text(text, encoding="utf-8")
    folder.joinpath("report.html").write_text(PAGE, encoding="utf-8")


def test_a_report_on_what_runs_is_shown_to_everybody(staff: Staff, folder: Path) -> None:
    write(folder, report())
    page, data = ask(staff.server, "/accuracy"), ask(staff.server, "/accuracy.json")
    assert (page.status, page.body.decode(), page.headers["content-type"]) == (200, PAGE, "text/html; charset=utf-8")
    assert (data.status, data.body.decode(), data.headers["content-type"]) == (200, report(), "application/json")
    assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["etag"] != data.headers["etag"]
    head = ask(staff.server, "/accuracy", "HEAD")
    same = {name: value for name, value in page.headers.items() if name != "date"}
    assert (head.status, head.body, {name: head.headers[name] for name in same}) == (200, b"", same)


def test_what_is_known_is_not_sent_again(staff: Staff, folder: Path) -> None:
    write(folder, report())
    tag = ask(staff.server, "/accuracy.json").headers["etag"]
    for told in (tag, f'"other", W/{tag}', "*"):
        again = ask(staff.server, "/accuracy.json", if_none_match=told)
        assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag), told
    write(folder, report(further="new"))
    assert ask(staff.server, "/accuracy.json", if_none_match=tag).status == 200


@pytest.mark.parametrize("path", ["/accuracy", "/accuracy.json"])
@pytest.mark.parametrize(
    ("text", "told"),
    [
        (report(model="another-0123456789ab"), "it is on the model another-0123456789ab, and this server runs sface-"),
        (report(calibration="0" * 64), f"it is on the calibration {'0' * 64}, and this server runs"),
        (report(model=None), "it is on the model None"),
        ("{}", "does not say of which model"),
        ('{"service": []}', "does not say of which model"),
        ("no JSON", "does not say of which model"),
        ("[" * 100_000, "does not say of which model"),
    ],
)
def test_a_report_on_anything_else_is_not_passed_off(
    staff: Staff, folder: Path, path: str, text: str, told: str
) -> None:
    write(folder, text)
    reply = ask(staff.server, path)
    assert (reply.status, reply.headers["content-type"]) == (409, "text/plain; charset=utf-8")
    assert told in reply.body.decode()
    assert "RECOGNIZANCE_ACCURACY_REPORT" in reply.body.decode(), "what to do"
    assert reply.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("page", ["", PAGE[:-10], "<html>Another report.</html>"])
def test_a_page_that_is_damaged_or_of_another_calibration_is_not_shown(staff: Staff, folder: Path, page: str) -> None:
    write(folder, report())
    folder.joinpath("report.html").write_text(page, encoding="utf-8")
    for path in ("/accuracy", "/accuracy.json"):
        reply = ask(staff.server, path)
        assert reply.status == 409
        assert b"its page, report.html, is not whole, or of another calibration" in reply.body


@pytest.mark.parametrize("there", [[], ["report.html"], ["report.json"]])
def test_without_a_whole_report_nothing_is_shown(staff: Staff, folder: Path, there: list[str]) -> None:
    for name in there:
        folder.joinpath(name).write_text(report(), encoding="utf-8")
    reply = ask(staff.server, "/accuracy")
    assert reply.status == 404
    assert b"no report on the accuracy" in reply.body
    assert str(folder).encode() not in reply.body


def test_the_shipped_report_is_shown_where_none_is_named(live_server: Server) -> None:
    shipped = resources.files("recognizance.publication").joinpath("accuracy")
    for path, name in (("/accuracy", "report.html"), ("/accuracy.json", "report.json")):
        reply = ask(live_server, path)
        assert (reply.status, reply.body) == (200, shipped.joinpath(name).read_bytes())


def test_the_same_report_is_not_understood_anew_for_whoever_asks() -> None:
    from recognizance.publication.accuracy_pages import measured_by

    first, again = (measured_by(report().encode()) for _ in range(2))
    assert first is not None
    assert first is again


def test_a_report_is_read_and_nothing_else(live_server: Server) -> None:
    for method in ("POST", "PUT", "DELETE"):
        reply = ask(live_server, "/accuracy", method)
        assert (reply.status, reply.headers["allow"]) == (405, "GET, HEAD")
    for path in ("/accuracy/", "/accuracy/report.json", "/accuracy/../settings.toml"):
        assert ask(live_server, path).status == 405, "the wire's: it is signed and posted"
