"""A file to updates; pure. Each match: what it is, how it ended, and every selection's prices in the order of their moments.

Nothing is ever withdrawn: what a later copy of a file leaves out was offered all the same.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from ingestd.errors import Malformed
from ingestd.model import (
    NO_PRICE,
    WHOLE,
    Complete,
    Decoded,
    Frame,
    Gap,
    MarketStatus,
    Quote,
    Reject,
    Scope,
    Selection,
    Skipped,
    selection,
)
from ingestd.sources.feeds.football_data import cells, columns, sheet
from ingestd.sources.feeds.football_data.cells import UnfitError
from ingestd.sources.feeds.football_data.columns import HANDICAP, TOTAL, Prices
from ingestd.sources.feeds.football_data.match import Match, read_match, take
from ingestd.sources.feeds.football_data.settling import result
from ingestd.sources.feeds.football_data.sheet import Row, hopeless, refused

SHIFTED: Final = 10
"""Bad cells in a row from which on its columns are taken for shifted, and nothing in it is believed."""

Lines = dict[str, float | None]
"""What each column of handicaps says in one row."""


class FootballDataDecoder:
    """No state: every file stands alone."""

    def __init__(self, source: str) -> None:
        self._counts = {"files": 0, "matches": 0, "prices": 0, "unknown_columns": 0}
        self.counts: Mapping[str, int] = self._counts
        self._source = source

    def __call__(self, frame: Frame) -> Iterable[Decoded]:
        """What a file says. Raises Malformed for one that is no results file, or in which hardly anything can be read."""
        if frame.kind != "data":
            return []
        found = sheet.read(frame.payload)
        self._counts["files"] += 1
        self._counts["unknown_columns"] += max((row.layout.unknown for row in found if isinstance(row, Row)), default=0)
        updates: list[Decoded] = []
        seen: dict[str, tuple[str, ...]] = {}
        faults = 0
        for row in found:
            said = [row] if isinstance(row, Reject) else self._row(row, seen, frame.received_at)
            faults += sum(type(update) is Reject for update in said)
            hopeless(faults)
            updates += said
        updates.append(Complete(Scope("query", _query(frame, found)), frozenset()))
        return updates

    def broken(self, reason: str, frame: Frame | None = None) -> Iterable[Decoded]:
        """A file is missing: what it would have said is unknown until it is read again."""
        key = frame.meta.get("key") if frame is not None else None
        return [Gap(WHOLE if key is None else Scope("query", key), reason)]

    def _row(self, row: Row, seen: dict[str, tuple[str, ...]], received_at: int) -> list[Decoded]:
        try:
            match, faults = read_match(row)
            _possible(match, row, received_at)
            if _told(match, row, seen):
                return [Skipped("duplicate", "row")]
        except UnfitError as fault:
            return [refused(row.number, fault)]
        quotes = list(self._quotes(match, row, faults))
        if len(faults) > SHIFTED:
            reason = f"{len(faults)} of its cells are not what their columns say, the first: {faults[0].reason}"
            return [refused(row.number, UnfitError("shifted", reason))]
        self._counts["matches"] += 1
        return [match.fixture(), *match.results(), *faults, *quotes]

    def _quotes(self, match: Match, row: Row, faults: list[Reject]) -> Iterator[Decoded]:
        """Opening prices of everything, then closing ones, then how it ended; a selection without a price has nothing to end.

        Both prices of a handicap stand or fall together, and with the line: real rows have the three in another order than their header.
        """
        held: dict[tuple[str, str], dict[str, tuple[Selection, float | None]]] = {}
        lines: Lines = {}
        for prices in row.layout.prices:
            at = match.at.closing if prices.closing else match.at.opening
            line = self._line(prices, row, lines, faults)
            before = len(faults)
            said = [(outcome, take(row, name, cells.price, faults)) for outcome, name in prices.outcomes]
            doubtful = prices.market == HANDICAP and (line is None or len(faults) > before)
            for outcome, price in said:
                if price is None:
                    continue
                if doubtful:
                    yield Skipped("filtered", "handicap")
                    continue
                own = -line if line and outcome == "away" else line
                market = held.setdefault((prices.prefix, prices.market), {})
                chosen = market[outcome][0] if outcome in market else self._selection(match, prices, outcome)
                market[outcome] = chosen, own
                self._counts["prices"] += 1
                yield Quote(chosen, price, line=own, changed_at=at, nominal=True)
        if match.score is not None:
            for (_, market_name), market in held.items():
                yield from _settled(match, market_name, market)

    def _line(self, prices: Prices, row: Row, lines: Lines, faults: list[Reject]) -> float | None:
        """Of the home team; a column that serves several bookmakers is read, and rejected, once."""
        if prices.line is None:
            return columns.GOALS_LINE if prices.market == TOTAL else None
        if prices.line not in lines:
            lines[prices.line] = take(row, prices.line, cells.handicap, faults)
        return lines[prices.line]

    def _selection(self, match: Match, prices: Prices, outcome: str) -> Selection:
        words = (prices.prefix, prices.market, *((f"{columns.GOALS_LINE}",) if prices.market == TOTAL else ()))
        return selection(
            self._source,
            (match.id, *words, outcome),
            bookmaker=prices.bookmaker,
            bookmaker_kind=prices.kind,
            source_event_id=match.id,
            source_market_id="|".join((match.id, *words)),
            scope=Scope("event", match.id),
            market=prices.word,
            outcome=outcome,
        )


def _settled(match: Match, market: str, held: Mapping[str, tuple[Selection, float | None]]) -> Iterator[Decoded]:
    """After the match there is no price any more; which was the last one depends on the copy of the file, and the row does not."""
    score = match.score
    if score is None:
        return
    at = match.at.whistle
    for outcome, (chosen, line) in held.items():
        yield Quote(chosen, NO_PRICE, None, "settled", line, at, result(market, outcome, line, score), nominal=True)
    yield MarketStatus(
        source_event_id=match.id, source_market_id=chosen.source_market_id, market=chosen.market, status="settled", changed_at=at
    )


def _told(match: Match, row: Row, seen: dict[str, tuple[str, ...]]) -> bool:
    """Whether the file said the very same before. Raises UnfitError where it said something else of the match."""
    before = seen.setdefault(match.id, row.cells)
    if before != row.cells:
        raise UnfitError("repeated", "the same match stands further up, and not in the same words")
    return before is not row.cells


def _possible(match: Match, row: Row, received_at: int) -> None:
    """A match still to be played has neither a result nor a closing price: such a row has the wrong day."""
    if match.at.kick_off <= received_at:
        return
    closing = any(row.layout.text(row.cells, name) for prices in row.layout.prices if prices.closing for _, name in prices.outcomes)
    if match.score is not None or closing:
        raise UnfitError("date", "it was still to be played when the file was read, and has a result or closing prices")


def _query(frame: Frame, found: Iterable[Row | Reject]) -> str:
    """The query that the file answers; a recorded one is known by what it is about."""
    first = next((row for row in found if isinstance(row, Row)), None)
    return frame.meta.get("key") or (first.cells[0] if first is not None else "")


def derived_time(payload: bytes) -> int | None:
    """The latest moment that a file tells of (UTC µs): it was made no earlier. None where it tells of none."""
    latest: int | None = None
    try:
        for row in sheet.read(payload):
            if isinstance(row, Row):
                latest = max(latest or 0, _latest(row))
    except Malformed:
        return None
    return latest or None


def _latest(row: Row) -> int:
    try:
        match, _ = read_match(row)
    except UnfitError:
        return 0
    return match.at.opening if match.score is None else match.at.whistle
