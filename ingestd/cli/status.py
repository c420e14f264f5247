"""``ingestd status``: what the store says of sources, runs and counts."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ingestd.cli.config import settings as read_settings
from ingestd.cli.times import ago, iso
from ingestd.clock import SystemClock
from ingestd.errors import StoreUnavailable
from ingestd.model import SECOND
from ingestd.settings import Settings
from ingestd.sources.accounts import BUDGETS, Report, look
from ingestd.store.history import IncidentStatus
from ingestd.store.queries import Queries, SourceStatus, Status

DAY: Final = 86_400 * SECOND
SHOWN: Final = 5
"""Incidents in the overview."""
MINUTES: Final = 16
"""Letters of a time to the minute."""


class Overview(Status, frozen=True, kw_only=True):
    """What ``ingestd status`` shows: what the store says, and the months of credits by the file that the daemon keeps.

    ``incidents``: the latest ones of the last day.
    """

    budgets: list[Report]
    incidents: list[IncidentStatus]


def status(config: Path | None, *, as_json: bool) -> None:
    """Raises ConfigError, StoreUnavailable."""
    settings = read_settings(config)
    stored, incidents = asyncio.run(_status(settings))
    budgets, problem = _budgets(settings)
    found = Overview(**msgspec.structs.asdict(stored), budgets=budgets, incidents=incidents)
    if as_json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
        return
    console = Console()
    console.print(f"store    {settings.store.shown}")
    for journal in found.journals[:1]:
        console.print(
            f"journal  {journal.path} at position {journal.position}, {ago((SystemClock().now() - journal.updated_at) / SECOND)} ago"
        )
    console.print(_sources(found.sources))
    if problem:
        console.print(f"[red]{problem}[/]")
    if budgets:
        console.print(_months(budgets))
    if incidents:
        console.print(_trouble(incidents))
    names = ("events", "markets", "selections", "odds", "odds_history", "results", "coverage")
    console.print("  ".join(f"{name} {found.counts[name]:,}" for name in names) + f"  quarantine {found.quarantine:,}")
    if found.review:
        console.print(f"{found.review:,} fixtures may be a known event: ingestd events review")


async def _status(settings: Settings) -> tuple[Status, list[IncidentStatus]]:
    async with reading(settings) as queries:
        since = SystemClock().now() - DAY
        return await queries.status(), await queries.incidents("", since, SHOWN)


def _budgets(settings: Settings) -> tuple[list[Report], str]:
    """What is left of each month, or why that cannot be told."""
    try:
        return look(settings.journal.path / BUDGETS, SystemClock()), ""
    except (ValueError, OSError) as error:
        return [], str(error)


@asynccontextmanager
async def reading(settings: Settings) -> AsyncIterator[Queries]:
    """Questions to the configured store. Raises StoreUnavailable: what to do."""
    try:
        async with Queries(settings.store.url, settings.store.schema_name) as queries:
            yield queries
    except StoreUnavailable as error:
        message = f"{settings.store.shown} cannot be read: {error}; start the daemon once (ingestd run), or see store.url"
        raise StoreUnavailable(message) from error


def _sources(sources: list[SourceStatus]) -> Table:
    now = SystemClock().now()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("source", "feed", "state", "for", "last frame", "last change", "unknown words", "why"):
        table.add_column(name)
    for source in sources:
        dead = source.state == "live" and now > source.alive_at + source.silence_limit
        table.add_row(
            source.source,
            source.feed,
            "[red]not running[/]" if dead else f"[green]{source.state}[/]" if source.state == "live" else f"[yellow]{source.state}[/]",
            ago((now - source.since) / SECOND),
            _since(now, source.last_received_at),
            _since(now, source.last_changed_at),
            _unknown(source.counters),
            source.reason,
        )
    return table


def _unknown(counters: Mapping[str, int]) -> str:
    """Of how many selections a market, period or outcome has no word in the vocabulary."""
    kinds = ("market", "period", "outcome")
    return ", ".join(f"{count:,} {kind}" for kind in kinds if (count := counters.get(f"unknown_{kind}", 0)))


def _months(budgets: list[Report]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("budget", "sources", "left", "of", "renews", "used up", "last hours"):
        table.add_column(name, no_wrap=name != "sources")
    for report in budgets:
        table.add_row(
            report.budget,
            " ".join(report.sources),
            f"{report.left:,.0f}",
            f"{report.limit:,.0f}",
            iso(report.renews_at)[:MINUTES],
            "[green]not before[/]" if report.empty_at is None else f"[yellow]{iso(report.empty_at)[:MINUTES]}[/]",
            "as configured" if report.slowed == 1 else f"[yellow]slowed {report.slowed:.1f} times[/]",
        )
    return table


def _trouble(incidents: list[IncidentStatus]) -> Text:
    """The latest of the last day, in short."""
    now = SystemClock().now()
    lines = [f"{ago((now - one.last_at) / SECOND)} ago, {one.count} times: {one.message}" for one in incidents]
    return Text("\n".join(["what went wrong lately (all of it: ingestd incidents)", *(f"  {line}" for line in lines)]), "yellow")


def _since(now: int, moment: int) -> str:
    return f"{ago((now - moment) / SECOND)} ago" if moment else "never"
