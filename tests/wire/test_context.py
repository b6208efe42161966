"""The context in the path has one spelling, and everything else is refused."""

import itertools

import pytest

from recognizance.wire import Context, ContextError, parse_context

PARTS = {
    "purpose": "missing-person",
    "case": "2024.17_b~c",
    "authority": "W-9",
    "source": "stored-video",
    "edits": "cropped+pose-corrected",
}


@pytest.mark.parametrize("keys", [keys for n in range(4) for keys in itertools.permutations(PARTS, n)] + [tuple(PARTS)])
def test_any_subset_in_any_order(keys: tuple[str, ...]) -> None:
    path = "".join(f"/{key}/{PARTS[key]}" for key in keys)
    expected = Context(**{key: PARTS[key] for key in keys})
    for spelling in (path, f"{path}/"):
        assert parse_context(spelling.encode()) == expected


@pytest.mark.parametrize(
    "path",
    [
        "/case/2024%2F1/../9",
        "/case/2024%2F1",
        "/case/%39",
        "/case/./9",
        "/case/..",
        "/case/.",
        "/./case/9",
        "/../case/9",
        "//case/9",
        "/case//9",
        "/case/9//",
        "//",
        "/case",
        "/case/",
        "/case/9/purpose",
        "/case/9/case/9",
        "/case/9/case/8",
        "/Case/9",
        "/room/9",
        "/case/a b",
        "/case/a+b",
        "/source/video",
        "/source/Still",
        "/source/unstated",
        "/edits/cropped%2Bmirrored",
        "/edits/mirrored+cropped",
        "/edits/cropped+cropped",
        "/edits/cropped+none",
        "/edits/none+none",
        "/edits/Cropped",
        "/edits/cropped+",
        "/edits/+cropped",
        "/edits/cropped++mirrored",
        "/edits/-cropped",
        "/edits/cropped-",
        "/edits/cropped--twice",
        "/edits/cropped2",
        "/edits/" + "a" * 129,
        "/edits/none/edits/none",
        "/case/a;b",
        "/case/a:b",
        "/case/a\\b",
        "/case/a\x00",
        "/case/ä",
        "/case/" + "9" * 129,
        "case/9",
        "*",
        "/healthz",
    ],
)
def test_every_other_spelling_is_refused(path: str) -> None:
    with pytest.raises(ContextError):
        parse_context(path.encode())


def test_longest_value() -> None:
    assert parse_context(b"/case/" + b"9" * 128).case == "9" * 128


def test_three_dots_are_a_name() -> None:
    assert parse_context(b"/case/...").case == "..."


@pytest.mark.parametrize("edits", ["none", "sketch", "composite+cropped+lightened", "a" * 128])
def test_edits_that_can_be_said(edits: str) -> None:
    assert parse_context(f"/edits/{edits}".encode()).edits == edits


def test_a_value_called_edits_is_one_like_any_other() -> None:
    assert parse_context(b"/case/edits/purpose/Case.9") == Context(case="edits", purpose="Case.9")
    with pytest.raises(ContextError):
        parse_context(b"/case/edits/purpose/a+b")
