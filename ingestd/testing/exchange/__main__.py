"""``python -m ingestd.testing.exchange``: serve until told to stop; the first line on standard output says where."""

import asyncio
import signal
import sys

import msgspec

from ingestd.testing.exchange.options import Options, Place, parse
from ingestd.testing.exchange.server import Exchange


async def run(options: Options, place: Place) -> None:
    """Serve until SIGTERM or SIGINT, the control's ``stop``, or (``with_parent``) the end of standard input."""
    exchange = Exchange(options)
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, exchange.stopped.set)
    async with exchange.listening(place.host, place.port) as url:
        sys.stdout.write(msgspec.json.encode({"url": url, "t0": exchange.options.t0}).decode() + "\n")
        sys.stdout.flush()
        if place.with_parent:
            await _watch_parent(exchange.stopped)
        await exchange.stopped.wait()


async def _watch_parent(stopped: asyncio.Event) -> None:
    """Standard input is a pipe that the parent holds: it ends when the parent does."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)

    async def wait() -> None:
        while await reader.read(4096):
            pass
        stopped.set()

    _watchers.add(asyncio.create_task(wait()))


_watchers: set[asyncio.Task[None]] = set()


def main() -> None:
    """Parse the command line and serve."""
    options, place = parse(sys.argv[1:])
    asyncio.run(run(options, place))


if __name__ == "__main__":
    main()
