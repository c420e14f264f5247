"""Every decoder, fed with damaged frames: it raises Malformed or yields what stages and book take, and nothing else ever."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ingestd.batch import Batch
from ingestd.errors import Malformed
from ingestd.interfaces import Feed
from ingestd.model import Decoded, Frame, Run
from ingestd.pipeline.catalogue import Catalogue
from ingestd.pipeline.lane import Lane
from ingestd.sources import FEEDS
from ingestd.testing.harness import SOURCE
from tests.conformance.conftest import trial
from tests.conformance.mutations import Mutation, mutate, mutations

ROOT: Final = Path(__file__).parents[2]
FRAMES: Final = 10_000
IN_A_ROW: Final = 25
"""Frames that one decoder sees: what it keeps from one may be its undoing at the next."""
NO_PAYLOADS: Final = frozenset((".py", ".md", ".txt", ".pyc"))
LONGEST: Final = 20_000
"""Bytes of a frame to damage: a long one is not more likely to show anything."""


class Fed:
    """A feed built as for its emulator, and frames to damage: what the emulator sent, and what was recorded."""

    def __init__(self, name: str, feed: Feed, frames: Iterable[Frame]) -> None:
        self.name = name
        self.feed = feed
        sent = [frame for frame in frames if frame.kind in {"opened", "data"}]
        template = next(frame for frame in sent if frame.kind == "data")
        known = {frame.payload for frame in sent}
        recorded = [payload for payload in recordings(name) if payload not in known]
        self.frames = [*sent, *(msgspec.structs.replace(template, payload=payload) for payload in recorded)]
        self.frames = [frame for frame in self.frames if len(frame.payload) <= LONGEST]

    def sequence(self, start: int, damage: list[Mutation]) -> Iterator[Frame]:
        """Frames in the order they were sent, from one on, each damaged; some come from elsewhere."""
        for place, mutation in enumerate(damage):
            index = mutation[2] if mutation[0] == "splice" else start + place
            frame, other = self.frames[index % len(self.frames)], self.frames[mutation[1] % len(self.frames)]
            payload = mutate(frame.payload, mutation, other.payload) if frame.kind == "data" else frame.payload
            yield msgspec.structs.replace(frame, payload=payload, ordinal=place + 1, offset=place + 1, meta=dict(frame.meta))


def recordings(name: str) -> Iterator[bytes]:
    """Payloads of our own recordings: lines of what is read by line, else whole files."""
    for path in sorted((ROOT / "tests" / "recorded" / name).rglob("*")):
        if path.is_file() and path.suffix not in NO_PAYLOADS:
            yield from path.read_bytes().splitlines() if FEEDS[name].unit == "line" else [path.read_bytes()]


@pytest.fixture(params=FEEDS)
async def fed(request: pytest.FixtureRequest, tmp_path: Path, empty: Path) -> Fed:
    """One feed after the other, once its emulator has played."""
    name = request.param
    async with trial(name, tmp_path, empty) as (emulator, tried), tried.life() as one:
        await emulator.play()
        await tried.agreed(one)
        feed = one.daemon.roster.feeds[SOURCE]
    return Fed(name, feed, tried.frames())


@pytest.mark.timeout(120)
def test_nothing_but_malformed(fed: Fed) -> None:
    """Ten thousand damaged frames; neither decoder nor stages nor book have a bug."""
    seen: dict[str, int] = {"frames": 0, "malformed": 0, "taken": 0}

    @settings(
        max_examples=FRAMES // IN_A_ROW,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],  # the frame that failed is told below; smaller ones would take minutes to find
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(st.integers(0, 2**20), st.lists(mutations, min_size=IN_A_ROW, max_size=IN_A_ROW))
    def attempt(start: int, damage: list[Mutation]) -> None:
        lane = Lane(fed.name, fed.name, fed.feed, Catalogue(), live=True)
        decoder = fed.feed.decoder()
        batch = Batch(run=Run(run_id=1, kind="live", source=SOURCE, started_at=1), journal_id=1, position=0)
        lane.book.begin(batch)
        for frame in fed.sequence(start, damage):
            if frame.epoch:
                decoder = fed.feed.decoder()
            decoded: list[Decoded]
            try:
                decoded = list(decoder(frame))
            except Malformed:
                decoded = list(decoder.broken("malformed", frame))
                seen["malformed"] += 1
            lane.apply(frame, decoded, frame.offset, batch)
            seen["frames"] += 1
        seen["taken"] += lane.counters["changed"]
        assert [(reject.reason, reject.path) for reject in batch.rejects if reject.category == "bug"] == []

    attempt()
    assert seen["frames"] >= FRAMES
    assert min(seen.values()) > 0, seen
