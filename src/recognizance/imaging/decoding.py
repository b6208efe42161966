"""Decode a photograph: only JPEG and PNG, only whole files, only within the limits, always upright."""

import hashlib
import io
import struct
import threading
import warnings
import zlib
from contextlib import nullcontext

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from recognizance.biometrics import Image
from recognizance.errors import ImageFormatError, ImageTooLargeError, ImageTooSmallError

# Pillow warns of damaged metadata, which we don't use.
warnings.filterwarnings("ignore", module=r"PIL\.")

# Our own limit is checked on the header, before anything is decoded; Pillow's would only warn.
PIL.Image.MAX_IMAGE_PIXELS = None

SIDE_MIN_PX = 80
"""Rekognition's smallest image."""

DECODED_SIDE_PX = 3840
"""Photographs are reduced to 1/2, 1/4 or 1/8 as long as the longer side keeps this many pixels, or fewer if asked.

Faces count from 40 px in a 1920 px photograph, scaling up, so that no face that counts is lost (40 px in
1920 are 80 px here), and a 24-megapixel photograph costs a quarter of the memory and time.
"""

# A JPEG with a second picture behind it, as many phones write, is opened as a JPEG too (and called MPO then).
_FORMATS = ("JPEG", "PNG")
_LARGE_PIXELS = 16_000_000
_large = threading.Semaphore(1)
"""Held while much is decoded: several such photographs at once would take gigabytes."""

_EXIF_ORIENTATION = 0x0112
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    struct.error,
    zlib.error,
    EOFError,
    IndexError,
    OverflowError,
    KeyError,
    TypeError,
)


def decode(data: bytes, *, bytes_max: int, pixels_max: int, side_px: int = DECODED_SIDE_PX) -> Image:
    """Decode a photograph.

    Parameters
    ----------
    data : bytes
        A whole JPEG or PNG file; grey, palette, CMYK, 16-bit and transparent ones are converted to RGB
        (transparency over white).
    bytes_max, pixels_max : int
        Limits; pixels are judged by the header.
    side_px : int
        A JPEG is decoded at 1/2, 1/4 or 1/8 of its size as long as the longer side keeps this many pixels, which
        saves most of the time.  A PNG, which can only be decoded whole, is reduced by `DECODED_SIDE_PX`.

    Raises
    ------
    ImageTooLargeError, ImageTooSmallError, ImageFormatError
    """
    if len(data) > bytes_max:
        raise ImageTooLargeError("Image size is too large", f"Send at most {bytes_max:,} bytes.")
    if not data:
        raise ImageFormatError("Request has invalid image format", "The photograph is empty; send a JPEG or PNG.")
    try:
        return _decode(data, pixels_max, min(side_px, DECODED_SIDE_PX))
    except _BROKEN as error:
        raise ImageFormatError(
            "Request has invalid image format", "Send a whole, undamaged JPEG or PNG file."
        ) from error


def _decode(data: bytes, pixels_max: int, side_px: int) -> Image:
    with PIL.Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
        width, height = picture.size
        if width * height > pixels_max:
            raise ImageTooLargeError(
                "Image size is too large",
                f"Send at most {pixels_max:,} pixels; this one has {width}×{height}.",
            )
        if min(width, height) < SIDE_MIN_PX:
            raise ImageTooSmallError(
                f"The image is {width}×{height} pixels; at least {SIDE_MIN_PX}×{SIDE_MIN_PX} are needed."
            )
        media_type = "image/png" if picture.format == "PNG" else "image/jpeg"
        kept_px = side_px if media_type == "image/jpeg" else DECODED_SIDE_PX
        scale = next((n for n in (8, 4, 2) if max(width, height) // n >= kept_px), 1)
        orientation = _orientation(picture)
        whole = width * height  # what is held at once: a progressive JPEG's coefficients come before its pixels
        if media_type == "image/png":
            with PIL.Image.open(io.BytesIO(data), formats=_FORMATS) as same:
                same.verify()  # every chunk's checksum, to the end
        elif scale > 1:
            picture.draft(None, (width // scale, height // scale))
            if not picture.info.get("progressive"):
                whole //= scale * scale
            scale = 1
        with _large if whole > _LARGE_PIXELS else nullcontext():
            pixels = _upright(_rgb(picture, scale), orientation)
    if orientation >= 5:
        width, height = height, width
    return Image(
        pixels=pixels,
        source_width_px=width,
        source_height_px=height,
        sha256=hashlib.sha256(data).digest(),
        media_type=media_type,
    )


def _orientation(picture: PIL.Image.Image) -> int:
    """Read the Exif orientation, 1..8; damaged metadata do not make a photograph unusable."""
    try:
        value = picture.getexif().get(_EXIF_ORIENTATION)
    except _BROKEN:
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _rgb(picture: PIL.Image.Image, scale: int) -> NDArray[np.uint8]:
    """Load the pixels as RGB, reduced by averaging `scale` × `scale` of them.

    Reduced before it is converted: each conversion of a large photograph costs as much memory again.
    """
    picture.load()
    if picture.mode.startswith("I"):  # 16-bit grey: Pillow's own conversion would clip, and cannot reduce it
        grey = np.asarray(picture)[::scale, ::scale]
        grey = (grey >> 8).clip(0, 255).astype(np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)
    layered = picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in picture.info
    if scale > 1:
        if picture.mode in ("P", "1"):  # averages of palette numbers mean nothing
            picture = picture.convert("RGBA" if layered else "RGB")
        picture = picture.reduce(scale)
    if layered:
        picture = picture if picture.mode == "RGBA" else picture.convert("RGBA")
        flat = PIL.Image.new("RGB", picture.size, "white")
        flat.paste(picture, mask=picture)
        return np.asarray(flat)
    return np.asarray(picture if picture.mode == "RGB" else picture.convert("RGB"))


def _upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Apply an Exif orientation (1..8, TIFF 6.0 tag 274)."""
    match orientation:
        case 2:
            turned = pixels[:, ::-1]
        case 3:
            turned = pixels[::-1, ::-1]
        case 4:
            turned = pixels[::-1]
        case 5:
            turned = pixels.transpose(1, 0, 2)
        case 6:
            turned = pixels.transpose(1, 0, 2)[:, ::-1]
        case 7:
            turned = pixels.transpose(1, 0, 2)[::-1, ::-1]
        case 8:
            turned = pixels.transpose(1, 0, 2)[::-1]
        case _:
            return pixels
    return np.ascontiguousarray(turned)
