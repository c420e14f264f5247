"""One market: its definition, its runners, and the updates that a change of either makes.

What is best in a market is said by one kind of ladder for as long as the decoder keeps the market (an epoch): of the kinds in the
first change that holds any, the most preferred. That change is the market's image on a live stream; in a history file it is the
first line with prices.
"""

from typing import Final

from ingestd.model import Decoded, MarketStatus, Quote, QuoteResult, Scope, Selection, Status, selection
from ingestd.sources.feeds.betfair.ladder import LINE_ODDS, UNDECIDED, Runner, kind_of, touched
from ingestd.sources.feeds.betfair.meanings import NUMBERED, Meaning, called, line_of, meaning
from ingestd.sources.feeds.betfair.wire import Definition, MarketChange, RunnerChange
from ingestd.sources.feeds.betfair.words import LINE_TYPES, NAMELESS, SIDES, Names, handicap, home_and_away

BOOKMAKER: Final = "betfair"
CLOSED: Final = "CLOSED"
_STATUSES: Final[dict[str, Status]] = {"OPEN": "open", "CLOSED": "settled"}
"""Everything else (SUSPENDED, INACTIVE, a word we do not know) is no price to bet at."""
_GONE: Final = frozenset(("REMOVED", "REMOVED_VACANT", "HIDDEN"))
_SETTLED: Final[dict[str, tuple[Status, QuoteResult]]] = {
    "WINNER": ("settled", "won"),
    "PLACED": ("settled", "won"),
    "LOSER": ("settled", "lost"),
    "REMOVED": ("void", "void"),
    "REMOVED_VACANT": ("void", "void"),
}
_ALL: Final = 0b111
UNTOLD: Final = Meaning("")


class Market:
    """Created by the decoder at the market's image (or, in a recording, at its first line); ``apply`` does the rest."""

    def __init__(self, source: str, market_id: str, shard: str = "") -> None:
        self.id = market_id
        self.shard = shard
        self.scope = Scope("market", market_id)
        self.definition: Definition | None = None
        self.names = NAMELESS
        self.runners: dict[tuple[int, float], Runner] = {}
        self.kind = UNDECIDED
        self.at: int | None = None
        """Publishing time of the last change, UTC µs."""
        self.event_id = ""
        self._source = source
        self._meaning = UNTOLD
        self._sides = ("", "")

    def apply(self, change: MarketChange, at: int | None, out: list[Decoded], *, image: bool = False) -> None:
        """Take a change and say what follows from it. ``image``: it is all there is, what was before must be cleared."""
        self.at = at
        if change.definition is not None:
            self._define(change.definition, out, image=image)
        rc = change.rc
        if not rc:
            return
        if self.kind == UNDECIDED:
            self.kind = kind_of(change)
        for runner_change in rc:
            self._change(runner_change, at, out)

    def replace(self, change: MarketChange, at: int | None, out: list[Decoded]) -> None:
        """Take an image of this market: sides it no longer offers are withdrawn one by one."""
        before = [(runner, runner.listed) for runner in self.runners.values() if runner.listed]
        for runner in self.runners.values():
            runner.clear()
        self.apply(change, at, out, image=True)
        for runner, listed in before:
            out.extend(self._bare(runner, side, "withdrawn") for side in _sides(listed & ~runner.listed))

    def rename(self, names: Names, out: list[Decoded]) -> None:
        """Take the names of the catalogue and tell every side again that was told under others."""
        self.names = names
        self._describe(out)

    def listed(self) -> list[int]:
        """Ids of all selections on offer or settled."""
        found: list[int] = []
        for runner in self.runners.values():
            found.extend(chosen.id for side, chosen in enumerate(runner.selections) if chosen and runner.listed >> side & 1)
        return found

    def winners(self) -> list[Runner]:
        """The runners that won, once the market is closed."""
        return [runner for runner in self.runners.values() if runner.result == "won"]

    def called(self, runner: Runner) -> tuple[str, str]:
        """A runner's outcome and participant, in our words where its name is known."""
        return called(self._meaning, runner.id, self._name(runner), *self._sides)

    def _change(self, change: RunnerChange, at: int | None, out: list[Decoded]) -> None:
        key = change.id, change.hc
        runner = self.runners.get(key)
        if runner is None:
            runner = self.runners[key] = Runner(*key)
        runner.apply(change)
        if runner.own == "open":
            for side in touched(change, self.kind):
                self._tell(runner, side, at, out)

    def _tell(self, runner: Runner, side: int, at: int | None, out: list[Decoded]) -> None:
        """Say what a side of an active runner is worth; an empty side that was not on offer needs no word."""
        best = runner.best(side, self.kind)
        bit = 1 << side
        if best is None:
            if runner.listed & bit:
                runner.listed &= ~bit
                out.append(self._bare(runner, side, "withdrawn"))
            return
        runner.listed |= bit
        chosen = runner.selections[side] or self._select(runner, side)
        price, size = best
        line = self._line(runner)
        if self._by_line():
            price, line = LINE_ODDS, price
        out.append(Quote(chosen, price, size, "open", line, at))

    def _bare(self, runner: Runner, side: int, status: Status, result: QuoteResult = "") -> Quote:
        chosen = runner.selections[side] or self._select(runner, side)
        return Quote(chosen, None, None, status, self._line(runner), self.at, result)

    def _define(self, definition: Definition, out: list[Decoded], *, image: bool) -> None:
        before = self.definition
        self.definition = definition
        for told in definition.runners:
            runner = self.runners.get((told.id, told.hc)) or self._add(told.id, told.hc)
            runner.name = told.name
        self._describe(out)
        if image or before is None or (before.status, before.event_id) != (definition.status, definition.event_id):
            out.append(self._state(definition))
        closed = definition.status == CLOSED
        for told in definition.runners:
            self._own(self.runners[told.id, told.hc], told.status, out, closed=closed, image=image)

    def _add(self, selection_id: int, hc: float) -> Runner:
        runner = self.runners[selection_id, hc] = Runner(selection_id, hc)
        return runner

    def _state(self, definition: Definition) -> MarketStatus:
        return MarketStatus(
            source_event_id=self.event_id,
            source_market_id=self.id,
            market=self._meaning.market,
            period=self._meaning.period,
            status=_STATUSES.get(definition.status, "suspended"),
            changed_at=self.at,
        )

    def _own(self, runner: Runner, word: str, out: list[Decoded], *, closed: bool, image: bool) -> None:
        """Give a runner its own status; on a change (and in an image, when closed) tell its sides.

        At the close every side is settled, priced or not: one that is empty by now was perhaps told in an earlier epoch.
        """
        own, result = _settled(word) if closed else (("withdrawn" if word in _GONE else "open"), "")
        if (own, result) == (runner.own, runner.result) and not (closed and image):
            return
        runner.own, runner.result = own, result
        if own == "open":
            for side in range(len(SIDES)):
                self._tell(runner, side, self.at, out)
            return
        sides = _ALL if closed else runner.listed
        runner.listed = sides if closed else 0
        out.extend(self._bare(runner, side, own, result) for side in _sides(sides))

    def _describe(self, out: list[Decoded]) -> None:
        """Take over event, market and runner names; where they changed, tell each side again as it stands."""
        definition = self.definition
        drawn = any(NUMBERED.get(number) == "draw" for number, _ in self.runners)
        means = meaning(definition.market_type, definition.event_type_id, drawn=drawn) if definition else UNTOLD
        event_id = (definition.event_id if definition else "") or self.names.event_id
        moved = (means, event_id) != (self._meaning, self.event_id)
        self._meaning, self.event_id = means, event_id
        self._sides = home_and_away((definition.event_name if definition else "") or self.names.event)
        for runner in self.runners.values():
            if runner.told and (moved or self._stale(runner)):
                runner.selections = [None, None, None]
                self._tell_again(runner, out)

    def _stale(self, runner: Runner) -> bool:
        words = self.called(runner)
        return any(chosen and (chosen.outcome, chosen.participant) != words for chosen in runner.selections)

    def _tell_again(self, runner: Runner, out: list[Decoded]) -> None:
        for side in _sides(runner.told):
            if not runner.listed >> side & 1:
                out.append(self._bare(runner, side, "withdrawn"))
            elif runner.own == "open":
                self._tell(runner, side, self.at, out)
            else:
                out.append(self._bare(runner, side, runner.own, runner.result))

    def _select(self, runner: Runner, side: int) -> Selection:
        outcome, participant = self.called(runner)
        runner.told |= 1 << side
        chosen = runner.selections[side] = selection(
            self._source,
            (self.id, str(runner.id), handicap(runner.hc), SIDES[side]),
            bookmaker=BOOKMAKER,
            bookmaker_kind="exchange",
            source_event_id=self.event_id,
            source_market_id=self.id,
            scope=self.scope,
            market=self._meaning.market,
            period=self._meaning.period,
            outcome=outcome,
            participant=participant,
            side=SIDES[side],
        )
        return chosen

    def _name(self, runner: Runner) -> str:
        return runner.name or self.names.runners.get((runner.id, runner.hc), "")

    def _line(self, runner: Runner) -> float | None:
        definition = self.definition
        if definition is not None and definition.betting_type.startswith("ASIAN_HANDICAP"):
            return runner.hc
        return None if self._meaning.line is None else line_of(self._meaning, self.called(runner)[0])

    def _by_line(self) -> bool:
        return self.definition is not None and self.definition.betting_type in LINE_TYPES


def _settled(word: str) -> tuple[Status, QuoteResult]:
    return _SETTLED.get(word, ("settled", ""))


def _sides(bits: int) -> list[int]:
    return [side for side in range(len(SIDES)) if bits >> side & 1]
