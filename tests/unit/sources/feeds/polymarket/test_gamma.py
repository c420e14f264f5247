"""What Gamma and the CLOB's list say, traps included."""

import msgspec
import pytest

from ingestd.errors import Malformed
from ingestd.sources.feeds.polymarket.gamma import read
from ingestd.sources.feeds.polymarket.told import Outcome

MARKET = {"conditionId": "m1", "outcomes": '["Yes", "No"]', "outcomePrices": '["1", "0"]', "clobTokenIds": '["71", "72"]', "closed": True}


def page(*items: object) -> bytes:
    """An answer."""
    return msgspec.json.encode(list(items))


def test_lists_inside_of_text() -> None:
    """Outcomes, tokens and prices; a closed market at 1 and 0 is decided, though it may still say that it takes orders."""
    (event,) = read(page({"id": 9, "title": "A", "markets": [{**MARKET, "acceptingOrders": True}]})).events
    (market,) = event.markets
    assert (event.id, event.name, market.closed) == ("9", "A", True)
    assert market.outcomes == (Outcome("71", "Yes", 1), Outcome("72", "No", 0))


@pytest.mark.parametrize("more", [{"closed": False}, {"outcomePrices": '["0.5", "0.5"]'}, {"outcomePrices": None}])
def test_what_is_not_decided(more: dict[str, object]) -> None:
    """An open market at 1, one that is shared, one without prices."""
    (event,) = read(page({"id": "9", "markets": [{**MARKET, **more}]})).events
    assert {one.worth for one in event.markets[0].outcomes} == {None}


def test_starts_and_leagues() -> None:
    """The game's start, not the end of trading; league of the metadata, sport of series and tags."""
    told = {
        "id": "9",
        "endDate": "2026-12-31T00:00:00Z",
        "startTime": "2026-04-06T00:00:00Z",
        "tags": [{"slug": "nba"}, {"slug": "sports"}],
        "series": [{"slug": "nba-2026", "title": "NBA"}],
        "markets": [{**MARKET, "gameStartTime": "2026-04-05 15:10:00+00"}],
    }
    (event,) = read(page(told)).events
    assert (event.starts_at, event.sport, event.league, event.sporty) == (1775401800000000, "basketball", "NBA", True)
    (event,) = read(page({**told, "markets": [MARKET], "tags": None, "eventMetadata": {"league": "Cup"}})).events
    assert (event.starts_at, event.sport, event.league, event.sporty) == (1775433600000000, "nba_2026", "Cup", False)


def test_markets_by_themselves() -> None:
    """With their event, without, wrapped, and as the CLOB lists them."""
    with_event = {**MARKET, "events": [{"id": "9", "title": "A"}]}
    clob = {
        "condition_id": "m2",
        "question": "Q",
        "closed": True,
        "tokens": [{"token_id": "73", "outcome": "Yes", "price": 1, "winner": True}],
    }
    events = (
        read(page(with_event, {**MARKET, "question": "Q"}, {"raw": MARKET})).events + read(msgspec.json.encode({"data": [clob]})).events
    )
    assert [(event.id, event.markets[0].id) for event in events] == [("9", "m1"), ("m1", "m1"), ("m1", "m1"), ("m2", "m2")]
    assert events[3].markets[0].outcomes == (Outcome("73", "Yes", 1),)


def test_broken_entries_leave_their_neighbours() -> None:
    """An event, a market of an event, and something else; a site map tells nothing."""
    found = read(page({"id": [], "markets": []}, {"id": "9", "markets": [MARKET, {"conditionId": 7}, {**MARKET, "outcomes": "[1"}]}, 7))
    assert [problem.path for problem in found.problems] == ["[0]", "[1].markets[1]", "[1].markets[2]", "[2]"]
    assert [len(event.markets) for event in found.events] == [1]
    assert read(b'{"children":[{"slug":"nba"},{"children":[],"slug":"x"}]}').others == 2


@pytest.mark.parametrize("payload", [b"", b"<html>", b"7", b"[" * 100_000, b"\xff", b'{"data":7}'])
def test_what_is_no_answer(payload: bytes) -> None:
    """Malformed, whatever it is."""
    with pytest.raises(Malformed):
        read(payload)
