"""Answers of the server as the JSON that --json prints (docs/cli.md), and as the rows of tables."""

import json
import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from recognizance.cli.terminal import count, few, identifier, percent, strangers, table
from recognizance.cli.threshold_rates import rates_document, rates_told

LEAD = "A candidate is a lead, not an identification."


def print_json(document: Mapping[str, Any]) -> None:
    """Print one JSON document and nothing else; characters outside ASCII are escaped, so that every reader agrees."""
    sys.stdout.write(json.dumps(document, indent=2) + "\n")
    sys.stdout.flush()


def entry_of(answer: Mapping[str, Any]) -> int | None:
    """Give the index of the entry that records the act."""
    told = answer["ResponseMetadata"]["HTTPHeaders"].get("x-recognizance-entry")
    return int(told) if told is not None else None


def face_document(face: Mapping[str, Any]) -> dict[str, Any]:
    """Describe a face; box and landmarks are ratios of the upright photograph's width and height."""
    document = {**place_document(face), "shortcomings": list(face["Shortcomings"])}
    if "Gender" in face:
        gender, ages = face["Gender"], face["AgeRange"]
        document["gender"] = {"value": gender["Value"], "confidence_percent": gender["ConfidencePercent"]}
        document["age_range"] = {"low": ages["Low"], "high": ages["High"]}
    return document


def place_document(face: Mapping[str, Any]) -> dict[str, Any]:
    """Describe where a face is and how it looks."""
    return {
        "box": {name.lower(): face["Box"][name] for name in ("Left", "Top", "Width", "Height")},
        "landmarks": [[point["X"], point["Y"]] for point in face["Landmarks"]],
        "confidence": face["Confidence"],
        "pose_degrees": {name.lower(): face["Pose"][name] for name in ("Roll", "Yaw", "Pitch")},
        "quality": {name.lower(): face["Quality"][name] for name in ("Brightness", "Sharpness")},
    }


def search_document(answer: Mapping[str, Any], gallery: str, photograph: str) -> dict[str, Any]:
    """Describe a search: ``recognizance-search-1``."""
    return {
        "format": "recognizance-search-1",
        "gallery": gallery,
        "photograph": photograph,
        "search_id": answer["SearchId"],
        "entry": entry_of(answer),
        "model": answer["Model"],
        "calibration": answer["Calibration"],
        "references_searched": answer["ReferencesSearched"],
        "threshold_percent": answer["ThresholdPercent"],
        "threshold_score": answer["ThresholdScore"],
        "expected_false_candidates": answer["ExpectedFalseCandidates"],
        **rates_document(answer),
        "review_id": answer.get("ReviewId"),
        "reviewed": answer.get("Reviewed"),
        "face": face_document(answer["Face"]) if answer.get("Face") else None,
        "candidates": [
            {
                "rank": row["Rank"],
                "face_id": row["FaceId"],
                "image_id": row.get("ImageId"),
                "external_id": row.get("ExternalId"),
                "subject": row.get("Subject"),
                "similarity_percent": row["SimilarityPercent"],
                "score": row["Score"],
                "false_match_rate": row["FalseMatchRate"],
                "worst_group_false_match_rate": row["WorstGroupFalseMatchRate"],
            }
            for row in answer["Candidates"]
        ],
    }


def compared_document(row: Mapping[str, Any]) -> dict[str, Any]:
    """Describe a face that was compared with the source's."""
    return {
        "similarity_percent": row["SimilarityPercent"],
        "score": row["Score"],
        "false_match_rate": row["FalseMatchRate"],
        "face": face_document(row["Face"]),
    }


def show_candidates(console: Console, answer: Mapping[str, Any]) -> None:
    """Show a candidate list with what has to be known about it."""
    candidates = answer["Candidates"]
    if candidates:
        with_subjects = any(row.get("Subject") for row in candidates)
        columns = ["rank", "external id", *(["subject"] if with_subjects else []), "similarity", "score"]
        rows = table(*columns, "strangers who reach this", "face id", right=("rank", "similarity", "score"))
        for row in candidates:
            rows.add_row(
                str(row["Rank"]),
                Text(row.get("ExternalId") or "–"),
                *([Text(row.get("Subject") or "–")] if with_subjects else []),
                Text(percent(row["SimilarityPercent"]), style="bold"),
                f"{row['Score']:.3f}",
                strangers(row["FalseMatchRate"]),
                identifier(row["FaceId"], console),
            )
        console.print(rows)
    else:
        console.print("No candidates.", style="bold")
    console.print(_about(answer))
    if candidates:
        console.print(LEAD, style="bold")


def _about(answer: Mapping[str, Any]) -> str:
    return (
        f"{count(answer['ReferencesSearched'], 'reference')} searched at threshold "
        f"{percent(answer['ThresholdPercent'])} (score {answer['ThresholdScore']:.3f}).  Expected false candidates: "
        f"{few(answer['ExpectedFalseCandidates'])}, by the group with the most false matches."
        f"\n{rates_told(answer, answer['ThresholdPercent'])}"
    )
