"""Reviews on the command line, by people with keys of their own, beside a running server."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

from cli.conftest import Cli
from recognizance.review import COMPONENTS
from recognizance_verify.receipts import Receipt
from review.office import STATEMENT, Answered, Office, asking
from review.test_ways_out import found_on_record


@pytest.fixture
def run(office: Office, model_cache: Path) -> Any:
    """Run a command as somebody."""

    def as_operator(name: str, *arguments: str | Path) -> Any:
        key = office.keys[name]
        signing = {"AWS_ACCESS_KEY_ID": key.access_key_id, "AWS_SECRET_ACCESS_KEY": key.secret}
        return replace(Cli(office.server.settings.home, model_cache), extra=signing)(*arguments)

    return as_operator


def fill_in(form: Path, conclusion: str) -> None:
    filled = json.loads(form.read_text(encoding="utf-8"))
    for candidate in filled["candidates"]:
        assert list(candidate["components"]) == list(COMPONENTS)
        candidate["components"] = dict.fromkeys(COMPONENTS, "similar")
        candidate["conclusion"] = conclusion
    form.write_text(json.dumps(filled), encoding="utf-8")


def test_from_search_to_outcome(office: Office, run: Any, tmp_path: Path) -> None:
    person = list(office.people)[5]
    photograph = office.people[person][-1]
    searching = ("search", photograph, "--gallery", office.gallery, "--limit", "3")
    asked = run("ivy", *searching)
    assert asked.code == 5
    assert "goes to reviewers first" in asked.err
    review = asked.err.split("review ")[1].split(".")[0]
    queued = run("eve", "review", "queue", "--json").json()
    assert queued["format"] == "recognizance-reviews-1"
    assert review in [each["id"] for each in queued["reviews"]]
    assert review in run("eve", "review", "queue").out
    for name in ("eve", "eli"):
        folder = tmp_path / name
        opened = run(name, "review", "open", review, "--out", folder)
        assert STATEMENT in opened.out
        assert "how often strangers reach it, are not shown to you" in opened.out, "similarity is hidden from examiners"
        names = sorted(path.name for path in folder.iterdir())
        assert names == ["candidate-01.png", "examination.json", "probe.png"]
        for path in folder.glob("*.png"):
            assert path.stat().st_mode & 0o077 == 0
            with PIL.Image.open(path) as picture:
                picture.load()
        form = folder / "examination.json"
        unfilled = run(name, "review", "conclude", review, "--form", form, "--stated")
        assert unfilled.code == 2
        fill_in(form, "support-same")
        assert STATEMENT in run(name, "review", "conclude", review, "--form", form).err
        done = run(name, "review", "conclude", review, "--form", form, "--stated")
        assert done.code == 0, done.err
    assert run("eve", "review", "conclude", review, "--form", form, "--stated").code == 5
    assert run("sue", "review", "release", review).code == 2
    shown = run("sue", "review", "show", review, "--json").json()
    assert (shown["format"], shown["state"]) == ("recognizance-review-1", "agreed")
    assert shown["examinations"][0]["candidates"][0]["components"]["ears"] == "similar"
    told = run("sue", "review", "show", review).out
    assert "eve: support-same" in told
    rates = "Strangers who reach this search's threshold (80.0 %): 1 in 100,000 of all (measured); 1 in "
    assert rates in told
    assert "No group has a measured rate at this threshold." in " ".join(told.split())
    released = run("sue", "review", "release", review, "--candidate", "1", "--json").json()
    assert (released["state"], released["released"]) == ("released", 1)
    found = run("ivy", *searching, "--json").json()
    assert (found["review_id"], found["reviewed"]) == (review, True)
    assert [each["external_id"] for each in found["candidates"]] == [person]
    again = run("ivy", *searching).out
    assert f"released by the review {review}" in again
    assert rates in again
    assert run("ivy", "review", "outcome", review, "lead-false", "--note", "Another man.").code == 0
    assert run("max", "review", "outcome", review, "lead-false").code == 5
    assert run("ivy", "review", "outcome", review, "nonsense").code == 2
    assert rates in run("ivy", "searches", "show", found_on_record(office, review)).out
    record = run("ivy", "searches", "show", found_on_record(office, review), "--json").json()
    assert record["worst_group"] == shown["worst_group"] == found["worst_group"]
    assert record["format"] == "recognizance-search-record-1"
    assert [each["outcome"] for each in record["outcomes"]] == ["lead-false"]
    assert record["review"]["state"] == "released"


def test_a_search_is_shown_as_it_was_made_with_its_receipt(office: Office, run: Any) -> None:
    office.native("ada").update_operator(
        Operator="max", Agency="County", TrainingKind="faces", TrainingUntil="2031-02-03T00:00:00Z"
    )
    case = office.case("max")
    begins, ends = datetime(2026, 1, 2, tzinfo=UTC), datetime(2031, 1, 2, tzinfo=UTC)
    office.native("sue").add_authority(
        Case=case,
        Document="W-1",
        Kind="warrant",
        Issuer="A court",
        From=begins,
        Until=ends,
        Scope={"Operations": ["search"]},
    )
    path = f"/case/{case}/authority/W-1/source/still/edits/brighten+crop"
    client = office.client("rekognition", office.keys["max"], path)
    photograph = {"Bytes": office.probe(list(office.people)[5])}
    answered = asking(
        lambda: client.search_faces_by_image(
            CollectionId=office.gallery, Image=photograph, FaceMatchThreshold=70, MaxFaces=9
        )
    )
    assert isinstance(answered, Answered)
    assert answered.review is not None, answered
    review = answered.review
    search = found_on_record(office, review)
    whole = run("otto", "searches", "show", search, "--json").json()
    for name, value in {
        "operator": "max",
        "roles": ["investigator"],
        "agency": "County",
        "training": "current",
        "training_kind": "faces",
        "training_until": "2031-02-03T00:00:00+00:00",
        "operation": "SearchFacesByImage",
        "authority": "W-1",
        "authority_kind": "warrant",
        "authority_state": "valid",
        "case": case,
        "gallery": office.gallery,
        "threshold_requested_percent": 70.0,
        "threshold_applied_percent": 70.0,
        "candidates_requested": 9,
        "candidates_max": 9,
        "decision": "referred",
        "rules": ["reviewed/look-first"],
        "candidates": None,
        "outcomes": [],
        "disclosures": [],
        "holds": [],
        "retain_until": None,
    }.items():
        assert whole[name] == value, name
    assert whole["references_searched"] >= 6
    assert whole["probe"]["photograph_kept"]
    assert (whole["probe"]["source"], whole["probe"]["edits"]) == ("still", ["brighten", "crop"])
    authority = whole["authority_record"]
    assert (authority["document"], authority["issuer"]) == ("W-1", "A court")
    assert (authority["valid_from"], authority["valid_until"]) == (begins.isoformat(), ends.isoformat())
    assert authority["scope"]["operations"] == ["search"]
    assert whole["probe"]["quality"]["sharpness"] > 0
    assert len(whole["policy"]) == len(whole["calibration"]) == 64
    assert whole["review"] == {
        "id": review,
        "state": "under-review",
        "released_by": None,
        "released_at": None,
        "examinations": [],
        "decisions": {},
    }
    receipt = Receipt.parse(whole["receipt"])
    assert receipt.index == whole["entry"]
    assert json.loads(receipt.entry)["details"]["search"] == search
    table = run("max", "searches", "show", search)
    assert "under-review" in table.out
    assert "withheld" in table.out
    assert run("ivy", "searches", "show", search).code == 5


def test_a_case_is_not_closed_as_identified_on_a_match_alone(office: Office, run: Any) -> None:
    case = office.case("ivy")
    refused = run("sue", "case", "close", case, "--identified")
    assert refused.code == 5
    assert "on a match alone" in refused.err
    assert run("max", "case", "outcome", case, "independent-evidence").code == 5
    assert run("ivy", "case", "outcome", case, "independent-evidence", "--note", "Fingerprints.").code == 0
    assert run("sue", "case", "close", case, "--identified").code == 0
    assert run("sue", "case", "close", office.case("ivy")).code == 0
