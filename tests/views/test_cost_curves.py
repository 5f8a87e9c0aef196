"""The curve of the cost, in the terminal and as SVG, of any costs at all."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET

from hypothesis import example, given, settings
from hypothesis import strategies as st

from cgcli.views.learning.curve import as_svg, curve

costs = st.lists(st.floats(), min_size=2, max_size=40)


@given(costs)
@settings(deadline=None)
@example([-1e308, 1e308])
@example([-1.7e308, 0.0, 1.7e308])
@example([0.0, 5e-324])
@example([5e-324, 1.7976931348623157e308])
def test_any_costs_have_a_curve(values: list[float]) -> None:
    finite = [value for value in values if math.isfinite(value)]
    lines = curve(values, 60, 5, unicode=True)
    assert len(lines) == (5 if len(finite) > 1 else 0)
    assert all(len(line) <= 60 for line in lines)


@given(costs.filter(lambda values: any(map(math.isfinite, values))))
@settings(deadline=None)
@example([-1e308, 1e308])
@example([0.0, 4e-323])
@example([5e-324, 1.7976931348623157e308])
def test_any_costs_have_a_picture_and_every_point_is_inside(values: list[float]) -> None:
    text = as_svg([{"epoch": k, "cost": cost} for k, cost in enumerate(values)])
    (line,) = (each for each in ET.fromstring(text) if each.tag.endswith("polyline"))
    points = re.findall(r"([0-9.]+),([0-9.]+)", line.attrib["points"])
    assert len(points) == sum(map(math.isfinite, values))
    assert all(0 <= float(x) <= 640 and 0 <= float(y) <= 360 for x, y in points)


def test_a_curve_over_the_whole_range_falls() -> None:
    assert curve([1.5e308, 0.0, -1.5e308], 20, 3, unicode=True) == [
        " 1.5e+308 ┤█",
        "          ┤█▅",
        "-1.5e+308 ┤██▁",
    ]
