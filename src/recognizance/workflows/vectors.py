"""Where the templates of galleries are searched: brought to what the record says, and kept in step with it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from recognizance.gallery import Gallery
from recognizance.records import Transaction
from recognizance.records.galleries import GalleryRow


@dataclass(frozen=True, slots=True)
class Mark:
    """Up to where a gallery follows the record.

    Attributes
    ----------
    version : int
        Of the gallery: what was erased up to it is gone.
    sequence : int
        Of a reference: those up to it are there.
    """

    version: int = 0
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a complete comparison found in a copy, and set right.

    Attributes
    ----------
    references : int
        How many the record holds.
    missing, extra, different : int
        References that the copy did not hold, those that the record does not hold, and those with other templates.
    """

    references: int
    missing: int = 0
    extra: int = 0
    different: int = 0

    @property
    def agreed(self) -> bool:
        """Whether the copy was right."""
        return not (self.missing or self.extra or self.different)


class VectorEngine(Protocol):
    """Makes galleries of what the record says.

    The caller lets one thread at a time do something to one gallery; searches go on meanwhile.
    """

    def load(self, tx: Transaction, gallery: GalleryRow) -> tuple[Gallery, Mark]:
        """Make a gallery that holds what the record holds.

        Raises
        ------
        RecordUnavailableError
        """
        ...

    def load_anew(self, tx: Transaction, gallery: GalleryRow) -> tuple[Gallery, Mark]:
        """Make a gallery from the record alone: what was derived from it before is thrown away."""
        ...

    def hold(self, identifiers: Sequence[str], vectors: NDArray[np.float32]) -> Gallery:
        """Make a gallery in memory, of vectors of shape (n, dimension) that come from no one row of the record."""
        ...

    def is_kept(self, gallery_id: int) -> bool:
        """Whether templates of a gallery are kept outside the record."""
        ...

    def is_stale(self, tx: Transaction, gallery: GalleryRow) -> bool:
        """Whether what is kept of a gallery may hold what was erased from it."""
        ...

    def is_due(self, gallery: Gallery, *, leaving: bool = False) -> bool:
        """Whether a gallery wants to be tended; `leaving` if it is about to be let go."""
        ...

    def tend(
        self, tx: Transaction, gallery_id: int, gallery: Gallery, mark: Mark, *, leaving: bool = False
    ) -> "Upkeep | None":
        """Begin whatever keeps a gallery fast, and what is kept of it free of what was erased.

        Parameters
        ----------
        tx : Transaction
            In which the record is as `mark` says, or newer.
        """
        ...

    def forget(self, gallery_id: int) -> None:
        """Throw away what is kept of a gallery that was deleted; unknown ones are passed over."""
        ...

    def reconcile(self, gallery: GalleryRow) -> Reconciled:
        """Compare what is kept of a gallery completely with the record, and set it right."""
        ...

    def keep_step(self) -> None:
        """Do what was left undone, if anything was; called about every second."""
        ...

    def kept(self) -> Iterable[int]:
        """List the galleries of which something is kept, those that were deleted too."""
        ...


class Upkeep(Protocol):
    """Work that goes on beside searches and changes."""

    def run(self) -> None:
        """Do it.

        Raises
        ------
        OSError
            If the disk is full or fails: everything is as before then.
        DamagedIndexError
            If what was derived cannot be read.
        """
        ...

    def stop(self) -> None:
        """Let `run` return soon with its work undone, if it still can; called from any thread."""
        ...
