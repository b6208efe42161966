"""Rates whose interval knows that trials share subjects.  Interfaces settled; the method is being measured."""

import numpy as np
from numpy.typing import NDArray

from recognizance.accuracy.rates import Proportion


def count_by_subject(errors: NDArray[np.bool_], subjects: NDArray[np.intp]) -> Proportion:
    """Count errors of trials that belong to one subject each.

    Parameters
    ----------
    errors : ndarray of shape (n_trials,), bool
    subjects : ndarray of shape (n_trials,), intp
        The subject of each trial, from 0; trials of one subject rise and fall together.
    """
    del subjects
    return Proportion(int(np.count_nonzero(errors)), len(errors))
