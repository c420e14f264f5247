"""A replay beside the daemon whose journal it reads."""

import pytest

from ingestd.app import ALWAYS, Daemon, Replays
from ingestd.errors import ConfigError
from ingestd.store.queries import Queries


async def test_it_runs_beside_the_daemon_and_is_a_run_of_its_own(daemon: Daemon) -> None:
    """Frames are read, no row is new, and the daemon goes on writing; a second one begins at the beginning again."""
    for _ in range(2):
        counts = (await Replays(daemon.settings, daemon.store, daemon.reporter, daemon.clock).replay("demo", *ALWAYS)).counts
        assert counts["frames"] > 0
        assert counts["changed"] > 0
    async with Queries(daemon.settings.store.url, "public") as queries:
        runs = [(run.kind, run.source, run.status) for run in (await queries.status()).runs]
    assert runs.count(("replay", "demo", "done")) == 2


async def test_a_source_that_is_not_configured(daemon: Daemon) -> None:
    """The names that there are."""
    with pytest.raises(ConfigError, match="there are: demo"):
        await Replays(daemon.settings, daemon.store, daemon.reporter, daemon.clock).replay("nobody", *ALWAYS)


async def test_times_at_which_nothing_was_received(daemon: Daemon) -> None:
    """Before the first frame there is nothing to replay but the first image, which has not come by then."""
    counts = (await Replays(daemon.settings, daemon.store, daemon.reporter, daemon.clock).replay("demo", 0, 1)).counts
    assert (counts["frames"], counts["rows"]) == (0, 0)
