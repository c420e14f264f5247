"""How much a count grew, and how late one follows another."""

import pytest

from ingestd.telemetry.alerts.trend import Lag, Trend


def test_within_the_span() -> None:
    """Since the first look, later since a span ago; memory stays bounded."""
    trend = Trend(60)
    assert [trend.grown(second, second * 2) for second in range(0, 130, 10)] == [0, 20, 40, 60, 80, 100, *[120] * 7]
    assert len(trend._samples) <= 8


def test_what_stops_growing() -> None:
    """Is told as such once the span is over."""
    trend = Trend(60)
    trend.grown(0, 0)
    assert trend.grown(10, 100) == 100
    assert trend.grown(60, 100) == 100
    assert trend.grown(71, 100) == 0


def test_speed() -> None:
    """Per second; of one look none."""
    trend = Trend(60)
    assert trend.per_second(5, 7) == 0
    assert trend.per_second(15, 27) == pytest.approx(2)
    assert trend.per_second(15, 7) == 0


def test_the_lag_is_that_of_the_oldest() -> None:
    """Since when the follower is where it is; none where it has come to the tail."""
    lag = Lag(100)
    looks = [(0, 10, 10), (10, 20, 10), (20, 30, 20), (30, 30, 30), (40, 30, 30)]
    assert [lag.behind(*look) for look in looks] == [0, 10, 10, 0, 0]


def test_a_lag_beyond_what_is_remembered() -> None:
    """Is told as the greatest that is known; memory stays bounded."""
    lag = Lag(10)
    assert [lag.behind(second, second, 0) for second in range(1, 30)][-1] == 10
