"""The worked examples, on recordings of our own and on the real data where that is there."""

import os
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from ingestd.app import Proof, prove
from ingestd.settings import load
from ingestd.sources import FEEDS
from ingestd.sources.kind import FeedKind

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[2] / "config" / "examples" / "mapped"
DATA = Path(os.environ.get("INGESTD_DATA") or Path(__file__).parents[4] / "shared" / "data")
Row = tuple[str, str, str, str, float | None, float | None, str]


@cache
def kind_of(example: str) -> FeedKind:
    """How the example's source reads recordings; without its secrets, which are in files."""
    (source,) = load(EXAMPLES / f"{example}.yaml", {}).sources
    mapped = FEEDS["mapped"]
    options = {"mapping": source.options["mapping"], "files": {"paths": ["x"]}}
    return mapped.configured(mapped.options.model_validate(options))


def proof_of(example: str, path: Path) -> Proof:
    """What the example makes of a file."""
    return prove(kind_of(example), example, path)


def rows(proof: Proof) -> list[Row]:
    """Its prices: market id, market, outcome, side, line, price, status."""
    return [
        (one.selection.source_market_id, one.selection.market, one.selection.outcome, one.selection.side, one.line, one.price, one.status)
        for one in proof.quotes
    ]


def refused(proof: Proof) -> list[tuple[str, str, str]]:
    """Stage, path and reason of each reject."""
    return [(reject.stage, reject.path, reject.reason) for reject in proof.rejects]


def test_matchbook() -> None:
    """The best of each side: the highest to back, the lowest to lay. A runner without prices offers none."""
    proof = proof_of("matchbook", HERE / "matchbook.json")
    assert refused(proof) == []
    assert proof.counts == Counter(Fixture=2, MarketStatus=1, Quote=2, Complete=1)
    market = "900000000000021"
    assert rows(proof) == [
        (market, "moneyline", "home", "back", None, 2.18, "open"),
        (market, "moneyline", "home", "lay", None, 2.22, "open"),
    ]
    assert [one.size for one in proof.quotes] == [40.25, 90.0]


def test_odds_api_io() -> None:
    """Texts are prices, N/A is none, the exchange has a lay side; one price that is none is refused alone."""
    proof = proof_of("odds_api_io", HERE / "odds_api_io.json")
    assert [path for _, path, _ in refused(proof)] == ["book[1].value[0].odds[0].offer[1]:quotes[0]"]
    assert proof.counts == Counter(Fixture=1, Quote=13, Complete=1)
    books = Counter((one.selection.bookmaker, one.selection.bookmaker_kind, one.selection.side) for one in proof.quotes)
    assert books == {
        ("Bet365", "book", "back"): 11,
        ("Betfair Exchange", "exchange", "back"): 1,
        ("Betfair Exchange", "exchange", "lay"): 1,
    }
    assert [(one.selection.outcome, one.line, one.price) for one in proof.quotes if one.selection.market == "total"] == [
        ("over", 2.5, 1.9),
        ("over", 3.0, 2.4),
        ("under", 3.0, 1.55),
    ]
    lined = [one for one in proof.quotes if one.selection.market in ("spread", "player_shots", "team_total")]
    assert [(one.selection.outcome, one.selection.participant, one.line) for one in lined] == [
        ("home", "", -1.25),
        ("away", "", 1.25),
        ("over", "a striker", 1.5),
        ("under", "home", 0.5),
    ]
    assert proof.quotes[0].changed_at == 1_785_578_400_500_000


def test_oddsportal_scrape() -> None:
    """A result, many books, and a dash where a price should be."""
    proof = proof_of("oddsportal_scrape", HERE / "oddsportal_scrape.json")
    assert [reason for *_, reason in refused(proof)] == ["price: '-' is no number"]
    assert proof.counts == Counter(Fixture=1, Result=1, Quote=7)
    assert Counter(one.selection.bookmaker for one in proof.quotes) == {"Book A": 5, "Book B": 2}
    assert [one.selection.outcome for one in proof.quotes if one.selection.market == "both_teams_to_score"] == ["yes", "no"]


def test_pinnacle_derived() -> None:
    """American prices; 0 is none."""
    proof = proof_of("pinnacle_derived", HERE / "pinnacle_derived.json")
    assert [reason for *_, reason in refused(proof)] == ["price: 0 is no American price"]
    assert [one.price for one in proof.quotes] == [3.5, 1.8]
    assert proof.counts == Counter(Fixture=1, MarketStatus=1, Quote=2, Complete=1)


def test_sportradar_uof() -> None:
    """Sorted specifiers, statuses by number, an outcome without a price; a status that nobody documented is refused alone."""
    proof = proof_of("sportradar_uof", HERE / "sportradar_uof.xml")
    assert refused(proof) == [("decode", "odds_change.odds.market[3]:market", "status: '9' is not in the table")]
    match = "sr:match:9001"
    assert rows(proof) == [
        (f"{match}/18/total=2.5", "18", "12", "back", None, 1.95, "open"),
        (f"{match}/18/total=2.5", "18", "13", "back", None, 1.85, "open"),
        (f"{match}/62/pointnr=1|setnr=2", "62", "4", "back", None, 1.5, "open"),
        (f"{match}/62/pointnr=1|setnr=2", "62", "5", "back", None, None, "suspended"),
        (f"{match}/99/", "99", "1", "back", None, 2.0, "open"),
    ]
    assert proof.counts == Counter(MarketStatus=3, Quote=5)


REAL = {
    ("matchbook", "matchbook/marketdata_events.json"): Counter(Fixture=1, MarketStatus=1, Quote=4, Complete=1),
    ("matchbook", "matchbook/marketdata_popular_events.json"): Counter(Fixture=15, Complete=1),
    ("odds_api_io", "odds_api_io/events.json"): Counter(Fixture=5),
    ("odds_api_io", "odds_api_io/odds_brentford_wolves.json"): Counter(Fixture=1, Quote=1720, Complete=1),
    ("oddsportal_scrape", "oddsportal_scrape/epl_1x2_ou.json"): Counter(Fixture=4, Result=4, Quote=120),
    ("oddsportal_scrape", "oddsportal_scrape/nba_1x2.json"): Counter(Fixture=3, Result=3, Quote=60),
    ("oddsportal_scrape", "oddsportal_scrape/live_1x2.json"): Counter(Fixture=1, Quote=3),
    ("pinnacle_derived", "pinnacle_derived/market-1630602963.json"): Counter(Fixture=1, MarketStatus=1, Quote=30, Complete=1),
    ("pinnacle_derived", "pinnacle_derived/market-1631943127.json"): Counter(Fixture=1, MarketStatus=1, Quote=29, Complete=1),
    # its stamp was shortened to 1.2 seconds after 1970: all of it is read, and refused for its time
    ("sportradar_uof", "sportradar_uof/odds_change-0.xml"): Counter(time=69),
    ("sportradar_uof", "sportradar_uof/bet_settlement.xml"): Counter(Quote=45),
    ("sportradar_uof", "sportradar_uof/bet_cancel.xml"): Counter(MarketStatus=1),
    ("sportradar_uof", "sportradar_uof/fixture-0.xml"): Counter(Fixture=1),
    ("sportradar_uof", "sportradar_uof/fixture-1.xml"): Counter(Fixture=1),
}


@pytest.mark.parametrize(("example", "name"), REAL)
def test_real_data(example: str, name: str) -> None:
    """Everything in the file is taken, and each name stands for one price."""
    path = DATA / name
    if not path.exists():
        pytest.skip(f"no recordings: {path} is not there")
    proof = proof_of(example, path)
    assert proof.counts + Counter(reject.category for reject in proof.rejects) == REAL[example, name]
    assert proof.clashes == []
