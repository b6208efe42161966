from pathlib import Path

import pytest
from PIL import Image, ImageChops

from cli.conftest import Cli


def test_search_prints_one_stable_document(served: Cli, folder: Path) -> None:
    photo = sorted(folder.rglob("*.jpg"))[0]
    found = served("search", photo, "--gallery", "people", "--limit", "3", "--threshold", "40", "--json").json()
    assert list(found) == [
        "format",
        "gallery",
        "photograph",
        "search_id",
        "entry",
        "model",
        "calibration",
        "references_searched",
        "threshold_percent",
        "threshold_score",
        "expected_false_candidates",
        "false_match_rate",
        "false_match_rate_fitted",
        "worst_group",
        "worst_group_false_match_rate",
        "worst_group_false_match_rate_fitted",
        "groups_measured",
        "review_id",
        "reviewed",
        "face",
        "candidates",
    ]
    assert (found["review_id"], found["reviewed"]) == (None, None)
    assert found["format"] == "recognizance-search-1"
    assert found["references_searched"] == 8
    best, *others = found["candidates"]
    assert list(best) == [
        "rank",
        "face_id",
        "image_id",
        "external_id",
        "subject",
        "similarity_percent",
        "score",
        "false_match_rate",
        "worst_group_false_match_rate",
    ]
    assert found["false_match_rate"] <= found["worst_group_false_match_rate"]
    assert best["false_match_rate"] <= best["worst_group_false_match_rate"]
    assert best["external_id"] == photo.stem
    assert best["score"] == pytest.approx(1, abs=1e-3)
    assert [row["rank"] for row in others] == [2, 3]
    assert best["score"] >= others[0]["score"] >= others[1]["score"]


def test_a_search_of_some_references_compares_no_others(served: Cli, folder: Path) -> None:
    photo = sorted(folder.rglob("*.jpg"))[0]
    wide = ("search", photo, "-g", "people", "--threshold", "0", "--json")
    everybody = served(*wide).json()["candidates"]
    some = [row["face_id"] for row in everybody[2:5]]
    found = served(*wide, *(word for face_id in some for word in ("--face-id", face_id))).json()
    assert [row["face_id"] for row in found["candidates"]] == some
    assert found["references_searched"] == 3
    unknown = served(*wide, "--face-id", "00000000-0000-4000-8000-000000000000")
    assert unknown.code == 4
    assert "does not exist" in unknown.err
    nobody = served(*wide, "--subject", "nobody")
    assert nobody.code == 4


def test_search_tells_what_the_scores_mean(served: Cli, folder: Path, faces: Path) -> None:
    result = served("search", next(folder.rglob("*.jpg")), "-g", "people")
    assert "strangers who reach this" in result.out
    assert "Expected false candidates" in result.out
    assert "Strangers who reach this search's threshold (80.0 %): 1 in 100,000 of all (measured); 1 in " in result.out
    assert "A candidate is a lead, not an identification." in result.out
    stranger = sorted((faces / "london" / "neutral_front").glob("*.jpg"))[0]
    nobody = served("search", stranger, "-g", "people")
    assert nobody.code == 0
    assert "No candidates." in nobody.out
    assert "8 references searched" in nobody.out


def test_compare_tells_the_same_person_from_another(served: Cli, folder: Path) -> None:
    first, second = (sorted(person.iterdir()) for person in sorted(folder.iterdir()) if person.is_dir())
    same = served("compare", first[0], first[0], "--json").json()
    assert same["format"] == "recognizance-compare-1"
    assert same["matches"][0]["similarity_percent"] == 100
    other = served("compare", first[0], second[0], "--json").json()
    assert other["matches"] == []
    assert other["unmatched"][0]["similarity_percent"] < 80
    assert "below the threshold" in served("compare", first[0], second[0]).out


def test_detect_draws_on_the_upright_photograph(served: Cli, faces: Path, tmp_path: Path) -> None:
    turned = faces / "broken" / "meds-aa-S001-01-exif-rotation.jpg"
    drawn = tmp_path / "drawn.png"
    found = served("detect", turned, "--draw", drawn, "--json").json()
    (face,) = found["faces"]
    with Image.open(drawn) as picture:
        assert picture.size == (found["width_px"], found["height_px"])
        box = face["box"]
        left, top = round(box["left"] * picture.width), round(box["top"] * picture.height)
        right = round((box["left"] + box["width"]) * picture.width)
        line = picture.convert("RGB").crop((left, top, right, top + 2))
    green = Image.new("RGB", line.size, (64, 224, 120))
    assert (
        ImageChops.difference(line.crop((30, 0, line.width - 2, 2)), green.crop((30, 0, line.width - 2, 2))).getbbox()
        is None
    )
    assert "gender" not in face
    told = served("detect", turned, "--attributes").out
    assert "1 face in" in told
    assert "female, " in told


def test_models_are_listed_with_their_terms(served: Cli, tmp_path: Path) -> None:
    rows = {row["name"]: row for row in served("models", "--json").json()["models"]}
    assert rows["sface"]["verified"]
    assert rows["sface"]["calibration"]["comparisons"] > 1_000_000
    assert rows["yunet"]["licence"] == "MIT"
    (tmp_path / "own.toml").write_text(
        '[[model]]\nname = "own"\ntask = "embedding"\nfile = "own.onnx"\n'
        f'sha256 = "{"0" * 64}"\nlicence = "CC BY-NC 4.0, non-commercial"\nsource = "nowhere"\ndimension = 512\n'
        '[model.input]\nname = "data"\noutput = "out"\n'
    )
    own = Cli(served.home, served.cache, {"RECOGNIZANCE_MANIFEST": str(tmp_path / "own.toml")})
    told = own("models")
    assert told.code == 0
    assert "does not allow commercial use" in told.err
    assert "own.onnx cannot be read" in " ".join(told.out.split())


def test_galleries_are_created_listed_and_deleted(served: Cli) -> None:
    created = served("galleries", "create", "short-lived", "--no-photographs")
    assert "keeps no photographs" in created.out
    assert "short-lived" in served("galleries").out
    assert "Deleted short-lived with 0 references" in served("galleries", "delete", "short-lived", "--yes").out
    assert "short-lived" not in served("galleries").out
