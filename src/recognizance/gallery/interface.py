"""The contract of a gallery."""

from collections.abc import Collection, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from recognizance.biometrics import Candidate, Template


class Gallery(Protocol):
    """References made by one model, searchable by probe.

    These docstrings are the contract: `tests/gallery/test_contract.py` runs it against every implementation.
    All methods may be called from several threads at once.
    """

    @property
    def model(self) -> str:
        """The embedding recipe of every template in it."""
        ...

    def __len__(self) -> int:
        """Count the references."""
        ...

    def add(self, identifiers: Sequence[str], vectors: NDArray[np.float32], model: str) -> None:
        """Add references; when this returns, every later search sees them.

        An identifier that is there already is replaced.

        Parameters
        ----------
        identifiers : sequence of str, length n
            Lower-case UUIDs.
        vectors : ndarray of shape (n, dimension), float32
            Unit length.
        model : str
            The recipe that made them.

        Raises
        ------
        ModelMismatchError
            If they come from another model or have another dimension; nothing is added then.
        """
        ...

    def remove(self, identifiers: Collection[str]) -> None:
        """Remove references; when this returns, no later search sees them.  Unknown ones are passed over."""
        ...

    def search(
        self,
        probe: Template,
        *,
        limit: int,
        threshold: float,
        excluding: Collection[str] = (),
        among: Collection[str] | None = None,
    ) -> tuple[Candidate, ...]:
        """List up to `limit` candidates with ``score >= threshold``, best first.

        The search is exact: scores are cosines of the stored float32 vectors, computed in float64.  Equal scores
        are ordered by identifier, so the same search always yields the same evidence.

        Parameters
        ----------
        limit : int
            At least 1.
        threshold : float
            On the score scale.
        excluding : collection of str
            References that are not compared.
        among : collection of str, optional
            Only these references are compared.

        Raises
        ------
        ModelMismatchError
            If the probe comes from another model.
        VectorEngineError, VectorEngineUnavailableError
            If another server holds the references, and gave no whole answer: never a shorter list.
        """
        ...
