"""Events, as their markets tell them."""

from datetime import UTC, datetime

from ingestd.model import Fixture, Result
from ingestd.sources.feeds.betfair.events import Events
from ingestd.sources.feeds.betfair.market import Market
from ingestd.sources.feeds.betfair.wire import Definition, MarketChange, RunnerDefinition
from ingestd.sources.feeds.betfair.words import Names

NOON = datetime(2026, 1, 10, 12, 0, tzinfo=UTC)
ONE = NOON.replace(hour=13)
NOON_US = 1_768_046_400_000_000
HOUR_US = 3_600_000_000


def tell(events: Events, market: Market, at: int, **words: object) -> list[object]:
    """Give a market a new definition, and hear what that says of its event."""
    before = market.definition
    defaults = {
        "event_id": "9",
        "event_type_id": "1",
        "market_type": "MATCH_ODDS",
        "status": "OPEN",
        "market_time": NOON,
        "event_name": "A v B",
    }
    market.apply(MarketChange(market.id, Definition(**(defaults | words))), at, [])  # type: ignore[arg-type]
    return list(events.tell(market, before))


def fixture(at: int, **more: object) -> Fixture:
    """The match as it is told at first."""
    first = {"source_event_id": "9", "sport": "football", "name": "A v B", "home": "A", "away": "B", "starts_at": NOON_US}
    return Fixture(**(first | {"changed_at": at} | more))  # type: ignore[arg-type]


def test_an_event_is_told_when_it_changes() -> None:
    """Name, start, kick-off (at the first definition in play), end, winner; nothing twice."""
    events, market = Events(), Market("bf", "1.5")
    assert tell(events, market, 1) == [fixture(1)]
    assert tell(events, market, 2) == []
    assert tell(events, market, 3, status="SUSPENDED", in_play=True) == [fixture(3, started_at=3, started_by="in_play", status="in_play")]
    assert tell(events, market, 4, in_play=True) == []
    winner = [RunnerDefinition(1, status="WINNER", name="A"), RunnerDefinition(2, status="LOSER", name="B")]
    assert tell(events, market, 5, in_play=True, status="CLOSED", runners=winner) == [
        fixture(5, started_at=3, started_by="in_play", status="finished"),
        Result(source_event_id="9", winner="home", changed_at=5),
    ]


def test_an_event_met_in_play_has_no_kick_off() -> None:
    """Nobody knows when it was."""
    assert tell(Events(), Market("bf", "1.5"), 1, in_play=True) == [fixture(1, status="in_play")]


def test_a_dead_heat_has_no_winner() -> None:
    """Two runners won."""
    both = [RunnerDefinition(1, status="WINNER"), RunnerDefinition(2, status="WINNER")]
    assert tell(Events(), Market("bf", "1.5"), 1, status="CLOSED", runners=both) == [fixture(1, status="finished")]


def test_the_match_odds_speak_for_the_match() -> None:
    """Other markets of the event may close or start when they like."""
    events, first, odds = Events(), Market("bf", "1.1"), Market("bf", "1.2")
    assert tell(events, first, 1, market_type="HALF_TIME", market_time=ONE) == [fixture(1, starts_at=NOON_US + HOUR_US)]
    assert tell(events, odds, 2) == [fixture(2)]
    assert tell(events, first, 3, market_type="HALF_TIME", market_time=ONE, status="CLOSED") == []


def test_a_meeting_starts_with_its_first_race() -> None:
    """And ends with its last."""
    events, early, late = Events(), Market("bf", "1.1"), Market("bf", "1.2")
    tell(events, late, 1, market_type="WIN", market_time=ONE)
    assert tell(events, early, 2, market_type="WIN") == [fixture(2)]
    assert tell(events, early, 3, market_type="WIN", status="CLOSED") == []
    assert tell(events, late, 4, market_type="WIN", market_time=ONE, status="CLOSED") == [fixture(4, status="finished")]


def test_names_of_the_catalogue_are_told() -> None:
    """League and sport too, where the stream has none."""
    events, market = Events(), Market("bf", "1.5")
    tell(events, market, 1, event_name="", event_type_id="6423")
    market.rename(Names(event="C @ D", sport="American Football", league="NFL"), [])
    assert events.tell(market, market.definition) == [fixture(1, name="C @ D", home="D", away="C", sport="american_football", league="NFL")]


def test_a_market_under_another_event_leaves_the_first() -> None:
    """And an event without markets is forgotten."""
    events, market = Events(), Market("bf", "1.5")
    tell(events, market, 1)
    assert tell(events, market, 2, event_id="10") == [fixture(2, source_event_id="10")]
    assert tell(events, market, 3) == [fixture(3)]
    events.forget(market)
    assert tell(events, market, 4) == [fixture(4)]


def test_a_market_without_event_says_nothing() -> None:
    """A fragment of a recording."""
    assert tell(Events(), Market("bf", "1.5"), 1, event_id="") == []
