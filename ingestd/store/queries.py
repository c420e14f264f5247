"""What people and probes ask of a store, read through SQLAlchemy; the same answers from both databases."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from msgspec import Struct
from sqlalchemy import ColumnElement, FromClause, and_, column, func, or_, select
from sqlalchemy import table as named_table
from sqlalchemy.orm import DeclarativeBase

from ingestd.batch import CoverageRow
from ingestd.store.columns import to_datetime
from ingestd.store.connect import reader_engine, target
from ingestd.store.history import IncidentStatus, Troubles, read_incidents, read_troubles
from ingestd.store.ledger import METADATA, Checkpoint, JournalRecord, Quarantined, RunRecord, SourceState
from ingestd.store.schema import CoverageInterval
from ingestd.store.warm import reading

_ISO = "%Y-%m-%dT%H:%M:%S.%fZ"


class Price(Struct, frozen=True, kw_only=True):
    """A price with its names. Times are ISO text in UTC; ``age_seconds`` and ``live`` are of now, None for a price of the past."""

    selection_id: int
    source: str
    bookmaker: str
    bookmaker_kind: str
    league: str
    event: str
    starts_at: str | None
    market: str
    period: str
    outcome: str
    participant: str
    side: str
    line: float | None
    outcome_key: str
    price: float | None
    american: int | None
    probability: float | None
    size: float | None
    status: str
    changed_at: str
    feed_state: str
    age_seconds: float | None = None
    live: bool | None = None


class SourceStatus(Struct, frozen=True, kw_only=True):
    """A source as the store knows it. Times: UTC µs."""

    source: str
    feed: str
    state: str
    since: int
    reason: str
    last_received_at: int
    last_changed_at: int
    alive_at: int
    silence_limit: int


class JournalStatus(Struct, frozen=True, kw_only=True):
    """How far a reader has read a journal. Times: UTC µs."""

    reader: str
    journal_id: int
    path: str
    position: int
    updated_at: int


class RunStatus(Struct, frozen=True, kw_only=True):
    """A run. Times: UTC µs."""

    run_id: int
    kind: str
    source: str
    started_at: int
    ended_at: int | None
    status: str
    error: str


class Status(Struct, frozen=True, kw_only=True):
    """What ``ingestd status`` shows."""

    sources: list[SourceStatus]
    journals: list[JournalStatus]
    runs: list[RunStatus]
    counts: dict[str, int]
    quarantine: int


class Queries:
    """Questions to one store; an async context manager. Every question raises StoreUnavailable where the store cannot answer."""

    def __init__(self, url: str, schema: str) -> None:
        self._target = target(url, schema)
        self._engine = reader_engine(self._target)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of the database."""
        await self._engine.dispose()

    async def odds(self, text: str = "", market: str = "", book: str = "", at: int | None = None, limit: int = 100) -> list[Price]:
        """Prices now, or as they were ``at`` a time (UTC µs), by start and event; ``text``: words that must all appear in its names."""
        view = _view("price_history" if at is not None else "current_odds")
        wheres = _matching(view, text) if text else []
        if market:
            wheres.append(func.lower(view.c.market) == market.lower())
        if book:
            wheres.append(func.lower(view.c.bookmaker) == book.lower())
        if at is not None:
            moment = self._moment(at)
            wheres += [view.c.valid_from <= moment, or_(view.c.valid_to.is_(None), view.c.valid_to > moment)]
        return await self._prices(view, wheres, limit)

    async def best(self, text: str = "", market: str = "", limit: int = 100) -> list[Price]:
        """The best live price to back each thing that is offered."""
        view = _view("current_odds")
        best = named_table("best_odds", column("selection_id"))
        wheres = [view.c.selection_id.in_(select(best.c.selection_id)), *(_matching(view, text) if text else [])]
        if market:
            wheres.append(func.lower(view.c.market) == market.lower())
        return await self._prices(view, wheres, limit)

    async def status(self) -> Status:
        """Sources, journals, the latest runs, and how much there is."""
        async with reading(self._engine) as db:
            sources = await db.execute(select(*_columns(SourceState, SourceStatus)).order_by(SourceState.source))
            journals = await db.execute(
                select(Checkpoint.reader, Checkpoint.journal_id, JournalRecord.path, Checkpoint.position, Checkpoint.updated_at)
                .join(JournalRecord, JournalRecord.journal_id == Checkpoint.journal_id)
                .order_by(Checkpoint.updated_at.desc(), Checkpoint.journal_id.desc())
                .limit(20)
            )
            runs = await db.execute(select(*_columns(RunRecord, RunStatus)).order_by(RunRecord.started_at.desc()).limit(10))
            return Status(
                sources=[SourceStatus(**row) for row in sources.mappings()],
                journals=[JournalStatus(**row) for row in journals.mappings()],
                runs=[RunStatus(**row) for row in runs.mappings()],
                counts=await self.counts(),
                quarantine=await self.quarantine_count(),
            )

    async def coverage(self, source: str = "", limit: int = 1_000) -> list[CoverageRow]:
        """Intervals of knowledge, the newest first; of one source, or of all."""
        columns = [getattr(CoverageInterval, name) for name in CoverageRow.__struct_fields__]
        said = select(*columns).order_by(CoverageInterval.began_at.desc(), CoverageInterval.source, CoverageInterval.scope_id).limit(limit)
        if source:
            said = said.where(CoverageInterval.source == source)
        async with reading(self._engine) as db:
            return [CoverageRow(*row) for row in await db.execute(said)]

    async def incidents(self, source: str = "", since: int = 0, limit: int = 100) -> list[IncidentStatus]:
        """The history of errors: those that were still going on at ``since`` (UTC µs), the latest first; of one source, or of all."""
        return await read_incidents(self._engine, source, since, limit)

    async def troubles(self, since: int, own_run: int | None) -> Troubles:
        """What is wrong as far as the store knows; ``since`` (UTC µs): how far back a failed run matters."""
        return await read_troubles(self._engine, since, own_run)

    async def quarantine_count(self) -> int:
        """How many rejects wait for a decision."""
        async with reading(self._engine) as db:
            return int((await db.execute(select(func.count()).where(Quarantined.state == "open"))).scalar_one())

    async def counts(self) -> dict[str, int]:
        """Rows by table."""
        async with reading(self._engine) as db:
            return {
                name: int((await db.execute(select(func.count()).select_from(table))).scalar_one())
                for name, table in sorted(METADATA.tables.items())
            }

    async def _prices(self, view: FromClause, wheres: Sequence[ColumnElement[bool]], limit: int) -> list[Price]:  # type: ignore[explicit-any] # its own default
        order = [view.c[name] for name in ("starts_at", "event", "market", "period", "line", "outcome", "side")]
        async with reading(self._engine) as db:
            found = await db.execute(
                select(view).where(and_(True, *wheres)).order_by(*order, view.c.price.desc(), view.c.selection_id).limit(limit)
            )
            return [_price({**row}) for row in found.mappings()]

    def _moment(self, micros: int) -> object:
        """A time as the views of this database show it."""
        return to_datetime(micros) if self._target.dialect == "postgresql" else to_datetime(micros).strftime(_ISO)


def _columns(table: type[DeclarativeBase], shape: type[Struct]) -> list[ColumnElement[object]]:
    return [getattr(table, name) for name in shape.__struct_fields__]


def _view(name: str) -> FromClause:  # type: ignore[explicit-any] # its own default
    names = [name for name in Price.__struct_fields__ if name not in ("age_seconds", "live", "changed_at")]
    special = ("valid_from", "valid_to") if name == "price_history" else ("changed_at", "age_seconds", "live")
    return named_table(name, *map(column, (*names, *special)))


def _matching(view: FromClause, text: str) -> list[ColumnElement[bool]]:  # type: ignore[explicit-any] # its own default
    names = ("event", "league", "outcome", "participant", "bookmaker", "market")
    return [
        or_(*(func.lower(view.c[name]).contains(word.lower(), autoescape=True) for name in names)) for word in text.split()
    ]  # fmt: skip


def _price(row: Mapping[str, object]) -> Price:
    said = {name: value.astimezone(UTC).strftime(_ISO) if isinstance(value, datetime) else value for name, value in row.items()}
    said.pop("valid_to", None)
    if "valid_from" in said:
        said["changed_at"] = said.pop("valid_from")
    else:
        said["live"] = bool(said["live"])
    return Price(**said)  # type: ignore[arg-type] # as the views have them
