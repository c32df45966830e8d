from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from backroom.dashboard import charts

AMOUNTS = some.lists(some.floats(0, 1e12, allow_subnormal=False), min_size=1, max_size=50)


@given(AMOUNTS)
def test_lines_stay_within_the_chart(values: list[float]) -> None:
    line = charts.sparkline(values)
    places = [tuple(map(float, each.split(","))) for each in line.points.split()]
    assert len(places) == len(values)
    assert all(0 <= x <= charts.WIDTH and 0 <= y <= charts.HEIGHT for x, y in places)
    assert (line.most, line.last) == (max(values), values[-1])


def test_greatest_value_is_on_top() -> None:
    assert charts.sparkline([0, 10]).points == "0.0,27.0 120.0,1.0"
