"""The advisor's plot."""

from importlib import resources
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from recognizance.accuracy.advice import Load, advise
from recognizance.reports.advice_plot import advice_svg
from recognizance.scoring import Calibration, read_calibration

SHIPPED = read_calibration(
    resources.files("recognizance.scoring")
    .joinpath("calibrations", "sface-fb143eea0783.json")
    .read_text(encoding="utf-8")
)
SVG = "{http://www.w3.org/2000/svg}"


def parsed(calibration: Calibration, load: Load) -> ElementTree.Element:
    return ElementTree.fromstring(advice_svg(calibration, advise(calibration, load)))  # noqa: S314 - our own


@pytest.mark.parametrize("load", [Load(1000, 50, 5.0), Load(10**7, 10**5, 1.0), Load(100, 2, 50.0), Load(1, 1, 9.0)])
def test_every_curve_is_named_and_nothing_is_drawn_outside(load: Load) -> None:
    root = parsed(SHIPPED, load)
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert {"overall", *SHIPPED.groups} <= set(texts)
    for line in root.iter(f"{SVG}polyline"):
        for point in line.attrib["points"].split():
            x, y = map(float, point.split(","))
            assert 110 <= x <= 740
            assert 84 <= y <= 520
    heights = sorted(float(e.attrib["y"]) for e in root.iter(f"{SVG}text") if e.text in {"overall", *SHIPPED.groups})
    assert min(b - a for a, b in pairwise(heights)) > 13  # labels do not lie on one another


def test_what_is_fitted_is_dashed() -> None:
    root = parsed(SHIPPED, Load(1000, 50, 5.0))
    dashed = ["stroke-dasharray" in line.attrib for line in root.iter(f"{SVG}polyline")]
    assert dashed.count(True) == dashed.count(False) == 1 + len(SHIPPED.groups)


def test_the_name_of_a_group_is_text() -> None:
    curve = next(iter(SHIPPED.groups.values()))
    calibration = Calibration("m", "d", SHIPPED.overall, SHIPPED.same_group, {"<script>&": curve}, {})
    root = parsed(calibration, Load(1000, 50, 5.0))
    assert "<script>&" in [element.text for element in root.iter(f"{SVG}text")]
