"""The oracle against a small world whose every row is written out by hand."""

import pytest

from ingestd.model import hash64
from ingestd.testing.exchange import wire
from ingestd.testing.exchange.model import COLUMNS, Oracle, expected
from ingestd.testing.exchange.options import Options
from ingestd.testing.exchange.script import Script

T = 1_790_000_000_000_000
EVENT = hash64("event", "sim", "E1")
LEAGUE = hash64("league", "football", "Hill League")
ASHFORD, SELBY = hash64("team", "football", "Ashford"), hash64("team", "football", "Selby")
BACK = hash64("1", "sim", "E1.1", "ns", "home", "back")
LAY = hash64("1", "sim", "E1.1", "hx", "home", "lay")
FIXTURE = wire.FixtureState("E1", T, "football", "Hill League", "", "Ashford v Selby", "Ashford", "Selby", T + 99, None, "scheduled")


def listed(i: int, price: float, status: str = "open", t: int = T) -> wire.Listed:
    """The back (0) or the lay side (1) of the home win."""
    if i == 0:
        return wire.Listed(0, price, None, None, status, t, "ns", "home", "Ashford", "back")
    return wire.Listed(1, price, 50.0, None, status, t, "hx", "home", "Ashford", "lay")


def market(*quotes: wire.Listed, status: str = "open", t: int = T) -> wire.MarketState:
    """The only market there is."""
    return wire.MarketState("E1.1", "E1", "match_odds", "", status, t, list(quotes))


def image(n: int, t: int, *quotes: wire.Listed) -> wire.Image:
    """Everything, the market open."""
    books = [wire.Bookmaker("ns", "North Star", "book"), wire.Bookmaker("hx", "Harbour Exchange", "exchange")]
    return wire.Image(n=n, t=t, part=1, parts=1, bookmakers=books, fixtures=[FIXTURE], results=[], markets=[market(*quotes)])


def delta(n: int, t: int, *quotes: wire.Price) -> wire.Delta:
    """Prices of the market."""
    return wire.Delta(n=n, t=t, market="E1.1", quotes=list(quotes))


def back(price: float, status: str = "open") -> wire.Price:
    """A price of the back side."""
    return wire.Price(0, price, None, None, status)


@pytest.fixture
def oracle() -> Oracle:
    """After an image of two selections: back at 1.8, lay at 1.9 (50 to be had)."""
    oracle = Oracle("sim")
    oracle.take(image(0, T, listed(0, 1.8), listed(1, 1.9)))
    return oracle


def history(oracle: Oracle, selection: int) -> list[tuple[object, ...]]:
    """Rows of a selection in order: time since T, seq, price, size, status, result."""
    rows = sorted((row for row in oracle.facts()["odds_history"] if row[0] == selection), key=lambda row: (row[1], row[2]))
    at = COLUMNS["odds_history"].index
    return [(int(str(row[1])) - T, *(row[at(name)] for name in ("seq", "price", "size", "status", "result"))) for row in rows]


def odds(oracle: Oracle, selection: int) -> tuple[object, ...]:
    """The row of a selection: price, own status, result, time since T, seq."""
    at = COLUMNS["odds"].index
    row = next(row for row in oracle.facts()["odds"] if row[0] == selection)
    return (*(row[at(name)] for name in ("price", "own_status", "result")), int(str(row[at("changed_at")])) - T, row[at("seq")])


def test_an_image_fills_every_table(oracle: Oracle) -> None:
    """Names, links, markets, selections, and a first row of history for each price."""
    facts = oracle.facts()
    words = ("football", "Hill League", LEAGUE, "", "Ashford v Selby", "Ashford", "Selby", ASHFORD, SELBY)
    where = ("E1", "E1.1", "market", "E1.1", "match_result", "", "home", "")
    assert facts == {
        "leagues": {(LEAGUE, "football", "Hill League")},
        "teams": {(ASHFORD, "football", "Ashford"), (SELBY, "football", "Selby")},
        "bookmakers": {
            (hash64("bookmaker", "North Star"), "North Star", "book"),
            (hash64("bookmaker", "Harbour Exchange"), "Harbour Exchange", "exchange"),
        },
        "events": {(EVENT, "football", LEAGUE, "", ASHFORD, SELBY, "Ashford v Selby", T + 99, None, "", "scheduled")},
        "event_links": {("sim", "E1", EVENT, *words, T + 99, None, "", "scheduled", T, 0)},
        "results": set(),
        "markets": {("sim", "E1.1", "E1", "match_result", "", "open", T, 0)},
        "selections": {
            (BACK, "1|sim|E1.1|ns|home|back", "sim", hash64("bookmaker", "North Star"), *where, "back"),
            (LAY, "1|sim|E1.1|hx|home|lay", "sim", hash64("bookmaker", "Harbour Exchange"), *where, "lay"),
        },
        "odds": {(BACK, 1.8, None, None, "open", "", T, 0, "provider"), (LAY, 1.9, None, 50.0, "open", "", T, 0, "provider")},
        "odds_history": {(BACK, T, 0, 1.8, None, None, "open", "", "provider"), (LAY, T, 0, 1.9, None, 50.0, "open", "", "provider")},
    }
    assert all(len(row) == len(COLUMNS[table]) for table, rows in facts.items() for row in rows)


def test_changes_are_rows_and_repetitions_are_none(oracle: Oracle) -> None:
    """A, B, A are three rows, within one microsecond too; what says nothing new is no row."""
    oracle.take(delta(1, T + 10, back(1.9), back(1.8), back(1.8)))
    oracle.take(delta(2, T + 10, back(2.0)))
    oracle.take(delta(3, T + 20, back(2.0)))
    assert history(oracle, BACK) == [
        (0, 0, 1.8, None, "open", ""),
        (10, 0, 1.9, None, "open", ""),
        (10, 1, 1.8, None, "open", ""),
        (10, 2, 2.0, None, "open", ""),
    ]
    assert odds(oracle, BACK) == (2.0, "open", "", 10, 2)


def test_a_suspended_market_covers_its_prices(oracle: Oracle) -> None:
    """Prices go on beneath it, shown suspended; an own status that cannot be seen is no row of history, but is held."""
    oracle.take(wire.MarketChange(n=1, t=T + 10, market="E1.1", status="suspended"))
    oracle.take(delta(2, T + 20, back(1.7)))
    oracle.take(delta(3, T + 30, back(1.7, "suspended")))
    assert odds(oracle, BACK) == (1.7, "suspended", "", 30, 0)
    oracle.take(wire.MarketChange(n=4, t=T + 40, market="E1.1", status="open"))
    assert history(oracle, BACK) == [
        (0, 0, 1.8, None, "open", ""),
        (10, 0, 1.8, None, "suspended", ""),
        (20, 0, 1.7, None, "suspended", ""),
    ]
    assert history(oracle, LAY)[1:] == [(10, 0, 1.9, 50.0, "suspended", ""), (40, 0, 1.9, 50.0, "open", "")]
    assert oracle.facts()["markets"] == {("sim", "E1.1", "E1", "match_result", "", "open", T + 40, 0)}


def test_a_price_of_one_is_none(oracle: Oracle) -> None:
    """The price goes, the size stays as said, and nobody can bet."""
    oracle.take(delta(1, T + 10, wire.Price(1, 1.0, 3.0, None, "open")))
    assert history(oracle, LAY)[1:] == [(10, 0, None, 3.0, "suspended", "")]


def test_withdrawn_by_message_and_by_absence(oracle: Oracle) -> None:
    """Both repeat the last price; an image brings one back."""
    oracle.take(wire.Withdraw(n=1, t=T + 10, market="E1.1", selections=[1]))
    oracle.take(wire.MarketImage(n=2, t=T + 20, asked=False, market=market(listed(1, 2.2, t=T + 20))))
    assert history(oracle, LAY)[1:] == [(10, 0, 1.9, 50.0, "withdrawn", ""), (20, 0, 2.2, 50.0, "open", "")]
    assert history(oracle, BACK)[1:] == [(20, 0, 1.8, None, "withdrawn", "")]


def test_settled_and_taken_back(oracle: Oracle) -> None:
    """One row says how it ended; a market that comes back says that it did not."""
    oracle.take(wire.Settle(n=1, t=T + 10, market="E1.1", results=[(0, "won"), (1, "void")]))
    again = market(listed(0, 1.8, t=T + 20), listed(1, 1.9, t=T + 20), status="suspended", t=T + 20)
    oracle.take(wire.MarketImage(n=2, t=T + 20, asked=False, market=again))
    assert history(oracle, BACK)[1:] == [(10, 0, 1.8, None, "settled", "won"), (20, 0, 1.8, None, "suspended", "")]
    assert history(oracle, LAY)[1:] == [
        (10, 0, 1.9, 50.0, "void", "void"),
        (20, 0, 1.9, 50.0, "suspended", ""),
    ]


def test_what_is_settled_is_not_withdrawn(oracle: Oracle) -> None:
    """A selection that its market's settlement covers, though nobody said how it ended, has ended."""
    oracle.take(wire.Settle(n=1, t=T + 10, market="E1.1", results=[(0, "lost")]))
    oracle.take(wire.Image(n=2, t=T + 20, part=1, parts=1, bookmakers=[], fixtures=[], results=[], markets=[]))
    assert history(oracle, LAY)[1:] == [(10, 0, 1.9, 50.0, "settled", "")]
    assert odds(oracle, LAY)[:2] == (1.9, "open")


def test_events_and_scores_move_on(oracle: Oracle) -> None:
    """A kick-off once seen is kept; a score is replaced by a later one; equal times are told apart by seq."""
    moved = wire.FixtureState("E1", T + 5, "football", "Hill League", "", "Ashford v Selby", "Ashford", "Selby", T + 199, None, "scheduled")
    playing = wire.FixtureState(
        "E1", T + 5, "football", "Hill League", "", "Ashford v Selby", "Ashford", "Selby", T + 199, T + 5, "in_play"
    )
    over = wire.FixtureState("E1", T + 50, "football", "Hill League", "", "Ashford v Selby", "Ashford", "Selby", T + 199, None, "finished")
    for n, fixture in enumerate((moved, playing, over), start=1):
        oracle.take(wire.Fixture(n=n, t=fixture.t, fixture=fixture))
    first = wire.ScoreState("E1", "", T + 60, 1, 0, "home", "provisional")
    last = wire.ScoreState("E1", "", T + 60, 1, 1, "draw", "final")
    for n, score in enumerate((first, last, last), start=4):
        oracle.take(wire.Score(n=n, t=score.t, result=score))
    (link,) = oracle.facts()["event_links"]
    (event,) = oracle.facts()["events"]
    assert link[-6:] == (T + 199, T + 5, "in_play", "finished", T + 50, 0)
    assert event[-4:] == (T + 199, T + 5, "in_play", "finished")
    assert oracle.facts()["results"] == {("sim", "E1", "", 1, 1, "draw", "final", T + 61)}


def test_an_image_after_a_gap_says_only_how_things_ended(oracle: Oracle) -> None:
    """What changed and came back left no trace; what is not listed went at the image's time; what changed did so at its own."""
    oracle.take(image(9, T + 90, listed(0, 2.4, t=T + 70)))
    assert history(oracle, BACK)[1:] == [(70, 0, 2.4, None, "open", "")]
    assert history(oracle, LAY)[1:] == [(90, 0, 1.9, 50.0, "withdrawn", "")]


def test_expected_takes_every_statement_of_a_script() -> None:
    """More statements, more history; missed ones leave less of it and the same prices now."""
    options = Options(seed=2, events=2, life=60, t0=T)
    whole = expected(Script(options), 400, source="sim")
    missed = expected(Script(options), 400, source="sim", missed=[(100, 200)])
    assert expected(Script(options), 200, source="sim")["odds_history"] < whole["odds_history"]
    assert len(missed["odds_history"]) < len(whole["odds_history"])
    at = COLUMNS["odds"].index("own_status")
    open_now = [{(row[0], row[1]) for row in facts["odds"] if row[at] == "open"} for facts in (whole, missed)]
    assert open_now[0] == open_now[1]
