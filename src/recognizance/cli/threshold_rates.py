"""How often strangers reach the threshold of a search, overall and in the worst group: as JSON, and in words."""

from collections.abc import Mapping
from typing import Any

from recognizance.cli.terminal import percent, strangers


def rates_document(row: Mapping[str, Any]) -> dict[str, Any]:
    """Describe them; null where they are not known, or not for the reader."""
    return {
        "false_match_rate": row.get("FalseMatchRate"),
        "false_match_rate_fitted": row.get("FalseMatchRateFitted"),
        "worst_group": row.get("WorstGroup"),
        "worst_group_false_match_rate": row.get("WorstGroupFalseMatchRate"),
        "worst_group_false_match_rate_fitted": row.get("WorstGroupFalseMatchRateFitted"),
        "groups_measured": row.get("GroupsMeasured"),
    }


def rates_told(row: Mapping[str, Any], threshold_percent: float | None) -> str:
    """Say them for people.

    Parameters
    ----------
    threshold_percent : float or None
        That was applied; None where it is kept from the reader.
    """
    if threshold_percent is None:
        return "The threshold of this search, and how often strangers reach it, are not shown to you."
    told = f"Strangers who reach this search's threshold ({percent(threshold_percent)}): "
    if row.get("FalseMatchRate") is None:
        return told + "not known, for the search was made with a calibration that this server no longer has."
    overall, worst = row["FalseMatchRate"], row["WorstGroupFalseMatchRate"]
    told += f"{strangers(overall)} of all ({_basis(is_fitted=row['FalseMatchRateFitted'])}); "
    if worst <= overall:
        told += "more in no group that the calibration knows."
    else:
        told += f"{strangers(worst)} within the group with most, {row['WorstGroup']} "
        told += f"({_basis(is_fitted=row['WorstGroupFalseMatchRateFitted'])})."
    return told if row["GroupsMeasured"] else f"{told} No group has a measured rate at this threshold."


def _basis(*, is_fitted: bool) -> str:
    return "a fitted estimate, not measured" if is_fitted else "measured"
