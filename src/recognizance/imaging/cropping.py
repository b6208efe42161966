"""A face cut out of its photograph, for people to look at."""

import io

import PIL.Image

from recognizance.biometrics import Image, RelativeBox

MARGIN = 0.5
"""How much of the box's size is shown around it: hairline, ears, neck."""


def crop_png(image: Image, box: RelativeBox) -> bytes:
    """Cut a face out with a margin, as a PNG without metadata.

    Parameters
    ----------
    image : Image
        With its pixels, upright.
    box : RelativeBox
        Of the face, as ratios of the image.
    """
    across, down = box.width * MARGIN, box.height * MARGIN
    left = max(0, round((box.left - across) * image.width_px))
    top = max(0, round((box.top - down) * image.height_px))
    right = min(image.width_px, round((box.left + box.width + across) * image.width_px))
    bottom = min(image.height_px, round((box.top + box.height + down) * image.height_px))
    pixels = image.pixels[top : max(bottom, top + 1), left : max(right, left + 1)]
    buffer = io.BytesIO()
    PIL.Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()
