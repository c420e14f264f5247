"""``ingestd events``: what is linked to what, what waits for a person, and what a person decides."""

import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import typer

from ingestd.batch import LinkRow
from ingestd.cli.config import settings as read_settings
from ingestd.cli.times import iso
from ingestd.clock import SystemClock
from ingestd.errors import ConfigError
from ingestd.model import Fixture
from ingestd.pipeline.matching import (
    Candidate,
    Verdict,
    canonical_bookmaker,
    canonical_league,
    canonical_sport,
    canonical_team,
    decide,
)
from ingestd.store import open_store
from ingestd.store.connect import Target, target
from ingestd.store.deciding import Deciding
from ingestd.store.decisions import EVENT, DecisionRow, Deed
from ingestd.store.event_queries import EventQueries, EventView, Review, split
from ingestd.store.naming import KINDS, Wish

T = TypeVar("T")
_LINE = msgspec.json.Decoder(DecisionRow)


def find(config: Path | None, text: str, *, state: str, shared: bool, limit: int, as_json: bool) -> None:
    """Raises ConfigError, StoreUnavailable, as all of these do."""

    async def ask(place: Target) -> list[EventView]:
        async with EventQueries(place) as queries:
            return await queries.find(text, state=state, shared=shared, limit=limit)

    events = _with(config, ask)
    if as_json:
        return _json(events)
    for event in events:
        typer.echo(_headline(event))
        for link in event.links:
            typer.echo(f"    {_link_line(link)}")
    if not events:
        typer.echo("no such event")
    return None


def show(config: Path | None, event: str, *, as_json: bool) -> None:
    """One event, all that its links say, and what was decided of them."""

    async def ask(place: Target) -> tuple[EventView, list[DecisionRow]]:
        async with EventQueries(place) as queries:
            found = await queries.show(event)
        keys = {(link.source, link.source_event_id) for link in found.links}
        return found, [row for row in await Deciding(place).history() if row.kind == EVENT and row.key in keys]

    found, history = _with(config, ask)
    if as_json:
        return _json({"event": found, "decisions": history})
    typer.echo(_headline(found))
    started = f", started {iso(found.started_at)} UTC (by {found.started_by})" if found.started_at is not None else ""
    typer.echo(f"    {found.sport}  {found.season}  {found.status or 'no status told'}{started}")
    for link in found.links:
        typer.echo(f"    {_link_line(link)}")
        typer.echo(f"        {link.league or '-'}, {iso(link.starts_at)} UTC, {link.status or '-'}, told {iso(link.changed_at)} UTC")
        if link.evidence:
            typer.echo(f"        {link.evidence}")
    for row in history:
        typer.echo(f"    {_decision_line(row)}")
    return None


def review(config: Path | None, *, limit: int, as_json: bool) -> None:
    """What waits for a person."""

    async def ask(place: Target) -> list[Review]:
        async with EventQueries(place) as queries:
            return await queries.reviews(limit)

    waiting = _with(config, ask)
    if as_json:
        return _json(waiting)
    for one in waiting:
        link, candidate = one.link, one.candidate
        name = f"{link.source}:{link.source_event_id}"
        typer.echo(f"{link.score:.2f}  {name}  {_said(link)}  {link.league}  {iso(link.starts_at)} UTC")
        typer.echo(f"      may be  {_headline(candidate) if candidate else 'an event that is gone'}")
        typer.echo(f"      ingestd events confirm {name}   or   ingestd events reject {name}")
    typer.echo(f"{len(waiting)} to decide" if waiting else "nothing to decide")
    return None


def link(config: Path | None, subject: str, event: str, *, flipped: bool | None, note: str, as_json: bool) -> None:
    """A link into an event."""

    async def act(place: Target) -> list[DecisionRow]:
        async with EventQueries(place) as queries:
            there, here = await queries.show(event), await queries.show(subject)
        turned = _orientation(_one(here, subject), there) if flipped is None else flipped
        return await Deciding(place).link(_deed("link", note), split(subject), there.event_id, flipped=turned)

    _tell(_with(config, act), as_json=as_json)


def unlink(config: Path | None, subject: str, *, note: str, as_json: bool) -> None:
    """A link into an event of its own."""
    _tell(_with(config, lambda place: Deciding(place).unlink(_deed("unlink", note), split(subject))), as_json=as_json)


def merge(config: Path | None, event: str, other: str, *, flipped: bool | None, note: str, as_json: bool) -> None:
    """Two events into the first."""

    async def act(place: Target) -> list[DecisionRow]:
        async with EventQueries(place) as queries:
            there, gone = await queries.show(event), await queries.show(other)
        turned = _orientation_of(gone, there) if flipped is None else flipped
        return await Deciding(place).merge(_deed("merge", note), there.event_id, gone.event_id, flipped=turned)

    _tell(_with(config, act), as_json=as_json)


def confirm(config: Path | None, subject: str, *, flipped: bool | None, note: str, as_json: bool) -> None:
    """It is what it may be."""

    async def act(place: Target) -> list[DecisionRow]:
        async with EventQueries(place) as queries:
            held = _one(await queries.show(subject), subject)
            there = await queries.show(str(held.candidate_id)) if held.candidate_id is not None and held.state == "review" else None
        turned = (_orientation(held, there) if there else held.flipped) if flipped is None else flipped
        return await Deciding(place).confirm(_deed("confirm", note), split(subject), flipped=turned)

    _tell(_with(config, act), as_json=as_json)


def reject(config: Path | None, subject: str, *, note: str, as_json: bool) -> None:
    """It is not what it may be, or was taken for."""
    _tell(_with(config, lambda place: Deciding(place).unlink(_deed("reject", note), split(subject), "rejected")), as_json=as_json)


def undo(config: Path | None, decision: str, *, note: str, as_json: bool) -> None:
    """Everything as it was before a decision."""
    deed = msgspec.structs.replace(_deed("undo", note), undoes=decision)
    _tell(_with(config, lambda place: Deciding(place).undo(deed)), as_json=as_json)


def alias(config: Path | None, kind: str, source: str, word: str, name: str, *, sport: str, note: str, as_json: bool) -> None:  # noqa: PLR0913 - as typed
    """What a source's word stands for."""
    if kind not in KINDS:
        raise ConfigError(f"{kind!r} has no aliases; write one of {', '.join(KINDS)}")
    if (kind != "bookmaker") != bool(sport):
        raise ConfigError("--sport: a team or a league has one, a bookmaker has none; e.g. --sport football")
    known = canonical_sport(sport) if sport else ""
    before = canonical_bookmaker(word) if kind == "bookmaker" else (canonical_team if kind == "team" else canonical_league)(known, word)
    wish = Wish(kind=kind, source=source, sport=known, word=word, name=name, before=before)

    async def act(place: Target) -> list[DecisionRow]:
        return [await Deciding(place).name(_deed("alias", note), wish)]

    _tell(_with(config, act), as_json=as_json)


def history(config: Path | None, *, as_json: bool) -> None:
    """All decisions, or with ``as_json`` what ``take`` reads: one JSON object a line."""
    for row in _with(config, lambda place: Deciding(place).history()):
        typer.echo(msgspec.json.encode(row).decode() if as_json else _decision_line(row))


def take(config: Path | None, path: Path, *, as_json: bool) -> None:
    """Decisions from a file, or from standard input."""
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
        rows = [_LINE.decode(line) for line in text.splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError, msgspec.DecodeError) as error:
        raise ConfigError(f"{path}: {error}; it takes what ingestd events decisions export writes") from error
    taken = _with(config, lambda place: Deciding(place).take(rows))
    total = len({row.decision_id for row in rows})
    if as_json:
        return _json({"decisions": total, "taken": taken})
    typer.echo(f"{taken} of {total} decisions are new, and in force")
    return None


def _with(config: Path | None, act: Callable[[Target], Awaitable[T]]) -> T:
    """On the configured store, whose tables are there."""
    settings = read_settings(config)

    async def run() -> T:
        store = open_store(settings.store.url, settings.store.schema_name, SystemClock())
        try:
            await store.prepare()
        finally:
            await store.close()
        return await act(target(settings.store.url, settings.store.schema_name))

    return asyncio.run(run())


def _deed(action: str, note: str) -> Deed:
    return Deed(action=action, who=getpass.getuser(), at=SystemClock().now(), note=note)


def _one(event: EventView, subject: str) -> LinkRow:
    key = split(subject)
    found = next((link for link in event.links if (link.source, link.source_event_id) == key), None)
    if found is None:
        raise ConfigError(f"no link {subject}; ingestd events list shows what there is")
    return found


def _orientation(told: LinkRow, event: EventView) -> bool:
    """Whether a link's home is the event's away, as far as names tell."""
    fixture = Fixture(
        source_event_id="", sport=told.sport, name=told.name, league=told.league, home=told.home, away=told.away, starts_at=event.starts_at
    )
    return _verdict(fixture, event).flipped


def _orientation_of(gone: EventView, event: EventView) -> bool:
    fixture = Fixture(
        source_event_id="", sport=gone.sport, name=gone.name, league=gone.league, home=gone.home, away=gone.away, starts_at=event.starts_at
    )
    return _verdict(fixture, event).flipped


def _verdict(fixture: Fixture, event: EventView) -> Verdict:
    candidate = Candidate(
        event_id=event.event_id or 1,
        sport=event.sport,
        league=event.league,
        season=event.season,
        name=event.name,
        home=event.home,
        away=event.away,
        starts_at=event.starts_at,
        sources=frozenset(),
    )
    return decide("", fixture, [candidate])


def _tell(rows: list[DecisionRow], *, as_json: bool) -> None:
    if as_json:
        return _json(rows)
    for row in rows:
        if row.moves:
            typer.echo(_decision_line(row))
    typer.echo(f"to take it back: ingestd events undo {rows[0].decision_id}")
    return None


def _decision_line(row: DecisionRow) -> str:
    head = f"{row.decision_id}  {iso(row.decided_at)} UTC  {row.decided_by}  {row.action}  "
    tail = f"  ({row.note})" if row.note else ""
    if row.kind != EVENT:
        return f"{head}{row.kind} {row.subject!r} of {row.source}: {row.was!r} -> {row.now!r}{tail}"
    was, now = (f"{source}:{name}" for source, name in ((row.was_source, row.was), (row.now_source, row.now)))
    if not row.moves:
        return f"{head}{row.source}:{row.subject} stays with {now}{tail}"
    turned = ", the other way round" if row.now_flipped else ""
    return f"{head}{row.source}:{row.subject}: from the event of {was} ({row.was_state}) to that of {now} ({row.now_state}{turned}){tail}"


def _headline(event: EventView) -> str:
    return f"{event.event_id}  {iso(event.starts_at)} UTC  {event.league or event.sport or '-'}  {event.title}"


def _link_line(link: LinkRow) -> str:
    turned = ", the other way round" if link.flipped else ""
    return f"{link.source}:{link.source_event_id}  {link.state} {link.score:.2f}{turned}  {_said(link)}"


def _said(link: LinkRow) -> str:
    return f"{link.home} v {link.away}" if link.home and link.away else link.name or "(nothing told yet)"


def _json(found: Any) -> None:  # type: ignore[explicit-any] # whatever msgspec can write
    sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
