"""What a book holds: selections and markets as they stand."""

from msgspec import Struct, field

from ingestd.batch import MarketRow
from ingestd.model import NO_PRICE, STATUS_RANK, Quote, QuoteResult, Selection, Status

Terms = tuple[float | None, float | None, float | None]
"""Price, line and size."""


class Held(Struct, gc=True):
    """A selection as it stands: what was last said of it, and when that was. ``changed_at`` -1: nothing was written of it yet."""

    selection: Selection
    market: "Market"
    price: float | None = None
    line: float | None = None
    size: float | None = None
    own_status: Status = "withdrawn"
    status: Status = "withdrawn"
    result: QuoteResult = ""
    changed_at: int = -1
    seq: int = 0
    stamp: int | None = None

    def after(self, quote: Quote) -> Terms:
        """Price, line and size after a quote: what it says, else what was last said."""
        if quote.price is None:
            return self.price, self.line, self.size
        return None if quote.price == NO_PRICE else quote.price, quote.line, quote.size


class Market(Struct, gc=True):
    """A market of the source: its state, and the selections that it covers."""

    row: MarketRow
    members: dict[int, Held] = field(default_factory=dict)


class Moment(Struct, frozen=True, gc=False):
    """When and where something was said: wall clock of the frame, and its offset in the store."""

    received_at: int
    offset: int


def worse(own: Status, market: Status) -> Status:
    """The status shown: the worse of a selection's own and its market's."""
    return own if STATUS_RANK[own] >= STATUS_RANK[market] else market
