"""What was disclosed before and after an erasure, over the wire and checked by the stand-alone verifier."""

import json
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest

from publication import log_client
from rekognition import pictures
from rekognition.refusals import refusal
from sts.staff import Staff


def verify(staff: Staff, folder: Path, text: str) -> tuple[int, str]:
    """Run recognizance-verify as its users do; return exit code and output."""
    file = folder / f"{uuid.uuid4()}.json"
    file.write_text(text, encoding="utf-8")
    key = log_client.get(staff.server, "key")[1].decode().strip()
    command = [sys.executable, "-m", "recognizance_verify", "disclosure", str(file), "--key", key]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout + done.stderr


def lines_of(text: str) -> list[dict[str, Any]]:
    """Give what a disclosure shows of candidates: each one's value, or none."""
    (opening,) = json.loads(text)["openings"]
    return [json.loads(line["value"]) if "value" in line else {} for line in opening["lines"]]


def test_candidates_are_shown_but_for_those_who_were_erased(staff: Staff, faces: Path, tmp_path: Path) -> None:
    collection, photograph = f"shown-{uuid.uuid4().hex[:8]}", faces / "broken" / "meds-aa-S001-01.jpg"
    ivy, ada = (staff.client("rekognition", staff.keys[name]) for name in ("ivy", "ada"))
    ada.create_collection(CollectionId=collection)
    face_ids = [
        ivy.index_faces(CollectionId=collection, Image={"Bytes": pictures.jpeg(photograph, quality=quality)})[
            "FaceRecords"
        ][0]["Face"]["FaceId"]
        for quality in (95, 85, 75)
    ]
    gone = face_ids[1]
    ivy.create_user(CollectionId=collection, UserId="gone")
    ivy.associate_faces(CollectionId=collection, UserId="gone", FaceIds=[gone])
    searched = ivy.search_faces_by_image(CollectionId=collection, Image={"Bytes": pictures.jpeg(photograph)})
    order = [match["Face"]["FaceId"] for match in searched["FaceMatches"]]
    assert set(order) == set(face_ids)
    entry = int(searched["ResponseMetadata"]["HTTPHeaders"]["x-recognizance-entry"])
    auditor = staff.native("sue")
    before = auditor.disclose_entry(Index=entry, Fields=["candidates"])["Disclosure"]
    assert [line["identifier"] for line in lines_of(before)] == order
    assert verify(staff, tmp_path, before)[0] == 0

    auditor.erase_person(Gallery=collection, Subject="gone")
    after = auditor.disclose_entry(Index=entry, Fields=["candidates"])["Disclosure"]
    assert [line.get("identifier") for line in lines_of(after)] == [None if each == gone else each for each in order]
    code, told = verify(staff, tmp_path, after)
    assert code == 0, told
    assert gone not in after
    closed = next(line for line in json.loads(after)["openings"][0]["lines"] if "value" not in line)
    assert closed.keys() == {"commitment"}
    code, told = verify(staff, tmp_path, after.replace(closed["commitment"], "0" * 64))
    assert code != 0, told
    # What somebody was shown before stays provable: the entry and its commitments have not changed.
    assert verify(staff, tmp_path, before)[0] == 0


def test_that_an_erased_face_did_not_resemble_somebody_is_erased_too(staff: Staff, faces: Path) -> None:
    collection, people = f"unlike-{uuid.uuid4().hex[:8]}", list(pictures.mugshots(faces).values())[:2]
    ivy, ada = (staff.client("rekognition", staff.keys[name]) for name in ("ivy", "ada"))
    ada.create_collection(CollectionId=collection)
    one, other = (
        ivy.index_faces(CollectionId=collection, Image={"Bytes": taken[0].read_bytes()})["FaceRecords"][0]["Face"][
            "FaceId"
        ]
        for taken in people
    )
    ivy.create_user(CollectionId=collection, UserId="one")
    ivy.associate_faces(CollectionId=collection, UserId="one", FaceIds=[one])
    tried = ivy.associate_faces(CollectionId=collection, UserId="one", FaceIds=[other], UserMatchThreshold=100)
    assert tried["UnsuccessfulFaceAssociations"][0]["Reasons"] == ["LOW_MATCH_CONFIDENCE"]
    entry = int(tried["ResponseMetadata"]["HTTPHeaders"]["x-recognizance-entry"])
    auditor, told = staff.native("sue"), {"Index": entry, "Fields": ["refused_faces"]}
    assert lines_of(auditor.disclose_entry(**told)["Disclosure"]) == [{"face": other, "reason": "LOW_MATCH_CONFIDENCE"}]
    auditor.erase_person(Gallery=collection, FaceIds=[other])
    assert lines_of(auditor.disclose_entry(**told)["Disclosure"]) == [{}]


def test_a_field_that_is_named_twice_is_opened_once(staff: Staff, tmp_path: Path) -> None:
    opened = staff.native("ada").open_case(Number=f"case-{uuid.uuid4()}")
    entry = int(opened["ResponseMetadata"]["HTTPHeaders"]["x-recognizance-entry"])
    text = staff.native("sue").disclose_entry(Index=entry, Fields=["case_number", "case_number"])["Disclosure"]
    assert len(json.loads(text)["openings"]) == 1
    assert verify(staff, tmp_path, text)[0] == 0


@pytest.mark.parametrize("index", [10**6, 2**53 - 1])
def test_an_entry_that_is_not_there_discloses_nothing(staff: Staff, index: int) -> None:
    told = refusal(staff.native("sue").disclose_entry, Index=index, Fields=["case"])
    assert (told.code, told.status) == ("ResourceNotFoundException", 400)
    assert "no entry" in told.message


def test_receipts_are_given_of_ones_own_acts(staff: Staff) -> None:
    listed = staff.native("ivy").list_cases()
    entry = int(listed["ResponseMetadata"]["HTTPHeaders"]["x-recognizance-entry"])
    assert staff.native("ivy").get_receipt(Index=entry)["Receipt"]
    assert staff.native("sue").get_receipt(Index=entry)["Receipt"]
    for other in ("max", "ada"):
        assert refusal(staff.native(other).get_receipt, Index=entry).code == "AccessDeniedException"
    for of_the_server in (0, 1):
        assert refusal(staff.native("ivy").get_receipt, Index=of_the_server).code == "AccessDeniedException"
