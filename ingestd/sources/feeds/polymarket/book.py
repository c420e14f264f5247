"""The order book of one asset: levels by price, its base, and whether it is as the provider says."""

from typing import Final

from msgspec import Struct

BUY: Final = "BUY"
SELL: Final = "SELL"
Levels = dict[float, float]


class Book(Struct):
    """Bids and asks as probability to shares. Times are UTC µs, 0: never.

    ``based``: an image began it. ``image_at``: that image's time; what changed before stands in it. ``at``: time of the last change.
    ``stated``: the best bid and ask as last stated (0: none), for a book that has no base and cannot know them by itself.
    """

    bids: Levels = {}
    asks: Levels = {}
    based: bool = False
    image_at: int = 0
    at: int = 0
    hash: str = ""
    stated: tuple[float, float] | None = None

    def replace(self, bids: Levels, asks: Levels, at: int) -> None:
        """Take an image: all there is."""
        self.bids, self.asks = bids, asks
        self.based = True
        self.image_at = self.at = at
        self.stated = None

    def change(self, side: str, price: float, size: float) -> None:
        """A level's new total; 0 removes it."""
        levels = self.bids if side == BUY else self.asks
        if size:
            levels[price] = size
        else:
            levels.pop(price, None)

    def forget(self) -> None:
        """No base any more."""
        self.bids, self.asks = {}, {}
        self.based = False
        self.stated = None

    def best_ask(self) -> tuple[float, float | None] | None:
        """The lowest ask and its size; None where nobody sells."""
        if self.stated is not None and not self.based:
            return _named(self.stated[1], self.asks)
        if not self.asks:
            return None
        price = min(self.asks)
        return price, self.asks[price]

    def best_bid(self) -> tuple[float, float | None] | None:
        """The highest bid and its size; None where nobody buys."""
        if self.stated is not None and not self.based:
            return _named(self.stated[0], self.bids)
        if not self.bids:
            return None
        price = max(self.bids)
        return price, self.bids[price]

    def agrees(self, bid: float, ask: float) -> bool:
        """Whether the best prices are these (0: none); a level at 1 is none to be stated."""
        ours = max(self.bids, default=0.0), min(self.asks, default=0.0)
        return tuple(price if price < 1.0 else 0.0 for price in ours) == (bid, ask)


def _named(price: float, levels: Levels) -> tuple[float, float | None] | None:
    return (price, levels.get(price)) if price else None
