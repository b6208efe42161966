"""What reports of searches say of the photographs that were searched, and how searches are counted."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recognizance.accuracy.rates import Proportion
from recognizance.accuracy.subjects import count_by_subject
from recognizance.workflows.evaluate.document import Told
from recognizance.workflows.evaluate.search_trials import SearchTrials
from recognizance.workflows.evaluate.service import NO_FACE, UNREADABLE, Photographs, Searched
from recognizance.workflows.evaluate.written import proportion


def count_searches(errors: NDArray[np.bool_], subjects: Sequence[str] | NDArray[np.str_]) -> Proportion:
    """Count errors of searches, each of which is of one subject, by name."""
    _, numbers = np.unique(np.asarray(subjects, dtype=str), return_inverse=True)
    return count_by_subject(errors, numbers.astype(np.intp))


def sample(trials: SearchTrials, searched: Searched, told: Told) -> dict[str, Any]:
    """Describe gallery and probes, ready for JSON; what is counted of their people is the caller's to add."""
    return {
        "description": told.description,
        "licence": told.licence,
        "gallery": side(trials.gallery, searched.gallery_failures),
        "probes": side(trials.probes, searched.probe_failures),
        "probes_also_in_gallery": len(trials.same_file),
        "photographs_sha256": searched.photographs_sha256,
        "labels_file": trials.labels_file,
        "labels_sha256": trials.labels_sha256,
    }


def side(photographs: Photographs, failures: Mapping[str, str]) -> dict[str, Any]:
    """Count the photographs of a folder, those that could be used, and why the others could not."""
    reasons, total = list(failures.values()), len(photographs.names)
    no_face, unreadable = reasons.count(NO_FACE), reasons.count(UNREADABLE)
    return {
        "photographs": total,
        "used": total - len(reasons),
        "failures": {
            "no_face": proportion(Proportion(no_face, total)),
            "unreadable": proportion(Proportion(unreadable, total)),
            "other": proportion(Proportion(len(reasons) - no_face - unreadable, total)),
        },
    }
