"""The history of errors: on its way into the store, and as the store has it."""

from collections.abc import Iterable

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from ingestd.batch import IncidentRow
from ingestd.model import Severity
from ingestd.store.checks import storable
from ingestd.store.ledger import Incident, RunRecord
from ingestd.store.rows import Row
from ingestd.store.warm import reading


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
