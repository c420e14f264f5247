"""Real payloads that others recorded, each loaded as ``ingestd load`` reads it, against the figures that came with them."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from ingestd.model import Frame, Quote, Reject
from ingestd.sources.feeds.polymarket import FEED
from ingestd.sources.feeds.polymarket.decoder import PolymarketDecoder
from tests.conftest import Command

DATA = Path(os.environ.get("INGESTD_DATA") or Path(__file__).parents[4] / "shared" / "data")
WITHOUT = f"no recordings: {DATA}/polymarket is not there (INGESTD_DATA names the folder)"
FOUND = pytest.mark.skipif(not (DATA / "polymarket").exists(), reason=WITHOUT)


def figures() -> dict[str, dict[str, Any]]:  # type: ignore[explicit-any]  # a JSON file's own shapes
    """What is said of each file; nothing where there are no recordings."""
    path = DATA / "STATS.json"
    if not path.exists():
        return {}
    files = json.loads(path.read_text())["files"]
    return {name.removeprefix("polymarket/"): stats for name, stats in files.items() if name.startswith("polymarket/")}


COUNTED: dict[str, Callable[[PolymarketDecoder], int]] = {
    "rest/clob_markets_page.json": lambda decoder: decoder.counts["markets"],
    "rest/drm_markets.json": lambda decoder: decoder.counts["markets"],
    "rest/gamma_btc5m_markets_part1.jsonl.bz2": lambda decoder: decoder.counts["markets"],
    "rest/gamma_event.json": lambda decoder: decoder.counts["events"],
    "rest/gamma_market_sports_money_line.json": lambda decoder: decoder.counts["markets"],
    "rest/nav_sports.json": lambda _: 16,
    "rest/wnba_events.json": lambda decoder: decoder.counts["events"],
    "ws/book.json": lambda decoder: len(only_token(decoder).book.asks),
    "ws/last_trade_price.json": lambda decoder: decoder.counts["trades"],
    "ws/price_change_old.json": lambda decoder: decoder.counts["changes"],
    "ws/price_change_v2.json": lambda decoder: decoder.counts["changes"],
    "ws/tick_size_change.json": lambda decoder: decoder.counts["messages"],
}
"""What is a record of each file."""


def only_token(decoder: PolymarketDecoder) -> Any:  # type: ignore[explicit-any]
    """The one token that a message is about."""
    (market,) = decoder.channel.markets.values()
    (token,) = market.tokens.values()
    return token


@FOUND
def test_every_file_has_its_count() -> None:
    """A file that is new here needs a line above."""
    assert COUNTED.keys() == figures().keys()


@FOUND
@pytest.mark.parametrize("name", COUNTED)
def test_every_file_loads(name: str, command: Command, tmp_path: Path) -> None:
    """Every record is read, and nothing of it is refused."""
    answer = command("load", "polymarket", DATA / "polymarket" / name, "--store", f"sqlite:///{tmp_path / 'odds.db'}", "--json")
    assert (answer.code, answer.err) == (0, "")
    counts = json.loads(answer.out)
    stats = figures()[name]
    assert (counts["quarantined"], counts["frames"]) == (0, stats.get("lines", 1))
    if "lines" in stats:
        assert counts["markets"] == stats["lines"]


@FOUND
@pytest.mark.parametrize("name", [name for name in COUNTED if not name.endswith(".bz2")])
def test_every_document_holds_its_records(name: str) -> None:
    """As many as were counted independently."""
    decoder = PolymarketDecoder("pm")
    decoder(Frame("pm", "opened", 0, epoch=True, meta={"recorded": "1"}))
    out = decoder(Frame("pm", "data", 0, (DATA / "polymarket" / name).read_bytes()))
    assert [update for update in out if isinstance(update, Reject)] == []
    assert COUNTED[name](decoder) == figures()[name]["records"]


@FOUND
def test_the_flat_generation_of_2024() -> None:
    """One level at the top of the message: an ask, in a recording the first that is known."""
    decoder = FEED.decoder("pm")
    list(decoder(Frame("pm", "opened", 0, epoch=True, meta={"recorded": "1"})))
    out = list(decoder(Frame("pm", "data", 0, (DATA / "polymarket/ws/price_change_old.json").read_bytes())))
    (quote,) = [update for update in out if isinstance(update, Quote)]
    assert (quote.selection.side, quote.price, quote.size, quote.changed_at) == ("back", 1 / 0.514, 21574.08, 1723967931411000)


@FOUND
def test_the_best_prices_are_last() -> None:
    """The book as it was recorded: bids rise, asks fall, and the last ones are the best."""
    book = json.loads((DATA / "polymarket/ws/book.json").read_bytes())
    decoder = PolymarketDecoder("pm")
    decoder(Frame("pm", "opened", 0, epoch=True, meta={"recorded": "1"}))
    out = decoder(Frame("pm", "data", 0, (DATA / "polymarket/ws/book.json").read_bytes()))
    told = {update.selection.side: (update.price, update.size) for update in out if isinstance(update, Quote)}
    best = {side: book[name][-1] for side, name in (("back", "asks"), ("lay", "bids"))}
    assert told == {side: (1 / float(level["price"]), float(level["size"])) for side, level in best.items()}


@FOUND
def test_a_resolved_match_is_named_and_won(command: Command, tmp_path: Path) -> None:
    """From a single market: its event with sport, league and start, its state, and the winner."""
    store = tmp_path / "odds.db"
    command("load", "polymarket", DATA / "polymarket/rest/gamma_market_sports_money_line.json", "--store", f"sqlite:///{store}", "--json")
    engine = create_engine(f"sqlite:///{store}")
    with engine.connect() as db:
        events = [tuple(row) for row in db.execute(text("SELECT name, sport, status FROM events"))]
        markets = [tuple(row) for row in db.execute(text("SELECT market, status FROM markets"))]
        winners = [tuple(row) for row in db.execute(text("SELECT winner, state FROM results"))]
    engine.dispose()
    assert events == [("Counter-Strike: FaZe vs illwill (BO3) - HLC Belgrade Pro Playoffs", "counter_strike", "finished")]
    assert (markets, winners) == ([("moneyline", "settled")], [("home", "final")])
