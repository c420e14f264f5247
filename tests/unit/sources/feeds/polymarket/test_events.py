"""Events: told when there is news, and won once."""

from ingestd.model import Decoded, Fixture, Result
from ingestd.sources.feeds.polymarket.events import Events
from ingestd.sources.feeds.polymarket.market import Market
from ingestd.sources.feeds.polymarket.told import EventTold, MarketTold, Outcome


def test_an_event_is_told_when_it_changes() -> None:
    """Its state above all; a start once known is kept."""
    events = Events()
    out: list[Decoded] = []
    match = {"id": "9", "name": "Northtown vs Southtown", "sport": "football", "home": "Northtown", "away": "Southtown"}
    for more in ({"starts_at": 5}, {"starts_at": 5}, {}, {"live": True}, {"ended": True, "live": True}):
        events.tell(EventTold(**match, **more), out)  # type: ignore[arg-type]  # words to be unpacked
    fixtures = [one for one in out if isinstance(one, Fixture)]
    assert [(one.status, one.starts_at, one.home, one.away) for one in fixtures] == [
        ("scheduled", 5, "Northtown", "Southtown"),
        ("in_play", 5, "Northtown", "Southtown"),
        ("finished", 5, "Northtown", "Southtown"),
    ]


def test_a_match_is_won_once() -> None:
    """By whom its moneyline says."""
    events, market = Events(), Market("pm", "m")
    outcomes = (Outcome("71", "Northtown", 1), Outcome("72", "Southtown", 0))
    market.describe(MarketTold(id="m", kind="moneyline", outcomes=outcomes, closed=True), "9", None, [])
    out: list[Decoded] = []
    events.decide(market, 5, out)
    events.decide(market, 6, out)
    assert out == [Result(source_event_id="9", winner="Northtown", changed_at=5)]
