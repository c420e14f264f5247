"""``ingestd quarantine list`` and ``show``: what could not be taken, in short and in full."""

import asyncio
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, get_args

import msgspec
import typer
from msgspec import Struct
from msgspec.structs import replace

from ingestd.app.retry import place
from ingestd.batch import journal_place
from ingestd.cli.config import checked
from ingestd.cli.refusals import advice, says, visible
from ingestd.cli.status import reading
from ingestd.cli.times import ago, iso, since_time
from ingestd.clock import SystemClock
from ingestd.errors import ConfigError, IngestdError
from ingestd.journal.passage import frames_around
from ingestd.model import SECOND, Frame
from ingestd.retelling import Record, RecordState
from ingestd.settings import Settings, secrets_of
from ingestd.sources import FEEDS
from ingestd.store.quarantine import Group, Which
from ingestd.telemetry.redact import Redactor

EXCERPT: Final = 2_000
"""Characters of a payload that are shown."""
READ: Final = 256 * 1024
"""Bytes of a payload that are looked at for it; a secret that is cut would not be known."""
REACH: Final = 32
"""Positions of the journal on either side in which neighbours are looked for."""
BESIDE: Final = 2
"""Neighbours shown on either side."""


class Beside(Struct, frozen=True, kw_only=True):
    """A frame of the same source. ``received_at``: UTC µs."""

    position: int
    kind: str
    received_at: int
    bytes: int


class Shown(Struct, frozen=True, kw_only=True):
    """What ``show`` tells. ``frame`` None: it is no longer in the journal; ``payload``: the beginning of it, without secrets."""

    record: Record
    says: str
    advice: str
    journal: str
    frame: Beside | None
    meta: dict[str, str]
    payload: str
    beside: list[Beside]


class Listed(Struct, frozen=True, kw_only=True):
    """What ``list --json`` prints."""

    groups: list[Group]
    records: list[Record]


def list_(config: Path | None, *, source: str, category: str, since: str, state: str, limit: int, as_json: bool) -> None:  # noqa: PLR0913 - options are options
    """Raises ConfigError for a time or state that is none, StoreUnavailable."""
    settings, redactor = guarded(config)
    if state not in (*get_args(RecordState), "all"):
        raise ConfigError(f"--state: {state!r} is none; write {', '.join(get_args(RecordState))} or all")
    now = SystemClock().now()
    wanted = "" if state == "all" else state
    which = Which(source=source, category=category, since=since_time(since, now), state=wanted)

    async def ask() -> Listed:
        async with reading(settings) as queries:
            return Listed(groups=await queries.record_groups(which), records=await queries.records(which, limit))

    found = asyncio.run(ask())
    if as_json:
        sys.stdout.write(redactor.text(msgspec.json.encode(found).decode()) + "\n")
        return
    for line in _lines(found, now, state):
        typer.echo(redactor.text(line))


def show(config: Path | None, quarantine_id: int, *, as_json: bool) -> None:
    """Raises IngestdError where there is no such record, StoreUnavailable."""
    settings, redactor = guarded(config)
    shown = asyncio.run(_show(settings, quarantine_id, redactor))
    if as_json:
        sys.stdout.write(redactor.text(msgspec.json.encode(shown).decode()) + "\n")
        return
    for line in _page(shown):
        typer.echo(redactor.text(line))


def guarded(config: Path | None) -> tuple[Settings, Redactor]:
    """The settings, and what knows their secrets. Raises ConfigError."""
    settings, options = checked(config, FEEDS)
    redactor = Redactor()
    redactor.register(secrets_of(settings, options.values()))
    return settings, redactor


def _lines(found: Listed, now: int, state: str) -> Iterator[str]:
    """Each kind with its latest records below it."""
    for group in found.groups:
        often = f", {group.count:,} times" if group.count > group.records else ""
        last = ago((now - group.last_at) / SECOND)
        kind = visible(f"{group.source or '(store)'}  {group.stage}: {group.category}")
        yield f"{kind}  {_counted(group.records)}{often} since {iso(group.first_at)}, last {last} ago"
        if told := says(group.stage, group.category):
            yield f"    {told}"
        for one in found.records:
            if (one.source, one.stage, one.category) == (group.source, group.stage, group.category):
                yield f"    {_short(one)}"
    total = sum(group.records for group in found.groups)
    if not total:
        yield "nothing is in quarantine" if state == "open" else f"no record: {state}"
        return
    shown = f" (the latest {len(found.records):,} shown)" if len(found.records) < total else ""
    yield f"{_counted(total)}{shown}. One: ingestd quarantine show ID; once mended: ingestd quarantine retry --source NAME --dry-run"


def _counted(records: int) -> str:
    return f"{records:,} record{'s' if records != 1 else ''}"


def _short(one: Record) -> str:
    often = f"  x {one.count:,}" if one.count > 1 else ""
    tried = f"  tried {one.attempts}" if one.attempts else ""
    state = "" if one.state == "open" else f"  {one.state}"
    where = f"{one.path}: " if one.path else ""
    return visible(f"{one.quarantine_id}  {iso(one.last_at)}{often}{tried}{state}  {where}{one.reason}")


async def _show(settings: Settings, quarantine_id: int, redactor: Redactor) -> Shown:
    async with reading(settings) as queries:
        record = await queries.record(quarantine_id)
        journals = await queries.journals()
    if record is None:
        raise IngestdError(f"no record {quarantine_id}; ingestd quarantine list --state all shows what there is")
    journal_id, position = journal_place(record.journal_offset)
    path = place(settings, journals[journal_id]) if journal_id in journals else None
    frames = frames_around(path, position, REACH) if path is not None else []
    frame = next((one for one in frames if one.offset == position), None)
    same = [one for one in frames if frame is not None and one.source == frame.source]
    before, after = ([one for one in same if (one.offset - position) * side > 0] for side in (-1, 1))
    return Shown(
        record=replace(record, decoded=redactor.text(record.decoded), error=redactor.text(record.error)),
        says=says(record.stage, record.category),
        advice=advice(record.stage, record.category),
        journal=str(path or ""),
        frame=None if frame is None else _beside(frame),
        meta={} if frame is None else frame.meta,
        payload="" if frame is None else excerpt(frame.payload, redactor),
        beside=[_beside(one) for one in (*before[-BESIDE:], *after[:BESIDE])],
    )


def excerpt(payload: bytes, redactor: Redactor) -> str:
    """The beginning of a payload as text; bytes that are none are written out, secrets left out."""
    text = redactor.text(payload[:READ].decode("utf-8", "backslashreplace"))
    return text if len(text) <= EXCERPT else f"{text[:EXCERPT]}…"


def _beside(frame: Frame) -> Beside:
    return Beside(position=frame.offset, kind=frame.kind, received_at=frame.received_at, bytes=len(frame.payload))


def _page(shown: Shown) -> Iterator[str]:
    record = shown.record
    tried = f", tried {record.attempts} time{'s' if record.attempts != 1 else ''}" if record.attempts else ""
    yield f"{record.quarantine_id}  {record.state}{tried}"
    yield visible(f"what     {record.source or '(store)'}  {record.stage}: {record.category} ({record.severity})")
    if shown.says:
        yield f"rule     {shown.says}" if record.stage == "validate" else f"means    {shown.says}"
    yield f"why      {visible(record.reason, EXCERPT)}"
    if record.path:
        yield f"where    {visible(record.path)}"
    yield f"when     {record.count:,} time{'s' if record.count != 1 else ''}, from {iso(record.first_at)} to {iso(record.last_at)} UTC"
    yield f"do       {shown.advice}"
    yield from _frame(shown)
    yield from _block("decoded", record.decoded)
    yield from _block("error", record.error)


def _frame(shown: Shown) -> Iterator[str]:
    position = journal_place(shown.record.journal_offset)[1]
    if shown.frame is None:
        yield f"frame    position {position}: no longer in the journal; it cannot be tried again"
        return
    meta = "".join(f", {name} {value}" for name, value in sorted(shown.meta.items()))
    yield visible(f"frame    {_placed(shown.frame)}{meta}, in {shown.journal}")
    yield from _block("", shown.payload)
    for one in shown.beside:
        yield f"{'before' if one.position < position else 'after':<9}{_placed(one)}"


def _placed(frame: Beside) -> str:
    return f"position {frame.position}: {frame.kind}, {frame.bytes:,} bytes, received {iso(frame.received_at)}"


def _block(name: str, text: str) -> Iterator[str]:
    lines: Sequence[str] = text.splitlines() if text.strip() else ()
    for place_, line in enumerate(lines):
        yield f"{name if place_ == 0 else '':<9}{visible(line, EXCERPT + 1)}"
