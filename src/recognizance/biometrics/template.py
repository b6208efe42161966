"""What makes two faces comparable."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Template:
    """A face as a vector.

    Attributes
    ----------
    vector : ndarray of shape (dimension,), float32
        Unit length.
    model : str
        Identifier of the embedding recipe that made it (model name and digest); only templates of one
        model can be compared.
    """

    vector: NDArray[np.float32]
    model: str
