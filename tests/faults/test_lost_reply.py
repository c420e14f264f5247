"""The reply to a commit is lost on its way: what the store made of it is looked up, and nothing is written twice or left out."""

from pathlib import Path

from ingestd.testing.exchange.process import Started
from ingestd.testing.postgres import PostgresServer
from ingestd.testing.rig.daemon import DaemonProcess, daemon, following, until
from ingestd.testing.rig.evidence import judge, loaded
from ingestd.testing.rig.kills import at_work, finished
from ingestd.testing.rig.relay import Relay, relayed

CUTS = 3


async def heard_of(process: DaemonProcess) -> float:
    """The last commit that the daemon knows of."""
    return (await process.metrics())["journal_checkpoint_position"]


async def committed_unheard(process: DaemonProcess, relay: Relay, url: str) -> None:
    """Hold back what the server says, answer by answer, until it has made a commit; then nobody will hear of that."""
    relay.hold()

    async def committed() -> bool:
        unheard = relay.holding and (await loaded(url)).position > await heard_of(process)
        if not unheard:
            # a batch may take several answers, and its commit may have come since
            relay.step()
        return unheard

    await until(committed, "a commit that nobody hears of")
    relay.cut()


async def test_a_commit_that_was_made(tmp_path: Path, own_postgres: PostgresServer, exchange: Started) -> None:
    """Again and again under load: the daemon goes on from where the store is."""
    url = own_postgres.dsn()
    async with relayed(own_postgres.socket) as relay, daemon(tmp_path, following(relay.url, exchange.url)) as process:
        await at_work(process, url)
        for times in range(1, CUTS + 1):
            await committed_unheard(process, relay, url)

            async def looked_up(times: int = times) -> bool:
                return (await process.metrics()).get('sink_ambiguous_commits_total{outcome="committed"}', 0) == times

            await until(looked_up, "it asks what became of the commit")
        assert process.said("store.in_doubt")
        status = await finished(process, exchange.url, 0)
        assert await process.stop() == 0
    verdict = await judge(url, process.journal, status)
    assert (verdict.differences, verdict.unbalanced) == ({}, [])
