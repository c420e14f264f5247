"""When the store is asked, and what for."""

from ingestd.batch import LinkRow
from ingestd.model import Fixture, Gap, Scope
from ingestd.pipeline.catalogue import Catalogue
from ingestd.pipeline.events import DAY
from ingestd.pipeline.learning import ASK_EVERY, Learner
from ingestd.relations import Known, Wanted
from ingestd.testing.clock import VirtualClock

T = 20_000 * DAY
FIXTURE = Fixture(source_event_id="e", sport="tennis", name="A v B", home="A", away="B", starts_at=T)
GAP = Gap(Scope("source"), "x")


class Writer:
    """Answers with one link."""

    def __init__(self) -> None:
        self.asked: list[Wanted] = []

    async def known(self, wanted: Wanted) -> Known:
        """As it is."""
        self.asked.append(wanted)
        return Known(5, [LinkRow(source="s", source_event_id="e", event_id=42, sport="tennis", starts_at=T, changed_at=1)])


async def test_a_fixture_is_asked_for_before_it_is_linked() -> None:
    """By its key, with all that starts about when it does; once known, only what changed is asked."""
    writer, clock, catalogue = Writer(), VirtualClock(), Catalogue()
    learner = Learner(catalogue, writer, clock)  # type: ignore[arg-type] # all that it calls
    await learner.learn([("s", [FIXTURE])])
    (wanted,) = writer.asked
    assert (wanted.revision, wanted.keys) == (-1, frozenset({("s", "e")}))
    ((start, end),) = wanted.spans
    assert start <= T - 2 * DAY
    assert end > T + 2 * DAY
    await learner.learn([("s", [FIXTURE, FIXTURE])])
    assert (writer.asked[1].revision, writer.asked[1].keys, writer.asked[1].spans) == (5, frozenset(), ())
    assert writer.asked[1].held == (start, end)


async def test_without_fixtures_it_asks_now_and_then() -> None:
    """What others decide counts for prices too."""
    writer, clock = Writer(), VirtualClock()
    learner = Learner(Catalogue(), writer, clock)  # type: ignore[arg-type] # as above
    asked = []
    for seconds in (0.0, ASK_EVERY / 2, ASK_EVERY, ASK_EVERY / 2, ASK_EVERY):
        await clock.sleep(seconds)
        await learner.learn([("s", [GAP])])
        asked.append(len(writer.asked))
    assert asked == [0, 0, 1, 1, 2]
