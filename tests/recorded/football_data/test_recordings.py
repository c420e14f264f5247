"""Our own files with every hostility of real ones: what is taken, what is not, and copies of one season in any order."""

import asyncio
import itertools
from pathlib import Path

import pytest

from ingestd.model import Decoded, Fixture, Frame, Quote, Reject, Result, Skipped
from ingestd.sources.feeds.football_data import FEED
from ingestd.testing.digest import Fact, facts
from ingestd.testing.rig.daemon import SCHEMA
from ingestd.testing.rig.evidence import ask
from tests.conftest import Command

FOLDER = Path(__file__).parent
SHORTER, LONGER, CORRECTED = (FOLDER / f"season_{name}.csv" for name in ("shorter", "longer", "corrected"))
HISTORY = """
    SELECT h.price, h.line, h.status, h.result FROM odds_history h JOIN selections s USING (selection_id)
    WHERE s.source_market_id = '{}' AND s.outcome = '{}' ORDER BY h.changed_at, h.seq"""
AYTON = "E9|2012-08-18|Ayton|Beeford"


def decoded(name: str) -> list[Decoded]:
    """A file, read when it was made at the earliest."""
    payload = (FOLDER / f"{name}.csv").read_bytes()
    return list(FEED.decoder("fd")(Frame("fd", "data", FEED.derived_time(payload) or 0, payload)))


def prices(updates: list[Decoded], event: str) -> dict[str, list[tuple[float | None, float | None]]]:
    """Open prices and lines of an event, by market and outcome."""
    found: dict[str, list[tuple[float | None, float | None]]] = {}
    for quote in updates:
        if isinstance(quote, Quote) and quote.status == "open" and quote.selection.source_event_id == event:
            words = quote.selection.source_market_id.removeprefix(event + "|")
            found.setdefault(f"{words} {quote.selection.outcome}", []).append((quote.price, quote.line))
    return found


def test_what_is_not_taken() -> None:
    """Each hostility by its place and kind."""
    updates = decoded("hostile")
    assert [(update.path, update.category) for update in updates if isinstance(update, Reject)] == [
        ("row[1].LB", "header"),
        ("row[5].B365H", "price"),
        ("row[5].B365A", "no_price"),
        ("row[5].B365>2.5", "no_price"),
        ("row[5].PSH", "price"),
        ("row[5].PSA", "price"),
        ("row[5].MaxH", "no_price"),
        ("row[6].AHh", "line"),
        ("row[7].HTHG", "score"),
        ("row[8].FTR", "score"),
        ("row[9].Time", "time"),
        ("row[10]", "date"),
        ("row[11]", "name"),
        ("row[12]", "unlabelled"),
        ("row[13]", "unlabelled"),
        ("row[14]", "unlabelled"),
        ("row[16]", "repeated"),
        ("row[17]", "quotes"),
        ("row[18]", "shifted"),
        ("row[20]", "truncated"),
    ]
    assert [update for update in updates if isinstance(update, Skipped)] == [
        *[Skipped("filtered", "handicap")] * 4,
        Skipped("duplicate", "row"),
    ]


def test_what_is_taken_all_the_same() -> None:
    """Good cells beside bad ones, short rows, padded numbers, split and mixed handicaps."""
    updates = decoded("hostile")
    assert len([update for update in updates if isinstance(update, Fixture)]) == 8
    assert prices(updates, "E9|2022-08-13|Ceeton|Deeford") == {"B365|match_odds home": [(2.5, None)], "B365|match_odds draw": [(3.2, None)]}
    assert prices(updates, "E9|2022-08-14|Eeton|Effield") == {
        "B365|match_odds draw": [(3.1, None)],
        "B365|match_odds home": [(3.6, None)],
        "B365|match_odds away": [(2.1, None)],
        "B365|total|2.5 under": [(1.8, 2.5)],
        "B365|asian_handicap home": [(1.85, -1.25)],
        "B365|asian_handicap away": [(2.05, 1.25)],
        "P|asian_handicap home": [(1.9, -1.25), (1.8, -1.25)],
        "P|asian_handicap away": [(2.0, 1.25), (2.1, 1.25)],
        "Max|match_odds draw": [(2.5, None)],
        "Max|match_odds away": [(2.2, None)],
    }
    assert prices(updates, "E9|2022-08-14|Geeby|Aitch")["P|asian_handicap away"] == [(1.9, 1.75)]


def test_older_encodings() -> None:
    """A no-break space is no part of a number, and alone it is no number."""
    updates = decoded("cp1252")
    assert [update.source_event_id for update in updates if isinstance(update, Fixture)] == [
        "E9|1993-08-14|Malmö|Beeford",
        "E9|2004-02-01|Beeford|Malmö",
    ]
    assert prices(updates, "E9|1993-08-14|Malmö|Beeford")["GB|match_odds away"] == [(8.0, None)]
    assert "GB|match_odds away" not in prices(updates, "E9|2004-02-01|Beeford|Malmö")
    assert not [update for update in updates if isinstance(update, Reject)]


def test_two_seasons_pasted_together() -> None:
    """A header among the rows counts for what follows; without it nobody knows whose prices those are."""
    event = "E9|2024-08-17|Beeford|Ayton"
    assert prices(decoded("pasted"), event)["B365|match_odds home"] == [(2.6, None)]
    without = decoded("pasted_without_header")
    assert prices(without, event) == {}
    assert [update.path for update in without if isinstance(update, Reject)] == ["row[3]"]
    assert not [update for update in without if isinstance(update, Fixture) and update.source_event_id == event]


def test_new_leagues() -> None:
    """Both ways to head the columns of closing prices give the same selections."""
    newer, older = decoded("new_league"), decoded("new_league_older")
    event = "Nowhere|Liga\\|A|2013-03-10|Ayton|Beeford"
    assert prices(newer, event)["B365|match_odds away"] == [(4.0, None)]
    common = prices(older, event)
    assert len(common) == 8
    assert common.items() <= prices(newer, event).items()
    assert [update for update in newer if isinstance(update, Result)] == [update for update in older if isinstance(update, Result)]


def test_coming_matches() -> None:
    """Several divisions in one file; opening prices alone."""
    updates = decoded("fixtures")
    assert [(update.league, update.status) for update in updates if isinstance(update, Fixture)] == [
        ("E9", "scheduled"),
        ("SC9", "scheduled"),
    ]
    assert {quote.status for quote in updates if isinstance(quote, Quote)} == {"open"}


def loaded(command: Command, url: str, *files: Path, at: dict[Path, str] | None = None) -> dict[str, list[Fact]]:
    """The facts of a store into which these files were loaded, in this order."""
    for path in files:
        moment = ("--at", at[path]) if at else ()
        answer = command("load", "football_data", path, "--store", url, "--json", *moment)
        assert (answer.code, answer.err) == (0, "")
    return asyncio.run(facts(url, SCHEMA))


def apart(one: dict[str, list[Fact]], other: dict[str, list[Fact]]) -> dict[str, set[Fact]]:
    """Facts of one store alone, by table."""
    return {name: set(one[name]) ^ set(other[name]) for name in one if one[name] != other[name]}


def test_two_copies_of_a_season(store_url: str, command: Command) -> None:
    """The shorter one adds nothing to the longer one, whichever comes first, however often."""
    both = loaded(command, store_url, SHORTER, LONGER)
    assert apart(loaded(command, store_url, SHORTER), both) == {}
    assert apart(loaded(command, store_url, LONGER), both) == {}
    assert (len(both["events"]), len(both["quarantine"])) == (3, 0)


@pytest.mark.parametrize("order", list(itertools.permutations((SHORTER, LONGER))), ids=["shorter first", "longer first"])
def test_two_copies_are_what_the_longer_one_is(sqlite_url: str, tmp_path: Path, command: Command, order: tuple[Path, Path]) -> None:
    """No row, no event, no price more."""
    assert apart(loaded(command, sqlite_url, *order), loaded(command, f"sqlite:///{tmp_path / 'longer.db'}", LONGER)) == {}


def test_a_corrected_copy(store_url: str, tmp_path: Path, command: Command) -> None:
    """Prices, results and settlements are what the later copy says, in both orders; what it leaves out stays."""
    corrected = loaded(command, store_url, LONGER, CORRECTED)
    assert asyncio.run(ask(store_url, HISTORY.format(f"{AYTON}|B365|match_odds", "home"))) == [
        (1.95, None, "open", ""),
        (None, None, "settled", "lost"),
    ]
    assert asyncio.run(ask(store_url, HISTORY.format("E9|2012-08-19|Ceeton|Deeford|P|match_odds", "away"))) == [
        (7.2, None, "open", ""),
        (7.2, None, "open", ""),
        (None, None, "settled", "lost"),
    ]
    assert asyncio.run(ask(store_url, HISTORY.format(f"{AYTON}|BbMx|asian_handicap", "home"))) == [
        (1.9, -0.5, "open", ""),
        (None, -0.5, "settled", "lost"),
    ]
    goals = "SELECT home_score, away_score FROM results WHERE source_event_id = '{}' AND period = ''"
    assert asyncio.run(ask(store_url, goals.format(AYTON))) == [(2, 2)]
    assert apart(loaded(command, f"sqlite:///{tmp_path / 'other.db'}", CORRECTED, LONGER), corrected) == {}
    assert apart(loaded(command, store_url, LONGER), corrected) == {}


def test_which_copy_is_later(sqlite_url: str, tmp_path: Path, command: Command) -> None:
    """What a copy tells of says so, unless somebody who knows better does."""
    known = {LONGER: "2013-01-02T00:00:00Z", CORRECTED: "2013-01-01T00:00:00Z"}
    loaded(command, sqlite_url, CORRECTED, LONGER, at=known)
    opening = (2.1, None, "open", "")
    assert asyncio.run(ask(sqlite_url, HISTORY.format(f"{AYTON}|B365|match_odds", "home")))[0] == opening
    other = f"sqlite:///{tmp_path / 'other.db'}"
    assert apart(loaded(command, other, LONGER, CORRECTED, at=known), asyncio.run(facts(sqlite_url, SCHEMA))) == {}


def test_views(sqlite_url: str, command: Command) -> None:
    """What people ask for: the first price, the last one before the kick-off, and how it ended."""
    loaded(command, sqlite_url, LONGER)
    where = f"WHERE source_market_id = '{AYTON}|P|match_odds' AND outcome = 'home'"
    assert asyncio.run(ask(sqlite_url, f"SELECT price, time_basis FROM opening_odds {where}")) == [(2.12, "nominal")]
    assert asyncio.run(ask(sqlite_url, f"SELECT price, time_basis, started_by FROM closing_odds {where}")) == [(2.0, "nominal", "schedule")]
    assert asyncio.run(ask(sqlite_url, f"SELECT status, result, price FROM current_odds {where}")) == [("settled", "won", None)]
