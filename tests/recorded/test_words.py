"""What every feed makes of its recordings is in the vocabulary, or in the list of what is known not to be."""

import os
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from ingestd.errors import Malformed
from ingestd.markets import MARKETS, unknown
from ingestd.model import Frame, MarketStatus, Quote, Selection
from ingestd.settings import load
from ingestd.sources import FEEDS
from ingestd.sources.kind import FeedKind
from ingestd.sources.transports.files.reading import Reader, unit_of

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1] / "config" / "examples" / "mapped"
DATA = Path(os.environ.get("INGESTD_DATA") or HERE.parents[2] / "shared" / "data")
READ_AT = 2_000_000_000_000_000
"""2033: after everything that was recorded."""
PAYLOADS = frozenset((".json", ".jsonl", ".csv", ".xml", ".bz2"))
MOST = 200_000
"""Bytes of a real recording that is read here; the long ones hold the same words over and over."""

OURS = {
    "betfair": set[tuple[str, str]](),
    "football_data": set(),
    "kalshi": {("market", "KXTALEGAME"), ("market", "KXTALE")},
    "mapped/matchbook": set(),
    "mapped/odds_api_io": {("market", "Anytime Goalscorer")},
    "mapped/oddsportal_scrape": set(),
    "mapped/pinnacle_derived": set(),
    "mapped/sportradar_uof": {("market", "18"), ("market", "62"), ("market", "99")},
    "polymarket": set(),
    "simulated": set(),
    "the_odds_api": set(),
}
"""Unknown words in the recordings that are our own. Kalshi: a stream alone does not say what a contract is about."""
REAL = {
    "betfair": 0.97,
    "football_data_co_uk": 1.0,
    "kalshi": 0.57,
    "matchbook": 1.0,
    "odds_api_io": 0.5,
    "oddsportal_scrape": 1.0,
    "pinnacle_derived": 1.0,
    "polymarket": 0.004,
    "the_odds_api": 1.0,
}
"""Share of selections of the real recordings that have all their words.

What has no name in the recording (in most of Betfair's streams) is a number, and not counted here. Kalshi's streams are of the price of
gold, Polymarket's markets of bitcoin and elections, odds-api.io's of everything that can be counted in a football match.
"""


@cache
def kind_of(feed: str) -> FeedKind:
    """How a feed reads recordings; ``mapped/NAME`` as the worked example of that name does."""
    name, _, example = feed.partition("/")
    if not example:
        return FEEDS[name]
    (source,) = load(EXAMPLES / f"{example}.yaml", {}).sources
    mapped = FEEDS["mapped"]
    return mapped.configured(mapped.options.model_validate({"mapping": source.options["mapping"], "files": {"paths": ["x"]}}))


def words(feed: str, path: Path) -> Iterator[tuple[str, str, str, Selection | None]]:
    """Market, period, outcome of everything that the feed makes of a file, and the selection where it is one."""
    kind = kind_of(feed)
    decoder = kind.decoder("x")
    frames = [Frame("x", "opened", 0, epoch=True, meta={"recorded": "1"})]
    reader = Reader(path, unit_of(path, kind.unit))
    try:
        while not reader.finished:
            frames += [Frame("x", "data", READ_AT, piece.payload) for piece in reader.batch()]
    finally:
        reader.close()
    for frame in frames:
        try:
            told = list(decoder(frame))
        except Malformed:
            told = list(decoder.broken("malformed", frame))
        for update in told:
            if isinstance(update, Quote):
                what = update.selection
                yield what.market, what.period, what.outcome, what
            elif isinstance(update, MarketStatus):
                yield (
                    update.market,
                    update.period,
                    next(iter(MARKETS[update.market].outcomes), "") if update.market in MARKETS else "",
                    None,
                )


def recordings(feed: str) -> list[Path]:
    """Our own recordings of a feed."""
    name, _, example = feed.partition("/")
    found = [path for path in sorted((HERE / name).rglob("*")) if path.suffix in PAYLOADS]
    return [path for path in found if path.stem == example] if example else found


def test_every_feed_is_listed() -> None:
    """A feed that is new here needs a line above."""
    assert {feed.partition("/")[0] for feed in OURS} == set(FEEDS)


@pytest.mark.parametrize("feed", OURS)
def test_our_own_recordings(feed: str) -> None:
    """Each word is one of the vocabulary, but for those that are listed, and each of those occurs."""
    found: set[tuple[str, str]] = set()
    for path in recordings(feed):
        for market, period, outcome, _ in words(feed, path):
            named = {"market": market, "period": period, "outcome": outcome}
            found |= {(kind, named[kind]) for kind in unknown(market, period, outcome)}
    assert recordings(feed) != []
    assert found == OURS[feed]


@pytest.mark.parametrize("folder", REAL)
def test_real_recordings(folder: str) -> None:
    """At least the share that was measured, of the selections as they were last told."""
    if not (DATA / folder).exists():
        pytest.skip(f"no recordings: {DATA / folder} is not there (INGESTD_DATA names the folder)")
    feed = folder.removesuffix("_co_uk") if folder.removesuffix("_co_uk") in FEEDS else f"mapped/{folder}"
    told: dict[int, Selection] = {}
    for path in sorted((DATA / folder).rglob("*")):
        if path.suffix in PAYLOADS and path.stat().st_size < MOST:
            told |= {what.id: what for *_, what in words(feed, path) if what is not None}
    named = [what for what in told.values() if not what.outcome.isdigit()]
    known = Counter(not unknown(what.market, what.period, what.outcome) for what in named)
    assert known[True] >= REAL[folder] * known.total() > 0, known
