"""One client of the emulated Kalshi: its subscriptions, each with a sid and a count of its own."""

import asyncio
import json
from collections.abc import Mapping
from functools import partial
from typing import Final

from msgspec import Struct, field
from pydantic import JsonValue
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from ingestd.testing.deeds import HANDSHAKE, OPENED, Says, parts
from ingestd.testing.faults import Faults, Wire
from ingestd.testing.kalshi_world import CHANNELS, Json, Said, World

NEEDS_TICKERS: Final = "orderbook_delta"
WITHOUT_FILTER: Final = "market_lifecycle_v2"
Params = Mapping[str, JsonValue]


class Subscription(Struct):
    """One channel over some markets (none: all); ``seq``: the number of its last message."""

    sid: int
    channel: str
    tickers: set[str] = field(default_factory=set)
    seq: int = 0

    def next(self) -> int:
        """The next number."""
        self.seq += 1
        return self.seq


class Link:
    """A connection, from its handshake on. ``commands``: what it was asked for, in order; ``refuse``: codes of errors by command.

    ``moved`` is set whenever a command was answered.
    """

    def __init__(self, connection: ServerConnection, world: World, faults: Faults, moved: asyncio.Event) -> None:
        self.commands: list[Json] = []
        self.refuse: dict[str, int] = {}
        self.subscriptions: dict[int, Subscription] = {}
        self._connection = connection
        self._world = world
        self._moved = moved
        self._wire = Wire(faults, partial(connection.send, text=True), connection.transport.abort)
        self._sids = 0
        self._answers = {
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
            "update_subscription": self._update,
            "list_subscriptions": self._list,
        }

    @property
    def served(self) -> bool:
        """Whether it was sent every book, on a link that still carries messages, and hears of everything else."""
        return not self._wire.stalled and {one.channel for one in self.subscriptions.values()} == set(CHANNELS)

    async def converse(self) -> None:
        """Answer commands until the client leaves."""
        async for message in self._connection:
            command: Json = json.loads(message)
            self.commands.append(command)
            # between a snapshot and the changes after it nothing may slip
            async with self._world.turn:
                await self._answer(command)
            self._moved.set()

    async def _answer(self, command: Json) -> None:
        name, number, params = str(command.get("cmd")), command.get("id"), command.get("params")
        if name in self.refuse:
            await self._send({"id": number, "type": "error", "msg": {"code": self.refuse.pop(name), "msg": "as told"}})
        elif name in self._answers:
            await self._answers[name](number, params if isinstance(params, dict) else {})
        else:
            await self._send({"id": number, "type": "error", "msg": {"code": 5, "msg": "Unknown command"}})

    async def say(self, said: Said) -> None:
        """A message of a channel, if it is subscribed."""
        try:
            for one in list(self.subscriptions.values()):
                if one.channel == said.channel and (not one.tickers or said.ticker in one.tickers):
                    await self._send({"type": said.type, "sid": one.sid, "seq": one.next(), "msg": said.msg}, "", _imaged(said))
        except (ConnectionClosed, ConnectionResetError):
            self.subscriptions.clear()

    async def end(self, channel: str, code: int) -> None:
        """End the subscription of a channel with an error."""
        for one in [one for one in self.subscriptions.values() if one.channel == channel]:
            del self.subscriptions[one.sid]
            message: Json = {"type": "error", "sid": one.sid, "seq": one.next(), "msg": {"code": code, "msg": "as told"}}
            await self._wire.send(json.dumps(message).encode(), Says(count=channel, loses="ended"))

    def skip(self, channel: str) -> None:
        """Let a message of a channel get lost."""
        for one in self.subscriptions.values():
            if one.channel == channel:
                one.next()

    async def garbage(self, message: bytes) -> None:
        """Send bytes as they are."""
        await self._wire.send(message)

    async def ping(self) -> None:
        """The sign of life that Kalshi gives."""
        if not self._wire.stalled:
            try:
                # whether it is answered is nobody's business here
                _ = await self._connection.ping(b"heartbeat")
            except ConnectionClosed:
                self.subscriptions.clear()

    async def _subscribe(self, number: JsonValue, params: Params) -> None:
        channels, tickers = _texts(params.get("channels")), _texts(params.get("market_tickers"))
        for channel in channels:
            if channel not in CHANNELS:
                await self._send({"id": number, "type": "error", "msg": {"code": 8, "msg": "Unknown channel name"}})
            elif channel == NEEDS_TICKERS and not tickers:
                await self._send({"id": number, "type": "error", "msg": {"code": 14, "msg": "Market Ticker required"}})
            else:
                await self._begin(number, channel, set() if channel == WITHOUT_FILTER else set(tickers))

    async def _begin(self, number: JsonValue, channel: str, tickers: set[str]) -> None:
        self._sids += 1
        one = Subscription(self._sids, channel, tickers)
        opened = channel == CHANNELS[-1] and one.sid <= len(CHANNELS)
        await self._send({"id": number, "type": "subscribed", "msg": {"channel": channel, "sid": one.sid}}, OPENED if opened else HANDSHAKE)
        if channel == NEEDS_TICKERS:
            await self._snapshots(one, sorted(tickers))
        self.subscriptions[one.sid] = one

    async def _unsubscribe(self, number: JsonValue, params: Params) -> None:
        sids = params.get("sids")
        for sid in sids if isinstance(sids, list) else []:
            one = self.subscriptions.pop(sid, None) if isinstance(sid, int) else None
            if one is not None:
                await self._reply({"id": number, "sid": one.sid, "seq": one.next(), "type": "unsubscribed"})

    async def _update(self, number: JsonValue, params: Params) -> None:
        sid = params.get("sid")
        one = self.subscriptions.get(sid) if isinstance(sid, int) else None
        if one is None:
            await self._send({"id": number, "type": "error", "msg": {"code": 7, "msg": "Unknown subscription ID"}})
            return
        tickers, action = _texts(params.get("market_tickers")), params.get("action")
        if action == "get_snapshot":
            await self._snapshots(one, tickers, number)
            return
        one.tickers = one.tickers - set(tickers) if action == "delete_markets" else one.tickers | set(tickers)
        known: list[JsonValue] = [*sorted(one.tickers)]
        await self._reply({"id": number, "sid": one.sid, "seq": one.next(), "type": "ok", "msg": {"market_tickers": known}})
        if action == "add_markets" and one.channel == NEEDS_TICKERS:
            await self._snapshots(one, tickers)

    async def _list(self, number: JsonValue, params: Params) -> None:
        found: list[JsonValue] = [{"channel": one.channel, "sid": one.sid} for one in self.subscriptions.values()]
        await self._reply({"id": number, "type": "ok", "msg": found})

    async def _snapshots(self, one: Subscription, tickers: list[str], number: JsonValue = None) -> None:
        asked: Json = {} if number is None else {"id": number}
        whole = one.tickers <= set(tickers)
        for ticker, part in parts(tickers):
            message = {**asked, "type": "orderbook_snapshot", "sid": one.sid, "seq": one.next(), "msg": self._world.snapshot(ticker)}
            await self._send(message, part if whole else "", f"market {ticker}")

    async def _send(self, message: Json, what: str = "", scope: str = "") -> None:
        await self._wire.send(json.dumps(message).encode(), self._says(message, what, scope))

    async def _reply(self, message: Json) -> None:
        """An answer that comes whenever it is asked for, and so is no place for a fault."""
        await self._wire.send(json.dumps(message).encode(), self._says(message), sign_of_life=True)

    def _says(self, message: Json, what: str = "", scope: str = "") -> Says:
        seq, sid = message.get("seq"), message.get("sid")
        channel = next((one.channel for one in self.subscriptions.values() if one.sid == sid), NEEDS_TICKERS)
        if not isinstance(seq, int) or channel == WITHOUT_FILTER:
            return Says(what, scope)
        return Says(what, scope, f"{channel} {sid} of {id(self)}", seq)


def _imaged(said: Said) -> str:
    return f"market {said.ticker}" if said.type == "orderbook_snapshot" else ""


def _texts(value: JsonValue) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []
