"""Rule packs and decisions in the words of our own service model."""

from collections.abc import Iterable
from typing import Any

from recognizance.workflows.explaining import Explanation
from recognizance.workflows.policies import ListedPack, PolicyRow, said_by


def in_force(row: PolicyRow) -> dict[str, Any]:
    """Spell RulesInForce."""
    return {"Mode": row.mode, "Policy": row.digest, "Since": row.since, "SetBy": row.set_by}


def listed(found: ListedPack) -> dict[str, Any]:
    """Spell a Pack; one that cannot be used has problems, and little else."""
    enabled = found.enabled
    spelt: dict[str, Any] = {
        "Id": found.pack.id,
        "Digest": found.pack.digest,
        "Origin": found.origin,
        "Enabled": enabled is not None,
        "EnabledAt": enabled.since if enabled else None,
        "EnabledBy": enabled.by if enabled else None,
        "Changed": found.changed,
    }
    pack = said_by(found)
    if pack is None:
        return spelt | {"Problems": list(found.problems)}
    about = pack.about
    return spelt | {
        "Title": about.title,
        "Jurisdiction": about.jurisdiction,
        "Status": about.status,
        "EffectiveFrom": about.effective_from.isoformat() if about.effective_from else None,
        "EffectiveUntil": about.effective_until.isoformat() if about.effective_until else None,
        "Problems": [],
        "Summary": about.summary,
        "Disclaimer": about.disclaimer,
    }


def shown(found: ListedPack) -> dict[str, Any]:
    """Spell what a pack says; nothing of one that cannot be used."""
    pack = said_by(found)
    if pack is None:
        return {}
    about, review = pack.about, pack.about.review
    return {
        "Sources": [
            {"Key": each.key, "Citation": each.citation, "Quoted": each.quoted, "Verified": each.verified}
            for each in about.source
        ],
        "Rules": [
            {
                "Id": each.id,
                "Effect": pack.rules.effects[each.id],
                "Source": each.source,
                "Words": each.words,
                "Remedy": each.remedy,
            }
            for each in about.rule
        ],
        "Floors": [
            {
                "Id": each.id,
                "Roles": sorted(each.roles),
                "Purposes": sorted(each.purposes),
                "ThresholdPercent": each.least_percent,
                "FalseMatchRate": each.fmr,
                "Effect": each.effect,
                "CandidatesMax": each.candidates_max,
                "Source": each.source,
                "Words": each.words,
                "Remedy": each.remedy,
                "Reading": each.reading,
            }
            for each in about.floor
        ],
        "Review": {
            "Withhold": review.withhold,
            "Blind": review.blind,
            "HideSimilarity": review.hide_similarity,
            "Examiners": review.examiners,
            "Statement": review.statement,
            "CloseOnMatchAlone": review.close_on_match_alone,
            "TargetsMax": review.targets_max,
        },
        "Cannot": list(about.cannot),
        "Description": pack.text.description,
        "Text": pack.text.rules,
    }


def explanation(found: Explanation) -> dict[str, Any]:
    """Spell an Explanation."""
    ruling = found.ruling
    return {
        "Decision": found.decision,
        "Mode": found.mode,
        "Policy": found.policy,
        "Binds": found.binds,
        "Reasons": _reasons(found.reasons),
        "Raised": _reasons(found.raised),
        "Packs": [
            {"Pack": name, "Decision": decision, "Reasons": _reasons(reasons)}
            for name, (decision, reasons) in found.by_pack.items()
        ],
        "ThresholdRequestedPercent": ruling.facts.threshold_percent if ruling else None,
        "ThresholdAppliedPercent": ruling.threshold_percent if ruling else None,
        "CandidatesRequested": ruling.facts.candidates_max if ruling else None,
        "CandidatesApplied": ruling.candidates_max if ruling else None,
        "Facts": found.facts,
        "SearchId": found.search,
        "Entry": found.entry,
    }


def _reasons(reasons: Iterable[Any]) -> list[dict[str, Any]]:
    return [
        {
            "Rule": each.rule,
            "Explanation": each.explanation,
            "Remedy": each.remedy,
            "Source": each.source,
            "Pack": each.pack,
        }
        for each in reasons
    ]
