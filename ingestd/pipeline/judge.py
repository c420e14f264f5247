"""Judges whole markets after a frame was taken in: what no single update shows, such as an overround or a price that jumps alone.

Pure and synchronous. What it finds are facts about a market: flags, open for as long as a rule of ``MARKET_RULES`` is broken. It looks
at the open prices to back of one bookmaker, in markets that the vocabulary knows, and only where one of them moved. So what it finds
depends on the frames alone, and a restart or a replay finds the same.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from ingestd.batch import Batch, FlagRow, Refusal
from ingestd.markets import MARKETS
from ingestd.model import SECOND, BookmakerKind
from ingestd.pipeline.catalogue import Catalogue
from ingestd.pipeline.held import Group, Held, Market, Offer, Part
from ingestd.pipeline.stages.validate.markets import Bounds, Found, judge_jump, judge_part
from ingestd.pipeline.stages.validate.rules import JUMP, START_PASSED

HOUR: Final = 3_600 * SECOND
LONGEST_DETAIL: Final = 300
Key = tuple[int, str]
"""Bookmaker's id and category."""


class Standards(Struct, frozen=True, kw_only=True):
    """Bounds by kind of bookmaker (a kind without any is not judged), and the µs after its start for which an event may be yet to come."""

    bounds: Mapping[BookmakerKind, Bounds]
    start_passed: int


class Judge:
    """The open flags of one source in one run."""

    def __init__(self, source: str, catalogue: Catalogue, standards: Standards, held: Iterable[FlagRow] = ()) -> None:
        """``held``: flags that are open in the store."""
        self._source = source
        self._catalogue = catalogue
        self._standards = standards
        self._open: dict[str, dict[Key, FlagRow]] = {}
        for row in held:
            self._open.setdefault(row.source_market_id, {})[row.bookmaker_id, row.category] = row

    def judge(self, markets: Iterable[Market], at: int, batch: Batch) -> None:
        """Markets in which something changed with a frame received at ``at`` (UTC µs)."""
        for market in markets:
            groups, anew = market.groups, market.groups is None
            if groups is None:
                groups = market.groups = self._grouped(market, batch)
                self._leave(market.row.source_market_id, groups, at, batch)
            for group in groups:
                found = self._found(market, group, at, anew=anew)
                if found is not None and (found or market.row.source_market_id in self._open):
                    self._settle(market.row.source_market_id, group.bookmaker_id, found, at, batch)

    def adopt(self, standards: Standards) -> None:
        """Judge by these from now on."""
        self._standards = standards

    def finish(self, at: int, batch: Batch) -> None:
        """The end of a finite run: nothing is known beyond its last frame."""
        for market_id in list(self._open):
            self._end(market_id, list(self._open[market_id]), at, batch)

    def take_back(self, refusal: Refusal) -> None:
        """The store refused a flag: it is found again when its market moves."""
        _, market_id, bookmaker, category, _ = refusal.key
        self._open.get(str(market_id), {}).pop((int(bookmaker), str(category)), None)

    def _grouped(self, market: Market, batch: Batch) -> list[Group]:
        """What is judged in a market: by bookmaker, and there by what belongs together."""
        found: dict[str, tuple[Group, dict[tuple[str, ...], Part]]] = {}
        for held in market.members.values():
            what = held.selection
            known = MARKETS.get(what.market)
            if known is None or what.side != "back" or what.bookmaker_kind not in self._standards.bounds:
                continue
            if what.bookmaker not in found:
                found[what.bookmaker] = Group(self._catalogue.bookmaker(what, batch), what.bookmaker_kind, []), {}
            _, parts = found[what.bookmaker]
            key = (what.market, what.period, "" if known.participant == "none" else what.participant)
            if key not in parts:
                parts[key] = Part(known, [])
            parts[key].members.append(held)
        for group, parts in found.values():
            # in an order of their own: a restart gathers them in another than they came in
            group.parts.extend(part for _, part in sorted(parts.items()))
        return [group for group, _ in found.values()]

    def _leave(self, market_id: str, groups: Iterable[Group], at: int, batch: Batch) -> None:
        """What was wrong at bookmakers that offer nothing here any more is over."""
        offering = {group.bookmaker_id for group in groups}
        self._end(market_id, [key for key in self._open.get(market_id, ()) if key[0] not in offering], at, batch)

    def _found(self, market: Market, group: Group, at: int, *, anew: bool) -> Found | None:
        """What is wrong with a group; None where nothing in it moved. ``anew``: its members are others: what was wrong may be over."""
        moved = _moved(group)
        if not (moved or anew):
            return None
        bounds = self._standards.bounds[group.kind]
        found: Found = {}
        for part in group.parts:
            judge_part(part, group.kind, bounds, found)
        if not moved:
            # a restart gathers the members anew: nothing may begin or end by it
            open_now = self._open.get(market.row.source_market_id, {})
            kept = {*found, JUMP.category, START_PASSED.category}
            return {row.category: row.detail for key, row in open_now.items() if key[0] == group.bookmaker_id and row.category in kept}
        if len(moved) == 1:
            judge_jump(*moved[0], bounds, found)
        start = self._catalogue.overdue(self._source, market.row.source_event_id, at - self._standards.start_passed)
        if start is not None and any(held.judged for part in group.parts for held in part.members):
            found[START_PASSED.category] = f"was to start {(at - start) // HOUR} hours ago"
        return found

    def _settle(self, market_id: str, bookmaker: int, found: Found, at: int, batch: Batch) -> None:
        """Begin flags that are new, end those that are over."""
        held = self._open.get(market_id, {})
        self._end(market_id, [key for key in held if key[0] == bookmaker and key[1] not in found], at, batch)
        for category, detail in found.items():
            key = (bookmaker, category)
            if key not in held:
                row = FlagRow(self._source, market_id, bookmaker, category, at, None, detail[:LONGEST_DETAIL])
                self._open.setdefault(market_id, {})[key] = row
                self._write(row, batch)

    def _end(self, market_id: str, keys: Iterable[Key], at: int, batch: Batch) -> None:
        for key in keys:
            row = self._open[market_id].pop(key)
            self._write(replace(row, ended_at=max(at, row.began_at)), batch)
        if not self._open.get(market_id, True):
            del self._open[market_id]

    def _write(self, row: FlagRow, batch: Batch) -> None:
        batch.flags[row.source, row.source_market_id, row.bookmaker_id, row.category, row.began_at] = row


def _moved(group: Group) -> list[tuple[Part, Held, Offer]]:
    """What is on offer otherwise than when it was last judged, with what it was then; that counts as judged now."""
    found: list[tuple[Part, Held, Offer]] = []
    for part in group.parts:
        for held in part.members:
            now = held.offer()
            if now != held.judged:
                found.append((part, held, held.judged))
                held.judged = now
    return found
