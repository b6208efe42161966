"""What was found under an emergency that nobody ratifies goes, also what reviewers made of it."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from review.office import Answered, Office, asking


def search(office: Office, case: str, authority: str, photograph: bytes) -> Any:
    client = office.client("rekognition", office.keys["ivy"], f"/case/{case}/authority/{authority}")
    try:
        return asking(lambda: client.search_faces_by_image(CollectionId=office.gallery, Image={"Bytes": photograph}))
    finally:
        client.close()


def test_a_review_ends_with_the_results_that_it_is_about(office: Office) -> None:
    case, person = office.case("ivy"), next(iter(office.people))
    office.native("ivy").declare_emergency(Case=case, Document="E-1", Reason="A child is missing.")
    referred = search(office, case, "E-1", office.probe(person))
    assert isinstance(referred, Answered)
    review = str(referred.review)
    positions = office.agree(review)
    office.release(review, positions, Reason="Both agree.")
    answered = search(office, case, "E-1", office.probe(person))
    assert answered["FaceMatches"]
    entries = [entry for entry in office.server.entries() if entry["details"].get("lead") == review]
    told = {name: entry["index"] for entry in entries for name in entry["commitments"]}
    assert {"candidates", "conclusions", "decisions", "released"} <= told.keys()

    office.native("una").reject_authority(Case=case, Document="E-1", Reason="There was no danger.")
    assert search(office, case, "E-1", office.probe(person)).code == "AccessDeniedException"
    for name in ("candidates", "conclusions", "decisions", "released"):
        opened = office.native("otto").disclose_entry(Index=told[name], Fields=[name])["Disclosure"]
        assert all("value" not in line for line in json.loads(opened)["openings"][0]["lines"]), name
    for who in ("ivy", "sue"):
        shown = office.native(who).show_review(ReviewId=review)["Review"]
        assert (shown["State"], shown["Candidates"]) == ("deleted", [])
    with pytest.raises(ClientError, match="is deleted"):
        office.examine(review, "ela", "support-same")

    office.native("ada").add_authority(Case=case, Kind="warrant", Document="W-1", Issuer="Judge Doe")
    anew = search(office, case, "W-1", office.probe(person))
    assert isinstance(anew, Answered)
    assert anew.review not in (None, review), "nobody is answered by what was deleted"


def test_a_hold_keeps_the_review_too(office: Office) -> None:
    case, person = office.case("ivy"), next(iter(office.people))
    office.native("ivy").declare_emergency(Case=case, Document="E-1", Reason="A child is missing.")
    review = str(search(office, case, "E-1", office.probe(person)).review)
    office.agree(review)
    (entry,) = [
        each
        for each in office.server.entries()
        if each["details"].get("search") and each["details"].get("lead") == review
    ]
    placed = office.native("sue").place_hold(SearchId=entry["details"]["search"], Reason="The defence asks for it.")
    office.native("una").reject_authority(Case=case, Document="E-1", Reason="There was no danger.")
    shown = office.native("sue").show_review(ReviewId=review)["Review"]
    assert shown["State"] == "agreed"
    assert len(shown["Examinations"]) == 2
    assert office.native("una").list_authorities(Case=case)["Authorities"][0]["KeptByHolds"]
    office.release_hold(placed["Hold"]["HoldId"])
