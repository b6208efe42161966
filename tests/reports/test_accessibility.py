"""Every page in a real browser: axe-core finds no fault, and on phone, laptop and paper nothing is lost."""

import html
import json
import os
import queue
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from recognizance.accuracy.advice import Load, advise
from recognizance.reports.advice_plot import advice_svg
from recognizance.reports.comparison import comparison
from recognizance.reports.comparison_page import comparison_page
from recognizance.reports.verification import verification_page
from recognizance.scoring import read_calibration
from reports.programs import find_axe, find_chromium
from reports.test_comparison import measured_report, other_report
from reports.test_face_pages import GROUPS, KINDS
from reports.test_search_pages import identified, matched
from reports.test_verification_page import sample_report
from workflows.face_answers import TOLD, invented

PHONE, LAPTOP, PLOT = 390, 1280, 1000
PAPER = 657  # A4 between its margins
PUBLISHED = "published"
PATIENCE_SECONDS = 120
CALIBRATION = "sface-fb143eea0783.json"
RUN = (
    f"const PAPER = {PAPER}, LAPTOP = {LAPTOP}, PUBLISHED = '{PUBLISHED}';"
    + """
const beyond = page => page.documentElement.scrollWidth - page.documentElement.clientWidth;
function print(frame, page) {
  const rules = [...page.styleSheets].flatMap(sheet => [...sheet.cssRules]);
  const printed = rules.filter(rule => rule.media?.mediaText === "print");
  const width = frame.style.width;
  for (const rule of printed) rule.media.mediaText = "all";
  frame.style.width = PAPER + "px";
  const lost = [...page.querySelectorAll("th, td, details > *")]
    .filter(part => !part.checkVisibility() || part.getBoundingClientRect().right > PAPER)
    .map(part => part.textContent.slice(0, 100));
  const wider = beyond(page);
  for (const rule of printed) rule.media.mediaText = "print";
  frame.style.width = width;
  return {rules: printed.length, lost, wider};
}
async function judge(frame) {
  const inside = frame.contentWindow, page = inside.document, width = frame.style.width;
  const folded = page.querySelectorAll("details:not([open])").length;
  const paper = print(frame, page);
  for (const part of page.querySelectorAll("details")) part.open = true;
  frame.style.width = LAPTOP + "px";
  const laptop = beyond(page);
  frame.style.width = width;
  frame.style.height = page.documentElement.scrollHeight + "px";
  // The published page is the longest, of the same colours as the other pages: theirs are judged.
  const rules = {"color-contrast": {enabled: frame.title !== PUBLISHED}};
  const {violations, passes} = await inside.axe.run(page, {resultTypes: ["violations"], rules});
  return {
    name: frame.title,
    folded,
    paper,
    wider: Math.max(beyond(page), laptop),
    violations: violations.map(one => [one.id, one.impact, one.nodes.map(node => node.html.slice(0, 200))]),
    passed: passes.map(one => one.id),
  };
}
window.addEventListener("load", async () => {
  let told;
  try {
    told = [];
    for (const frame of document.querySelectorAll("iframe")) told.push(await judge(frame));
  } catch (error) {
    told = String(error.stack);
  }
  fetch("/told", {method: "POST", body: JSON.stringify(told)});
});
"""
)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """One of each kind, by its name; made of little, and of what is published."""
    calibration = read_calibration(
        resources.files("recognizance.scoring").joinpath("calibrations", CALIBRATION).read_text(encoding="utf-8")
    )
    plot = advice_svg(calibration, advise(calibration, Load(1000, 50, 5.0)))
    insufficient = sample_report()
    insufficient["sample"]["pairs_sha256"] = "77" * 32
    published = resources.files("recognizance.publication").joinpath("accuracy", "report.html")
    known = invented(tmp_path_factory.mktemp("photographs"))
    faces = {page.__name__: page(report(*known, GROUPS[:1], TOLD)) for report, page in KINDS}
    searches = {make.__name__: make(tmp_path_factory.mktemp(make.__name__)) for make in (identified, matched)}
    return {
        PUBLISHED: published.read_text(encoding="utf-8"),
        **faces,
        **searches,
        "verification": verification_page(measured_report()),
        "comparison": comparison_page(comparison(measured_report(), other_report())),
        "comparison of other samples": comparison_page(comparison(measured_report(), insufficient)),
        "plot": f'<!DOCTYPE html><html lang="en"><head><title>Advice</title></head><body><main><h1>Advice</h1>{plot}'
        "</main></body></html>",
    }


def harness(pages: Mapping[str, str]) -> str:
    frames = ""
    for name, page in pages.items():
        # The page's own policy lets nothing run; the copy that is judged has to let axe-core.
        judged = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
        judged = judged.replace("</head>", '<script src="/axe.js"></script></head>')
        width = PLOT if name == "plot" else PHONE
        frames += (
            f'<iframe title="{name}" style="width:{width}px;height:900px;border:0;display:block"'
            f' srcdoc="{html.escape(judged)}"></iframe>'
        )
    return f'<!DOCTYPE html><html><body style="margin:0">{frames}<script>{RUN}</script></body></html>'


@contextmanager
def serving(files: dict[str, tuple[str, bytes]]) -> Iterator[tuple[str, "queue.Queue[bytes]"]]:
    """Serve files to the browser, and queue what it posts."""
    told: queue.Queue[bytes] = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, body = files.get(self.path, ("text/plain", b""))
            self.send_response(200 if self.path in files else 404)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            told.put(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *told: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/", told
        finally:
            server.shutdown()


@contextmanager
def browsing(url: str, folder: Path) -> Iterator[None]:
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
    command = [find_chromium(), *flags, f"--user-data-dir={folder}", "--window-size=1100,900", url]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=quiet, stderr=quiet, start_new_session=True) as browser:
        try:
            yield
        finally:
            os.killpg(browser.pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def found(pages: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What axe-core finds in each page, with all that can be folded out; in one start of the browser."""
    files = {"/": ("text/html", harness(pages).encode()), "/axe.js": ("text/javascript", find_axe().read_bytes())}
    with serving(files) as (url, told), browsing(url, tmp_path_factory.mktemp("browser")):
        found = json.loads(told.get(timeout=PATIENCE_SECONDS))
    assert isinstance(found, list), found
    return found


def test_axe_finds_no_fault(pages: dict[str, str], found: list[dict[str, Any]]) -> None:
    assert [page["name"] for page in found] == list(pages)
    assert [(page["name"], *one) for page in found for one in page["violations"]] == []
    assert [page["name"] for page in found if "color-contrast" not in page["passed"]] == [PUBLISHED]


def test_nothing_is_wider_than_a_phone_or_a_laptop(found: list[dict[str, Any]]) -> None:
    assert [page["name"] for page in found if page["wider"] > 0] == []


def test_paper_shows_each_column_and_all_that_is_folded(found: list[dict[str, Any]]) -> None:
    assert {page["name"] for page in found if not page["folded"]} == {"plot"}
    assert {page["name"] for page in found if not page["paper"]["rules"]} == {"plot"}
    lost = [(page["name"], page["paper"]) for page in found if page["paper"]["lost"] or page["paper"]["wider"] > 0]
    assert [one for one in lost if one[0] != "plot"] == []
