"""What a live run asks of its sources, and which frames it lets go of."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ingestd.journal.local import JournalLimits, LocalJournal
from ingestd.model import WHOLE, Frame, Scope
from ingestd.pipeline.catalogue import Catalogue
from ingestd.pipeline.lane import Lane
from ingestd.pipeline.wishes import ASK_AGAIN, Wishes
from ingestd.sources.feeds.simulated.options import SimulatedOptions
from ingestd.sources.feeds.simulated.session import SimulatedFeed
from ingestd.testing.clock import VirtualClock
from ingestd.testing.context import feed_context

MARKET = Scope("market", "m1")


class Desk:
    """Two sources, a journal of nine frames, and what came of the wishes."""

    def __init__(self, journal: LocalJournal, clock: VirtualClock) -> None:
        self.journal = journal
        self.clock = clock
        self.lanes = {name: self._lane(name) for name in ("quiet", "loud")}
        self.renewed: list[tuple[str, Scope]] = []
        self.full = False
        self.wishes = Wishes(self.lanes, journal, clock, lambda *asked: self.renewed.append(asked), lambda: self.full)

    async def kept(self, position: int) -> int:
        """From where on frames are kept."""
        await self.wishes.keep(position)
        return self.journal._appender.keep

    def _lane(self, name: str) -> Lane:
        context = feed_context(name, clock=self.clock)
        lane = Lane(name, "simulated", SimulatedFeed(SimulatedOptions(), context), Catalogue(), live=True)
        lane.coverage.opened(1, "replay")
        return lane


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """One."""
    clock = VirtualClock()
    journal = await LocalJournal.open(tmp_path, clock=clock, limits=JournalLimits())
    await journal.append([Frame("quiet", "data", 1)] * 9)
    yield Desk(journal, clock)
    await journal.close()


async def test_gaps_are_asked_for_at_the_tail(desk: Desk) -> None:
    """Each once, as long as the answer may still come; what lies ahead in the journal may be the answer."""
    desk.lanes["loud"].coverage.gap(MARKET, "unknown_market")
    desk.lanes["quiet"].coverage.gap(WHOLE, "sequence")
    desk.wishes.answer(8)
    assert desk.renewed == []
    desk.wishes.answer(9)
    desk.wishes.answer(9)
    assert sorted(desk.renewed, key=str) == [("loud", MARKET), ("quiet", WHOLE)]


async def test_asked_again_until_it_comes(desk: Desk) -> None:
    """After a while, and no more once the image is there; a new gap is a new question."""
    coverage = desk.lanes["loud"].coverage
    coverage.gap(MARKET, "unknown_market")
    desk.wishes.answer(9)
    await desk.clock.sleep(ASK_AGAIN - 1)
    desk.wishes.answer(9)
    assert len(desk.renewed) == 1
    await desk.clock.sleep(1)
    desk.wishes.answer(9)
    assert len(desk.renewed) == 2
    coverage.complete(MARKET, 5)
    desk.wishes.answer(9)
    coverage.gap(MARKET, "unknown_market")
    desk.wishes.answer(9)
    assert len(desk.renewed) == 3


async def test_emptiness_is_looked_at_again_at_once(desk: Desk) -> None:
    """An image that shows nothing answers the gap; the second look that it takes to be believed is not put off."""
    coverage = desk.lanes["loud"].coverage
    coverage.gap(WHOLE, "sequence")
    desk.wishes.answer(9)
    coverage.suspect(WHOLE)
    desk.wishes.answer(9)
    desk.wishes.answer(9)
    assert desk.renewed == [("loud", WHOLE)] * 2


async def test_a_session_that_broke_off_answers_nothing(desk: Desk) -> None:
    """What was asked there is asked of the next one at once, also where nobody looked between them."""
    coverage = desk.lanes["loud"].coverage
    coverage.gap(WHOLE, "sequence")
    desk.wishes.answer(9)
    coverage.closed("reset")
    coverage.opened(2, "replay")
    desk.wishes.answer(9)
    desk.wishes.answer(9)
    assert desk.renewed == [("loud", WHOLE)] * 2


async def test_the_oldest_epoch_in_use_is_kept(desk: Desk) -> None:
    """Or what is not committed yet, if that is older; a source that has begun none keeps nothing."""
    assert await desk.kept(5) == 6
    desk.lanes["loud"].applied_epoch = 4
    assert await desk.kept(5) == 4
    desk.lanes["quiet"].applied_epoch = 2
    assert (await desk.kept(5), await desk.kept(0)) == (2, 1)
    assert desk.renewed == []


async def test_epochs_give_way_in_a_full_journal(desk: Desk) -> None:
    """But only where everything is committed: then they would hold it full for ever, and are asked for anew."""
    desk.lanes["loud"].applied_epoch = 4
    desk.full = True
    assert (await desk.kept(8), desk.renewed) == (4, [])
    assert (await desk.kept(9), desk.renewed) == (10, [("loud", WHOLE)])
