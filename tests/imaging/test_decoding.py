"""Photographs of every kind, whole and broken."""

import hashlib
import io
import subprocess
import sys
import zlib
from struct import pack

import numpy as np
import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recognizance.errors import ImageError, ImageFormatError, ImageTooLargeError, ImageTooSmallError
from recognizance.imaging import decode

LIMITS = {"bytes_max": 5_242_880, "pixels_max": 100_000_000}


def picture(mode: str = "RGB", size: tuple[int, int] = (120, 90)) -> PIL.Image.Image:
    """A gradient with a bright corner at the top left, so that orientation shows."""
    width, height = size
    pixels = np.zeros((height, width, 3), dtype=np.uint8)
    pixels[..., 0] = np.linspace(0, 200, width, dtype=np.uint8)[None, :]
    pixels[..., 1] = np.linspace(0, 200, height, dtype=np.uint8)[:, None]
    pixels[: height // 4, : width // 4] = 250
    return PIL.Image.fromarray(pixels).convert(mode)


def encode(image: PIL.Image.Image, form: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def mean(data: bytes) -> np.ndarray:
    return decode(data, **LIMITS).pixels.reshape(-1, 3).mean(axis=0)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_png_modes_become_rgb(mode: str) -> None:
    image = decode(encode(picture(mode)), **LIMITS)
    assert image.pixels.shape == (90, 120, 3)
    assert image.pixels.dtype == np.uint8
    assert image.media_type == "image/png"
    expected = np.asarray(picture(mode).convert("RGB")).reshape(-1, 3).mean(axis=0)
    assert np.abs(image.pixels.reshape(-1, 3).mean(axis=0) - expected).max() < 2


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_jpeg_modes_become_rgb(mode: str, progressive: bool) -> None:
    data = encode(picture(mode), "JPEG", quality=95, progressive=progressive)
    assert np.abs(mean(data) - np.asarray(picture(mode).convert("RGB")).reshape(-1, 3).mean(axis=0)).max() < 3


def test_sixteen_bit_grey_keeps_its_tones() -> None:
    grey = (np.linspace(0, 65535, 120 * 90).reshape(90, 120)).astype(np.uint16)
    image = decode(encode(PIL.Image.fromarray(grey)), **LIMITS)
    assert np.abs(image.pixels[..., 0].astype(int) - (grey >> 8)).max() <= 1


def test_transparency_lies_over_white() -> None:
    clear = PIL.Image.new("RGBA", (100, 100), (0, 0, 0, 0))
    assert mean(encode(clear)).tolist() == [255, 255, 255]
    palette = PIL.Image.new("P", (100, 100), 3)
    palette.putpalette(list(range(48)))
    assert mean(encode(palette, transparency=3)).tolist() == [255, 255, 255]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_exif_orientation_is_applied(orientation: int, form: str) -> None:
    upright = picture()
    undo = {
        1: (), 2: (0,), 3: (3,), 4: (1,), 5: (5,), 6: (2,), 7: (6,), 8: (4,),
    }[orientation]  # fmt: skip
    stored = upright
    for step in undo:
        stored = stored.transpose(PIL.Image.Transpose(step))
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    image = decode(encode(stored, form, exif=exif, **({"quality": 95} if form == "JPEG" else {})), **LIMITS)
    assert (image.source_width_px, image.source_height_px) == (120, 90)
    assert np.abs(image.pixels.astype(int) - np.asarray(upright)).mean() < 3


def test_the_digest_is_of_the_bytes_as_received() -> None:
    data = encode(picture())
    assert decode(data, **LIMITS).sha256 == hashlib.sha256(data).digest()


def test_a_phone_s_jpeg_with_a_second_picture_is_a_jpeg() -> None:
    image = decode(encode(picture(), "MPO", save_all=True, append_images=[picture()]), **LIMITS)
    assert image.media_type == "image/jpeg"
    assert image.pixels.shape == (90, 120, 3)


def test_a_large_jpeg_is_decoded_at_reduced_scale() -> None:
    image = decode(encode(picture(size=(8000, 4000)), "JPEG"), **LIMITS)
    assert (image.source_width_px, image.source_height_px) == (8000, 4000)
    assert image.pixels.shape == (2000, 4000, 3)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", ImageFormatError),
        (b"hello, I am text renamed to .jpg", ImageFormatError),
        (encode(picture())[:-40], ImageFormatError),
        (encode(picture(size=(640, 480)), "JPEG")[:2000], ImageFormatError),
        (encode(picture(), "GIF"), ImageFormatError),
        (encode(picture(), "BMP"), ImageFormatError),
        (encode(picture(), "TIFF"), ImageFormatError),
        (encode(picture(size=(79, 200))), ImageTooSmallError),
        (encode(picture(size=(200, 79))), ImageTooSmallError),
        (b"\xff\xd8\xff" + b"\0" * 5_242_878, ImageTooLargeError),
    ],
)
def test_what_cannot_be_used_is_refused(data: bytes, error: type[ImageError]) -> None:
    with pytest.raises(error) as caught:
        decode(data, **LIMITS)
    assert caught.value.message


def bomb(side: int) -> bytes:
    """A PNG of one colour that says it is huge, whole and small on disk."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return pack(">I", len(body)) + kind + body + pack(">I", zlib.crc32(kind + body))

    header = pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    packer = zlib.compressobj(9)
    row = b"\0" * (side + 1)
    body = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def test_a_decompression_bomb_is_refused_on_its_header_alone(tmp_path) -> None:
    file = tmp_path / "bomb.png"
    file.write_bytes(bomb(30_000))
    program = (
        "import resource,sys;from pathlib import Path;from recognizance.imaging import decode;"
        "from recognizance.errors import ImageTooLargeError\n"
        "before=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try: decode(Path(sys.argv[1]).read_bytes(),bytes_max=5242880,pixels_max=100000000)\n"
        "except ImageTooLargeError: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss-before)"
    )
    done = subprocess.run([sys.executable, "-c", program, file], capture_output=True, text=True, check=True)
    assert int(done.stdout) * 1024 < 32_000_000, "kilobytes of memory more"


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_damage_anywhere_gives_an_image_or_an_image_error(data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(["PNG", "JPEG"]))
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    whole = bytearray(encode(picture(), form, exif=exif))
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        image = decode(bytes(whole[: data.draw(st.integers(1, len(whole)))]), **LIMITS)
    except ImageError:
        return
    assert image.pixels.shape[2] == 3


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_noise_is_refused(data: bytes) -> None:
    with pytest.raises(ImageFormatError):
        decode(data, **LIMITS)


def test_a_broken_file_of_others_is_refused(faces) -> None:
    for name in ("corrupted.png", "empty.png", "truncated.jpg"):
        with pytest.raises(ImageError):
            decode((faces / "broken" / name).read_bytes(), **LIMITS)
