"""Records of quarantine that a person lets go of: recorded among the decisions, with why; a retry by its id takes one up again."""

from collections.abc import Sequence

from msgspec import structs
from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.retelling import Record
from ingestd.store.decisions import DecisionRow, Deed
from ingestd.store.ledger import Decision, Quarantined
from ingestd.store.rows import chunks

QUARANTINE = "quarantine"
"""The kind of these decisions."""


async def discard(db: AsyncConnection, deed: Deed, records: Sequence[Record]) -> list[DecisionRow]:
    """Open records that nobody needs; one that was decided meanwhile stays as it is."""
    number = deed.named(*(str(record.quarantine_id) for record in records[:1]))
    rows = [
        DecisionRow(
            decision_id=number, place=place, decided_at=deed.at, decided_by=deed.who, action=deed.action, kind=QUARANTINE,
            source=record.source, subject=str(record.quarantine_id), was="open", now="discarded", note=deed.note,
        )
        for place, record in enumerate(records)
    ]  # fmt: skip
    await take(db, rows)
    return rows


async def take(db: AsyncConnection, rows: Sequence[DecisionRow]) -> None:
    """Write decisions down, and do what they say."""
    for lot in chunks(rows):
        await db.execute(insert(Decision), [structs.asdict(row) for row in lot])
        by_state = {(row.was, row.now) for row in lot}
        for was, now in sorted(by_state):
            ids = [int(row.subject) for row in lot if (row.was, row.now) == (was, now)]
            where = (Quarantined.quarantine_id.in_(ids), Quarantined.state == was)
            await db.execute(update(Quarantined).where(*where).values(state=now))


async def undo(db: AsyncConnection, deed: Deed, rows: Sequence[DecisionRow]) -> list[DecisionRow]:
    """What was discarded is open again."""
    number = deed.named(deed.undoes)
    back = [deed.reversing(row, number) for row in rows]
    await take(db, back)
    return back
