"""One connection to the market channel: what it subscribes to, and how much room it has left."""

from collections.abc import Sequence
from typing import Final

import msgspec

from ingestd.sources.feeds.polymarket.options import PolymarketOptions
from ingestd.sources.inbox import heard_within
from ingestd.sources.transports.websocket import Chatter, WebSocket, connect

PATH: Final = "/ws/market"
UNANSWERED: Final = 3
"""Words of ours without an answer after which the link is dead."""


class Shard:
    """A connection and the assets that it was asked for. Market data comes for these, until the provider hears otherwise."""

    def __init__(self, link: WebSocket, options: PolymarketOptions) -> None:
        self.link = link
        self.assets: set[str] = set()
        self._most = options.assets_per_connection
        self._silence = UNANSWERED * options.ping_every
        self._begun = False

    @property
    def room(self) -> int:
        """How many more assets it may be asked for."""
        return self._most - len(self.assets)

    async def subscribe(self, assets: Sequence[str]) -> None:
        """Ask for assets, at first or in addition. Raises Disconnected."""
        wanted: dict[str, object] = {"assets_ids": list(assets), "operation": "subscribe"}
        if not self._begun:
            wanted = {"assets_ids": list(assets), "type": "market", "initial_dump": True}
        self._begun = True
        self.assets.update(assets)
        await self.link.send(msgspec.json.encode({**wanted, "custom_feature_enabled": True}))

    async def unsubscribe(self, assets: Sequence[str]) -> None:
        """Ask for no more of these. Raises Disconnected."""
        self.assets.difference_update(assets)
        await self.link.send(msgspec.json.encode({"assets_ids": list(assets), "operation": "unsubscribe"}))

    async def listen(self) -> list[bytes]:
        """What has come; nothing where only an answer to our own words did. Raises Disconnected, also for silence."""
        return await heard_within(self._silence, self.link.read, "a connection")


async def opened(options: PolymarketOptions) -> WebSocket:
    """A connection that says ``PING`` now and then, as it must. Raises Disconnected, Throttled, Refused."""
    chatter = Chatter(say=b"PING", every=options.ping_every, answer=b"PONG")
    return await connect(options.url.rstrip("/") + PATH, timeout=options.connect_timeout, ping_every=None, chatter=chatter)


def portions(markets: Sequence[Sequence[str]], most: int) -> list[list[str]]:
    """Assets in groups of at most so many, a market's together."""
    found: list[list[str]] = []
    for assets in markets:
        if not found or len(found[-1]) + len(assets) > most:
            found.append([])
        found[-1].extend(assets)
    return found
