"""``ingestd status``: how it stands, from the running daemon where one answers, else from the store; once or as it goes."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console
from rich.live import Live

from ingestd.cli.asking import NoAnswer, ask
from ingestd.cli.config import settings as read_settings
from ingestd.cli.shown import Shown
from ingestd.cli.status_screen import screen
from ingestd.clock import SystemClock
from ingestd.errors import StoreUnavailable
from ingestd.model import SECOND
from ingestd.overview import Firing, Month, Overview, Source, Trouble
from ingestd.settings import Settings
from ingestd.sources.accounts import BUDGETS, look
from ingestd.store.queries import Queries, SourceStatus, Status
from ingestd.telemetry.alerts.keeping import ALERTS, kept

DAY: Final = 86_400 * SECOND
SHOWN: Final = 5
"""Incidents in the overview."""
LOOK: Final = 1.0
"""Seconds between two looks."""
STORE_WITHIN: Final = 15.0
"""Seconds for all that the store is asked: one that is frozen must not hold up whoever asks how it is."""


def status(config: Path | None, *, watch: bool, as_json: bool) -> None:
    """Raises ConfigError; StoreUnavailable where neither daemon nor store says anything."""
    settings = read_settings(config)
    console = Console()
    try:
        if watch:
            asyncio.run(_watch(settings, console))
            return
        found = asyncio.run(_once(settings))
    except KeyboardInterrupt:
        return
    if found.taken_from == "nowhere":
        raise StoreUnavailable("; ".join(reversed(found.problems)))
    if as_json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    else:
        console.print(screen(found, settings, console.width))


@asynccontextmanager
async def reading(settings: Settings) -> AsyncIterator[Queries]:
    """Questions to the configured store. Raises StoreUnavailable: what to do."""
    try:
        async with Queries(settings.store.url, settings.store.schema_name) as queries:
            yield queries
    except StoreUnavailable as error:
        message = f"{settings.store.shown} cannot be read: {error}; start the daemon once (ingestd run), or see store.url"
        raise StoreUnavailable(message) from error


async def _once(settings: Settings) -> Shown:
    """From the daemon if one answers; what only the store knows, if it answers as well."""
    found, problem = await _daemon(settings)
    try:
        async with asyncio.timeout(STORE_WITHIN), reading(settings) as queries:
            stored, incidents = await queries.status(), await queries.incidents("", SystemClock().now() - DAY, SHOWN)
    except (StoreUnavailable, TimeoutError) as error:
        more = str(error) or f"{settings.store.shown} does not answer within {STORE_WITHIN:g} s"
        return _shown(found, [*problem, more])
    lately = [msgspec.convert(one, Trouble, from_attributes=True) for one in incidents]
    if found is None:
        return _with(_from_store(settings, stored.sources, lately, problem), stored, lately)
    return _with(_shown(found, []), stored, lately)


async def _watch(settings: Settings, console: Console) -> None:
    """Until it is interrupted, whoever comes and goes meanwhile."""
    clock = SystemClock()
    with Live(console=console, auto_refresh=False, screen=console.is_terminal) as live:
        while True:
            live.update(screen(await _now(settings), settings, console.width), refresh=True)
            await clock.sleep(LOOK)


async def _now(settings: Settings) -> Shown:
    """From the daemon, else the little of the store that is cheap to ask every second."""
    found, problem = await _daemon(settings)
    if found is not None:
        return _shown(found, [])
    try:
        async with asyncio.timeout(STORE_WITHIN), reading(settings) as queries:
            sources, incidents = await queries.sources(), await queries.incidents("", SystemClock().now() - DAY, SHOWN)
    except (StoreUnavailable, TimeoutError) as error:
        return _shown(None, [*problem, str(error) or f"{settings.store.shown} does not answer within {STORE_WITHIN:g} s"])
    return _from_store(settings, sources, [msgspec.convert(one, Trouble, from_attributes=True) for one in incidents], problem)


async def _daemon(settings: Settings) -> tuple[Overview | None, list[str]]:
    """What it says, or why there is nothing."""
    try:
        _, found = await ask(settings.http, "/status", Overview)
    except NoAnswer as error:
        return None, [str(error)]
    return found, []


def _shown(found: Overview | None, problems: list[str]) -> Shown:
    if found is None:
        return Shown(at=SystemClock().now(), taken_from="nowhere", problems=problems)
    return Shown(**msgspec.structs.asdict(found), taken_from="daemon", problems=problems)


def _from_store(settings: Settings, sources: list[SourceStatus], incidents: list[Trouble], problems: list[str]) -> Shown:
    """What a daemon would say as far as the store, and the files beside the journal, know it."""
    budgets, problem = _budgets(settings)
    return Shown(
        at=SystemClock().now(),
        taken_from="store",
        problems=[*problems, *problem],
        sources=[_source(one) for one in sources],
        budgets=budgets,
        alerts=[msgspec.convert(one, Firing, from_attributes=True) for one in kept(settings.journal.path / ALERTS) if one.fired_at],
        incidents=incidents,
    )


def _with(shown: Shown, stored: Status, incidents: list[Trouble]) -> Shown:
    """And what only the store knows; of incidents it remembers those of daemons before this one."""
    more = {"journals": stored.journals, "runs": stored.runs, "counts": stored.counts}
    return msgspec.structs.replace(shown, **more, quarantine=stored.quarantine, review=stored.review, incidents=incidents)


def _source(one: SourceStatus) -> Source:
    found = msgspec.structs.asdict(one)
    found |= {"silence_limit": one.silence_limit / SECOND, "quarantined": one.counters.get("quarantined", 0)}
    return msgspec.convert(found, Source)


def _budgets(settings: Settings) -> tuple[list[Month], list[str]]:
    """What is left of each month by the file that the daemon keeps, or why that cannot be told."""
    try:
        return look(settings.journal.path / BUDGETS, SystemClock()), []
    except (ValueError, OSError) as error:
        return [], [str(error)]
