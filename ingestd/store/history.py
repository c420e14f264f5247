"""The history of errors: on its way into the store, and as the store has it."""

import json
from collections.abc import Iterable
from typing import Final

from msgspec import Struct
from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from ingestd.batch import IncidentRow
from ingestd.model import ScopeKind, Severity
from ingestd.store.checks import storable
from ingestd.store.ledger import Incident, Quarantined, RunRecord
from ingestd.store.rows import Row
from ingestd.store.schema import CoverageInterval
from ingestd.store.warm import reading

MOST: Final = 1_000
"""Rows of any one kind of trouble."""


class IncidentStatus(Struct, frozen=True, kw_only=True):
    """One kind of trouble, from its first to its last time in one go. Times: UTC µs. ``job``: the kind of the run that it happened in."""

    source: str
    stage: str
    category: str
    severity: Severity
    first_at: int
    last_at: int
    count: int
    message: str
    run_id: int | None
    job: str | None


class OpenGaps(Struct, frozen=True, kw_only=True):
    """Gaps of a source that are still open, by kind of scope and reason: how many, and when the first began (UTC µs)."""

    source: str
    scope_kind: ScopeKind
    reason: str
    count: int
    began_at: int


class UnhappyRun(Struct, frozen=True, kw_only=True):
    """A run that failed or died lately, or is still running. Times: UTC µs."""

    kind: str
    source: str
    status: str
    started_at: int
    error: str


class EndedRun(Struct, frozen=True, kw_only=True):
    """A run that ended, well or ill. Times: UTC µs. ``received``: updates that it took in."""

    run_id: int
    kind: str
    source: str
    status: str
    started_at: int
    ended_at: int
    received: int


class Backlog(Struct, frozen=True, kw_only=True):
    """Records of a source in quarantine that wait for a person: how many, and when the first came (UTC µs)."""

    source: str
    count: int
    first_at: int


class Troubles(Struct, frozen=True, kw_only=True):
    """What the store alone knows of what is wrong: across restarts, and of other processes."""

    gaps: list[OpenGaps]
    runs: list[UnhappyRun]


def incident_rows(found: Iterable[IncidentRow]) -> list[Row]:
    """Rows of ``incidents``, sorted by key, no key twice."""
    latest = {row.id: row for row in found}
    return [
        (
            *(row.id, storable(row.source), storable(row.stage), storable(row.category), row.severity),
            *(row.first_at, row.last_at, row.count, storable(row.message), row.run_id),
        )
        for _, row in sorted(latest.items())
    ]


async def read_incidents(engine: AsyncEngine, source: str, since: int, limit: int) -> list[IncidentStatus]:
    """Those that were still going on at ``since`` (UTC µs) or later, the latest first; of one source, or of all."""
    columns = [getattr(Incident, name) for name in IncidentStatus.__struct_fields__ if name != "job"]
    said = (
        select(*columns, RunRecord.kind.label("job"))
        .outerjoin(RunRecord, RunRecord.run_id == Incident.run_id)
        .where(Incident.last_at >= since)
        .order_by(Incident.last_at.desc(), Incident.id)
        .limit(limit)
    )
    if source:
        said = said.where(Incident.source == source)
    async with reading(engine) as db:
        return [IncidentStatus(**row) for row in (await db.execute(said)).mappings()]


async def read_troubles(engine: AsyncEngine, since: int, own_run: int | None) -> Troubles:
    """Open gaps; runs that failed since then (UTC µs) or go on, but for our own; and the live run before ours, if that died."""
    gaps = (
        select(
            *(CoverageInterval.source, CoverageInterval.scope_kind, CoverageInterval.reason),
            func.count().label("count"),
            func.min(CoverageInterval.began_at).label("began_at"),
        )
        .where(CoverageInterval.ended_at.is_(None), CoverageInterval.state == "gap")
        .group_by(CoverageInterval.source, CoverageInterval.scope_kind, CoverageInterval.reason)
        .order_by(CoverageInterval.source, CoverageInterval.scope_kind, CoverageInterval.reason)
        .limit(MOST)
    )
    columns = [getattr(RunRecord, name) for name in UnhappyRun.__struct_fields__]
    others = select(*columns).where(RunRecord.run_id != (own_run or 0)).order_by(RunRecord.started_at.desc())
    failed = and_(RunRecord.status == "failed", RunRecord.ended_at >= since)
    going_on = and_(RunRecord.status == "running", RunRecord.kind != "live")
    async with reading(engine) as db:
        runs = [UnhappyRun(**row) for row in (await db.execute(others.where(or_(failed, going_on)).limit(MOST))).mappings()]
        before = [UnhappyRun(**row) for row in (await db.execute(others.where(RunRecord.kind == "live").limit(1))).mappings()]
        found = [OpenGaps(**row) for row in (await db.execute(gaps)).mappings()]
    return Troubles(gaps=found, runs=[*(run for run in before if run.status == "died"), *runs])


async def read_ended(engine: AsyncEngine, since: int, own_run: int | None) -> list[EndedRun]:
    """Runs that ended since then (UTC µs), but for our own; the latest first."""
    columns = [getattr(RunRecord, name) for name in EndedRun.__struct_fields__ if name != "received"]
    said = (
        select(*columns, RunRecord.counts)
        .where(RunRecord.ended_at >= since, RunRecord.run_id != (own_run or 0))
        .order_by(RunRecord.ended_at.desc())
        .limit(MOST)
    )
    async with reading(engine) as db:
        rows = [dict(row) for row in (await db.execute(said)).mappings()]
    return [EndedRun(received=json.loads(row.pop("counts")).get("received", 0), **row) for row in rows]


async def read_backlog(engine: AsyncEngine) -> list[Backlog]:
    """What waits in quarantine, by source."""
    said = (
        select(Quarantined.source, func.count().label("count"), func.min(Quarantined.first_at).label("first_at"))
        .where(Quarantined.state == "open")
        .group_by(Quarantined.source)
        .order_by(Quarantined.source)
        .limit(MOST)
    )
    async with reading(engine) as db:
        return [Backlog(**row) for row in (await db.execute(said)).mappings()]
