"""The markets behind the Betfair emulator: a seeded script of prices, suspensions, removals and settlements, every state of it kept.

States are immutable, so what a client must hear is the difference of two of them: of neighbours for a step, of a resumed clock and now
for a resumption (which is how the real exchange conflates), of nothing and now for an image.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random
from typing import Final, TypeAlias

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
Ladder = tuple[tuple[float, float], ...]
"""(price, size), the best first."""

OPENED: Final = datetime(2026, 1, 10, 15, 0, tzinfo=UTC)
LEVELS: Final = 3
LOWEST: Final = 1.05
HIGHEST: Final = 100.0
SUSPENSIONS, KICK_OFFS, REMOVALS = 0.03, 0.01, 0.005
"""How often chance chooses them."""
FEWEST: Final = 2
"""Runners that stay in every market."""
MOVES, TRADES, DRIES_UP = 0.8, 0.4, 0.05
"""How often a side of a runner moves, is matched, and has nothing left."""


@dataclass(frozen=True)
class Runner:
    """A runner as it stands."""

    id: int
    hc: float
    name: str
    status: str = "ACTIVE"
    back: Ladder = ()
    lay: Ladder = ()
    ltp: float = 0.0


@dataclass(frozen=True)
class Market:
    """A market as it stands."""

    id: str
    event_id: str
    event_name: str
    market_type: str
    betting_type: str
    runners: tuple[Runner, ...]
    status: str = "OPEN"
    in_play: bool = False
    version: int = 1

    def runner(self, selection_id: int, hc: float = 0.0) -> Runner:
        """One of its runners."""
        return next(runner for runner in self.runners if (runner.id, runner.hc) == (selection_id, hc))

    def with_runner(self, changed: Runner) -> "Market":
        """The same market with one runner changed."""
        same = (changed.id, changed.hc)
        return replace(self, runners=tuple(changed if (runner.id, runner.hc) == same else runner for runner in self.runners))

    def definition(self) -> dict[str, Json]:
        """As the live stream tells it: without any name."""
        active = sum(runner.status == "ACTIVE" for runner in self.runners)
        runners: list[Json] = []
        for order, runner in enumerate(self.runners, 1):
            told: dict[str, Json] = {"status": runner.status, "sortPriority": order, "id": runner.id}
            if runner.hc:
                told["hc"] = runner.hc
            runners.append(told)
        return {
            "bspMarket": False,
            "turnInPlayEnabled": True,
            "eventId": self.event_id,
            "eventTypeId": "1",
            "numberOfWinners": 1,
            "bettingType": self.betting_type,
            "marketType": self.market_type,
            "marketTime": OPENED.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "complete": True,
            "inPlay": self.in_play,
            "numberOfActiveRunners": active if self.status != "CLOSED" else 0,
            "status": self.status,
            "version": self.version,
            "runners": runners,
        }


@dataclass(frozen=True)
class Step:
    """One thing that happened: its number (the clock), when (ms), and to which market."""

    seq: int
    pt: int
    market_id: str


class World:
    """All markets, from the first state to now. ``now_ms`` tells the time of a step; two steps never share a millisecond."""

    def __init__(self, seed: int, now_ms: Callable[[], int], markets: int = 4) -> None:
        self.steps: list[Step] = []
        self._random = Random(seed)
        self._now_ms = now_ms
        self._pt = 0
        self._history: dict[str, list[tuple[int, Market]]] = {}
        for number in range(markets):
            self.add(_market(number))

    @property
    def seq(self) -> int:
        """Number of the last step."""
        return len(self.steps)

    @property
    def market_ids(self) -> list[str]:
        """All markets, closed ones included."""
        return list(self._history)

    def at(self, market_id: str, seq: int) -> Market | None:
        """A market as it stood after step ``seq``; None before it existed."""
        states = self._history[market_id]
        index = bisect_right(states, seq, key=lambda state: state[0])
        return states[index - 1][1] if index else None

    def now(self, market_id: str) -> Market:
        """A market as it stands."""
        return self._history[market_id][-1][1]

    def stamp(self) -> int:
        """The time of a message that goes out now, ms; later than any before."""
        self._pt = max(self._pt + 1, self._now_ms())
        return self._pt

    def add(self, market: Market) -> Step:
        """A new market."""
        self._history[market.id] = []
        return self._become(market)

    def quote(self, market_id: str, selection_id: int, hc: float = 0.0, **changed: Ladder | float) -> Step:
        """New ``back``, ``lay`` or ``ltp`` of a runner."""
        market = self.now(market_id)
        return self._become(market.with_runner(replace(market.runner(selection_id, hc), **changed)))  # type: ignore[arg-type]

    def suspend(self, market_id: str) -> Step:
        """No bets for now; the prices stay in the ladders."""
        return self._define(market_id, status="SUSPENDED")

    def reopen(self, market_id: str) -> Step:
        """Bets are taken again."""
        return self._define(market_id, status="OPEN")

    def turn_in_play(self, market_id: str) -> Step:
        """The match begins."""
        return self._define(market_id, in_play=True)

    def remove(self, market_id: str, selection_id: int, hc: float = 0.0) -> Step:
        """A runner will not take part: its ladders are emptied in the same message."""
        market = self.now(market_id)
        gone = replace(market.runner(selection_id, hc), status="REMOVED", back=(), lay=())
        return self._become(replace(market.with_runner(gone), version=market.version + 1))

    def settle(self, market_id: str, winner: int) -> Step:
        """The market closes; ladders are emptied in the same message."""
        market = self.now(market_id)
        closed = tuple(
            replace(runner, back=(), lay=(), status="WINNER" if runner.id == winner else "LOSER") if runner.status == "ACTIVE" else runner
            for runner in market.runners
        )
        return self._become(replace(market, runners=closed, status="CLOSED", version=market.version + 1))

    def step(self, closing: float = 0.0) -> Step | None:
        """Let chance decide what happens next (``closing``: how often a market is settled); None once every market is closed."""
        still = [market_id for market_id in self._history if self.now(market_id).status != "CLOSED"]
        if not still:
            return None
        market = self.now(self._random.choice(still))
        chance = self._random.random()
        active = [runner for runner in market.runners if runner.status == "ACTIVE"]
        if chance < closing:
            step = self.settle(market.id, self._random.choice(active).id)
        elif market.status == "SUSPENDED":
            step = self.reopen(market.id)
        elif chance > 1 - SUSPENSIONS:
            step = self.suspend(market.id)
        elif chance > 1 - SUSPENSIONS - KICK_OFFS and not market.in_play:
            step = self.turn_in_play(market.id)
        elif chance > 1 - SUSPENSIONS - KICK_OFFS - REMOVALS and len(active) > FEWEST:
            step = self.remove(market.id, active[-1].id, active[-1].hc)
        else:
            step = self._become(market.with_runner(self._moved(self._random.choice(active))))
        return step

    def _moved(self, runner: Runner) -> Runner:
        """A runner after a trade, a new offer, or with a side that ran dry."""
        draw = self._random
        middle = min(max((runner.ltp or draw.uniform(1.5, 8.0)) * draw.uniform(0.97, 1.03), LOWEST), HIGHEST)
        step = max(0.02, round(middle * 0.02, 2))
        back = _offers(draw, middle - step, -step) if draw.random() < MOVES else runner.back
        lay = _offers(draw, middle + step, step) if draw.random() < MOVES else runner.lay
        if draw.random() < DRIES_UP:
            back, lay = draw.choice([(back, ()), ((), lay)])
        return replace(runner, back=back, lay=lay, ltp=round(middle, 2) if draw.random() < TRADES else runner.ltp)

    def _define(self, market_id: str, *, status: str | None = None, in_play: bool | None = None) -> Step:
        market = self.now(market_id)
        return self._become(
            replace(
                market,
                status=market.status if status is None else status,
                in_play=market.in_play if in_play is None else in_play,
                version=market.version + 1,
            )
        )

    def _become(self, market: Market) -> Step:
        step = Step(self.seq + 1, self.stamp(), market.id)
        self.steps.append(step)
        self._history[market.id].append((step.seq, market))
        return step


def change(before: Market | None, after: Market, fields: Iterable[str]) -> dict[str, Json]:
    """The ``mc`` element that leads from one state to another; without ``before``, an image (``img`` is for the caller to set)."""
    told: dict[str, Json] = {"id": after.id}
    if "EX_MARKET_DEF" in fields and (before is None or before.definition() != after.definition()):
        told["marketDefinition"] = after.definition()
    blank = Runner(0, 0.0, "")
    runners = [_runner_change(before.runner(now.id, now.hc) if before else blank, now, fields) for now in after.runners]
    if changed := [runner for runner in runners if len(runner) > 1 + ("hc" in runner)]:
        told["rc"] = list(changed)
    return told


def _runner_change(before: Runner, now: Runner, fields: Iterable[str]) -> dict[str, Json]:
    told: dict[str, Json] = {}
    for side, old, new in (("b", before.back, now.back), ("l", before.lay, now.lay)):
        if old == new:
            continue
        if "EX_BEST_OFFERS" in fields:
            told[f"bat{side}"] = _by_level(old, new)
        if "EX_ALL_OFFERS" in fields:
            told[f"at{side}"] = _by_price(old, new)
    if "EX_LTP" in fields and before.ltp != now.ltp:
        told["ltp"] = now.ltp
    told["id"] = now.id
    if now.hc:
        told["hc"] = now.hc
    return told


def _by_level(old: Ladder, new: Ladder) -> list[Json]:
    if not new and len(old) == 1:
        # the server knows two ways to say that nothing is left
        return []
    moved: list[Json] = [[level, *offer] for level, offer in enumerate(new) if level >= len(old) or old[level] != offer]
    moved.extend([level, 0, 0] for level in range(len(new), len(old)))
    return moved[::-1]


def _by_price(old: Ladder, new: Ladder) -> list[Json]:
    kept = dict(new)
    moved: list[Json] = [[price, size] for price, size in new if dict(old).get(price) != size]
    moved.extend([price, 0] for price, _ in old if price not in kept)
    return moved


def _offers(draw: Random, best: float, step: float) -> Ladder:
    prices = [round(best + level * step, 2) for level in range(draw.randint(1, LEVELS))]
    return tuple((price, round(draw.uniform(2, 500), 2)) for price in prices if price > 1)


def _market(number: int) -> Market:
    """Matches with three runners, and every fourth market an Asian handicap on the same two teams."""
    home, away = f"Home {number // 4}", f"Away {number // 4}"
    names = [home, away, "The Draw"]
    handicap = number % 4 == 3  # noqa: PLR2004
    runners = [Runner(1000 + 10 * (number // 4) + place, 0.0, name) for place, name in enumerate(names)]
    if handicap:
        runners = [replace(runner, hc=hc * sign) for hc in (0.5, 1.0) for runner, sign in zip(runners[:2], (-1, 1), strict=True)]
    return Market(
        id=f"1.{200_000_000 + number}",
        event_id=str(30_000_000 + number // 4),
        event_name=f"{home} v {away}",
        market_type=("MATCH_ODDS", "HALF_TIME", "DRAW_NO_BET", "ASIAN_HANDICAP")[number % 4],
        betting_type="ASIAN_HANDICAP_DOUBLE_LINE" if handicap else "ODDS",
        runners=tuple(runners),
    )
