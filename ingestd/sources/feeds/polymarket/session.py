"""A session: Gamma says what is subscribed, connections to the market channel bring it, REST mends it; all read as one stream of frames."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Final

import msgspec
from msgspec import Struct

from ingestd.errors import Disconnected, IngestdError, Throttled
from ingestd.interfaces import Clock
from ingestd.model import Frame, Scope
from ingestd.sources.feeds.polymarket.catalogue import Catalogue, Told
from ingestd.sources.feeds.polymarket.decoder import BOOK, GAMMA, SUBSCRIPTION
from ingestd.sources.feeds.polymarket.images import Image, Images
from ingestd.sources.feeds.polymarket.options import PolymarketOptions
from ingestd.sources.feeds.polymarket.shard import Shard, opened, portions
from ingestd.sources.feeds.polymarket.wire import UNREADABLE
from ingestd.sources.http import Http
from ingestd.sources.inbox import Inbox, stopped

MOST_REMOVED: Final = 500
"""Assets named in one message."""


class _Peek(Struct):
    event_type: str = ""
    asset_id: str = ""


_PEEK: Final = msgspec.json.Decoder(list[_Peek] | _Peek)


class PolymarketSession:
    """``read`` and ``renew`` as the seam says; ``running`` is entered by the feed."""

    def __init__(self, source: str, options: PolymarketOptions, clock: Clock, catalogue: Catalogue, images: Images) -> None:
        self._source = source
        self._options = options
        self._clock = clock
        self._catalogue = catalogue
        self._images = images
        self._http: Http
        self._links = AsyncExitStack()
        self._pumps: list[asyncio.Task[None]] = []
        self._shards: list[Shard] = []
        self._subscribed: dict[str, tuple[str, ...]] = {}
        self._awaited: dict[str, tuple[float, bool]] = {}
        """Assets without a book yet: until when to wait (monotonic), and whether they were added to a connection at work."""
        self._inbox = Inbox()
        self._inbox.put(Frame(source, "opened", clock.now(), epoch=True))
        self._begins = False
        """The next frame of an answer of Gamma's, or of a subscription, begins an epoch."""
        self._called = asyncio.Event()
        self._renewed = False

    async def read(self) -> Sequence[Frame]:
        """The frames that have come, of all connections, in the order of arrival; none where there was only a sign of life."""
        return await self._inbox.take()

    async def renew(self, scope: Scope) -> None:
        """Ask for the books of a market; or for everything, over new connections."""
        if scope.kind == "market" and scope.id in self._subscribed:
            self._images.want(self._subscribed[scope.id], scope.id)
        else:
            self._renewed = True
            self._called.set()

    @asynccontextmanager
    async def running(self, http: Http) -> AsyncIterator[None]:
        """Follow Gamma, read the connections and fetch what is missing, for as long as this is entered."""
        self._http = http
        self._images.forget()
        try:
            async with self._inbox.working(self._serve(), self._images.run(http, self._image), self._watch()):
                yield
        finally:
            await self._leave()

    async def _serve(self) -> None:
        """Begin, then walk through Gamma now and then, and begin anew when asked to."""
        await self._walk_at_first()
        await self._begin()
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._options.refresh):
                    await self._called.wait()
            self._called.clear()
            if self._renewed:
                self._renewed = False
                await self._leave()
                self._begins = True
                for told in self._catalogue.known:
                    self._tell(told)
                await self._begin()
            else:
                await self._refresh()

    async def _walk_at_first(self) -> None:
        """What Gamma lists now; where it does not answer, what it listed when it last did."""
        try:
            await self._catalogue.walk(self._http, self._tell, afresh=True)
        except IngestdError:
            if self._catalogue.wanted is None:
                raise
            for told in self._catalogue.known:
                self._tell(told)

    async def _refresh(self) -> None:
        """Walk through Gamma and follow it; that it does not answer ends nothing."""
        try:
            await self._catalogue.walk(self._http, self._tell, afresh=False)
        except Throttled as busy:
            await self._clock.sleep(busy.seconds)
        except IngestdError:
            return
        else:
            await self._follow()

    async def _begin(self) -> None:
        """Subscribe to everything wanted, over as many connections as it takes."""
        self._subscribed = dict(self._catalogue.wanted or {})
        wanted = list(self._subscribed.values())
        groups = portions(wanted, self._options.assets_per_connection)
        fresh = [(await self._open(), group) for group in groups]
        self._say(SUBSCRIPTION, msgspec.json.encode({"assets_ids": [asset for assets in wanted for asset in assets], "type": "market"}))
        self._awaited.clear()
        for shard, group in fresh:
            await self._subscribe(shard, group, live=False)
            self._pumps.append(self._inbox.start(self._pump(shard)))

    async def _follow(self) -> None:
        """Subscribe to what is new, and no longer to what has gone."""
        wanted = self._catalogue.wanted or {}
        gone = [asset for market in self._subscribed.keys() - wanted.keys() for asset in self._subscribed[market]]
        new = [wanted[market] for market in wanted if market not in self._subscribed]
        self._subscribed = dict(wanted)
        if gone:
            self._say(SUBSCRIPTION, msgspec.json.encode({"assets_ids": gone, "operation": "unsubscribe"}))
        for shard in self._shards:
            theirs = [asset for asset in gone if asset in shard.assets]
            for start in range(0, len(theirs), MOST_REMOVED):
                await shard.unsubscribe(theirs[start : start + MOST_REMOVED])
        for asset in gone:
            self._awaited.pop(asset, None)
        if new:
            self._say(
                SUBSCRIPTION, msgspec.json.encode({"assets_ids": [one for assets in new for one in assets], "operation": "subscribe"})
            )
            await self._add(new)

    async def _add(self, new: Iterable[tuple[str, ...]]) -> None:
        """Subscribe to more markets: on connections that have room, else on new ones."""
        waiting = list(new)
        for shard in self._shards:
            portion: list[str] = []
            while waiting and len(portion) + len(waiting[0]) <= shard.room:
                portion.extend(waiting.pop(0))
            if portion:
                await self._subscribe(shard, portion, live=True)
        for group in portions(waiting, self._options.assets_per_connection):
            shard = await self._open()
            await self._subscribe(shard, group, live=False)
            self._pumps.append(self._inbox.start(self._pump(shard)))

    async def _subscribe(self, shard: Shard, assets: list[str], *, live: bool) -> None:
        due = self._clock.monotonic() + self._options.image_within
        self._awaited.update(dict.fromkeys(assets, (due, live)))
        await shard.subscribe(assets)

    async def _open(self) -> Shard:
        shard = Shard(await self._links.enter_async_context(await opened(self._options)), self._options)
        self._shards.append(shard)
        return shard

    async def _leave(self) -> None:
        """Let go of all connections."""
        pumps, self._pumps = self._pumps, []
        await stopped(pumps)
        self._shards = []
        self._awaited.clear()
        self._images.forget()
        await self._links.aclose()

    async def _pump(self, shard: Shard) -> None:
        """Read one connection until it fails."""
        while True:
            messages = await shard.listen()
            received_at = self._clock.now()
            for message in messages:
                if self._awaited:
                    self._arrived(message)
                self._inbox.put(Frame(self._source, "data", received_at, message))
            self._inbox.alive()
            await self._inbox.room()

    def _arrived(self, message: bytes) -> None:
        """Which books a message brings that were waited for."""
        try:
            found = _PEEK.decode(message)
        except UNREADABLE:
            return
        for one in found if isinstance(found, list) else [found]:
            if one.event_type == "book":
                self._awaited.pop(one.asset_id, None)

    async def _watch(self) -> None:
        """Ask for books that did not come. Where one was added to a connection at work, that connection did not listen: leave it."""
        while True:
            await self._clock.sleep(self._options.image_within / 4)
            now = self._clock.monotonic()
            late = {asset: live for asset, (due, live) in self._awaited.items() if due <= now}
            if any(late.values()):
                raise Disconnected("no_image", f"no book within {self._options.image_within:g} s of a subscription")
            for asset in late:
                del self._awaited[asset]
            for market, assets in self._subscribed.items():
                if late and not late.keys().isdisjoint(assets):
                    self._images.want([asset for asset in assets if asset in late], market)

    def _tell(self, told: Told) -> None:
        self._say(GAMMA, told.body, key=told.key, url=told.url, type=told.type, **({"lost": "1"} if told.lost else {}))

    def _image(self, image: Image) -> None:
        self._say(BOOK, image.body, asset=image.asset, market=image.market, url=image.url, status=str(image.status))

    def _say(self, content: str, payload: bytes, **meta: str) -> None:
        epoch, self._begins = self._begins, False
        self._inbox.put(Frame(self._source, "data", self._clock.now(), payload, epoch=epoch, meta={"content": content, **meta}))
