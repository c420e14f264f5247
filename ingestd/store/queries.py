"""What people and probes ask of a store, read through SQLAlchemy; the same answers from both databases."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from msgspec import Struct
from sqlalchemy import ColumnElement, FromClause, and_, bindparam, column, func, or_, select, text
from sqlalchemy import table as named_table
from sqlalchemy.orm import DeclarativeBase

from ingestd.batch import CoverageRow
from ingestd.model import SECOND
from ingestd.retelling import Record
from ingestd.store.columns import LATEST, Micros, to_datetime
from ingestd.store.connect import reader_engine, target
from ingestd.store.history import Backlog, EndedRun, IncidentStatus, Troubles, read_backlog, read_ended, read_incidents, read_troubles
from ingestd.store.ledger import METADATA, Checkpoint, JournalRecord, Quarantined, RunRecord, SourceState
from ingestd.store.quarantine import Group, Journal, Which, read_groups, read_journals, read_known, read_record, read_records
from ingestd.store.schema import CoverageInterval, EventLink
from ingestd.store.views import history
from ingestd.store.views.words import Words
from ingestd.store.warm import reading

_ISO = "%Y-%m-%dT%H:%M:%S.%fZ"
_DAY = 86_400 * SECOND


class Price(Struct, frozen=True, kw_only=True):
    """A price with its names. Times are ISO text in UTC; ``age_seconds`` and ``live`` are of now, None for a price of the past.

    ``witnesses``: how many live sources tell of this bookmaker's price, ``disagreement``: their relative spread; where it is the best one.
    """

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
    witnesses: int | None = None
    disagreement: float | None = None


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
    counters: dict[str, int]


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
    review: int


class Queries:
    """Questions to one store; an async context manager. Every question raises StoreUnavailable where the store cannot answer.

    ``keep``: stay connected between them.
    """

    def __init__(self, url: str, schema: str, *, keep: bool = False) -> None:
        self._target = target(url, schema)
        self._engine = reader_engine(self._target, keep=keep)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of the database."""
        await self._engine.dispose()

    async def odds(self, text: str = "", market: str = "", book: str = "", at: int | None = None, limit: int = 100) -> list[Price]:
        """Prices of every source now, or as they were ``at`` a time (UTC µs), by start and event.

        ``text``: words that must all appear in the names; without it, a time asks for events that start no earlier than a day before it.
        """
        view = _view("current_odds", "age_seconds", "live") if at is None else self._at(at)
        wheres = _matching(view, text, market)
        if book:
            wheres.append(func.lower(view.c.bookmaker) == book.lower())
        if at is not None and not text:
            wheres.append(or_(view.c.starts_at.is_(None), view.c.starts_at >= self._moment(at - _DAY)))
        return await self._prices(view, wheres, limit)

    async def best(self, text: str = "", market: str = "", limit: int = 100) -> list[Price]:
        """The best live price to back each thing that is offered."""
        view = _view("best_odds", "age_seconds", "witnesses", "disagreement")
        return await self._prices(view, _matching(view, text, market), limit)

    async def status(self) -> Status:
        """Sources, journals, the latest runs, and how much there is."""
        sources = await self.sources()
        async with reading(self._engine) as db:
            journals = await db.execute(
                select(Checkpoint.reader, Checkpoint.journal_id, JournalRecord.path, Checkpoint.position, Checkpoint.updated_at)
                .join(JournalRecord, JournalRecord.journal_id == Checkpoint.journal_id)
                .order_by(Checkpoint.updated_at.desc(), Checkpoint.journal_id.desc())
                .limit(20)
            )
            runs = await db.execute(select(*_columns(RunRecord, RunStatus)).order_by(RunRecord.started_at.desc()).limit(10))
            return Status(
                sources=sources,
                journals=[JournalStatus(**row) for row in journals.mappings()],
                runs=[RunStatus(**row) for row in runs.mappings()],
                counts=await self.counts(),
                quarantine=await self.quarantine_count(),
                review=await self.review_count(),
            )

    async def sources(self) -> list[SourceStatus]:
        """Every source that was ever recorded, by name."""
        async with reading(self._engine) as db:
            found = await db.execute(select(*_columns(SourceState, SourceStatus)).order_by(SourceState.source))
            return [SourceStatus(**{**row, "counters": json.loads(row["counters"])}) for row in found.mappings()]

    async def coverage(self, source: str) -> list[CoverageRow]:
        """Intervals of knowledge of one source, the newest first."""
        columns = [getattr(CoverageInterval, name) for name in CoverageRow.__struct_fields__]
        said = (
            select(*columns).where(CoverageInterval.source == source).order_by(CoverageInterval.began_at.desc(), CoverageInterval.scope_id)
        )
        async with reading(self._engine) as db:
            return [CoverageRow(*row) for row in await db.execute(said)]

    async def incidents(self, source: str = "", since: int = 0, limit: int = 100) -> list[IncidentStatus]:
        """The history of errors: those that were still going on at ``since`` (UTC µs), the latest first; of one source, or of all."""
        return await read_incidents(self._engine, source, since, limit)

    async def troubles(self, since: int, own_run: int | None) -> Troubles:
        """What is wrong as far as the store knows; ``since`` (UTC µs): how far back a failed run matters."""
        return await read_troubles(self._engine, since, own_run)

    async def ended(self, since: int, own_run: int | None) -> list[EndedRun]:
        """Runs that ended since then (UTC µs), but for our own; the latest first."""
        return await read_ended(self._engine, since, own_run)

    async def backlog(self) -> list[Backlog]:
        """What waits in quarantine, by source."""
        return await read_backlog(self._engine)

    async def records(self, which: Which, limit: int) -> list[Record]:
        """Records of quarantine, the latest first."""
        return await read_records(self._engine, which, limit)

    async def record(self, quarantine_id: int) -> Record | None:
        """All of one record."""
        return await read_record(self._engine, quarantine_id)

    async def record_groups(self, which: Which) -> list[Group]:
        """Records by source, stage and category."""
        return await read_groups(self._engine, which)

    async def record_ids(self, source: str) -> frozenset[int]:
        """All records of a source."""
        return await read_known(self._engine, source)

    async def journals(self) -> dict[int, Journal]:
        """All journals, by their ids."""
        return await read_journals(self._engine)

    async def quarantine_count(self) -> int:
        """How many rejects wait for a decision."""
        async with reading(self._engine) as db:
            return int((await db.execute(select(func.count()).where(Quarantined.state == "open"))).scalar_one())

    async def review_count(self) -> int:
        """How many links wait for a person."""
        async with reading(self._engine) as db:
            return int((await db.execute(select(func.count()).where(EventLink.state == "review"))).scalar_one())

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

    def _at(self, micros: int) -> FromClause:  # type: ignore[explicit-any] # its own default
        """What every selection's price was, as known now."""
        moments = [bindparam("at", micros, Micros()), bindparam("known", LATEST, Micros())]
        names = ", ".join(_NAMES)
        said = text(f"SELECT {names} FROM ({history.prices_at(Words(self._target.dialect))}) AS prices").bindparams(*moments)
        return said.columns(*map(column, _NAMES)).subquery()

    def _moment(self, micros: int) -> object:
        """A time as the views of this database show it."""
        return to_datetime(micros) if self._target.dialect == "postgresql" else to_datetime(micros).strftime(_ISO)


def _columns(table: type[DeclarativeBase], shape: type[Struct]) -> list[ColumnElement[object]]:
    return [getattr(table, name) for name in shape.__struct_fields__]


def _view(name: str, *more: str) -> FromClause:  # type: ignore[explicit-any] # its own default
    return named_table(name, *map(column, (*_NAMES, *more)))


def _matching(view: FromClause, said: str, market: str) -> list[ColumnElement[bool]]:  # type: ignore[explicit-any] # its own default
    names = ("event", "league", "outcome", "participant", "bookmaker", "market")
    wheres = [or_(*(func.lower(view.c[name]).contains(word.lower(), autoescape=True) for name in names)) for word in said.split()]
    return [*wheres, func.lower(view.c.market) == market.lower()] if market else wheres


def _price(row: Mapping[str, object]) -> Price:
    said = {name: value.astimezone(UTC).strftime(_ISO) if isinstance(value, datetime) else value for name, value in row.items()}
    if "witnesses" in said:
        said["live"] = True
    elif "live" in said:
        said["live"] = bool(said["live"])
    return Price(**said)  # type: ignore[arg-type] # as the views have them


_NAMES = tuple(name for name in Price.__struct_fields__ if name not in ("age_seconds", "live", "witnesses", "disagreement"))
