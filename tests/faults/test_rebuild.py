"""The journal alone is enough: into an empty store of either kind it puts the same facts again."""

from pathlib import Path

import pytest

from ingestd.testing.digest import FACTS, Fact, facts
from ingestd.testing.exchange.process import Started, control
from ingestd.testing.rig.daemon import SCHEMA, daemon, following, until
from ingestd.testing.rig.evidence import journal_tail, loaded
from ingestd.testing.rig.kills import finished

ENOUGH = 3_000
"""Statements."""


@pytest.mark.timeout(120)
async def test_an_empty_store_is_filled_from_the_journal(tmp_path: Path, store_url: str, exchange: Started) -> None:
    """Facts after a cut and a kill, and the same facts from the journal alone."""
    first = f"sqlite:///{tmp_path / 'first.db'}"
    async with daemon(tmp_path, following(first, exchange.url)) as process:

        async def said() -> bool:
            return (await control(exchange.url, "status")).n > ENOUGH // 2

        await process.start()
        await until(said, "half of it was said")
        await control(exchange.url, "cut")
        await process.kill()
        await process.start()
        await finished(process, exchange.url, ENOUGH)
        assert await process.stop() == 0
    async with daemon(tmp_path, following(store_url, exchange.url)) as process:

        async def taken() -> bool:
            return (await loaded(store_url)).frames >= journal_tail(process.journal).ordinal

        await process.start()
        await until(taken, "the journal is in the new store")
        assert await process.stop() == 0
    there, again = await facts(first, SCHEMA), await facts(store_url, SCHEMA)
    assert {name: len(there[name]) == 0 for name in ("odds", "odds_history", "coverage", "results")} == dict.fromkeys(
        ("odds", "odds_history", "coverage", "results"), False
    )
    assert [name for name in FACTS if name != "coverage" and there[name] != again[name]] == []
    # the second daemon was there for longer: what had ended by then is the same
    assert [row for row in there["coverage"] if ended(row) and row not in again["coverage"]] == []


def ended(interval: Fact) -> bool:
    """Whether an interval was over."""
    return "ended_at=None" not in interval
