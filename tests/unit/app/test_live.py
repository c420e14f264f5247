"""The live run, while its sources come, change and go: at one place of the journal, nothing lost and nothing doubled."""

import pytest

from ingestd.settings import Settings
from ingestd.sources.feeds.simulated.session import SimulatedFeed
from ingestd.store.queries import Queries
from ingestd.testing.rig.evidence import accounts, journal_tail, loaded
from tests.unit.app.test_reload import running, source


async def states(settings: Settings, name: str) -> list[tuple[str, str, str]]:
    """Of the intervals of a source: state, reason, how it was repaired."""
    async with Queries(settings.store.url, "public") as queries:
        rows = sorted(await queries.coverage(name), key=lambda row: row.began_at)
        return [(row.state, row.reason, row.repaired_by) for row in rows if row.scope_kind == "source"]


async def unbalanced(settings: Settings, name: str) -> list[str]:
    """Sums of a source that do not come out, once no daemon lives."""
    return accounts(await loaded(settings.store.url, name), journal_tail(settings.journal.path, name))


async def test_where_an_image_costs_the_decoder_is_fed_anew(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The session is resumed, so the new decoder has to know what the old one knew."""
    monkeypatch.setattr(SimulatedFeed, "renewable", False)
    async with running(settings) as one:
        for seed in (8, 9):
            reader = one.daemon.lanes["demo"].reader
            assert await one.reload(source(settings, "demo", seed=seed))
            await one.until(lambda reader=reader: one.daemon.lanes["demo"].reader is not reader and one.live("demo"))  # type: ignore[misc]
            frames = one.daemon.lanes["demo"].counters["frames"]
            await one.until(lambda frames=frames: one.daemon.lanes["demo"].counters["frames"] > frames + 20)  # type: ignore[misc]
        assert one.daemon.lanes["demo"].counters["quarantined"] == 0
    assert await unbalanced(settings, "demo") == []
    assert await states(settings, "demo") == [
        ("complete", "", ""),
        ("down", "stopped", "replay"),
        ("complete", "", ""),
        ("down", "stopped", "replay"),
        ("complete", "", ""),
        ("down", "stopped", ""),
    ]


async def test_a_source_that_goes_ends_as_with_the_daemon(settings: Settings) -> None:
    """Its interval ends, its row says stopped, every frame is loaded; back again it goes on from there."""
    demo, more = settings.sources[0], source(settings, "more")
    async with running(settings.model_copy(update={"sources": (demo, more)})) as one:
        assert await one.reload(demo)
        gone = one.daemon.collectors.get("more")
        await one.until(lambda: "more" not in one.daemon.lanes)
        store = await loaded(settings.store.url, "more")
        assert gone is None or store.counters["frames"] == gone.status.read
        assert await states(settings, "more") == [("complete", "", ""), ("down", "stopped", "")]
        async with Queries(settings.store.url, "public") as queries:
            assert {row.source: row.state for row in (await queries.status()).sources} == {"demo": "live", "more": "stopped"}
        assert await one.reload(demo, more)
        await one.until(lambda: one.live("more"))
    for name in ("demo", "more"):
        assert await unbalanced(settings, name) == []
    assert (await states(settings, "more"))[1:] == [("down", "stopped", "replay"), ("complete", "", ""), ("down", "stopped", "")]


async def test_one_that_was_never_connected_goes_too(settings: Settings) -> None:
    """There is nothing to say goodbye to; its row says so all the same."""
    demo, dead = settings.sources[0], source(settings, "dead", url="ws://127.0.0.1:9")
    async with running(settings) as one:
        assert await one.reload(demo, dead)
        await one.until(lambda: "dead" in one.daemon.lanes)
        assert await one.reload(demo)
        await one.until(lambda: "dead" not in one.daemon.lanes)
        async with Queries(settings.store.url, "public") as queries:
            assert {row.source: row.state for row in (await queries.status()).sources} == {"demo": "live", "dead": "stopped"}
