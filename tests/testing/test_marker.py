"""What the marker of a test asks for."""

from __future__ import annotations

import pytest

from backroom.testing.marker import Asked, InvalidMarker, asked_by_markers


def test_closest_marker_wins() -> None:
    near = pytest.mark.backroom(limits=0.5).mark
    far = pytest.mark.backroom(limits="real", revision="2023-02-22").mark
    assert asked_by_markers([near, far]) == Asked("2023-02-22", "0.5")


def test_one_wish_is_for_all_jobs() -> None:
    mark = pytest.mark.backroom(pace={"after_reads": 2}).mark
    assert asked_by_markers([mark]).pace == ({"times": "always", "after_reads": 2},)


def test_listed_wishes_are_for_one_job_each() -> None:
    wishes = [{"after_reads": 2}, {"cancelled": True}]
    assert asked_by_markers([pytest.mark.backroom(pace=wishes).mark]).pace == tuple(wishes)


def test_none_is_as_usual() -> None:
    near = pytest.mark.backroom(limits=None, pace=None).mark
    far = pytest.mark.backroom(limits="real", pace={}).mark
    assert asked_by_markers([near, far]) == Asked()


@pytest.mark.parametrize("mark", [pytest.mark.backroom(speed=1), pytest.mark.backroom("speed")])
def test_unknown_words_are_named(mark: pytest.MarkDecorator) -> None:
    with pytest.raises(InvalidMarker, match="takes revision=, limits=, pace= and not 'speed'"):
        asked_by_markers([mark.mark])
