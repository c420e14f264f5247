"""Subscriptions and clocks of the emulator."""

from typing import Any

import pytest

from ingestd.testing.betfair_terms import read_clock, read_subscription, write_clock

REQUEST: dict[str, Any] = {  # type: ignore[explicit-any]  # a request's own shape
    "op": "marketSubscription",
    "id": 2,
    "marketFilter": {"marketIds": ["1.1"]},
    "marketDataFilter": {"fields": ["EX_LTP"], "ladderLevels": 3},
    "heartbeatMs": 500,
    "conflateMs": 0,
}


def test_a_subscription_is_read() -> None:
    """Its markets, fields and pauses."""
    found = read_subscription(REQUEST)
    assert found is not None
    assert (found.id, found.heartbeat, list(found.fields), found.segmented) == (2, 0.5, ["EX_LTP"], False)
    assert [found.wants("1.1"), found.wants("1.2")] == [True, False]


def test_clocks_belong_to_what_was_asked() -> None:
    """The request's number and its clocks are no part of that; a filter is."""
    same, other = read_subscription(REQUEST | {"id": 9, "clk": "x"}), read_subscription(REQUEST | {"marketFilter": {}})
    first = read_subscription(REQUEST)
    assert first is not None
    assert same is not None
    assert other is not None
    assert first.fingerprint == same.fingerprint != other.fingerprint
    assert other.wants("anything")


@pytest.mark.parametrize(
    "wrong",
    [
        {"heartbeatMs": 499},
        {"conflateMs": 120_001},
        {"marketDataFilter": {"fields": ["EX_LTP"], "ladderLevels": 11}},
        {"marketDataFilter": {"fields": ["EX_NEW"]}},
        {"marketDataFilter": None},
        {"heartbeatMs": "often"},
    ],
)
def test_bounds_are_kept(wrong: dict[str, Any]) -> None:  # type: ignore[explicit-any]
    """What the real server refuses, this one does."""
    assert read_subscription(REQUEST | wrong) is None


def test_a_clock_is_the_number_of_a_step() -> None:
    """Opaque to a client."""
    assert [read_clock(write_clock(seq)) for seq in (0, 1, 10**9)] == [0, 1, 10**9]
    assert read_clock("not ours!") is None
