"""Crops as a graph takes them."""

import numpy as np
from numpy.typing import NDArray

from recognizance.inference.manifest import InputContract


def as_batch(crops: NDArray[np.uint8], contract: InputContract) -> NDArray[np.float32]:
    """Write crops as a graph's input.

    Parameters
    ----------
    crops : ndarray of shape (n, height, width, 3), uint8, RGB

    Returns
    -------
    ndarray of shape (n, 3, height, width), float32
        ``(pixel − mean) · scale``, the channels in the order of the contract.
    """
    batch = crops.astype(np.float32)
    if contract.colour == "BGR":
        batch = batch[..., ::-1]
    mean = np.asarray(contract.mean, dtype=np.float32)
    return np.ascontiguousarray(((batch - mean) * np.float32(contract.scale)).transpose(0, 3, 1, 2))
