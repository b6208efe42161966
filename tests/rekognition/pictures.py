"""Real photographs by name, and pictures made for the test."""

import csv
import io
import struct
import zlib
from collections import defaultdict
from pathlib import Path
from typing import Any

import PIL.Image


def jpeg(path: Path, **changes: Any) -> bytes:
    """Read a photograph and write it anew, e.g. at another quality or with an Exif orientation."""
    with PIL.Image.open(path) as picture:
        return encoded(picture, "JPEG", **{"quality": 90, **changes})


def encoded(picture: PIL.Image.Image, kind: str, **options: Any) -> bytes:
    """Write a picture."""
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def upright(faces: Path) -> bytes:
    """One mugshot."""
    return (faces / "broken" / "meds-aa-S001-01.jpg").read_bytes()


def many_faces(faces: Path) -> bytes:
    """A photograph with 24 faces."""
    return (faces / "johns" / "bald_guys.jpg").read_bytes()


def without_face() -> bytes:
    """A picture of nothing: a soft gradient."""
    return encoded(PIL.Image.linear_gradient("L").convert("RGB").resize((640, 480)), "JPEG")


def mugshots(faces: Path) -> dict[str, list[Path]]:
    """MEDS-II photographs by subject, in the order they were taken; profiles are left out."""
    with (faces / "meds2" / "labels" / "truth" / "subject_metadata.csv").open(encoding="utf-8") as text:
        rows = [row for row in csv.DictReader(text) if not row["label"].endswith("Profile")]
    found: dict[str, list[Path]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (int(row["enc_num"]), int(row["img_num"]))):
        path = faces / "meds2" / "images" / row["img_name"]
        if path.is_file():
            found[row["subject_id"]].append(path)
    return dict(found)


def bomb(side_px: int, *, depth: int = 8, colour_type: int = 2) -> bytes:
    """Make a PNG of one colour without ever holding its pixels."""
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour_type]
    row = b"\0" + b"\x80" * (side_px * channels * depth // 8)
    packer = zlib.compressobj(9)
    data = b"".join(packer.compress(row) for _ in range(side_px)) + packer.flush()
    return png((side_px, side_px), depth, colour_type, data)


def png(size: tuple[int, int], depth: int, colour_type: int, data: bytes) -> bytes:
    """Put a PNG together from its compressed rows."""
    header = struct.pack(">IIBBBBB", *size, depth, colour_type, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def png_with_text(picture: bytes, inflated_bytes: int) -> bytes:
    """Put a compressed comment that inflates to so many bytes into a PNG, before its pixels."""
    text = b"Comment\0\0" + zlib.compress(b"A" * inflated_bytes, 9)
    return picture[:33] + _chunk(b"zTXt", text) + picture[33:]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
