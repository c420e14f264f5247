"""The oracle: what must be in the history, against the real session, decoder and book over a stream that is cut at random."""

import asyncio
from pathlib import Path
from random import Random

import pytest

from ingestd.batch import Batch
from ingestd.errors import Disconnected
from ingestd.model import Complete, Frame, MarketStatus, Quote, Run
from ingestd.pipeline.book import Book
from ingestd.pipeline.catalogue import Catalogue
from ingestd.pipeline.held import Moment
from ingestd.sources.feeds.betfair.decoder import BetfairDecoder
from ingestd.sources.feeds.betfair.feed import build, record_time
from ingestd.sources.feeds.betfair.options import BetfairOptions
from ingestd.testing.betfair import APP_KEY, SESSION, BetfairEmulator
from ingestd.testing.betfair_oracle import Key, Row, history
from ingestd.testing.context import feed_context


async def recorded(emulator: BetfairEmulator, cuts: int, seed: int) -> list[Frame]:
    """All frames of a client that is cut off ``cuts`` times and goes on by clock, while the world moves all the time."""
    draw = Random(seed)
    options = {"app_key": APP_KEY, "session_token": SESSION, "market_ids": emulator.world.market_ids, "names": False}
    where = {"host": emulator.host, "port": emulator.port, "tls_ca_file": emulator.ca_file}
    feed = build(BetfairOptions.model_validate(options | where), feed_context("bf"))
    frames: list[Frame] = []
    for attempt in range(cuts + 1):
        async with feed.connect(frames[-1].token if frames else "") as session:
            frames.extend(await session.read())
            await emulator.step(draw.randint(5, 30), closing=0.002)
            until = emulator.world.steps[-1].pt if attempt == cuts else 0
            try:
                while (record_time(frames[-1].payload) or 0) < until * 1000 or not until:
                    async with asyncio.timeout(0.2 if until else 0.02):
                        frames.extend(await session.read())
            except TimeoutError:
                emulator.cut()
            except Disconnected:
                pass
        for _ in range(draw.randint(0, 40)):
            emulator.world.step(closing=0.002)
    return frames


def booked(frames: list[Frame]) -> dict[Key, list[Row]]:
    """The history that decoder and book make of the frames."""
    book = Book("bf", Catalogue(), "ordered")
    batch = Batch(run=Run(run_id=1, kind="live", source="bf", started_at=0), journal_id=1, position=0)
    book.begin(batch)
    decoder = BetfairDecoder("bf")
    keys: dict[int, Key] = {}
    for offset, frame in enumerate(frames):
        moment = Moment(frame.received_at, offset)
        for update in decoder(frame):
            if isinstance(update, Quote):
                _, _, market, runner, hc, side = update.selection.identity.split("|")
                keys[update.selection.id] = market, int(runner), float(hc), side
                book.quote(update, moment)
            elif isinstance(update, MarketStatus):
                book.market_status(update, moment)
            elif isinstance(update, Complete):
                book.withdraw(update, moment)
    rows: dict[Key, list[Row]] = {}
    for change in batch.changes:
        if change.history and change.price is not None:
            row = Row(change.changed_at, change.price, change.size, change.status, change.result)
            rows.setdefault(keys[change.selection_id], []).append(row)
    return rows


@pytest.mark.parametrize("seed", range(5))
async def test_a_cut_stream_lacks_exactly_what_was_conflated(tmp_path: Path, seed: int) -> None:
    """Row by row, what the book wrote is what the oracle says of the deliveries; and some of them were merged."""
    async with BetfairEmulator(tmp_path, seed=seed) as emulator:
        emulator.resume_images.add(emulator.world.market_ids[seed % 4])
        frames = await recorded(emulator, cuts=4, seed=seed)
        deliveries = emulator.received()
    assert any(one.kind == "resume" and one.merged for one in deliveries)
    assert booked(frames) == history(emulator.world, deliveries)


async def test_an_uncut_stream_lacks_nothing(tmp_path: Path) -> None:
    """And the last row of every price is the same as after cuts: conflation loses the way, not where it led."""
    async with BetfairEmulator(tmp_path, seed=3) as emulator:
        frames = await recorded(emulator, cuts=0, seed=3)
        deliveries = emulator.received()
    rows = history(emulator.world, deliveries)
    assert booked(frames) == rows
    assert {len(one.steps) for one in deliveries} == {0, 1}
    assert sum(map(len, rows.values())) > 10
