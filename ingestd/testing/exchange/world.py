"""What the exchange trades in: events, markets and offers as they stand, and their images."""

from random import Random
from typing import Final, Literal

from ingestd.testing.exchange import wire

Side = Literal["back", "lay", "traded"]
EXCHANGE_SIDES: Final[tuple[Side, ...]] = ("back", "lay", "traded")
BOOK_SIDES: Final[tuple[Side, ...]] = ("back",)
BOOKMAKERS: Final = (
    wire.Bookmaker("ns", "North Star", "book"),
    wire.Bookmaker("om", "Old Mill", "book"),
    wire.Bookmaker("hx", "Harbour Exchange", "exchange"),
    wire.Bookmaker("avg", "Market average", "aggregate"),
)
KINDS: Final = (
    ("match_odds", ("home", "draw", "away")),
    ("total", ("over", "under")),
    ("spread", ("home", "away")),
    ("alternate_total", ("over", "under")),
)
PERIODS: Final = ("", "first_half", "second_half")
LADDER: Final = (0.5, 1.5, 3.5)
"""Lines of the alternate totals: there, and only there, the line says which selection it is."""
MOVING: Final = frozenset(("total", "spread"))
"""Markets whose line moves."""
LEAGUES: Final = ("Coastal League", "Hill League", "River Cup")
TOWNS: Final = (
    *("Ashford", "Brackwater", "Calder", "Dunmore", "Elmbridge", "Fenwick", "Granby", "Harrow", "Inverley", "Kestrel", "Larkhill"),
    *("Marsham", "Norwold", "Oakham", "Penrose", "Quarry", "Redcar", "Selby", "Thorne", "Ulverston", "Västby", "Whitby"),
)


def _ladder() -> tuple[float, ...]:
    steps = ((1.0, 2.0, 0.01), (2.0, 4.0, 0.05), (4.0, 10.0, 0.2), (10.0, 30.0, 1.0), (30.0, 100.0, 5.0))
    return tuple(round(low + k * step, 2) for low, high, step in steps for k in range(round((high - low) / step)))


PRICES: Final = _ladder()
"""Ticks; the first one, 1.0, is no price at all."""


class Offer:
    """One selection as it stands. ``gone``: withdrawn; its last state stays."""

    __slots__ = ("before", "bookmaker", "gone", "i", "line", "outcome", "participant", "side", "size", "status", "t", "tick")

    def __init__(self, i: int, bookmaker: str, outcome: str, participant: str, side: Side) -> None:
        self.i = i
        self.bookmaker = bookmaker
        self.outcome = outcome
        self.participant = participant
        self.side = side
        self.tick = self.before = 1
        self.size: float | None = None
        self.line: float | None = None
        self.status = "open"
        self.t = 0
        self.gone = False

    @property
    def price(self) -> float:
        """Decimal odds; 1.0 for none."""
        return PRICES[self.tick]

    def said(self) -> wire.Price:
        """Its state, for a delta."""
        return wire.Price(self.i, PRICES[self.tick], self.size, self.line, self.status)

    def listed(self) -> wire.Listed:
        """Its state and description, for an image."""
        return wire.Listed(
            self.i, PRICES[self.tick], self.size, self.line, self.status, self.t,
            self.bookmaker, self.outcome, self.participant, self.side,
        )  # fmt: skip


class Market:
    """A market of an event. ``closed`` once settled: images leave it out."""

    def __init__(self, name: str, event: str, market: str, period: str, offers: list[Offer]) -> None:
        self.id = name
        self.event = event
        self.market = market
        self.period = period
        self.offers = offers
        self.status = "open"
        self.t = 0

    @property
    def closed(self) -> bool:
        """Whether it is settled."""
        return self.status == "settled"

    def image(self) -> wire.MarketState:
        """Everything that it lists."""
        quotes = [offer.listed() for offer in self.offers if not offer.gone]
        return wire.MarketState(self.id, self.event, self.market, self.period, self.status, self.t, quotes)


class Event:
    """A match with its markets and scores."""

    def __init__(self, fixture: wire.FixtureState, markets: list[Market]) -> None:
        self.fixture = fixture
        self.markets = markets
        self.results: dict[str, wire.ScoreState] = {}
        self.public = False
        self.announced = 0
        """How many of the markets are public."""

    def open(self) -> list[Market]:
        """The public markets that are not settled."""
        return [market for market in self.markets[: self.announced] if not market.closed]


def new_event(number: int, starts: int, kinds: int, random: Random) -> Event:
    """The ``number``-th event of a world, not yet public: every word and price drawn from ``random``."""
    home, away = random.sample(TOWNS, 2)
    name = f"E{number}"
    fixture = wire.FixtureState(
        id=name, t=0, sport="football", league=LEAGUES[int(random.random() * len(LEAGUES))], season="", name=f"{home} v {away}",
        home=home, away=away, starts=starts, started=None, status="scheduled",
    )  # fmt: skip
    markets = []
    for index in range(min(kinds, len(KINDS) * len(PERIODS))):
        market, outcomes = KINDS[index % len(KINDS)]
        period = PERIODS[index // len(KINDS)]
        offers = _offers(market, outcomes, {"home": home, "away": away}, random)
        markets.append(Market(f"{name}.{index + 1}", name, market, period, offers))
    return Event(fixture, markets)


def _offers(market: str, outcomes: tuple[str, ...], names: dict[str, str], random: Random) -> list[Offer]:
    ladder = market == "alternate_total"
    offers: list[Offer] = []
    for line in LADDER if ladder else (2.5 if market == "total" else -0.5 if market == "spread" else None,):
        for outcome in outcomes:
            middle = 60 + int(random.random() * 100)
            own = -line if line is not None and market == "spread" and outcome == "away" else line
            for bookmaker in BOOKMAKERS[: 2 if ladder else 4]:
                for side in EXCHANGE_SIDES if bookmaker.kind == "exchange" else BOOK_SIDES:
                    offer = Offer(len(offers), bookmaker.code, outcome, names.get(outcome, ""), side)
                    offer.tick = offer.before = middle + int(random.random() * 6) + (3 if side == "lay" else 0)
                    offer.size = float(int(random.random() * 2000)) if bookmaker.kind == "exchange" else None
                    offer.line = own
                    offers.append(offer)
    return offers
