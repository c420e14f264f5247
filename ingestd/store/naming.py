"""A person's word on what a source's team, league or bookmaker is called here: an alias, and everything stored that it names."""

from typing import Final

from msgspec import Struct, structs
from sqlalchemy import ColumnElement, and_, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import ConfigError
from ingestd.model import hash64
from ingestd.store import decisions
from ingestd.store.decisions import DecisionRow, Deed
from ingestd.store.ledger import Decision
from ingestd.store.relating import in_step, raise_revision
from ingestd.store.schema import Alias, Bookmaker, EventLink, League, PricedSelection, Team

KINDS: Final = ("team", "league", "bookmaker")


class Wish(Struct, frozen=True, kw_only=True):
    """``word`` as ``source`` has it is to be ``name``; it was ``before``. ``sport`` is empty for a bookmaker."""

    kind: str
    source: str
    sport: str
    word: str
    name: str
    before: str


async def decide(db: AsyncConnection, deed: Deed, wish: Wish) -> DecisionRow:
    """Carry it out and write it down. Raises ConfigError where it is so already."""
    held = (await db.execute(select(Alias.stands_for).where(*_alias(wish.kind, wish.source, wish.sport, wish.word)))).scalar_one_or_none()
    if held == _id(wish.kind, wish.sport, wish.name):
        raise ConfigError(f"{wish.word!r} of {wish.source} stands for {wish.name!r} already")
    row = DecisionRow(
        decision_id=deed.named(wish.kind, wish.source, wish.sport, wish.word),
        place=0,
        decided_at=deed.at,
        decided_by=deed.who,
        action=deed.action,
        kind=wish.kind,
        source=wish.source,
        sport=wish.sport,
        subject=wish.word,
        was=await _called(db, wish),
        now=wish.name,
        undoes=deed.undoes,
        note=deed.note,
    )
    await take(db, row)
    return row


async def take(db: AsyncConnection, row: DecisionRow) -> None:
    """A decision that was made, here or elsewhere."""
    await db.execute(insert(Decision).values(**structs.asdict(row)))
    await _rename(db, row)
    await db.execute(delete(Alias).where(*_alias(row.kind, row.source, row.sport, row.subject)))
    stands = await _standing(db, row) if row.undoes else row
    if stands is not None:
        said = {
            "kind": row.kind, "source": row.source, "sport": row.sport, "alias": row.subject,
            "stands_for": _id(row.kind, row.sport, stands.now), "flipped": 0, "score": 1.0, "decided_by": stands.decided_by,
            "decided_at": stands.decided_at,
        }  # fmt: skip
        await db.execute(insert(Alias).values(**said))
    await raise_revision(db)


async def undo(db: AsyncConnection, deed: Deed, row: DecisionRow) -> DecisionRow:
    """Call it as it was called before."""
    back = deed.reversing(row, deed.named(row.kind, row.source, row.sport, row.subject))
    await take(db, back)
    return back


async def _standing(db: AsyncConnection, row: DecisionRow) -> DecisionRow | None:
    """What was decided of the word before, and still holds."""
    gone = await decisions.undone(db)
    about = (row.kind, row.source, row.sport, row.subject)
    rows = [
        one
        for one in await decisions.history(db)
        if (one.kind, one.source, one.sport, one.subject) == about and one.decision_id not in gone
    ]
    return rows[-1] if rows else None


async def _called(db: AsyncConnection, wish: Wish) -> str:
    """The name so far: a former alias's, else what the shipped lists make of the word."""
    table: type[Team | League | Bookmaker] = Bookmaker if wish.kind == "bookmaker" else Team if wish.kind == "team" else League
    said = select(table.name).join(Alias, Alias.stands_for == table.id).where(*_alias(wish.kind, wish.source, wish.sport, wish.word))
    return (await db.execute(said)).scalar_one_or_none() or wish.before


async def _rename(db: AsyncConnection, row: DecisionRow) -> None:
    """Whatever this word of this source names has the new name."""
    key = _id(row.kind, row.sport, row.now)
    if row.kind == "bookmaker":
        old = hash64("bookmaker", row.was)
        kind = (await db.execute(select(Bookmaker.kind).where(Bookmaker.id == old))).scalar_one_or_none() or "book"
        await _ensure(db, Bookmaker, {"id": key, "name": row.now, "kind": kind})
        where = and_(PricedSelection.source == row.source, PricedSelection.bookmaker_id == old)
        await db.execute(update(PricedSelection).where(where).values(bookmaker_id=key))
        return
    await _ensure(db, Team if row.kind == "team" else League, {"id": key, "name": row.now, "sport": row.sport})
    words = (("home", "home_team_id"), ("away", "away_team_id")) if row.kind == "team" else (("league", "league_id"),)
    events: set[int] = set()
    for word, column in words:
        where = and_(EventLink.source == row.source, EventLink.sport == row.sport, getattr(EventLink, word) == row.subject)
        events |= set((await db.execute(select(EventLink.event_id).where(where))).scalars())
        await db.execute(update(EventLink).where(where).values({column: key, "revision": 0}))
    await in_step(db, events)


async def _ensure(db: AsyncConnection, table: type[Team | League | Bookmaker], row: dict[str, object]) -> None:
    if (await db.execute(select(table.id).where(table.id == row["id"]))).scalar_one_or_none() is None:
        await db.execute(insert(table).values(**row))


def _alias(kind: str, source: str, sport: str, word: str) -> tuple[ColumnElement[bool], ...]:
    return Alias.kind == kind, Alias.source == source, Alias.sport == sport, Alias.alias == word


def _id(kind: str, sport: str, name: str) -> int:
    return hash64(kind, name) if kind == "bookmaker" else hash64(kind, sport, name)
