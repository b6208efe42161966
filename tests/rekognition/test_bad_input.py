"""Photographs that are broken, odd or meant to harm: the documented answer, with bounded memory."""

import contextlib
import io
import math
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from rekognition.pictures import bomb, encoded, jpeg, png, png_with_text, upright, without_face
from rekognition.processes import Server, start_server
from rekognition.refusals import refusal

MIB = 1024 * 1024
FORMAT = "InvalidImageFormatException"
TOO_LARGE = "ImageTooLargeException"
PARAMETER = "InvalidParameterException"

Picture = PIL.Image.Image


def portrait(faces: Path) -> Picture:
    return PIL.Image.open(io.BytesIO(upright(faces))).convert("RGB")


# --- pictures that are fine, although seldom ----------------------------------------------------------


def sixteen_bit_grey(picture: Picture) -> bytes:
    grey = np.asarray(picture.convert("L")).astype(np.uint16) * 257
    return encoded(PIL.Image.fromarray(grey), "PNG")


def sixteen_bit_colour(picture: Picture) -> bytes:
    """Pillow writes no 16-bit colour."""
    rows = (np.asarray(picture).astype(np.uint16) * 257).astype(">u2")
    return png(picture.size, 16, 2, zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows)))


def palette_with_transparency(picture: Picture) -> bytes:
    small = picture.quantize(255)
    return encoded(small, "PNG", transparency=0)


def see_through(picture: Picture) -> bytes:
    layered = picture.convert("RGBA")
    layered.putalpha(PIL.Image.linear_gradient("L").resize(picture.size).point(lambda value: 155 + value * 100 // 255))
    return encoded(layered, "PNG")


def animated(picture: Picture) -> bytes:
    return encoded(picture, "PNG", save_all=True, append_images=[picture.rotate(180)], duration=100)


def with_exif(picture: Picture, orientation: bytes, kind: int = 3, count: int = 1) -> bytes:
    """Write one Exif entry by hand; ``kind`` is TIFF's type of the value (3: 16-bit integer, 2: text)."""
    entry = struct.pack("<HHI", 0x0112, kind, count) + orientation.ljust(4, b"\0")
    exif = b"Exif\0\0II*\0" + struct.pack("<IH", 8, 1) + entry + bytes(4)
    return encoded(picture, "JPEG", quality=92, exif=exif)


ODD: dict[str, Callable[[Picture], bytes]] = {
    "CMYK JPEG": lambda picture: encoded(picture.convert("CMYK"), "JPEG", quality=92),
    "grey JPEG": lambda picture: encoded(picture.convert("L"), "JPEG", quality=92),
    "progressive JPEG": lambda picture: encoded(picture, "JPEG", quality=92, progressive=True),
    "JPEG with a tail": lambda picture: encoded(picture, "JPEG", quality=92) + b"\0" * 1000,
    "JPEG of 4:1:1 and low quality": lambda picture: encoded(picture, "JPEG", quality=30, subsampling=2),
    "16-bit grey PNG": sixteen_bit_grey,
    "16-bit colour PNG": sixteen_bit_colour,
    "palette PNG": lambda picture: encoded(picture.quantize(256), "PNG"),
    "palette PNG with transparency": palette_with_transparency,
    "transparent PNG": see_through,
    "transparent grey PNG": lambda picture: encoded(picture.convert("LA"), "PNG"),
    "1-bit PNG": lambda picture: encoded(picture.resize((960, 1200)).convert("1"), "PNG"),
    "animated PNG": animated,
    "Exif orientation 0": lambda picture: with_exif(picture, b"\0"),
    "Exif orientation 9": lambda picture: with_exif(picture, b"\x09"),
    "Exif orientation as text": lambda picture: with_exif(picture, b"up\0", kind=2, count=3),
    "Exif orientation twice": lambda picture: with_exif(picture, b"\x01\0\x01\0", count=2),
    "Exif orientation beyond the file": lambda picture: with_exif(picture, b"\xff\xff\xff\x7f", kind=2, count=99),
    "Exif that is none": lambda picture: encoded(picture, "JPEG", quality=92, exif=b"Exif\0\0nonsense"),
    "JPEG named .png": lambda picture: encoded(picture, "JPEG", quality=92),
}


@pytest.mark.parametrize("kind", ODD)
def test_seldom_kinds_of_photographs_are_read(rekognition: Any, faces: Path, kind: str) -> None:
    (expected,) = rekognition.detect_faces(Image={"Bytes": upright(faces)})["FaceDetails"]
    found = rekognition.detect_faces(Image={"Bytes": ODD[kind](portrait(faces))})["FaceDetails"]
    assert len(found) == 1
    tolerance = 0.08 if kind == "1-bit PNG" else 0.03
    assert found[0]["BoundingBox"] == pytest.approx(expected["BoundingBox"], abs=tolerance)


def test_the_largest_request(rekognition: Any, faces: Path) -> None:
    photograph = upright(faces).ljust(5_242_880, b"\0")
    assert len(rekognition.detect_faces(Image={"Bytes": photograph})["FaceDetails"]) == 1


@pytest.mark.parametrize("size", [(80, 80), (80, 2000), (2000, 80)])
def test_the_smallest_photograph(rekognition: Any, size: tuple[int, int]) -> None:
    grey = encoded(PIL.Image.new("RGB", size, "grey"), "PNG")
    assert rekognition.detect_faces(Image={"Bytes": grey})["FaceDetails"] == []


# --- what is refused ----------------------------------------------------------------------------------


def gif(picture: Picture) -> bytes:
    return encoded(picture, "GIF")


BAD: dict[str, tuple[Callable[[Path], bytes], str]] = {
    "corrupted": (lambda faces: (faces / "broken" / "corrupted.png").read_bytes(), FORMAT),
    "empty file": (lambda faces: (faces / "broken" / "empty.png").read_bytes(), FORMAT),
    "truncated": (lambda faces: (faces / "broken" / "truncated.jpg").read_bytes(), FORMAT),
    "cut off in the middle": (lambda faces: upright(faces)[:20_000], FORMAT),
    "header only": (lambda faces: upright(faces)[:200], FORMAT),
    "text renamed": (lambda _: b"This is a text, whatever its name.\n" * 100, FORMAT),
    "HTML": (lambda _: b"<!DOCTYPE html><html><img src=x onerror=alert(1)></html>", FORMAT),
    "SVG": (lambda _: b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>', FORMAT),
    "PostScript": (lambda _: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n", FORMAT),
    "GIF": (lambda faces: gif(portrait(faces)), FORMAT),
    "BMP": (lambda faces: encoded(portrait(faces), "BMP"), FORMAT),
    "TIFF": (lambda faces: encoded(portrait(faces), "TIFF"), FORMAT),
    "WebP": (lambda faces: encoded(portrait(faces), "WEBP"), FORMAT),
    "video": (lambda faces: (faces / "video" / "video_01.mp4").read_bytes()[:1_000_000], FORMAT),
    "PNG of no width": (lambda _: bomb(0), FORMAT),
    "PNG with a wrong checksum": (lambda _: encoded(PIL.Image.new("RGB", (99, 99)), "PNG")[:-20] + b"\0" * 20, FORMAT),
    "79×79": (lambda _: encoded(PIL.Image.new("RGB", (79, 79)), "PNG"), PARAMETER),
    "1×1": (lambda _: encoded(PIL.Image.new("RGB", (1, 1)), "PNG"), PARAMETER),
    "79 px of a real face": (lambda faces: encoded(portrait(faces).resize((79, 99)), "JPEG"), PARAMETER),
    "5 MB and a byte": (lambda faces: upright(faces).ljust(5_242_881, b"\0"), TOO_LARGE),
    "30,000×30,000": (lambda _: bomb(30_000, depth=1, colour_type=0), TOO_LARGE),
    "65,535×65,535 by its header alone": (
        lambda _: bomb(8)[:16] + struct.pack(">II", 65_535, 65_535) + bomb(8)[24:],
        FORMAT,
    ),
}
MESSAGES = {FORMAT: "Request has invalid image format", TOO_LARGE: "Image size is too large", PARAMETER: ""}


@pytest.mark.parametrize("kind", BAD)
def test_bad_photographs_get_the_documented_error(
    rekognition: Any, live_server: Server, mugshots: Any, faces: Path, kind: str
) -> None:
    make, code = BAD[kind]
    image, good = {"Bytes": make(faces)}, {"Bytes": upright(faces)}
    live_server.forget_peak_memory()
    before = live_server.peak_memory_bytes()
    refused = {
        refusal(rekognition.detect_faces, Image=image),
        refusal(rekognition.index_faces, CollectionId=mugshots.collection, Image=image),
        refusal(rekognition.search_faces_by_image, CollectionId=mugshots.collection, Image=image),
        refusal(rekognition.search_users_by_image, CollectionId=mugshots.collection, Image=image),
        refusal(rekognition.compare_faces, SourceImage=image, TargetImage=good),
        refusal(rekognition.compare_faces, SourceImage=good, TargetImage=image),
    }
    assert {(each.code, each.status) for each in refused} == {(code, 400)}
    assert all(each.message.startswith(MESSAGES[code]) for each in refused)
    assert live_server.peak_memory_bytes() - before < 60 * MIB


def test_empty_bytes(rekognition: Any) -> None:
    refused = refusal(rekognition.detect_faces, Image={"Bytes": b""})
    assert (refused.code, refused.status) == (PARAMETER, 400)


def test_messages_are_sentences(rekognition: Any) -> None:
    message = refusal(rekognition.detect_faces, Image={"Bytes": b"text"}).message
    assert message.startswith("Request has invalid image format. "), "what happened, a full stop, what to do"


def test_a_photograph_without_face(rekognition: Any, mugshots: Any) -> None:
    image = {"Bytes": without_face()}
    assert rekognition.detect_faces(Image=image)["FaceDetails"] == []
    refused = refusal(rekognition.search_faces_by_image, CollectionId=mugshots.collection, Image=image)
    assert refused.code == PARAMETER


@pytest.mark.parametrize("name", ["a/b", "a b", "", "ü", "a\n", "a" * 256, "../x"])
def test_collection_names_that_are_none(rekognition: Any, raw: Any, faces: Path, name: str) -> None:
    assert raw.code("CreateCollection", {"CollectionId": name}) == (400, PARAMETER)
    assert raw.code("DescribeCollection", {"CollectionId": name}) == (400, PARAMETER)


@pytest.fixture(scope="module")
def fresh_server(tmp_path_factory: pytest.TempPathFactory, model_cache: Path) -> Iterator[Server]:
    """A server whose memory is its own affair."""
    with start_server(tmp_path_factory.mktemp("bombs") / "home", model_cache) as server:
        yield server


@pytest.mark.parametrize(
    ("depth", "colour_type"), [(8, 2), (8, 6), (16, 6), (16, 0)], ids=["RGB", "RGBA", "16-bit RGBA", "16-bit grey"]
)
def test_bombs_below_the_limit_cost_bounded_memory(fresh_server: Server, depth: int, colour_type: int) -> None:
    """As many pixels as are taken, in less than a megabyte: answered or refused, at what one photograph may cost."""
    client = fresh_server.client()
    client.detect_faces(Image={"Bytes": without_face()})
    side_px = math.isqrt(fresh_server.settings.image_pixels_max)
    image = {"Bytes": bomb(side_px, depth=depth, colour_type=colour_type)}
    fresh_server.forget_peak_memory()
    before = fresh_server.peak_memory_bytes()
    with contextlib.suppress(client.exceptions.ImageTooLargeException):  # as good
        client.detect_faces(Image=image)
    client.close()
    assert (fresh_server.peak_memory_bytes() - before) // MIB < 600


def test_inflating_comments_cost_bounded_memory(rekognition: Any, live_server: Server) -> None:
    small = encoded(PIL.Image.new("RGB", (200, 200), "grey"), "PNG")
    image = {"Bytes": png_with_text(small, 900_000_000)}
    live_server.forget_peak_memory()
    before = live_server.peak_memory_bytes()
    with contextlib.suppress(rekognition.exceptions.InvalidImageFormatException):  # as good
        assert rekognition.detect_faces(Image=image)["FaceDetails"] == []
    assert (live_server.peak_memory_bytes() - before) // MIB < 60


def test_damaged_photographs_never_break_the_server(rekognition: Any, faces: Path) -> None:
    """A few hundred photographs with a damaged byte or block: read or refused, never an internal error."""
    dice = np.random.default_rng(20261122)
    small = portrait(faces).resize((120, 150))
    exif = PIL.Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a description"
    originals = [
        encoded(small, "JPEG", quality=70, exif=exif),
        encoded(small, "JPEG", quality=70, progressive=True),
        encoded(small.quantize(32), "PNG", transparency=3, exif=exif),
        encoded(small.convert("RGBA"), "PNG"),
    ]
    answers = {"read": 0, FORMAT: 0, PARAMETER: 0, TOO_LARGE: 0}
    for number in range(400):
        damaged = bytearray(originals[number % len(originals)])
        # Mostly in the head, where the structure is.
        start = int(dice.integers(0, len(damaged) if number % 3 == 0 else 700))
        for position in range(start, min(start + int(dice.integers(1, 6)), len(damaged))):
            damaged[position] = int(dice.integers(0, 256))
        try:
            rekognition.detect_faces(Image={"Bytes": bytes(damaged)})
            answers["read"] += 1
        except rekognition.exceptions.ClientError as error:
            answers[error.response["Error"]["Code"]] += 1
    assert answers["read"] > 20
    assert answers[FORMAT] > 20


def test_a_second_picture_behind_the_first_is_not_looked_at(rekognition: Any, faces: Path) -> None:
    """Phones append a preview to their JPEGs (MPO)."""
    first = jpeg(faces / "broken" / "meds-aa-S001-01.jpg")
    answer = rekognition.detect_faces(Image={"Bytes": first + jpeg(faces / "johns" / "bald_guys.jpg")})
    assert len(answer["FaceDetails"]) == 1
