"""A decoded photograph."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Image:
    """A photograph, upright (Exif orientation applied).

    Attributes
    ----------
    pixels : ndarray of shape (height, width, 3), uint8
        RGB, 0..255.  A large photograph may be decoded at a reduced scale; positions are therefore kept
        as ratios wherever they leave the engine.
    source_width_px, source_height_px : int
        Size of the photograph as stored, upright.
    sha256 : bytes of length 32
        Digest of the bytes as received.
    media_type : str
        ``image/jpeg`` or ``image/png``.
    """

    pixels: NDArray[np.uint8]
    source_width_px: int
    source_height_px: int
    sha256: bytes
    media_type: str

    def without_pixels(self) -> "Image":
        """Give the same facts without the memory: every pixel is one zero."""
        return replace(self, pixels=np.broadcast_to(np.uint8(0), self.pixels.shape))

    @property
    def width_px(self) -> int:
        """Width of the decoded pixels."""
        return int(self.pixels.shape[1])

    @property
    def height_px(self) -> int:
        """Height of the decoded pixels."""
        return int(self.pixels.shape[0])
