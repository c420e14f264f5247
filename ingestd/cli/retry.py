"""``ingestd quarantine retry`` and ``discard``: records once more through today's code, or let go of."""

import asyncio
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec
import typer
from msgspec import Struct

from ingestd.app import Rehearsal, Retries, Tried
from ingestd.cli.quarantine import guarded
from ingestd.cli.refusals import visible
from ingestd.cli.status import reading
from ingestd.clock import SystemClock
from ingestd.errors import IngestdError, StoreUnavailable
from ingestd.retelling import Record
from ingestd.settings import Settings
from ingestd.store import open_store
from ingestd.store.connect import target
from ingestd.store.deciding import Deciding
from ingestd.store.decisions import DecisionRow, Deed
from ingestd.store.quarantine import Which
from ingestd.store.queries import Queries
from ingestd.telemetry import build_reporter

ALL: Final = sys.maxsize
DONE: Final = {"taken": "taken", "refused": "refused again", "gone": "cannot be tried", "left": "left alone"}
WOULD: Final = {"taken": "would be taken", "refused": "would be refused again", "gone": "cannot be tried", "left": "would be left alone"}
WORDS: Final = 10
"""Reasons shown, the most frequent ones."""


class Outcome(Struct, frozen=True, kw_only=True):
    """What ``retry --json`` prints. ``rows``: of history that are new."""

    dry_run: bool
    taken: int
    refused: int
    gone: int
    left: int
    rows: int
    records: list[Tried]


def retry(  # noqa: PLR0913 - options are options
    config: Path | None, ids: Sequence[int], *, source: str, category: str, dry_run: bool, force: bool, as_json: bool
) -> None:
    """Raises IngestdError for ids that there are not, InUse where another retry has begun, StoreUnavailable."""
    settings, redactor = guarded(config)
    which = _which(ids, source, category)
    tried, rows = asyncio.run(_retry(settings, which, dry_run=dry_run, force=force))
    counts = Counter[str](one.fate for one in tried)
    if as_json:
        numbers = {name: counts[name] for name in DONE}
        said = Outcome(dry_run=dry_run, rows=rows, records=tried, **numbers)
        sys.stdout.write(redactor.text(msgspec.json.encode(said).decode()) + "\n")
        return
    for line in _told(tried, rows, dry_run=dry_run):
        typer.echo(redactor.text(line))


def discard(config: Path | None, ids: Sequence[int], *, source: str, category: str, reason: str, as_json: bool) -> None:
    """Raises IngestdError for ids that there are not, StoreUnavailable."""
    settings, redactor = guarded(config)
    done = asyncio.run(_discard(settings, _which(ids, source, category), reason))
    if as_json:
        sys.stdout.write(redactor.text(msgspec.json.encode({"discarded": [int(row.subject) for row in done]}).decode()) + "\n")
        return
    typer.echo(f"{len(done):,} record{'s' if len(done) != 1 else ''} discarded")
    if done:
        typer.echo(f"to take one up again: ingestd quarantine retry ID; all of them: ingestd events undo {done[0].decision_id}")


def _which(ids: Sequence[int], source: str, category: str) -> Which:
    """Records named by their ids in whatever state they are, others while they are open."""
    return Which(ids=tuple(dict.fromkeys(ids)), source=source, category=category, state="" if ids else "open")


async def _records(queries: Queries, which: Which) -> list[Record]:
    found = await queries.records(which, ALL)
    missing = sorted(set(which.ids) - {record.quarantine_id for record in found})
    if missing:
        raise IngestdError(f"no record {', '.join(map(str, missing))}; ingestd quarantine list --state all shows what there is")
    return found


async def _retry(settings: Settings, which: Which, *, dry_run: bool, force: bool) -> tuple[list[Tried], int]:
    clock = SystemClock()
    async with reading(settings) as queries:
        records = await _records(queries, which)
        reporter = build_reporter(settings.log.model_copy(update={"level": "error"}), clock, terminal=sys.stderr.isatty())
        store = open_store(settings.store.url, settings.store.schema_name, clock)
        try:
            await store.prepare()
            retries = Retries(settings, Rehearsal(store) if dry_run else store, queries, reporter, clock)
            tried = [one async for one in retries.retry(records, force=force)]
        except StoreUnavailable as error:
            raise StoreUnavailable(f"the store cannot be reached: {error}; nothing is half done, try again") from error
        finally:
            await store.close()
    return tried, retries.rows


async def _discard(settings: Settings, which: Which, reason: str) -> list[DecisionRow]:
    async with reading(settings) as queries:
        records = [record for record in await _records(queries, which) if record.state == "open"]
    deed = Deed(action="discard", who="", at=SystemClock().now(), note=reason)
    place = target(settings.store.url, settings.store.schema_name)
    return await Deciding(place).discard(deed, records) if records else []


def _told(tried: Sequence[Tried], rows: int, *, dry_run: bool) -> Iterator[str]:
    """How many of each fate, and below each the reasons, the most frequent first."""
    if not tried:
        yield "nothing to try"
        return
    for fate, words in (WOULD if dry_run else DONE).items():
        of_it = [one for one in tried if one.fate == fate]
        if not of_it:
            continue
        yield f"{len(of_it):>7,}  {words}{_outcomes(of_it)}"
        reasons = Counter(one.why for one in of_it if one.why)
        for why, count in reasons.most_common(WORDS):
            yield f"{count:>7,}      {visible(why)}"
        if len(reasons) > WORDS:
            yield f"             and {len(reasons) - WORDS:,} more reasons (--json has them all)"
    if not dry_run:
        yield f"{rows:,} rows of history are new"


def _outcomes(tried: Sequence[Tried]) -> str:
    """What became of the updates of one frame, where it is one."""
    if len(tried) != 1 or not tried[0].outcomes:
        return ""
    return " (updates of its frames: " + ", ".join(f"{count:,} {name}" for name, count in sorted(tried[0].outcomes.items())) + ")"
