"""Draw the faces that were found onto the upright photograph."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import PIL.Image
from PIL import ImageDraw, ImageFont

from recognizance.cli.errors import MisuseError

_GOOD = (64, 224, 120)
_LACKING = (255, 176, 32)
_SHADOW = (0, 0, 0)
_EXIF_ORIENTATION = 0x0112


def require_drawable(path: Path) -> None:
    """Refuse a file that cannot hold a drawing, before anything is computed.

    Raises
    ------
    MisuseError
    """
    if path.suffix.lower() not in (".png", ".jpg", ".jpeg"):
        raise MisuseError(f"{path} is neither .png nor .jpg by its name.")
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise MisuseError(f"{path} cannot be written: its folder does not exist, or it is one itself.")


def upright_size(data: bytes) -> tuple[int, int]:
    """Read width and height in pixels, as the photograph is seen upright."""
    with PIL.Image.open(io.BytesIO(data), formats=("JPEG", "PNG")) as picture:
        width, height = picture.size
        turned = int(picture.getexif().get(_EXIF_ORIENTATION, 1) or 1) >= 5
    return (height, width) if turned else (width, height)


def draw_faces(data: bytes, faces: Sequence[Mapping[str, Any]], path: Path, *, pixels_max: int) -> None:
    """Write the photograph with a box, five landmarks and a number for each face.

    Green boxes pass the quality filter for enrolment, orange ones do not.  Nothing of the file's metadata is kept.
    """
    from recognizance.imaging import decode

    picture = PIL.Image.fromarray(decode(data, bytes_max=len(data), pixels_max=pixels_max).pixels)
    canvas = ImageDraw.Draw(picture)
    for number, face in reversed(list(enumerate(faces, 1))):
        _draw(canvas, picture.size, face, str(number))
    picture.save(path, quality=92)


def _draw(canvas: ImageDraw.ImageDraw, size: tuple[int, int], face: Mapping[str, Any], label: str) -> None:
    width, height = size
    box = face["Box"]
    left, top = box["Left"] * width, box["Top"] * height
    right, bottom = left + box["Width"] * width, top + box["Height"] * height
    colour = _LACKING if face["Shortcomings"] else _GOOD
    line = max(2, round((right - left) / 60))
    canvas.rectangle((left - 1, top - 1, right + 1, bottom + 1), outline=_SHADOW, width=line + 2)
    canvas.rectangle((left, top, right, bottom), outline=colour, width=line)
    radius = max(1.5, (right - left) / 45)
    for point in face["Landmarks"]:
        x, y = point["X"] * width, point["Y"] * height
        canvas.ellipse((x - radius - 1, y - radius - 1, x + radius + 1, y + radius + 1), fill=_SHADOW)
        canvas.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
    font = ImageFont.load_default(size=max(12.0, (right - left) / 6))
    _, _, text_width, text_height = canvas.textbbox((0, 0), label, font=font)
    above = top - text_height - 6
    place = (max(0.0, left), above if above >= 0 else max(0.0, top))
    canvas.rectangle((*place, place[0] + text_width + 8, place[1] + text_height + 6), fill=colour)
    canvas.text((place[0] + 4, place[1] + 2), label, fill=_SHADOW, font=font)
