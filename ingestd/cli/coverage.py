"""``ingestd coverage``: what was missed of a source, when, why and how it was repaired, and how much of the time all was known."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct
from rich.console import Console
from rich.table import Table

from ingestd.batch import CoverageRow
from ingestd.cli.config import settings as read_settings
from ingestd.cli.status import reading
from ingestd.cli.times import iso, lasted, parse_time
from ingestd.errors import ConfigError
from ingestd.model import SECOND
from ingestd.reasons import REPAIRS, plain
from ingestd.settings import Settings


class Interval(CoverageRow, frozen=True, kw_only=True):
    """An interval as it is stored, within the window; ``seconds`` it lasted there, ``why`` in plain words."""

    seconds: float
    why: str


class Ledger(Struct, frozen=True, kw_only=True):
    """What ``--json`` prints. Times: UTC µs. ``seconds`` of the window by state of the whole source, ``unknown`` where there is none."""

    source: str
    began_at: int | None
    ended_at: int | None
    complete: float | None
    """Share of the window in which everything was known."""
    seconds: dict[str, float]
    intervals: list[Interval]


def coverage(config: Path | None, source: str, *, since: str, until: str, scope: str, gaps: bool, as_json: bool) -> None:  # noqa: PLR0913 - options are options
    """Raises ConfigError for a source nobody has heard of, StoreUnavailable."""
    settings = read_settings(config)
    begin, end = parse_time(since, "--from"), parse_time(until, "--to")
    rows = asyncio.run(_coverage(settings, source))
    if not rows and source not in {known.name for known in settings.sources}:
        message = f"coverage: nothing is known of a source {source!r}; ingestd status lists the sources"
        raise ConfigError(message)
    found = ledger(source, rows, begin, end)
    shown = [one for one in found.intervals if _within(one, scope) and not (gaps and one.state == "complete")]
    if as_json:
        sys.stdout.write(msgspec.json.encode(msgspec.structs.replace(found, intervals=shown)).decode() + "\n")
        return
    console = Console()
    console.print(_summary(found))
    if shown:
        console.print(_timeline(shown))


def ledger(source: str, rows: Sequence[CoverageRow], begin: int | None, end: int | None) -> Ledger:
    """Intervals, oldest first, cut to a window (default: all that is known of), and the sums over those of the whole source."""
    whole = [row for row in rows if row.scope_kind == "source"]
    begin = min((row.began_at for row in whole), default=None) if begin is None else begin
    end = max((_until(row) for row in whole), default=None) if end is None else end
    cut = [_cut(row, begin, end) for row in sorted(rows, key=lambda row: (row.began_at, row.scope_kind != "source", row.scope_id))]
    intervals = [one for one in cut if one is not None]
    seconds: dict[str, float] = {}
    for one in intervals:
        if one.scope_kind == "source":
            seconds[one.state] = seconds.get(one.state, 0.0) + one.seconds
    window = (end - begin) / SECOND if begin is not None and end is not None else 0.0
    seconds["unknown"] = max(0.0, window - sum(seconds.values()))
    share = seconds.get("complete", 0.0) / window if window > 0 else None
    return Ledger(source=source, began_at=begin, ended_at=end, complete=share, seconds=seconds, intervals=intervals)


async def _coverage(settings: Settings, source: str) -> list[CoverageRow]:
    async with reading(settings) as queries:
        return await queries.coverage(source)


def _until(row: CoverageRow) -> int:
    return row.seen_until if row.ended_at is None else row.ended_at


def _cut(row: CoverageRow, begin: int | None, end: int | None) -> Interval | None:
    """What of an interval lies in the window."""
    since = row.began_at if begin is None else max(begin, row.began_at)
    until = _until(row) if end is None else min(end, _until(row))
    if until < since:
        return None
    return Interval(*msgspec.structs.astuple(row), seconds=(until - since) / SECOND, why=plain(row.reason))


def _within(row: CoverageRow, scope: str) -> bool:
    """``scope`` is a kind, an id, or both; nothing: everything."""
    return scope in ("", row.scope_kind, row.scope_id, f"{row.scope_kind} {row.scope_id}")


def _summary(found: Ledger) -> str:
    if found.complete is None:
        return f"{found.source}: nothing was ever known completely"
    missed = [one for one in found.intervals if one.scope_kind == "source" and one.state != "complete"]
    longest = max((one.seconds for one in missed), default=0.0)
    lost = f"{len(missed)} time{'s' if len(missed) != 1 else ''} not, the longest for {lasted(longest)}" if missed else "never not"
    unknown = f"; {lasted(found.seconds['unknown'])} unknown" if found.seconds["unknown"] >= 1 else ""
    window = f"from {iso(found.began_at)} to {iso(found.ended_at)} UTC"
    return f"{found.source}: everything known for {_percent(found.complete)} of the time {window}, {lost}{unknown}"


def _percent(share: float) -> str:
    """Never rounded up to all of it."""
    return f"{int(share * 100_000) / 1_000:g} %"


def _timeline(rows: Sequence[Interval]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for name in ("from", "for", "scope", "state", "why", "repaired"):
        table.add_column(name, no_wrap=name in ("from", "for", "state"))
    for row in rows:
        state = f"[green]{row.state}[/]" if row.state == "complete" else f"[red]{row.state}[/]"
        scope = row.scope_kind if row.scope_kind == "source" else f"{row.scope_kind} {row.scope_id}"
        why = f"{row.reason}: {row.why}" if row.reason else ""
        repaired = "not yet" if row.ended_at is None and row.state != "complete" else REPAIRS.get(row.repaired_by, row.repaired_by)
        table.add_row(iso(row.began_at), lasted(row.seconds) + (", on" if row.ended_at is None else ""), scope, state, why, repaired)
    return table
