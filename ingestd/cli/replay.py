"""``ingestd replay``: what the daemon has recorded, read again into the configured store or another one."""

import asyncio
import sys
from collections import Counter
from pathlib import Path

import msgspec
import typer

from ingestd.app import ALWAYS, Replays
from ingestd.cli.config import settings as read_settings
from ingestd.cli.load import told_outcomes
from ingestd.cli.times import parse_time
from ingestd.clock import SystemClock
from ingestd.errors import StoreUnavailable
from ingestd.settings import Settings
from ingestd.store import open_store
from ingestd.telemetry import build_reporter


def replay(config: Path | None, *, source: str, since: str, until: str, store: str, as_json: bool) -> None:
    """Replay, and print what became of it. Raises ConfigError, StoreUnavailable."""
    settings = read_settings(config, store)
    first, last = parse_time(since, "--from"), parse_time(until, "--to")
    begin, end = ALWAYS[0] if first is None else first, ALWAYS[1] if last is None else last
    sources = [source] if source else [one.name for one in settings.sources]
    counts = asyncio.run(_replay(settings, sources, begin, end, quiet=as_json))
    if as_json:
        sys.stdout.write(msgspec.json.encode(dict(counts)).decode() + "\n")
    else:
        typer.echo(f"{counts['frames']} frames of the journal\n{told_outcomes(counts)}")


async def _replay(settings: Settings, sources: list[str], since: int, until: int, *, quiet: bool) -> Counter[str]:
    clock = SystemClock()
    reporter = build_reporter(settings.log.model_copy(update={"level": "error"}), clock, terminal=sys.stderr.isatty())
    store = open_store(settings.store.url, settings.store.schema_name, clock)
    counts: Counter[str] = Counter()
    try:
        try:
            await store.prepare()
            await store.prefer(settings.preferred)
        except StoreUnavailable as error:
            message = f"the store cannot be reached: {error}; start it, or name another with --store"
            raise StoreUnavailable(message) from error
        replays = Replays(settings, store, reporter, clock)
        for source in sources:
            done = await replays.replay(source, since, until)
            counts.update(done.counts)
            if not quiet and len(sources) > 1:
                typer.echo(f"{source}: {done.counts['frames']} frames, {done.counts['rows']} rows", err=True)
    finally:
        await store.close()
    return counts
