"""One client of the Betfair emulator: requests in, messages out, and what it was sent.

Protocol: stream API specification (connection, authentication, subscription, change messages, status codes).
"""

import asyncio
import json

from ingestd.testing.betfair_terms import CLOSING, Delivery, Exchange, Subscription, read_clock, read_subscription, write_clock
from ingestd.testing.betfair_world import Json, change
from ingestd.testing.deeds import CHANGE, CONFLATED, OPENED, Says, parts
from ingestd.testing.faults import Wire


class Gone(Exception):
    """The connection is to be closed."""


class Link:
    """A connection. Its task is ``converse``; the emulator calls the rest."""

    def __init__(self, server: Exchange, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        self.id = f"002-260110150000-{number}"
        self.requests: list[dict[str, Json]] = []
        self.subscription: Subscription | None = None
        self.wire = Wire(server.faults, self._write, self.cut)
        self.held = False
        self._server = server
        self._reader = reader
        self._writer = writer
        self._authenticated = False
        self._spoke = asyncio.Event()

    async def converse(self) -> None:
        """Greet, answer, and say that we are alive, until one side is through."""
        heart = asyncio.create_task(self._beat())
        try:
            await self.send({"op": "connection", "connectionId": self.id})
            while True:
                await self._answer(await self._hear())
        except (Gone, OSError, asyncio.IncompleteReadError):
            pass
        finally:
            heart.cancel()
            self._writer.close()

    def cut(self, half: bytes = b"") -> None:
        """Break off, perhaps amid a line."""
        if half:
            self._writer.write(half)
            self._writer.close()
        else:
            self._writer.transport.abort()

    async def send(self, message: dict[str, Json], what: str = "", scope: str = "", *, sign_of_life: bool = False) -> None:
        """Write one message on one line; ``what`` it is to the client, and of what."""
        pt = message.get("pt")
        says = Says(what, scope, self.id if pt else "", pt if isinstance(pt, int) else 0)
        await self.wire.send(json.dumps(message, separators=(",", ":")).encode(), says, sign_of_life=sign_of_life)

    async def send_line(self, line: bytes) -> None:
        """Send a line as it is."""
        await self._write(line)

    async def _write(self, line: bytes) -> None:
        """With ``split_writes``, cut between CR and LF and somewhere before."""
        data = line + b"\r\n"
        self._spoke.set()
        if not self._server.split_writes:
            self._writer.write(data)
        else:
            middle = len(data) // 2
            for piece in (data[:middle], data[middle:-1], data[-1:]):
                self._writer.write(piece)
                await self._writer.drain()
                await asyncio.sleep(0.001)
        await self._writer.drain()

    async def catch_up(self) -> None:
        """Tell every step not yet told, one message each; those that were held back, as one."""
        if self.subscription is None or self.wire.stalled or self.held:
            return
        subscription = self.subscription
        for step in self._server.world.steps[subscription.seq :]:
            if subscription.wants(step.market_id):
                await self._tell("step", subscription.seq, step.seq, step.pt)
            subscription.seq = step.seq

    async def release(self) -> None:
        """End holding back: one merged message, marked ``con``."""
        self.held = False
        subscription = self.subscription
        if subscription is not None and subscription.seq < self._server.world.seq:
            await self._tell("merged", subscription.seq, self._server.world.seq, self._server.world.stamp())

    async def image(self) -> None:
        """A fresh image of everything, at the start or at any time."""
        subscription = self._subscribed()
        world = self._server.world
        subscription.seq, subscription.initial = world.seq, self._server.initial_clock(subscription.fingerprint)
        named = subscription.market_ids or ()
        # a filter finds what is open; a closed market is told to those who ask for it by name
        wanted = [one for one in world.market_ids if subscription.wants(one) and (one in named or world.now(one).status != "CLOSED")]
        content: list[Json] = [{**change(None, world.now(market_id), subscription.fields), "img": True} for market_id in wanted]
        subscription.known = set(wanted)
        pt = world.stamp()
        step = self._server.segment_markets if subscription.segmented and self._server.segment_markets else max(1, len(content))
        pieces = [content[start : start + step] for start in range(0, len(content), step)] or [[]]
        for index, (piece, part) in enumerate(parts(pieces)):
            message: dict[str, Json] = {"op": "mcm", "id": subscription.id, "pt": pt, "ct": "SUB_IMAGE"}
            if len(pieces) > 1:
                message["segmentType"] = "SEG_START" if index == 0 else "SEG_END" if index == len(pieces) - 1 else "SEG"
            if index == len(pieces) - 1:
                message |= self._clocks(initial=True)
            await self.send({**message, "mc": piece}, part)
        self._delivered("image", pt, wanted, images=tuple(wanted))

    async def _tell(self, kind: str, after: int, upto: int, pt: int) -> None:
        """The difference of two moments. ``resume`` may give some markets as images; what was merged says so."""
        subscription = self._subscribed()
        world = self._server.world
        steps = [step for step in world.steps[after:upto] if subscription.wants(step.market_id)]
        content: list[Json] = []
        images: list[str] = []
        touched = list(dict.fromkeys(step.market_id for step in steps))
        for market_id in touched:
            before, now = world.at(market_id, after), world.at(market_id, upto)
            if now is None:
                continue
            imaged = market_id not in subscription.known or before is None or (kind == "resume" and market_id in self._server.resume_images)
            told = change(None if imaged else before, now, subscription.fields)
            if imaged:
                told["img"] = True
                images.append(market_id)
            if sum(step.market_id == market_id for step in steps) > 1:
                told["con"] = True
            if len(told) > 1 + ("con" in told):
                content.append(told)
        subscription.known.update(touched)
        subscription.seq = upto
        message: dict[str, Json] = {"op": "mcm", "id": subscription.id, "pt": pt}
        if kind == "resume":
            message["ct"] = "RESUB_DELTA"
        what, scope = (CHANGE, f"market {touched[0]}") if len(touched) == 1 and not images else ("", "")
        await self.send({**message, **self._clocks(initial=kind == "resume"), "mc": content}, what, scope)
        resumed = after if kind == "resume" else None
        self._delivered(kind, pt, touched, steps=tuple(step.seq for step in steps), images=tuple(images), after=resumed)

    def _delivered(
        self, kind: str, pt: int, markets: list[str], *, steps: tuple[int, ...] = (), images: tuple[str, ...] = (), after: int | None = None
    ) -> None:
        if not self.wire.stalled:
            subscription = self._subscribed()
            told = Delivery(self.id, kind, pt, subscription.seq, tuple(markets), steps, images, subscription.fingerprint, after)
            self._server.deliveries.append(told)

    async def _hear(self) -> dict[str, Json]:
        limit = None if self.subscription is not None else self._server.idle_limit
        line = b""
        try:
            line = await asyncio.wait_for(self._reader.readuntil(b"\n"), limit)
        except TimeoutError:
            await self._fail(None, "TIMEOUT", f"Connection is not subscribed and is idle: {self._server.idle_limit * 1000:.0f} ms")
        request: dict[str, Json] = {}
        try:
            request = dict(json.loads(line))
        except (ValueError, TypeError):
            await self._fail(None, "INVALID_INPUT", "Unable to parse the message")
        self.requests.append(request)
        return request

    async def _answer(self, request: dict[str, Json]) -> None:
        if (code := self._server.next_failure(str(request.get("op")))) is not None:
            await self._fail(request, code, "as told")
        elif request.get("op") == "authentication":
            await self._authenticate(request)
        elif not self._authenticated:
            await self._fail(request, "NO_SESSION", "authenticate first")
        elif request.get("op") == "marketSubscription":
            await self._subscribe(request)
        elif request.get("op") == "heartbeat":
            await self._succeed(request)
        else:
            await self._fail(request, "INVALID_REQUEST", "unknown operation")

    async def _authenticate(self, request: dict[str, Json]) -> None:
        server = self._server
        free = server.connection_limit - server.connections()
        if self._authenticated:
            await self._fail(request, "INVALID_REQUEST", "already authenticated")
        elif not request.get("appKey"):
            await self._fail(request, "NO_APP_KEY", "no application key")
        elif request["appKey"] != server.app_key:
            await self._fail(request, "INVALID_APP_KEY", "invalid application key")
        elif not request.get("session"):
            await self._fail(request, "NO_SESSION", "no session")
        elif request["session"] not in server.sessions:
            await self._fail(request, "INVALID_SESSION_INFORMATION", f"session {request['session']} is not valid")
        elif free < 0:
            await self._fail(request, "MAX_CONNECTION_LIMIT_EXCEEDED", "too many connections")
        else:
            self._authenticated = True
            await self._succeed(request, connectionsAvailable=free)

    async def _subscribe(self, request: dict[str, Json]) -> None:
        subscription = read_subscription(request)
        if subscription is None:
            await self._fail(request, "INVALID_REQUEST", "heartbeatMs, conflateMs, ladderLevels or fields out of bounds")
            return
        if sum(map(subscription.wants, self._server.world.market_ids)) > self._server.market_limit:
            limit = f"trying to subscribe to more than {self._server.market_limit} markets"
            await self._fail(request, "SUBSCRIPTION_LIMIT_EXCEEDED", limit)
        elif request.get("clk") is None:
            await self._succeed(request, OPENED)
            self.subscription = subscription
            await self.image()
        else:
            await self._resume(request, subscription)

    async def _resume(self, request: dict[str, Json], subscription: Subscription) -> None:
        world = self._server.world
        after = read_clock(str(request["clk"]))
        subscription.initial = self._server.initial_clock(subscription.fingerprint)
        if after is None or after > world.seq or request.get("initialClk") != subscription.initial:
            refused = Delivery(self.id, "refused", world.stamp(), world.seq, (), fingerprint=subscription.fingerprint, after=after)
            self._server.deliveries.append(refused)
            await self._fail(request, "INVALID_CLOCK", "the clock is not valid")
            return
        await self._succeed(request, CONFLATED)
        self.subscription = subscription
        subscription.known = {market_id for market_id in world.market_ids if world.at(market_id, after) is not None}
        await self._tell("resume", after, world.seq, world.stamp())

    async def _succeed(self, request: dict[str, Json], what: str = "", **more: Json) -> None:
        await self.send({"op": "status", "id": request.get("id"), "statusCode": "SUCCESS", "connectionClosed": False, **more}, what)

    async def _fail(self, request: dict[str, Json] | None, code: str, message: str) -> None:
        told: dict[str, Json] = {"op": "status", "statusCode": "FAILURE", "errorCode": code, "errorMessage": message}
        if request is not None:
            told["id"] = request.get("id")
        await self.send({**told, "connectionClosed": code in CLOSING, "connectionId": self.id})
        if code in CLOSING:
            raise Gone

    async def _beat(self) -> None:
        """A heartbeat whenever nothing was said for as long as the client asked for."""
        while True:
            self._spoke.clear()
            pause = self.subscription.heartbeat if self.subscription else 0.05
            try:
                async with asyncio.timeout(pause):
                    await self._spoke.wait()
            except TimeoutError:
                if self.subscription is not None:
                    pt = self._server.world.stamp()
                    await self.send(
                        {"op": "mcm", "id": self.subscription.id, "pt": pt, "ct": "HEARTBEAT", **self._clocks(initial=False)},
                        sign_of_life=True,
                    )

    def _subscribed(self) -> Subscription:
        if self.subscription is None:
            raise Gone
        return self.subscription

    def _clocks(self, *, initial: bool) -> dict[str, Json]:
        subscription = self._subscribed()
        clocks: dict[str, Json] = {"initialClk": subscription.initial} if initial else {}
        clocks["clk"] = write_clock(subscription.seq)
        return clocks | ({"conflateMs": subscription.conflate_ms, "heartbeatMs": int(subscription.heartbeat * 1000)} if initial else {})
