"""One connection to the stream: handshake, subscription, and what its envelope tells of images and clocks.

Source: stream API specification. Everything here but the handshake is decided from the envelope of a line alone; its content is read
once it is durable.
"""

from typing import Final

import msgspec
from msgspec import Struct, field

from ingestd.errors import Disconnected
from ingestd.sources.feeds.betfair.faults import fault, without_secrets
from ingestd.sources.feeds.betfair.options import BetfairOptions
from ingestd.sources.feeds.betfair.wire import UNREADABLE
from ingestd.sources.transports.lines import Line, Lines, Truncated

_IMAGE: Final = "SUB_IMAGE"
_WHOLE_OR_FIRST: Final = (None, "SEG_START")
_WHOLE_OR_LAST: Final = (None, "SEG_END")

MarketFilter = dict[str, list[str] | bool]
Clocks = tuple[str, str]
"""``initialClk`` and ``clk``: where to go on after a reconnection."""


class Peek(Struct, rename="camel"):
    """The envelope of a line."""

    op: str = ""
    id: int | None = None
    ct: str | None = None
    segment_type: str | None = None
    clk: str | None = None
    initial_clk: str | None = None
    connection_id: str = ""
    status_code: str = ""
    error_code: str | None = None
    error_message: str | None = None
    connection_closed: bool | None = None


class _MarketIds(Struct):
    class _Market(Struct):
        id: str
        definition: msgspec.Raw = msgspec.field(name="marketDefinition", default=msgspec.Raw())

    mc: list[_Market] = field(default_factory=list)


_PEEK: Final = msgspec.json.Decoder(Peek)
_MARKETS: Final = msgspec.json.Decoder(_MarketIds)


def peek(line: bytes) -> Peek | None:
    """The envelope; None where the line has none (what it then is, the decoder will say)."""
    try:
        return _PEEK.decode(line)
    except UNREADABLE:
        return None


def markets_defined(line: bytes) -> list[str]:
    """The markets that a line defines, for which names are wanted."""
    if b'"marketDefinition"' not in line:
        return []
    try:
        return [market.id for market in _MARKETS.decode(line).mc if bytes(market.definition)]
    except UNREADABLE:
        return []


class Shard:
    """A connection and its subscription, handed from ``open_shard`` to the session."""

    def __init__(self, lines: Lines, market_filter: MarketFilter, options: BetfairOptions, meta: dict[str, str]) -> None:
        self.lines = lines
        self.meta = meta
        """What its frames carry."""
        self.session_token = ""
        self.clocks: Clocks | None = None
        self.image_due: float | None = None
        """A new subscription was asked for: nothing counts until its image begins, by this time (monotonic)."""
        self.early: list[Line] = []
        """Lines that came with the answer to the last request."""
        self.connection_id = ""
        self._filter = market_filter
        self._options = options
        self._request = 0
        self._subscription = 0
        self._initial = ""

    async def greet(self) -> None:
        """Wait for the server's first word. Raises Disconnected, Throttled (too many connections), Refused."""
        while not self.connection_id:
            for line in await self._more():
                found = self._envelope(line)
                if found is not None and found.op == "connection":
                    self.connection_id = found.connection_id or "?"
                elif found is not None:
                    self._check(found)

    async def authenticate(self, session_token: str) -> None:
        """Say who we are. Raises Refused (Expired: another token is needed), Throttled, Disconnected."""
        self.session_token = session_token
        await self._ask("authentication", {"appKey": self._options.app_key.get_secret_value(), "session": session_token})

    async def subscribe(self, clocks: Clocks | None) -> None:
        """Subscribe, or go on where ``clocks`` say. Raises StaleClock where that is no longer possible, else as ``authenticate``."""
        self.clocks = clocks
        self._initial = clocks[0] if clocks else ""
        await self._ask("marketSubscription", self._subscribing(clocks))
        self._subscription = self._request

    def holds(self, market_id: str) -> bool:
        """Whether this connection was asked for a market by name."""
        named = self._filter.get("marketIds")
        return isinstance(named, list) and market_id in named

    def renewal(self, image_due: float) -> bytes:
        """The request that replaces the subscription by the same one; from now on nothing of the old one counts. Empty: it is under way."""
        if self.image_due is not None:
            return b""
        self.image_due = image_due
        self.clocks = None
        self._request += 1
        self._subscription = self._request
        return self._encode("marketSubscription", self._subscribing(None))

    def take(self, line: bytes) -> tuple[bool, bool]:
        """Whether a line is to be handed on, and whether an image of everything begins with it. Raises what a status demands."""
        found = peek(line)
        if found is None or found.op != "mcm":
            if found is not None:
                self._check(found)
            return found is None, False
        begins = found.ct == _IMAGE and found.segment_type in _WHOLE_OR_FIRST
        stale = found.id is not None and found.id != self._subscription
        if stale or (self.image_due is not None and not begins):
            return False, False
        if begins:
            self.image_due = None
            self.clocks, self._initial = None, ""
        if found.segment_type in _WHOLE_OR_LAST:
            self._initial = found.initial_clk or self._initial
            if found.clk and self._initial:
                self.clocks = self._initial, found.clk
        return True, begins

    def _subscribing(self, clocks: Clocks | None) -> dict[str, object]:
        options = self._options
        wanted: dict[str, object] = {
            "marketFilter": self._filter,
            "marketDataFilter": {"fields": list(options.fields), "ladderLevels": options.ladder_levels},
            "segmentationEnabled": True,
            "heartbeatMs": options.heartbeat_ms,
            "conflateMs": options.conflate_ms,
        }
        if clocks:
            wanted["initialClk"], wanted["clk"] = clocks
        return wanted

    async def _ask(self, operation: str, content: dict[str, object]) -> None:
        """Send a request and wait for its status; other lines that come with it are kept."""
        self._request += 1
        await self.lines.send(self._encode(operation, content))
        while True:
            lines = await self._more()
            for index, line in enumerate(lines):
                found = self._envelope(line)
                if found is not None and found.op == "status":
                    self._check(found)
                    if found.id == self._request:
                        self.early = lines[index + 1 :]
                        return

    async def _more(self) -> list[Line]:
        lines, self.early = self.early, []
        return lines or await self.lines.read()

    def _encode(self, operation: str, content: dict[str, object]) -> bytes:
        return msgspec.json.encode({"op": operation, "id": self._request, **content})

    @staticmethod
    def _envelope(line: Line) -> Peek | None:
        return None if isinstance(line, Truncated) else peek(line)

    def _check(self, found: Peek) -> None:
        """Raise what a failed status asks for."""
        if found.op == "status" and (found.error_code or found.connection_closed or found.status_code == "FAILURE"):
            secrets = self.session_token, self._options.app_key.get_secret_value()
            raise fault(found.error_code or "", without_secrets(found.error_message or "", secrets))
        if found.op not in ("status", "connection", "mcm"):
            raise Disconnected("protocol", f"unexpected operation {found.op[:40]!r}")
