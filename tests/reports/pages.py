"""What holds for every page that is made from a report."""

import re
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "</title></svg><script>alert(1)</script><img src=x onerror='a'>\"&\x00\u202e"


def parse(page: str) -> ElementTree.Element:
    return ElementTree.fromstring(page)  # noqa: S314 our own page


def words(part: ElementTree.Element) -> str:
    return re.sub(r"\s+", " ", " ".join(part.itertext()))


def section(page: str, name: str) -> ElementTree.Element:
    return next(part for part in parse(page).iter("section") if part.get("aria-labelledby") == name)


def hostile(value: Any) -> Any:
    """A report in which whatever is text would break out of it."""
    if isinstance(value, dict):
        return {key: hostile(held) for key, held in value.items()}
    if isinstance(value, list):
        return [hostile(held) for held in value]
    return HOSTILE if isinstance(value, str) else value


def check_runs_and_fetches_nothing(page: str) -> None:
    root = parse(page)
    assert {part.tag.removeprefix(SVG) for part in root.iter()} & {"script", "img", "image", "link", "iframe"} == set()
    named = {name for part in root.iter() for name in part.attrib}
    assert not {name for name in named if name.startswith("on") or name in {"src", "srcset", "action"}}
    assert all(part.attrib["href"].startswith("#") for part in root.iter() if "href" in part.attrib)
    assert "<script" not in page
    assert "url(" not in page
    assert "@import" not in page
    assert set(re.findall(r"\w+://[^\s\"'<]+", page)) <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"\b(nan|NaN|inf|Infinity|None)\b", page)


def check_can_be_walked(page: str) -> None:
    root = parse(page)
    assert root.get("lang") == "en"
    assert [len(list(root.iter(landmark))) for landmark in ("header", "main", "footer")] == [1, 1, 1]
    levels = [int(part.tag[1]) for part in root.iter() if re.fullmatch("h[1-6]", part.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    ids = [part.attrib["id"] for part in root.iter() if "id" in part.attrib]
    assert len(ids) == len(set(ids))
    for part in root.iter():
        assert set(part.get("aria-labelledby", "").split()) <= set(ids)
        assert "href" not in part.attrib or part.attrib["href"].removeprefix("#") in ids
    for table in root.iter("table"):
        assert table[0].tag == "caption"
        assert {head.get("scope") for head in table.iter("th")} <= {"col", "row"}
    for drawing in root.iter(f"{SVG}svg"):
        assert drawing.get("role") == "img"
        assert [part.tag.removeprefix(SVG) for part in drawing[:2]] == ["title", "desc"]
