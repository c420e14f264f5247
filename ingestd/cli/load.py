"""``ingestd load``: recorded payloads into the store, one run per file, or one for all where files are polls of a series."""

import asyncio
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec
import typer

from ingestd.app import FileLoads
from ingestd.cli.config import settings as read_settings
from ingestd.cli.times import parse_time
from ingestd.clock import SystemClock
from ingestd.errors import ConfigError, StoreUnavailable
from ingestd.model import OUTCOMES
from ingestd.settings import Settings
from ingestd.sources import FEEDS
from ingestd.sources.transports.files import check
from ingestd.store import open_store
from ingestd.telemetry import build_reporter


def load(  # noqa: PLR0913 - options are options
    config: Path | None, feed: str, files: Sequence[Path], *, store: str, source: str, at: str, as_json: bool
) -> None:
    """Load the files, print what they held; one that cannot be read does not keep the others out. Raises ConfigError, StoreUnavailable."""
    settings = read_settings(config, store)
    if feed not in FEEDS:
        message = f"load: no feed {feed!r}; there are {', '.join(sorted(FEEDS))}"
        raise ConfigError(message)
    moment = parse_time(at)
    readable, problems = _sifted(files)
    if readable:
        counts = asyncio.run(_load(settings, feed, readable, source or feed, moment, quiet=as_json))
        if as_json:
            sys.stdout.write(msgspec.json.encode(dict(counts)).decode() + "\n")
        else:
            typer.echo(_told(counts, len(readable)))
    if problems:
        raise ConfigError(*problems)


def _sifted(files: Sequence[Path]) -> tuple[list[Path], list[str]]:
    """The files that can be read, and what is wrong with the others."""
    readable: list[Path] = []
    problems: list[str] = []
    for path in files:
        try:
            check(path)
        except ConfigError as error:
            problems += error.problems
        else:
            readable.append(path)
    return readable, problems


async def _load(settings: Settings, feed: str, files: Sequence[Path], source: str, at: int | None, *, quiet: bool) -> Counter[str]:
    clock = SystemClock()
    reporter = build_reporter(settings.log.model_copy(update={"level": "error"}), clock, terminal=sys.stderr.isatty())
    store = open_store(settings.store.url, settings.store.schema_name, clock)
    counts: Counter[str] = Counter()
    try:
        try:
            await store.prepare()
        except StoreUnavailable as error:
            message = f"the store cannot be reached: {error}; start it, or name another with --store"
            raise StoreUnavailable(message) from error
        loads = FileLoads(settings, store, reporter, clock)
        runs = [files] if FEEDS[feed].series else [[path] for path in files]
        for paths in runs:
            loaded = await loads.load(feed, source, paths, at)
            counts.update(loaded.counts)
            if not quiet and len(runs) > 1:
                typer.echo(f"{paths[0].name}: {loaded.counts['received']} updates, {loaded.counts['rows']} rows", err=True)
    finally:
        await store.close()
    return counts


def _told(counts: Counter[str], files: int) -> str:
    native = ", ".join(f"{value} {name}" for name, value in counts.items() if name not in (*OUTCOMES, "frames", "received", "rows"))
    return f"{files} file{'s' if files != 1 else ''}, {counts['frames']} frames{f' ({native})' if native else ''}\n{told_outcomes(counts)}"


def told_outcomes(counts: Counter[str]) -> str:
    """What became of the updates of a finite run."""
    outcomes = ", ".join(f"{counts[outcome]} {outcome}" for outcome in OUTCOMES)
    return f"{counts['received']} updates: {outcomes}\n{counts['rows']} rows of history written"
