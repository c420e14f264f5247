"""Events, names, status and results."""

from ingestd.model import Fixture, Quote
from tests.unit.sources.feeds.kalshi.conftest import A, B, Heard, message, snapshot, trade

EVENT = {"event_ticker": "KXTALE-1", "title": "A v B", "series_ticker": "KXTALE", "category": "Sports", "mutually_exclusive": True}


def market(ticker: str, name: str, **more: object) -> dict[str, object]:
    """A market as the web service tells it."""
    return {"ticker": ticker, "event_ticker": "KXTALE-1", "title": "Who?", "yes_sub_title": name, "status": "active", **more}


def lifecycle(event_type: str, **more: object) -> bytes:
    """A word of the lifecycle channel about A."""
    return message("market_lifecycle_v2", 1, {"market_ticker": A, "event_type": event_type, **more}, sid=3)


def test_names_come_later(live: Heard) -> None:
    """What was told nameless is told again, under the same id; the same answer again says nothing."""
    live(snapshot(1, A, [["0.40", "1"]], []))
    before = live.updates[0]
    body = {"event": EVENT, "markets": [market(A, "Northtown", strike_type="greater", floor_strike=2.5)]}
    assert live.answer(body) == ["event KXTALE-1 A v B scheduled", "yes lay 2.5 1 open", "no back 1.667 1 open", "market open"]
    after = live.updates[1]
    assert isinstance(before, Quote)
    assert isinstance(after, Quote)
    assert after.selection.id == before.selection.id
    chosen = after.selection
    assert (chosen.source_event_id, chosen.market, chosen.participant, after.line) == ("KXTALE-1", "KXTALE", "northtown", 2.5)
    assert live.answer(body) == []


def test_what_is_learnt_of_an_event_is_told_of_its_markets(live: Heard) -> None:
    """Teams and a possible draw, whichever contract or answer tells of them, and when."""
    live(snapshot(1, A, [["0.40", "1"]], []))
    words = [live.decoder.markets[A].words]
    for body in (
        {"markets": [market(A, "Northtown")]},
        {"event": EVENT},
        {"markets": [market("KXTALE-1-TIE", "Tie")]},
        {"markets": [market(A, "Northtown")]},
    ):
        live.answer(body)
        words.append(live.decoder.markets[A].words)
    assert [(told.title, told.exclusive, told.drawn) for told in words] == [
        ("", False, False),
        ("Who?", False, False),
        ("A v B", True, False),
        ("A v B", True, True),
        ("A v B", True, True),
    ]


def test_settlement_by_the_stream(live: Heard) -> None:
    """Determined is not settled; the time is Kalshi's."""
    live(snapshot(1, A, [["0.40", "1"]], []))
    assert live(lifecycle("determined", result="yes", settlement_value="1.0000")) == ["market suspended"]
    settled = live(lifecycle("settled", settled_ts=1_700_000_009))
    assert settled[:2] == ["market settled", "yes back - 0 settled won"]
    last = live.updates[-1]
    assert isinstance(last, Quote)
    assert (last.selection.outcome, last.result, last.changed_at) == ("no", "lost", 1_700_000_009_000_000)


def test_settlement_by_the_web_service(live: Heard) -> None:
    """With the winner of a match whose markets exclude each other."""
    live(snapshot(1, A, [["0.40", "1"]], []))
    ended = {"status": "finalized", "settlement_ts": "2026-08-05T12:00:10.878759Z"}
    body = {"event": EVENT, "markets": [market(A, "Northtown", result="yes", **ended), market(B, "Southtown", result="no", **ended)]}
    told = live.answer(body)
    assert told[:2] == ["event KXTALE-1 A v B finished", "winner Northtown"]
    assert told.count("market settled") == 2
    assert told.count("yes lay - 0 settled lost") == 1
    assert live.answer(body) == []


def test_the_stream_knows_better_than_an_older_answer(live: Heard) -> None:
    """A pause that came after the question stands."""
    live.answer({"markets": [market(A, "Northtown")]}, asked=10)
    assert live(lifecycle("deactivated", is_deactivated=True), at=20) == ["market suspended"]
    assert live.answer({"markets": [market(A, "Northtown")]}, asked=19) == []
    assert live.answer({"markets": [market(A, "Northtown")]}, asked=21) == ["market open"]
    assert live(lifecycle("activated"), at=30) == []


def test_what_the_lifecycle_channel_tells_of_names(live: Heard) -> None:
    """A market that is created, a title and a strike that change, an event that is new."""
    told = {"title": "Who?", "yes_sub_title": "Northtown", "event_ticker": "KXTALE-1", "strike_type": "greater", "floor_strike": 1}
    live(lifecycle("created", additional_metadata=told))
    words = live.decoder.markets[A].words
    assert (words.event_id, words.title, words.subject, words.line) == ("KXTALE-1", "Who?", "Northtown", 1.0)
    live(lifecycle("metadata_updated", strike_type="between", floor_strike=1, cap_strike=2, yes_sub_title="North"))
    words = live.decoder.markets[A].words
    assert (words.event_id, words.subject, words.line) == ("KXTALE-1", "North", None)
    created = {"event_ticker": "KXTALE-2", "title": "C v D", "series_ticker": "KXTALE", "strike_date": 1_700_000_000}
    assert live(message("event_lifecycle", 2, created, sid=3)) == ["event KXTALE-2 C v D scheduled"]
    (fixture,) = live.updates
    assert isinstance(fixture, Fixture)
    assert (fixture.league, fixture.starts_at, fixture.home, fixture.away) == ("KXTALE", 1_700_000_000_000_000, "C", "D")


def test_a_recorded_answer_has_prices(recording: Heard) -> None:
    """Where no stream has them; a settled one says that there is none, since no last one can be repeated."""
    prices = {"yes_bid_dollars": "0.4000", "yes_bid_size_fp": "2", "yes_ask_dollars": "0.5000", "last_price_dollars": "0.4500"}
    assert recording.answer({"markets": [market(A, "Northtown", **prices)]}) == [
        "market open",
        "yes lay 2.5 2 open",
        "no back 1.667 2 open",
        "yes back 2 0 open",
        "yes traded 2.222 0 open",
    ]
    assert recording.answer({"markets": [market(B, "S", yes_bid_dollars="7")]}) == ["market open", f"reject price {B}"]
    ended = market(B, "S", status="finalized", result="no")
    assert recording.answer({"markets": [ended]})[1] == "yes back 0 0 settled lost"


def test_a_live_answer_has_none(live: Heard) -> None:
    """The stream is ahead of it."""
    assert live.answer({"markets": [market(A, "Northtown", yes_bid_dollars="0.4000", last_price_dollars="0.4500")]}) == ["market open"]


def test_trades_of_an_answer(recording: Heard) -> None:
    """One that is wrong is refused alone."""
    good = {"trade_id": "1", "ticker": A, "yes_price_dollars": "0.5000", "count_fp": "3", "created_time": "2026-03-16T16:30:33Z"}
    assert recording.answer([good, {**good, "yes_price_dollars": "NaN"}]) == [f"reject price trades.{A}", "yes traded 2 3 open"]
    assert recording(trade(1, A, "0.2500")) == ["yes traded 4 5 open"]
