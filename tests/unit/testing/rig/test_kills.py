"""What a kill counts for, and how the offer is measured; the kills themselves are in ``tests/faults``."""

import asyncio
import contextlib

from websockets.asyncio.client import connect

from ingestd.testing.exchange.process import started
from ingestd.testing.rig.kills import Kill, Meter


def test_frames_in_flight() -> None:
    """Durable, and not in the store."""
    assert [Kill(0.1, 500, 320, 0).in_flight, Kill(0.1, 500, 500, 0).in_flight] == [180, 0]


async def test_the_meter_counts_while_somebody_listens() -> None:
    """About what the exchange was told to offer, and nothing for the time without a client."""
    async with started({"rate": 2_000}) as exchange:
        meter = Meter(exchange.url)
        task = asyncio.create_task(meter.run())
        await asyncio.sleep(0.3)
        assert (meter.quotes, meter.seconds) == (0, 0.0)
        async with connect(exchange.url, proxy=None, compression=None, max_size=None) as link:
            await link.send("{}")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    async for _ in link:
                        pass
        task.cancel()
        await asyncio.wait([task])
    assert 0.3 < meter.seconds < 1.5
    assert 1_000 < meter.quotes / meter.seconds < 3_000
