"""A stand-in for Betfair's stream, over real TLS on a free local port: its world moves when told to, and it misbehaves on request.

It shares no code with the feed. What it sent to whom is in ``deliveries``; what a client that resumed was never told is what stands
between the first and the last of a merged delivery's ``steps``.
"""

import asyncio
import base64
import ssl
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import trustme

from ingestd.testing.betfair_link import Link
from ingestd.testing.betfair_rest import BetfairRest
from ingestd.testing.betfair_terms import Delivery
from ingestd.testing.betfair_world import Json, Step, World
from ingestd.testing.faults import Faults

APP_KEY: Final = "app-key-1"
SESSION: Final = "session-given"
LINE_LIMIT: Final = 1 << 20


class BetfairEmulator:
    """An async context manager: entered, it listens. Certificates are written under ``folder``."""

    def __init__(self, folder: Path, *, seed: int = 1, markets: int = 4, pts_from: int | None = None) -> None:
        self.world = World(seed, _Ticks(pts_from) if pts_from is not None else _wall_ms, markets)
        self.app_key = APP_KEY
        self.sessions = {SESSION}
        self.faults = Faults()
        self.links: list[Link] = []
        self.deliveries: list[Delivery] = []
        self.idle_limit = 15.0
        self.connection_limit = 10
        self.market_limit = 200
        self.segment_markets = 0
        """Markets in one segment of an image; 0: images are not segmented."""
        self.split_writes = False
        self.resume_images: set[str] = set()
        """Markets that a resumption gives as images."""
        self.host = "localhost"
        self.port = 0
        self.rest = BetfairRest(self)
        self._folder = folder
        self._failures: list[tuple[str, str]] = []
        self._generation = 1
        self._count = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server

    async def __aenter__(self) -> Self:
        authority = trustme.CA()
        self.ca_file = self._folder / "ca.pem"
        self.client_file = self._folder / "client.pem"
        authority.cert_pem.write_to_path(str(self.ca_file))
        authority.issue_cert("client@example.org").private_key_and_cert_chain_pem.write_to_path(str(self.client_file))
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(self.host).configure_cert(tls)
        self._server = await asyncio.start_server(self._welcome, "127.0.0.1", 0, ssl=tls, limit=LINE_LIMIT)
        self.port = self._server.sockets[0].getsockname()[1]
        asking = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(self.host).configure_cert(asking)
        authority.configure_trust(asking)
        asking.verify_mode = ssl.CERT_OPTIONAL
        await self.rest.start(asking)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        for link in self.links:
            link.cut()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self.rest.stop()

    async def step(self, count: int = 1, closing: float = 0.0) -> None:
        """Let ``count`` things happen, and tell them."""
        for _ in range(count):
            self.world.step(closing)
        await self.publish()

    async def publish(self, *_: Step) -> None:
        """Tell whatever has happened to the world (``publish(world.suspend(…))`` reads well)."""
        for link in list(self.links):
            try:
                await link.catch_up()
            except OSError:
                # it was cut while being told; the client will resume
                continue

    def cut(self, half: bytes = b"") -> None:
        """Break every connection, perhaps after a half-written line."""
        self.faults.deeds.note("reset")
        for link in self.links:
            link.cut(half)

    def stall(self) -> None:
        """Say nothing more to anyone who is connected now, heartbeats included; their connections stay open."""
        self.faults.deeds.note("stall")
        for link in self.links:
            link.wire.stalled = True

    def hold(self) -> None:
        """Merge what happens from now on; ``release`` tells it as one message per connection."""
        for link in self.links:
            link.held = True

    async def release(self) -> None:
        """Tell what was held back."""
        for link in self.links:
            await link.release()

    async def garbage(self, line: bytes) -> None:
        """Send everyone a line as it is."""
        for link in self.links:
            await link.send_line(line)
        self.faults.deeds.note("garbage")

    async def reimage(self) -> None:
        """Send everyone an image in mid-stream."""
        for link in self.links:
            await link.image()

    async def latency(self) -> None:
        """Tell everyone of downstream trouble: status 503, which is no reason to leave."""
        for link in self.links:
            if link.subscription is not None:
                await link.send({"op": "mcm", "id": link.subscription.id, "status": 503})

    def drop_clocks(self) -> None:
        """From now on no clock given so far is valid."""
        self._generation += 1

    def fail_next(self, operation: str, code: str) -> None:
        """Answer the next request of this kind with an error."""
        self._failures.append((operation, code))

    def connections(self) -> int:
        """How many are open."""
        return len(self.links)

    def next_failure(self, operation: str) -> str | None:
        """What a request is to be answered with, if it is to fail."""
        for index, (wanted, code) in enumerate(self._failures):
            if wanted == operation:
                del self._failures[index]
                return code
        return None

    def requests(self, operation: str) -> list[dict[str, Json]]:
        """All requests of a kind on the connections that are open."""
        return [request for link in self.links for request in link.requests if request.get("op") == operation]

    def initial_clock(self, fingerprint: str) -> str:
        """The ``initialClk`` of a subscription that begins now."""
        return base64.b64encode(f"{self._generation}:{fingerprint}".encode()).decode()

    def received(self) -> list[Delivery]:
        """Deliveries that a client has: what it did not get before a cut, its next clock told us (or will, on its next resumption)."""
        found: list[Delivery] = []
        for delivery in self.deliveries:
            if delivery.after is not None:
                found = [one for one in found if one.fingerprint != delivery.fingerprint or one.seq <= delivery.after]
            if delivery.kind != "refused":
                found.append(delivery)
        return found

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._count += 1
        link = Link(self, reader, writer, self._count)
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self.links.append(link)
        try:
            await link.converse()
        finally:
            self.links.remove(link)


class _Ticks:
    """A clock that moves ten milliseconds whenever it is looked at: the same script has the same times."""

    def __init__(self, start: int) -> None:
        self._now = start

    def __call__(self) -> int:
        self._now += 10
        return self._now


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000
