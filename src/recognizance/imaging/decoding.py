"""Decode a photograph: only JPEG and PNG, only whole files, only within the limits, always upright."""

import hashlib
import io
import struct
import warnings
import zlib

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from recognizance.biometrics import Image
from recognizance.errors import ImageFormatError, ImageTooLargeError, ImageTooSmallError

# Our own limit is checked on the header, before anything is decoded; Pillow's would only warn.
PIL.Image.MAX_IMAGE_PIXELS = None

SIDE_MIN_PX = 80
"""Rekognition's smallest image."""

DECODED_SIDE_PX = 3840
"""JPEGs are decoded at 1/2, 1/4 or 1/8 scale as long as the longer side keeps this many pixels.

Faces count from 40 px in a 1920 px photograph, scaling up, so that no face that counts is lost (40 px in
1920 are 80 px here), and a 24-megapixel photograph costs a quarter of the memory and time.
"""

# A JPEG with a second picture behind it, as many phones write, is opened as a JPEG too (and called MPO then).
_FORMATS = ("JPEG", "PNG")
_EXIF_ORIENTATION = 0x0112
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    struct.error,
    zlib.error,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
)


def decode(data: bytes, *, bytes_max: int, pixels_max: int) -> Image:
    """Decode a photograph.

    Parameters
    ----------
    data : bytes
        A whole JPEG or PNG file; grey, palette, CMYK, 16-bit and transparent ones are converted to RGB
        (transparency over white).
    bytes_max, pixels_max : int
        Limits; pixels are judged by the header.

    Raises
    ------
    ImageTooLargeError, ImageTooSmallError, ImageFormatError
    """
    if len(data) > bytes_max:
        raise ImageTooLargeError("Image size is too large", f"Send at most {bytes_max:,} bytes.")
    if not data:
        raise ImageFormatError("Request has invalid image format", "The photograph is empty; send a JPEG or PNG.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of damaged metadata that we don't use
        try:
            return _decode(data, pixels_max)
        except _BROKEN as error:
            raise ImageFormatError(
                "Request has invalid image format", "Send a whole, undamaged JPEG or PNG file."
            ) from error


def _decode(data: bytes, pixels_max: int) -> Image:
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
        orientation = int(picture.getexif().get(_EXIF_ORIENTATION, 1) or 1)
        if media_type == "image/jpeg":
            scale = next((n for n in (8, 4, 2) if max(width, height) // n >= DECODED_SIDE_PX), 1)
            if scale > 1:
                picture.draft(None, (width // scale, height // scale))
        pixels = _upright(_rgb(picture), orientation)
    if orientation >= 5:
        width, height = height, width
    return Image(
        pixels=pixels,
        source_width_px=width,
        source_height_px=height,
        sha256=hashlib.sha256(data).digest(),
        media_type=media_type,
    )


def _rgb(picture: PIL.Image.Image) -> NDArray[np.uint8]:
    """Load the pixels as RGB."""
    picture.load()
    if picture.mode in ("I;16", "I;16B", "I;16L", "I"):  # 16-bit grey: Pillow's own conversion would clip
        grey = (np.asarray(picture).astype(np.uint32) >> 8).clip(0, 255).astype(np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)
    if picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in picture.info:
        layered = picture.convert("RGBA")
        flat = PIL.Image.new("RGB", layered.size, "white")
        flat.paste(layered, mask=layered.getchannel("A"))
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
