"""A wire between a daemon and its PostgreSQL on which answers can be held back and never arrive."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

CHUNK: Final = 1 << 16
PENDING: Final = 1 << 20
"""Bytes of answers that are held back before the server has to wait."""


class Relay:
    """Passes on what both sides say, each connection to one of its own; ``url``: where it listens."""

    def __init__(self, socket: Path) -> None:
        self.url = ""
        self._socket = socket
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._ends: set[asyncio.StreamWriter] = set()
        self.holding = False
        """Whether an answer is held back."""

    def hold(self) -> None:
        """Pass on no answer any more; what is asked still goes through."""
        self._flowing.clear()

    def step(self) -> None:
        """Pass on what is held back, and hold what comes behind it."""
        self.holding = False
        self._flowing.set()
        self._flowing.clear()

    def cut(self) -> None:
        """Break off all connections, with what is held back; those that come now are as any."""
        for end in self._ends:
            end.transport.abort()
        self.holding = False
        self._flowing.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until a side ends it."""
        there_reader, there_writer = await asyncio.open_unix_connection(self._socket, limit=PENDING)
        ends = {writer, there_writer}
        self._ends |= ends
        try:
            await asyncio.gather(self._ask(reader, there_writer), self._answer(there_reader, writer))
        except ConnectionError:
            # cut, here or by a side: the other one is to notice
            return
        finally:
            self._ends -= ends
            for end in ends:
                end.transport.abort()

    async def _ask(self, asking: asyncio.StreamReader, server: asyncio.StreamWriter) -> None:
        while said := await asking.read(CHUNK):
            server.write(said)
            await server.drain()
        server.close()

    async def _answer(self, server: asyncio.StreamReader, asking: asyncio.StreamWriter) -> None:
        while said := await server.read(CHUNK):
            self.holding |= not self._flowing.is_set()
            await self._flowing.wait()
            asking.write(said)
            await asking.drain()
        asking.close()


@asynccontextmanager
async def relayed(socket: Path) -> AsyncIterator[Relay]:
    """A relay to the server behind a Unix socket, on a free port of this machine."""
    relay = Relay(socket)
    async with asyncio.TaskGroup() as serving:

        def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            serving.create_task(relay.serve(reader, writer))

        listening = await asyncio.start_server(serve, "127.0.0.1", 0)
        relay.url = f"postgresql://ingestd@127.0.0.1:{listening.sockets[0].getsockname()[1]}/postgres"
        try:
            yield relay
        finally:
            listening.close()
            relay.cut()
