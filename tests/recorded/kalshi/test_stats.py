"""Every real recording of Kalshi there is, against the figures and the rows that an independent fold finds."""

import asyncio
import bz2
import json
import os
from collections import Counter
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from ingestd.model import Fixture, Frame, MarketStatus, Quote, Reject
from ingestd.sources.feeds.kalshi import FEED
from ingestd.sources.feeds.kalshi.decoder import KalshiDecoder
from ingestd.sources.feeds.kalshi.wire import DOLLAR, micros
from ingestd.testing.rig.evidence import ask
from tests.conftest import Command
from tests.integration.conftest import loaded
from tests.recorded.kalshi.fold import Fold, Key, Row, history

DATA = Path(os.environ.get("INGESTD_DATA") or Path(__file__).parents[4] / "shared" / "data")
STREAMS = sorted((DATA / "kalshi" / "ws").glob("*"))
ANSWERS = sorted((DATA / "kalshi" / "rest").glob("*"))
SMALLEST = "KXGOLD15M-26AUG101900-00_2026-08-10.jsonl.bz2"
needs_recordings = pytest.mark.skipif(not STREAMS, reason=f"no recordings: {DATA}/kalshi/ws is not there (INGESTD_DATA names the folder)")
HISTORY = """
    SELECT s.outcome, s.side, h.changed_at, h.seq, h.price, h.size, h.status
    FROM odds_history h JOIN selections s ON s.selection_id = h.selection_id ORDER BY h.selection_id, h.changed_at, h.seq
"""


def stats_of(path: Path) -> dict[str, Any]:  # type: ignore[explicit-any]  # a JSON file's own shapes
    """The figures of a recorded stream."""
    found: dict[str, Any] = json.loads((DATA / "STATS.json").read_text())["files"][f"kalshi/ws/{path.name}"]  # type: ignore[explicit-any]
    return found


def opened() -> Frame:
    """The first frame of a recording."""
    return Frame("k", "opened", 0, epoch=True, meta={"recorded": "1"})


def totals(decoder: KalshiDecoder, ticker: str) -> dict[str, object]:
    """A market's books in the words of the figures."""
    found: dict[str, object] = {}
    for side, book in decoder.markets[ticker].books.items():
        found[f"{side}_levels"] = len(book)
        found[f"best_{side}_bid"] = f"{Decimal(max(book)) / DOLLAR:.4f}"
        found[f"{side}_size_sum"] = f"{Decimal(sum(book.values())) / DOLLAR:.2f}"
    return found


@needs_recordings
@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.name)
def test_every_stream_folds_to_its_figures(path: Path) -> None:
    """Counts, the book in the middle, and nothing to complain of; no yes and no bid ever cross."""
    stats = stats_of(path)
    decoder = KalshiDecoder("k")
    decoder(opened())
    (ticker,) = stats["tickers"]
    for number, line in enumerate(lines_of(path), start=1):
        assert not any(isinstance(update, Reject) for update in decoder(Frame("k", "data", 0, line)))
        if number == stats["mid_checkpoint"]["after_lines"]:
            assert totals(decoder, ticker) | {"after_lines": number} == stats["mid_checkpoint"]
    kinds = {"snapshots": "orderbook_snapshot", "deltas": "orderbook_delta", "trades": "trade"}
    assert {kinds[name]: count for name, count in decoder.counts.items() if name in kinds} == stats["types"]
    assert decoder.counts["messages"] == stats["lines"]
    assert decoder.markets[ticker].books == {"yes": {}, "no": {}}


def lines_of(path: Path) -> list[bytes]:
    """The lines of a packed file."""
    return bz2.decompress(path.read_bytes()).splitlines()


@needs_recordings
@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.name)
def test_every_change_is_told_and_stamped(path: Path) -> None:
    """In order, several in one millisecond, back and forth: what an independent fold of the same lines finds, and nothing else."""
    decoder = KalshiDecoder("k")
    decoder(opened())
    told: dict[Key, list[tuple[float | None, float | None, str, int | None]]] = {}
    wanted: dict[Key, list[tuple[float | None, float | None, str, int | None]]] = {}
    for line, state in zip(lines_of(path), Fold(path).states(), strict=True):
        for key in state.prices.keys() | wanted.keys():
            before = wanted.setdefault(key, [])
            terms = state.prices.get(key) or (None, None, "withdrawn")
            if not before or terms != before[-1][:3]:
                before.append((*terms, state.made_at))
        for quote in (update for update in decoder(Frame("k", "data", 0, line)) if isinstance(update, Quote)):
            said = told.setdefault((quote.selection.outcome, quote.selection.side), [])
            if not said or said[-1][:3] != (quote.price, quote.size, quote.status):
                said.append((quote.price, quote.size, quote.status, quote.changed_at))
    assert told == wanted
    assert sum(first[3] == second[3] for rows in told.values() for first, second in pairwise(rows)) > 100


@needs_recordings
def test_the_rows_are_those_of_an_independent_fold(command: Command, store_url: str) -> None:
    """A-B-A within a millisecond too; loading the file again adds nothing, in either store."""
    path = DATA / "kalshi" / "ws" / SMALLEST
    first = loaded(command, "kalshi", [path], store_url)
    wanted = history(path)
    assert first["rows"] == sum(map(len, wanted.values()))
    assert (first["frames"], first["quarantined"], first["stale"]) == (stats_of(path)["lines"], 0, 0)
    assert stored(store_url) == wanted
    shared = Counter((key, row[0]) for key, rows in wanted.items() for row in rows)
    assert max(shared.values()) > 2
    assert [first for rows in wanted.values() for first, last in zip(rows, rows[2:], strict=False) if returned(first, last)]
    assert loaded(command, "kalshi", [path], store_url)["rows"] == 0
    assert stored(store_url) == wanted


def returned(first: Row, last: Row) -> bool:
    """Whether a price came back within a millisecond."""
    return first[0] == last[0] and first[2:] == last[2:]


def stored(url: str) -> dict[Key, list[Row]]:
    """The history in a store; PostgreSQL answers with times, SQLite with microseconds."""
    found: dict[Key, list[Row]] = {}
    for outcome, side, at, *rest in asyncio.run(ask(url, HISTORY)):
        stamp = micros(at) if isinstance(at, datetime) else at
        found.setdefault((str(outcome), str(side)), []).append((stamp, *rest))  # type: ignore[arg-type]
    return found


@needs_recordings
def test_every_answer_loads(command: Command, store_url: str) -> None:
    """Events, markets, prices, trades, results; the order book that names no market is quarantined; a second time adds nothing."""
    counts = {path.name: loaded(command, "kalshi", [path], store_url) for path in ANSWERS}
    refused = {name for name, count in counts.items() if count["quarantined"]}
    assert refused == {"epl_kalshi_orderbook.json"}
    rows = {name: count["rows"] for name, count in counts.items() if "GOLD" not in name}
    assert rows == {
        "epl_kalshi_market.json": 4,
        "epl_kalshi_markets.json": 12,
        "epl_kalshi_orderbook.json": 0,
        "epl_kalshi_trades.json": 5,
        "wnba_kalshi_markets.json": 12,
    }
    before = asyncio.run(ask(store_url, HISTORY))
    for path in ANSWERS:
        loaded(command, "kalshi", [path], store_url)
    assert asyncio.run(ask(store_url, HISTORY)) == before
    settled = "SELECT count(*) FROM odds WHERE result = 'won' AND own_status = 'settled'"
    won = [json.loads(path.read_bytes())["response"]["markets"][0]["result"] for path in ANSWERS if "GOLD" in path.name]
    assert asyncio.run(ask(store_url, settled)) == [(sum(3 if result == "yes" else 1 for result in won),)]


@needs_recordings
@pytest.mark.parametrize("path", [path for path in ANSWERS if "GOLD" in path.name], ids=lambda path: path.name)
def test_results(path: Path) -> None:
    """Of the events whose streams are recorded, as of when they were settled."""
    decoder = KalshiDecoder("k")
    decoder(opened())
    said = json.loads(path.read_bytes())["response"]
    updates = decoder(Frame("k", "data", FEED.record_time(path.read_bytes()) or 0, path.read_bytes()))
    (fixture,) = [update for update in updates if isinstance(update, Fixture)]
    assert (fixture.name, fixture.league, fixture.status) == (said["event"]["title"], said["event"]["series_ticker"], "finished")
    (status,) = [update for update in updates if isinstance(update, MarketStatus)]
    assert (status.status, status.source_market_id) == ("settled", said["markets"][0]["ticker"])
    results = {(update.selection.outcome, update.result) for update in updates if isinstance(update, Quote)}
    assert results == ({("yes", "won"), ("no", "lost")} if said["markets"][0]["result"] == "yes" else {("yes", "lost"), ("no", "won")})
