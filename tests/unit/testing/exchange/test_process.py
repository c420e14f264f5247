"""The exchange in a process of its own."""

import asyncio
import signal

import msgspec
import pytest

from ingestd.testing.exchange.options import command
from ingestd.testing.exchange.process import Started, control, started


async def test_it_says_where_it_is_and_goes_with_its_context() -> None:
    """A free port, its settings, and no process left."""
    async with started({"events": 2, "rate": 0, "limit": 5, "t0": 17}) as exchange:
        status = await control(exchange.url, "status")
        assert (exchange.t0, status.options.events, status.options.limit) == (17, 2, 5)
    with pytest.raises(OSError, match=r"refused|Connect"):
        await control(exchange.url, "status")


async def test_what_does_not_start_is_an_error() -> None:
    """Options that it refuses."""
    with pytest.raises(RuntimeError, match="did not start"):
        async with started({"clock": "moon"}):
            pass


@pytest.mark.parametrize("end", ["input", "term", "stop"])
async def test_it_ends_when_told(end: str) -> None:
    """By the end of its input (its parent is gone), by SIGTERM, by the control door: with code 0."""
    process = await asyncio.create_subprocess_exec(*command({}), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    place = msgspec.json.decode(await process.stdout.readline(), type=Started)
    if end == "input":
        process.stdin.close()
    elif end == "term":
        process.send_signal(signal.SIGTERM)
    else:
        await control(place.url, "stop")
    assert await asyncio.wait_for(process.wait(), 10) == 0
