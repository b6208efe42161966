"""Reviews, outcomes and recorded searches in the words of our own service model."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from recognizance.native.shapes import rates
from recognizance.workflows.leads_shown import ExaminationRow, LeadLine, Seen
from recognizance.workflows.outcomes import OutcomeRow
from recognizance.workflows.searched import AuthorityRow, Recorded


def review(seen: Seen) -> dict[str, Any]:
    """Spell a Review."""
    lead, terms = seen.lead, seen.terms
    return {
        "ReviewId": lead.id,
        "State": seen.state,
        "Gallery": seen.search.gallery,
        "SearchId": seen.search_id,
        "Operator": seen.searcher,
        "MadeAt": lead.made_at,
        "ConcludedAt": seen.concluded_at,
        "ReleasedBy": lead.released_by,
        "ReleasedAt": lead.released_at,
        "Reason": lead.reason or None,
        "Rules": list(lead.rules),
        "Withheld": lead.withheld,
        "Blind": terms.blind,
        "HideSimilarity": terms.hide_similarity,
        "Examiners": terms.examiners,
        "Statement": terms.statement,
        "ThresholdAppliedPercent": seen.threshold_percent,
        **rates(seen.rates),
        "Candidates": [candidate(line) for line in seen.candidates],
        "Examinations": examinations(seen.examinations),
        "Released": seen.released,
    }


def candidate(line: LeadLine) -> dict[str, Any]:
    """Spell a LeadCandidate; what is kept from the reader is absent."""
    return {
        "Position": line.position,
        "Rank": line.rank or None,
        "SimilarityPercent": line.similarity_percent,
        "Score": line.score,
        "FalseMatchRate": line.fmr,
        "ExcludedBy": line.excluded_by,
        "Decision": line.decision,
    }


def examinations(made: Sequence[ExaminationRow]) -> list[dict[str, Any]]:
    """Spell Examinations; of erased candidates the conclusion is left."""
    return [
        {
            "Examiner": each.examiner,
            "Entry": each.entry_index,
            "ConcludedAt": each.concluded_at,
            "Findings": [_finding(one.position, one.conclusion, one.detail) for one in each.findings],
        }
        for each in made
    ]


def outcome(row: OutcomeRow, search_id: str | None = None) -> dict[str, Any]:
    """Spell an Outcome."""
    return {
        "Entry": row.entry_index,
        "Outcome": row.kind,
        "SearchId": search_id,
        "Note": row.note or None,
        "RecordedBy": row.recorded_by,
        "RecordedAt": row.recorded_at,
    }


def recorded(found: Recorded) -> dict[str, Any]:
    """Spell a RecordedSearch."""
    search = found.search
    return {
        "SearchId": search.id,
        "Entry": search.entry_index,
        "At": search.at,
        "Operator": search.operator,
        "Operation": search.operation,
        "Gallery": search.gallery,
        "GalleryVersion": search.gallery_version,
        "Searched": search.searched,
        "ReferencesSearched": search.references_searched,
        "ProbePhotograph": search.probe_photograph,
        "ProbePhotographKept": found.probe_kept,
        "ProbeDigest": search.probe.digest.hex() if search.probe else None,
        "ProbeSalt": search.probe.salt.hex() if search.probe else None,
        "ProbeKind": search.probe_kind,
        "ProbeIdentifier": search.probe_reference,
        "ThresholdRequestedPercent": search.threshold_requested_percent,
        "ThresholdAppliedPercent": search.threshold_applied_percent,
        **rates(found.rates),
        "CandidatesRequested": search.candidates_requested,
        "CandidatesMax": search.candidates_max,
        "Purpose": search.purpose,
        "Case": search.case,
        "Authority": search.authority,
        "AuthorityRecord": None if found.authority is None else json.dumps(authority(found.authority), sort_keys=True),
        "Facts": json.dumps(found.facts, sort_keys=True),
        "Model": search.model,
        "Calibration": search.calibration,
        "Policy": search.policy,
        "Decision": search.decision,
        "Rules": list(search.rules),
        "Candidates": [
            {
                "Rank": each.rank,
                "Identifier": each.identifier,
                "Score": each.score,
                "SimilarityPercent": each.similarity_percent,
                "FalseMatchRate": each.fmr,
            }
            for each in found.candidates or ()
        ],
        "CandidatesWithheld": found.candidates is None,
        "ReviewId": found.lead.id if found.lead else None,
        "ReviewState": found.state,
        "Examinations": examinations(found.examinations),
        "Positions": [candidate(line) for line in found.lines],
        "ReleasedBy": found.lead.released_by if found.lead else None,
        "ReleasedAt": found.lead.released_at if found.lead else None,
        "Outcomes": [outcome(row, search.id) for row in found.outcomes],
        "Disclosures": [
            {"Entry": row.entry_index, "Fields": list(row.fields), "DisclosedBy": row.disclosed_by, "At": row.at}
            for row in found.disclosures
        ],
        "Holds": list(found.holds),
        "RetainUntil": search.retain_until,
        "Receipt": found.receipt,
    }


def authority(row: AuthorityRow) -> dict[str, Any]:
    """Spell what a search was made under, as JSON holds it."""
    moments = {
        "valid_from": row.valid_from,
        "valid_until": row.until,
        "ratify_by": row.ratify_by,
        "ratified_at": row.ratified_at,
        "rejected_at": row.rejected_at,
        "lapsed_at": row.lapsed_at,
        "ended_at": row.ended_at,
    }
    return {
        "id": row.id,
        "kind": row.kind,
        "document": row.document,
        "issuer": row.issuer,
        **{name: None if moment is None else moment.isoformat() for name, moment in moments.items()},
        "scope": asdict(row.scope),
    }


def _finding(position: int, conclusion: str, detail: str | None) -> dict[str, Any]:
    seen = {} if detail is None else json.loads(detail)
    return {
        "Position": position,
        "Conclusion": conclusion,
        "Components": [
            {"Component": one["component"], "Finding": one["finding"], "Note": one["note"] or None}
            for one in seen.get("components", ())
        ],
        "Note": seen.get("note") or None,
    }
