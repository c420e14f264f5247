"""Ten months of odds in the shape of real ones: three sources that share a bookmaker, a season that is over, and tonight's matches."""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from ingestd.batch import Batch, Change, CoverageRow, LinkRow, ResultRow
from ingestd.clock import SystemClock
from ingestd.model import SECOND, BookmakerKind, Scope, Selection, Side, Status, hash64, selection
from ingestd.store.columns import to_micros
from ingestd.store.rows import Row
from ingestd.testing.batches import World

HOUR: Final = 3_600 * SECOND
DAY: Final = 24 * HOUR
NOON: Final = to_micros(datetime(2026, 1, 10, 12, tzinfo=UTC))
"""Of the day that the questions of the page are about; tonight's matches begin from 18:30 on, and recording goes on until 17:00."""
CLUBS: Final = ("Harrow", "Marsham", "Ayton", "Beeford", "Ceeton", "Deeford", "Eeton", "Effield", "Geeford", "Aitchton")
LEAGUES: Final = ("River Cup", *(f"League {number}" for number in range(1, 9)))
BOOKS: Final = {"alpha": ("Acorn", "Beacon", "Cobalt"), "beta": ("Acorn", "Delta", "Ember"), "gamma": ("Harbour",)}
POPULAR: Final = 25
"""One match in so many has eight times the changes."""


class Match(Struct, frozen=True):
    """A match, and how many changes each of its prices makes."""

    id: str
    league: str
    home: str
    away: str
    starts_at: int
    tonight: bool
    changes: int


class Priced(Struct, frozen=True):
    """A selection with the line it stands at."""

    selection: Selection
    match: Match
    line: float | None


def matches(count: int, tonight: int, changes: int) -> list[Match]:
    """So many matches, the last of them tonight's; of each price so many changes on the average."""
    played = count - tonight
    found = []
    for number in range(count):
        now = number >= played
        home = CLUBS[number % len(CLUBS)]
        away = CLUBS[(number // len(CLUBS) + number + 1) % len(CLUBS)]
        starts_at = (
            NOON + 6 * HOUR + 1_800 * SECOND + (number - played) * 20 * SECOND
            if now
            else NOON - 2 * DAY - (played - number) * 300 * DAY // played
        )
        many = 8 * changes if number == played or number % POPULAR == 0 else int(0.71 * changes)
        names = ("Harrow", "Marsham") if number == played else (home, f"{away} {number}")
        found.append(Match(f"m{number}", LEAGUES[number % len(LEAGUES)], *names, starts_at, now, max(many, 1)))
    return found


def priced(source: str, match: Match) -> Iterator[Priced]:
    """What a source offers on a match."""
    for book in BOOKS[source]:
        exchange = source == "gamma"
        ladder = 3 if source == "alpha" else 2 if exchange else 1
        offers: list[tuple[str, str, float | None]] = [("match_result", outcome, None) for outcome in ("home", "draw", "away")]
        for step in range(ladder):
            offers += [
                ("total", "over", 2.5 + step),
                ("total", "under", 2.5 + step),
                ("spread", "home", -0.5 - step),
                ("spread", "away", 0.5 + step),
            ]
        for market, outcome, line in offers:
            sides: tuple[Side, ...] = ("back", "lay") if exchange else ("back",)
            for side in sides:
                yield Priced(
                    _selection(source, match, book, "exchange" if exchange else "book", (market, outcome, line, side)), match, line
                )


def _selection(source: str, match: Match, book: str, kind: BookmakerKind, offer: tuple[str, str, float | None, Side]) -> Selection:
    market, outcome, line, side = offer
    return selection(
        source,
        (match.id, book, market, f"{abs(line or 0)}", outcome, side),
        bookmaker=book,
        bookmaker_kind=kind,
        source_event_id=match.id,
        source_market_id=f"{match.id}|{book}|{market}|{abs(line or 0)}",
        scope=Scope("event", match.id),
        market=market,
        outcome=outcome,
        side=side,
    )


def batches(world: World, offers: Sequence[Priced], size: int = 4_000) -> Iterator[Batch]:
    """Everything about these but the history, through the store's own statements."""
    for first in range(0, len(offers), size):
        batch = world.batch()
        for one in offers[first : first + size]:
            link = _link(world, one.match)
            batch.links[link.source, link.source_event_id] = link
            world.name(batch, link)
            world.tell(batch, one.selection, at=one.match.starts_at - 3 * DAY)
            if not one.match.tonight:
                batch.results[world.source, one.match.id, ""] = ResultRow(
                    world.source, one.match.id, "", 2, 1, "home", "final", one.match.starts_at + 2 * HOUR
                )
            status: Status = "open" if one.match.tonight else "settled"
            batch.changes.append(
                Change(
                    one.selection.id,
                    NOON,
                    0,
                    1.5 + one.selection.id % 50 / 100,
                    one.line,
                    None,
                    status,
                    status,
                    "",
                    "provider",
                    NOON,
                    1,
                    history=False,
                )
            )
        yield batch


def _link(world: World, match: Match) -> LinkRow:
    """Every source tells of the same events; the later ones under the event of the first."""
    link = world.link(
        match.id,
        at=match.starts_at - 3 * DAY,
        home=match.home,
        away=match.away,
        league=match.league,
        league_id=hash64("league", "football", match.league),
    )
    started = {} if match.tonight else {"started_at": match.starts_at + 120 * SECOND, "started_by": "status", "status": "finished"}
    return replace(link, event_id=hash64("event", "alpha", match.id), season="2025", starts_at=match.starts_at, **started)


def known(world: World) -> Batch:
    """Coverage of ten months: twice a day the link is cut, and now and then a market is missed; and the source is live."""
    batch = world.batch()
    draw = random.Random(world.source)
    began = NOON - 310 * DAY
    while began < NOON - DAY // 2:
        ended = began + draw.randrange(6 * HOUR, 18 * HOUR)
        for state, since, until in (("complete", began, ended), ("gap", ended, ended + 30 * SECOND)):
            batch.coverage[world.source, "source", "", since] = CoverageRow(world.source, "source", "", since, until, until, state)  # type: ignore[arg-type] # words of the model
        began = ended + 30 * SECOND
    now = SystemClock().now()
    world.covered(batch, began, now + DAY)
    world.state(batch, now)
    for number in range(0, 2_500, 3):
        at = NOON - draw.randrange(300 * DAY)
        batch.coverage[world.source, "market", f"m{number}|Acorn|total|2.5", at] = CoverageRow(
            world.source, "market", f"m{number}|Acorn|total|2.5", at, at + 60 * SECOND, at + 60 * SECOND, "gap", "sequence", "image"
        )
    return batch


def history(offers: Sequence[Priced]) -> Iterator[Row]:
    """Rows of ``odds_history``, in the order of its key; times in UTC µs."""
    draw = random.Random(7)
    offset = 1 << 40
    for one in sorted(offers, key=lambda one: one.selection.id):
        match = one.match
        at = match.starts_at - 3 * DAY
        end = NOON + 5 * HOUR if match.tonight else match.starts_at + 2 * HOUR
        step = 2 * (end - at) // (match.changes + 1)
        price = 1.5 + one.selection.id % 200 / 100
        for _ in range(match.changes):
            at += int(draw.random() * step) + 1
            price = max(1.01, price + (draw.random() - 0.5) / 20)
            offset += 1
            yield (one.selection.id, at, 0, price, one.line, None, "open", "", "provider", at, at + 50_000, offset)


def moment(micros: int) -> datetime:
    """For COPY."""
    return datetime.fromtimestamp(micros // SECOND, UTC) + timedelta(microseconds=micros % SECOND)
