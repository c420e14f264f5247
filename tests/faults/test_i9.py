"""I9: a price is never shown as live while its feed is not, also when ingestd itself is dead."""

import asyncio
import time
from pathlib import Path

from ingestd.model import SECOND
from ingestd.testing.exchange.process import Started
from ingestd.testing.rig.daemon import daemon, following, until
from ingestd.testing.rig.evidence import ask

SILENCE = 2
"""Seconds that the source may be quiet; ``alive`` frames come every ten, so a price stays live for twelve."""


async def live(url: str) -> tuple[int, int]:
    """Rows that two views call live."""
    current = await ask(url, "SELECT count(*) FROM current_odds WHERE live")
    best = await ask(url, "SELECT count(*) FROM best_odds")
    return int(str(current[0][0])), int(str(best[0][0]))


async def last_seen(url: str) -> float:
    """When the whole source was last known complete, Unix time, and how long that is good for."""
    unit = "seen_until" if url.startswith("sqlite") else f"extract(epoch FROM seen_until) * {SECOND}"
    where = "scope_kind = 'source' AND ended_at IS NULL"
    found = await ask(url, f"SELECT {unit}, silence_limit FROM coverage JOIN sources USING (source) WHERE {where}")
    return sum(float(str(part)) for part in found[0]) / SECOND


async def test_nothing_is_live_once_the_limit_has_passed(tmp_path: Path, store_url: str, exchange: Started) -> None:
    """Prices are live while it runs; after ``kill -9`` not one is, as soon as the silence limit has passed."""
    async with daemon(tmp_path, following(store_url, exchange.url, silence_limit=SILENCE)) as process:
        await process.start()

        async def some() -> bool:
            return (await live(store_url))[1] > 0

        await until(some, "prices are live")
        await process.kill()
        ends = await last_seen(store_url)
        assert 0 < ends - time.time() <= SILENCE + 10
        assert min(await live(store_url)) > 0
        await asyncio.sleep(ends - time.time() - 0.5)
        assert min(await live(store_url)) > 0
        await asyncio.sleep(max(0.0, ends - time.time()) + 0.05)
        assert await live(store_url) == (0, 0)
