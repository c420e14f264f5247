"""Betfair's stream in small, after its stream API specification: images, patches of ladders, definitions, segments, names."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from random import Random
from typing import ClassVar, Final

from msgspec import Struct, field

from ingestd.model import Frame
from tests.properties.ledger import Key
from tests.properties.provider import Provider

ODDS: Final = (1.5, 2.0, 2.02, 5.0, 100.0)
SIZES: Final = (2.5, 10.0, 300.0)
WORDS: Final = {"OPEN": "open", "SUSPENDED": "suspended", "INACTIVE": "suspended", "CLOSED": "settled"}
ENDS: Final = {"WINNER": ("settled", "won"), "LOSER": ("settled", "lost"), "REMOVED": ("void", "void")}
LEVELS: Final = 3


class Runner(Struct):
    """One runner: what can be backed and laid at, by price, and the last price traded."""

    status: str = "ACTIVE"
    back: dict[float, float] = field(default_factory=dict)
    lay: dict[float, float] = field(default_factory=dict)
    last: float = 0.0


class Market(Struct):
    """A market; ``best``: its ladders are told by level. ``sent``: as it was last told in this session."""

    id: str
    event: str
    betting: str
    best: bool
    status: str = "OPEN"
    version: int = 1
    runners: dict[tuple[int, float], Runner] = field(default_factory=dict)
    sent: "Market | None" = None


class Betfair(Provider):
    """Up to three markets of two events."""

    options: ClassVar[Mapping[str, object]] = {
        "app_key": "k", "session_token": "t", "event_type_ids": ["1"], "market_types": ["MATCH_ODDS"],
    }  # fmt: skip

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self.markets: list[Market] = []
        self.last: Frame | None = None

    def begin(self, dice: Random) -> Iterator[Frame]:
        """A session, and the image of what there is."""
        for _ in range(dice.randint(1, 3)):
            self._found(dice)
        yield from self._session(dice)

    def step(self, dice: Random) -> Iterator[Frame]:
        """A change of prices, of a definition, an image, a repetition, a reconnection."""
        self.wait(dice)
        act = dice.choice(
            (
                *(self._prices, self._prices, self._prices, self._define, self._define, self._close),
                *(self._image, self._again, self._cut, self._names, self._heartbeat),
            )
        )
        yield from act(dice)

    def _found(self, dice: Random) -> Market:
        betting = dice.choice(("ODDS", "ASIAN_HANDICAP_DOUBLE_LINE", "LINE"))
        number = len(self.markets)
        market = Market(f"1.{number}", f"E{number % 2}", betting, dice.random() < 0.5)
        lines = (-0.5, 0.5) if betting.startswith("ASIAN") else (0.0,)
        for runner in range(dice.randint(1, 2)):
            market.runners.update({(runner, line): Runner() for line in lines})
        self._trade(market, dice)
        self.markets.append(market)
        return market

    def _chosen(self, dice: Random) -> Market:
        live = [market for market in self.markets if market.status != "CLOSED"]
        return dice.choice(live) if live else self._found(dice)

    def _trade(self, market: Market, dice: Random) -> None:
        """Ladders of some runners change; one of those may run dry."""
        for runner in market.runners.values():
            for ladder in (runner.back, runner.lay):
                if dice.random() < 0.6:
                    ladder.clear()
                    ladder.update({price: dice.choice(SIZES) for price in dice.sample(ODDS, dice.randint(0, 3))})
            if dice.random() < 0.2:
                runner.last = dice.choice(ODDS)

    def _prices(self, dice: Random) -> Iterator[Frame]:
        market = self._chosen(dice)
        self._trade(market, dice)
        yield from self._said(dice, [market])

    def _define(self, dice: Random) -> Iterator[Frame]:
        """Suspended, open, inactive; a runner goes or is back; the market moves to another event."""
        market = self._chosen(dice)
        market.status = dice.choice(("OPEN", "OPEN", "SUSPENDED", "INACTIVE"))
        market.version += 1
        if dice.random() < 0.4:
            dice.choice(list(market.runners.values())).status = dice.choice(("ACTIVE", "REMOVED", "HIDDEN"))
        if dice.random() < 0.2:
            market.event = dice.choice(("E0", "E1"))
        if dice.random() < 0.3:
            self._trade(market, dice)
        yield from self._said(dice, [market])

    def _close(self, dice: Random) -> Iterator[Frame]:
        """Settled; or what was settled is open again."""
        market = dice.choice(self.markets)
        market.version += 1
        closes = market.status != "CLOSED"
        market.status = "CLOSED" if closes else "OPEN"
        for runner in market.runners.values():
            runner.status = dice.choice(("WINNER", "LOSER", "REMOVED")) if closes else "ACTIVE"
            if closes:
                runner.back.clear()
                runner.lay.clear()
        yield from self._said(dice, [market])

    def _image(self, dice: Random) -> Iterator[Frame]:
        """Of one market, known or new."""
        market = self._found(dice) if len(self.markets) < 3 and dice.random() < 0.3 else self._chosen(dice)
        self._trade(market, dice)
        market.sent = None
        yield from self._said(dice, [market])

    def _again(self, dice: Random) -> Iterator[Frame]:
        """The last message comes twice."""
        if self.last is not None:
            yield Frame(self.source, "data", self.now, self.last.payload, epoch=self.last.epoch, meta=self.last.meta)

    def _heartbeat(self, dice: Random) -> Iterator[Frame]:
        """What came before it cannot come again after it."""
        self.last = None
        yield self.data({"op": "mcm", "id": 2, "ct": "HEARTBEAT", "pt": self.now // 1000, "clk": "A"})

    def _cut(self, dice: Random) -> Iterator[Frame]:
        """The link breaks. What happens meanwhile comes as one patch, or stands in the next image as it is by then."""
        yield self.closed()
        for _ in range(dice.randint(0, 2)):
            market = self._chosen(dice)
            self._trade(market, dice)
            market.status = dice.choice(("OPEN", "SUSPENDED", "OPEN", "CLOSED"))
            if market.status == "CLOSED":
                for runner in market.runners.values():
                    runner.status = "LOSER"
        if dice.random() < 0.5:
            yield from self._session(dice)
            return
        yield self.opened(resumed="conflated")
        known = [market for market in self.markets if market.sent is not None]
        yield from self._said(dice, known, ct="RESUB_DELTA")

    def _session(self, dice: Random) -> Iterator[Frame]:
        yield self.opened()
        there = [market for market in self.markets if dice.random() < (0.3 if market.status == "CLOSED" else 0.9)]
        for market in self.markets:
            market.sent = None
        yield from self._said(dice, there, ct="SUB_IMAGE")

    def _said(self, dice: Random, markets: list[Market], *, ct: str | None = None) -> Iterator[Frame]:
        """A message about these markets, whole or in segments; it counts with its last piece."""
        at = self.now // 1000
        mc = [self._told(market) for market in markets]
        image = ct == "SUB_IMAGE"
        cut = dice.randint(0, len(mc)) if dice.random() < 0.3 else None
        pieces = [(mc, None)] if cut is None else [(mc[:cut], "SEG_START"), (mc[cut:], "SEG_END")]
        for number, (part, segment) in enumerate(pieces):
            if number == len(pieces) - 1:
                self._true(markets, at * 1000, image=image)
            said = {"op": "mcm", "id": 2, "pt": at, "mc": part, "clk": "A", "ct": ct, "segmentType": segment}
            frame = self.data({name: value for name, value in said.items() if value is not None}, epoch=image and number == 0)
            self.last = frame if len(pieces) == 1 else None
            yield frame

    def _told(self, market: Market) -> dict[str, object]:
        """What there is to say of a market since it was last told."""
        before, market.sent = market.sent, None
        now = deepcopy(market)
        market.sent = now
        said: dict[str, object] = {"id": market.id}
        if before is None:
            said |= {"img": True}
        if before is None or self._definition(before) != self._definition(now):
            said["marketDefinition"] = self._definition(now)
        changes = [
            {"id": key[0], "hc": key[1], **self._ladders(runner, Runner() if before is None else before.runners[key], best=market.best)}
            for key, runner in now.runners.items()
        ]
        said["rc"] = [change for change in changes if len(change) > 2]
        return said

    def _definition(self, market: Market) -> dict[str, object]:
        return {
            "eventId": market.event, "eventTypeId": "1", "marketType": "MATCH_ODDS", "bettingType": market.betting,
            "marketTime": "2026-03-01T15:00:00.000Z", "inPlay": False, "status": market.status, "version": market.version,
            "runners": [{"id": key[0], "hc": key[1], "status": runner.status} for key, runner in market.runners.items()],
        }  # fmt: skip

    def _ladders(self, now: Runner, before: Runner, *, best: bool) -> dict[str, object]:
        """Patches of what changed."""
        said: dict[str, object] = {}
        for name, ours, theirs, down in (("b", now.back, before.back, True), ("l", now.lay, before.lay, False)):
            if best:
                levels, old = (sorted(ladder, reverse=down)[:LEVELS] for ladder in (ours, theirs))
                patch: list[list[float]] = [[level, price, ours[price]] for level, price in enumerate(levels)]
                patch += [[level, 0, 0] for level in range(len(levels), len(old))]
            else:
                patch = [[price, size] for price, size in ours.items()] + [[price, 0] for price in theirs if price not in ours]
            if ours != theirs:
                said[f"bat{name}" if best else f"at{name}"] = patch
        if now.last != before.last:
            said["ltp"] = now.last
        return said

    def _true(self, markets: list[Market], at: int, *, image: bool) -> None:
        """What is true once these markets were told; in an image there are no others."""
        offered = {key for market in markets for key in self._take(market, at)}
        if image:
            self.ledger.listing("", list(self.ledger.rows), offered, at)

    def _take(self, market: Market, at: int) -> set[Key]:
        """Prices of one market as they are; all sides that are on offer, or ended."""
        there: set[Key] = set()
        self.ledger.market(market.id, at, WORDS[market.status])
        for (number, line), runner in market.runners.items():
            best = {
                "back": max(runner.back, default=0.0),
                "lay": min(runner.lay, default=0.0),
                "traded": runner.last,
            }
            for side, price in best.items():
                key = (market.id, str(number), f"{line:g}", side)
                if market.status == "CLOSED":
                    self.ledger.state(key, at, *ENDS[runner.status])
                elif runner.status == "ACTIVE" and price:
                    size = {"back": runner.back, "lay": runner.lay, "traded": {}}[side].get(price)
                    self._price(key, market, at, price, line, size)
                else:
                    self.ledger.state(key, at, "withdrawn")
                    continue
                there.add(key)
        return there

    def _price(self, key: Key, market: Market, at: int, price: float, line: float, size: float | None) -> None:
        """In a line market the price is the line, and the odds are even."""
        if market.betting == "LINE":
            self.ledger.price(key, market.id, at, 2.0, line=price, size=size)
        else:
            self.ledger.price(key, market.id, at, price, line=line if market.betting.startswith("ASIAN") else None, size=size)

    def _names(self, dice: Random) -> Iterator[Frame]:
        """The catalogue's answer: what things are called changes no price."""
        market = dice.choice(self.markets)
        runners = [{"selectionId": key[0], "handicap": key[1], "runnerName": dice.choice(("Ada", "Bea"))} for key in market.runners]
        entry = {
            "marketId": market.id, "marketName": "Match Odds", "runners": runners, "event": {"id": market.event, "name": "Reds v Blues"},
            "eventType": {"id": "1", "name": "Soccer"}, "competition": {"id": "1", "name": "League"},
        }  # fmt: skip
        yield self.data([entry], {"content": "catalogue"})
