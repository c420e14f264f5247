"""What a client of books can have known, and when: it has several connections, checks what they bring, and mends book by book."""

from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec import Struct, field

from ingestd.testing.deeds import LISTING, Deed
from ingestd.testing.spans import SOURCE, Moment, Span

NOBODY_SELLS: Final = 1.0


class Level(Struct):
    """A price of a book."""

    price: str
    size: str


class Change(Level):
    """A price's new size, and what is best then."""

    asset_id: str
    side: str
    best_bid: str
    best_ask: str


class Message(Struct):
    """What a provider said; of a book alone it does not say that it is one."""

    market: str
    event_type: str = "book"
    asset_id: str = ""
    timestamp: str = "0"
    bids: list[Level] = []
    asks: list[Level] = []
    price_changes: list[Change] = []
    assets_ids: list[str] = []


class Request(Struct):
    """What a client asked for."""

    assets_ids: list[str]
    operation: str = ""


SAID: Final = msgspec.json.Decoder(list[Message] | Message)
ASKED: Final = msgspec.json.Decoder(Request)


class Book(Struct):
    """One asset's, as the client has it: size by price. ``based``: an image began it; ``imaged``, ``last``: times of the provider's."""

    based: bool = False
    imaged: int = 0
    last: int = 0
    bids: dict[float, float] = {}
    asks: dict[float, float] = {}
    held: list[tuple[int, Change]] = []
    """Changes that wait for an image."""

    def image(self, message: Message) -> None:
        """Begin from what the message lists, and what is newer and waited."""
        self.bids, self.asks = _sizes(message.bids), _sizes(message.asks)
        self.based, self.imaged = True, int(message.timestamp)
        self.last = self.imaged
        held, self.held = self.held, []
        for at, change in held:
            if at > self.imaged:
                self.change(at, change)

    def change(self, at: int, change: Change) -> bool:
        """Take a level's new size; whether the best prices are then as the provider says."""
        levels, price, size = self.bids if change.side == "BUY" else self.asks, float(change.price), float(change.size)
        levels[price] = size
        if not size:
            del levels[price]
        self.last = max(self.last, at)
        best = max(self.bids, default=0.0), min(self.asks, default=NOBODY_SELLS)
        return best == (float(change.best_bid), float(change.best_ask))


class Booked(Struct):
    """One client of one emulator: ``see`` every deed, then ``spans`` are what it must have recorded.

    All connections of a session are made before it asks for anything over one of them. When one of them fails, it leaves all of them.
    """

    spans: list[Span] = field(default_factory=list)
    _last: Moment = Moment(0, 0)
    _ever: bool = False
    """It has seen once what there is: that it cannot see it again ends no session any more."""
    _heard: dict[int, Moment] = field(default_factory=dict)
    """The connections of the session, and when each was heard last; none: there is no session, or it can make nothing of it."""
    _asking: set[int] = field(default_factory=set)
    """Those over which nothing was asked for yet."""
    _mute: set[int] = field(default_factory=set)
    _market_of: dict[str, str] = field(default_factory=dict)
    _books: dict[str, Book] = field(default_factory=dict)
    """By asset that is asked for."""
    _over: set[str] = field(default_factory=set)
    """Markets that are resolved."""
    _imaged: bool = False
    """Every book has come once in this session."""
    _open: dict[str, Span] = field(default_factory=dict)

    def see(self, deed: Deed) -> None:
        """One deed after the other."""
        link = deed.says.link
        if deed.did == "met":
            self._meet(link, deed.at)
        elif deed.says.what == LISTING:
            self._list(deed)
        elif deed.did == "left" and link in self._mute & self._heard.keys():
            self._fall_silent(self._heard[link])
        elif self._heard and (not link or link in self._heard):
            self._come(deed)

    def leave(self, reason: str) -> None:
        """The session ends after what was heard last."""
        known = self._whole
        self._heard.clear()
        self._end_whole()
        if SOURCE not in self._open:
            # nothing is ever told again: what was down is missing as soon as there is a session
            self._begin(SOURCE, self._last, "down" if known and reason == "stopped" else "gap", reason)

    def _fall_silent(self, heard: Moment) -> None:
        """One connection was heard then for the last time, perhaps before others made everything known."""
        known = self._open[SOURCE].began if self._whole else Moment(0, 0)
        self._last = Moment(max(min(self._last.earliest, heard.earliest), known.earliest), max(heard.latest, known.latest))
        self.leave("silent")

    @property
    def _whole(self) -> bool:
        return SOURCE in self._open and self._open[SOURCE].state == "complete"

    def _meet(self, link: int, at: int) -> None:
        """One more connection; the first one of a session begins from nothing."""
        if not self._heard:
            self._books, self._over, self._asking, self._imaged = {}, set(), set(), False
        self._ever = True
        self._heard[link] = Moment(at, at)
        self._asking.add(link)
        self._live(at)

    def _list(self, deed: Deed) -> None:
        """An answer about what there is."""
        if deed.did == "reset":
            # what only asks is asked again at once where the connection breaks
            return
        if self._ever:
            self._live(deed.at)
            return
        if deed.did != "stall":
            self._last = Moment(deed.at, deed.at)
        if deed.did != "sent":
            self.leave("timeout" if deed.did == "stall" else "gamma")

    def _come(self, deed: Deed) -> None:
        """Something came over a connection, or goes over none any more; what a single book is asked for comes over none of them."""
        link, at = deed.says.link, Moment(deed.at, deed.at)
        if deed.did == "stall":
            self._mute.add(link)
            self._heard[link] = Moment(self._heard[link].earliest, deed.at)
        elif deed.did == "reset":
            self.leave("reset")
        elif deed.did == "garbage":
            self._lose_all("malformed")
            self._last = at
        elif deed.did == "sent":
            self._read(deed.says.body, at)
            self._last = at
        if deed.did in ("garbage", "sent", "alive"):
            self._live(deed.at)
            if link in self._heard and (deed.did == "sent" or not deed.says.body):
                self._heard[link] = at
        if deed.did == "alive" and deed.says.body:
            self._ask(link, ASKED.decode(deed.says.body))

    def _live(self, at: int) -> None:
        """A frame may have come of it."""
        self._last = Moment(self._last.earliest, at)

    def _ask(self, link: int, request: Request) -> None:
        self._asking.discard(link)
        for asset in request.assets_ids:
            if request.operation == "unsubscribe":
                self._books.pop(asset, None)
            else:
                self._books.setdefault(asset, Book())

    def _read(self, body: bytes, at: Moment) -> None:
        found = SAID.decode(body)
        for message in found if isinstance(found, list) else [found]:
            changes = {change.asset_id: change for change in message.price_changes}
            for asset in changes or message.assets_ids or [message.asset_id]:
                self._market_of[asset] = message.market
                if asset in self._books and message.market not in self._over:
                    self._take(message, self._books[asset], changes.get(asset), at)

    def _take(self, message: Message, book: Book, change: Change | None, at: Moment) -> None:
        """What a message says of one asset."""
        market = message.market
        if change is not None:
            self._change(market, book, int(message.timestamp), change)
        elif message.event_type == "book":
            self._image(market, book, message, at)
        elif message.event_type == "tick_size_change":
            self._lose(market, "tick_size")
        elif message.event_type == "market_resolved":
            self._over.add(market)
            self._settle(market, at)

    def _image(self, market: str, book: Book, message: Message, at: Moment) -> None:
        if book.based and int(message.timestamp) < book.last:
            return
        book.image(message)
        self._settle(market, at)

    def _change(self, market: str, book: Book, at: int, change: Change) -> None:
        if not book.based:
            book.held.append((at, change))
        elif book.imaged <= at < book.last:
            self._lose(market, "disorder")
        elif at >= book.last and not book.change(at, change):
            self._lose(market, "mismatch")
            book.held.append((at, change))

    def _settle(self, market: str, at: Moment) -> None:
        """A market is known now, or with it everything, where that is so."""
        unknown = {self._market_of.get(asset, "") for asset, book in self._books.items() if not book.based} - self._over
        scope = f"market {market}"
        if market not in unknown and scope in self._open and self._whole:
            self._end(scope, at, "image")
        if not (unknown or self._asking or self._imaged):
            self._imaged = True
            for one in list(self._open):
                self._end(one, at, "image")
            self._begin(SOURCE, at, "complete")

    def _lose(self, market: str, reason: str) -> None:
        """Something of a market is missing: none of its books is good any more."""
        for asset, book in self._books.items():
            book.based &= self._market_of.get(asset) != market
        if self._whole and f"market {market}" not in self._open:
            self._begin(f"market {market}", self._last, "gap", reason)

    def _lose_all(self, reason: str) -> None:
        """Nobody can say of what something is missing: it begins anew."""
        self._heard.clear()
        self._end_whole()
        if SOURCE not in self._open:
            self._begin(SOURCE, self._last, "gap", reason)

    def _end_whole(self) -> None:
        if self._whole:
            self._end(SOURCE, self._last, "")

    def _begin(self, scope: str, at: Moment, state: str, reason: str = "") -> None:
        self._open[scope] = span = Span(scope, at, state, reason)
        self.spans.append(span)

    def _end(self, scope: str, at: Moment, repaired_by: str) -> None:
        span = self._open.pop(scope)
        span.ended, span.repaired_by = at, repaired_by


def _sizes(levels: Iterable[Level]) -> dict[float, float]:
    return {float(one.price): float(one.size) for one in levels}
