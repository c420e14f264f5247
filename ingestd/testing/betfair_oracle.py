"""What the history of every price must hold, told from the emulator's world and its deliveries alone.

A message may move a price more than once: first the state of the market, then that of the runner, then the offers. States that a
delivery merged away leave no row; that is how a resumption conflates.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from ingestd.testing.betfair_terms import Delivery
from ingestd.testing.betfair_world import Market, Runner, World

Key = tuple[str, int, float, str]
"""Market, selection id, handicap, side."""

_WORSE: Final = ("open", "suspended", "withdrawn", "settled", "void")


@dataclass(frozen=True)
class Row:
    """A row of the history: UTC µs, decimal odds, size, shown status, how it was settled."""

    changed_at: int
    price: float
    size: float | None
    status: str
    result: str = ""


@dataclass
class _Held:
    price: float
    size: float | None
    own: str = "open"
    result: str = ""
    rows: list[Row] = field(default_factory=list)


@dataclass
class _Told:
    """A market as the client knows it."""

    status: str = "open"
    words: dict[tuple[int, float], str] = field(default_factory=dict)
    held: dict[Key, _Held] = field(default_factory=dict)


def history(world: World, deliveries: Iterable[Delivery]) -> dict[Key, list[Row]]:
    """All rows by price, of a client that got these deliveries."""
    told: dict[str, _Told] = {}
    for delivery in deliveries:
        at = delivery.pt * 1000
        for market_id in delivery.markets:
            market = world.at(market_id, delivery.seq)
            if market is not None:
                _take(told.setdefault(market_id, _Told()), market, at)
        if delivery.kind == "image":
            for market_id, known in told.items():
                if market_id not in delivery.images:
                    _withdraw(known, list(known.held.values()), at)
    return {key: held.rows for known in told.values() for key, held in known.held.items()}


def _take(known: _Told, market: Market, at: int) -> None:
    """What opens, opens last: no price of before is to look alive in between."""
    opens = market.status == "OPEN"
    if not opens:
        _turn(known, {"CLOSED": "settled"}.get(market.status, "suspended"), at)
    for runner in market.runners:
        _take_status(known, market, runner, at)
    for runner in market.runners:
        if runner.status == "ACTIVE":
            _take_offers(known, market, runner, at)
    if opens:
        _turn(known, "open", at)


def _turn(known: _Told, status: str, at: int) -> None:
    """The market's own state, which covers all in it."""
    known.status = status
    for held in known.held.values():
        _write(known, held, at)


def _take_status(known: _Told, market: Market, runner: Runner, at: int) -> None:
    """A runner that left, won or lost; said once."""
    key = runner.id, runner.hc
    word = f"{runner.status} {market.status == 'CLOSED'}"
    if known.words.get(key) == word:
        return
    known.words[key] = word
    sides = [held for (_, *one, _), held in known.held.items() if tuple(one) == key]
    if market.status != "CLOSED":
        if runner.status == "REMOVED":
            _withdraw(known, sides, at)
        return
    for held in sides:
        held.own = "void" if runner.status == "REMOVED" else "settled"
        held.result = {"WINNER": "won", "LOSER": "lost"}.get(runner.status, "void")
        _write(known, held, at)


def _take_offers(known: _Told, market: Market, runner: Runner, at: int) -> None:
    traded: tuple[tuple[float, float | None], ...] = ((runner.ltp, None),) if runner.ltp else ()
    for side, offers in (("back", runner.back), ("lay", runner.lay), ("traded", traded)):
        key = market.id, runner.id, runner.hc, side
        held = known.held.get(key)
        if not offers:
            if held is not None:
                _withdraw(known, [held], at)
            continue
        if held is None:
            held = known.held[key] = _Held(*offers[0])
        held.price, held.size = offers[0]
        held.own, held.result = "open", ""
        _write(known, held, at)


def _withdraw(known: _Told, sides: list[_Held], at: int) -> None:
    for held in sides:
        if held.own == "open":
            held.own = "withdrawn"
            _write(known, held, at)


def _write(known: _Told, held: _Held, at: int) -> None:
    """A row, if anything of it differs from the last."""
    row = Row(at, held.price, held.size, max(held.own, known.status, key=_WORSE.index), held.result)
    if not held.rows or replace(held.rows[-1], changed_at=at) != row:
        held.rows.append(row)
