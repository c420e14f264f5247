"""The exchange in a process of its own, for whoever needs one: ``ingestd run``, tests, rigs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping

import msgspec
from msgspec import Struct
from websockets.asyncio.client import connect

from ingestd.testing.exchange.options import Options, command

START_WITHIN = 20.0
STOP_WITHIN = 5.0


class Started(Struct):
    """Where it listens, and when its time began (µs UTC)."""

    url: str
    t0: int


class Status(Struct):
    """What the control door says of an exchange; ``images`` and ``damage``: see ``server.Exchange``."""

    n: int
    quotes: int
    run: str
    clients: int
    ready: bool
    images: list[tuple[int, str]]
    damage: list[tuple[int, str]]
    options: Options


@contextlib.asynccontextmanager
async def started(settings: Mapping[str, object]) -> AsyncIterator[Started]:
    """An exchange with these settings (those that it knows), within the context; it also ends when this process does.

    Raises RuntimeError where it does not start.
    """
    process = await asyncio.create_subprocess_exec(
        *command(settings), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, start_new_session=True
    )
    try:
        yield await _first_line(process)
    finally:
        await _stop(process)


async def control(url: str, op: str, n: int = 0) -> Status:
    """Send one order (``docs/feeds/simulated.md`` lists them) and read how things stand."""
    async with connect(f"{url}/control", proxy=None, compression=None, max_size=None) as link:
        await link.send(msgspec.json.encode({"op": op, "n": n}), text=True)
        return msgspec.json.decode(await link.recv(), type=Status)


async def _first_line(process: asyncio.subprocess.Process) -> Started:
    if process.stdout is None:
        raise RuntimeError("the exchange has no output")
    try:
        async with asyncio.timeout(START_WITHIN):
            return msgspec.json.decode(await process.stdout.readline(), type=Started)
    except (TimeoutError, msgspec.DecodeError) as error:
        raise RuntimeError("the simulated exchange did not start") from error


async def _stop(process: asyncio.subprocess.Process) -> None:
    """Close its input, then insist."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        async with asyncio.timeout(STOP_WITHIN):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
