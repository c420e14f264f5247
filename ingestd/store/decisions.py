"""What people decide about links and names: written into a ledger that only grows, and carried out in the same transaction."""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct, structs
from sqlalchemy import delete, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.batch import LinkRow
from ingestd.errors import ConfigError
from ingestd.model import hash64
from ingestd.store.ledger import Decision
from ingestd.store.placing import UNDECIDED, Key, Place, founders, key_of, own_id, place_of, settled, shown
from ingestd.store.relating import in_step, raise_revision
from ingestd.store.schema import Alias, Event, EventLink
from ingestd.store.warm import LINK, made

EVENT: Final = "event"


class DecisionRow(Struct, frozen=True, kw_only=True):
    """A row of the ledger, and a line of an export. Links are named by source and the source's own id, so that it holds in any store."""

    decision_id: str
    place: int
    decided_at: int
    decided_by: str
    action: str
    kind: str
    source: str
    sport: str = ""
    subject: str
    was_source: str = ""
    was: str = ""
    was_state: str = ""
    was_flipped: int = 0
    now_source: str = ""
    now: str = ""
    now_state: str = ""
    now_flipped: int = 0
    undoes: str = ""
    note: str = ""

    @property
    def key(self) -> Key:
        """The link that it is about."""
        return self.source, self.subject

    @property
    def moves(self) -> bool:
        """Whether anything changed; else it says that a link stays where it is."""
        was = (self.was_source, self.was, self.was_state, self.was_flipped)
        return was != (self.now_source, self.now, self.now_state, self.now_flipped)


class Deed(Struct, frozen=True, kw_only=True):
    """Who decides what, and when (UTC µs)."""

    action: str
    who: str
    at: int
    note: str = ""
    undoes: str = ""

    def named(self, *about: str) -> str:
        """The id of the decision."""
        return f"{hash64('decision', self.action, self.who, str(self.at), *about) & (1 << 64) - 1:016x}"[:12]

    def reversing(self, row: DecisionRow, number: str) -> DecisionRow:
        """The decision ``number`` that takes one back."""
        said = {"action": self.action, "decided_by": self.who, "decided_at": self.at, "note": self.note}
        return structs.replace(row, decision_id=number, was=row.now, now=row.was, undoes=row.decision_id, **said)


async def links_of(db: AsyncConnection, events: Sequence[int]) -> dict[Key, LinkRow]:
    """All links of some events, locked."""
    found = await db.execute(select(*LINK).where(EventLink.event_id.in_(list(events))).order_by(*_KEY).with_for_update())
    return {key_of(link): link for link in (made(LinkRow, row) for row in found)}


async def link(db: AsyncConnection, key: Key) -> LinkRow:
    """One link. Raises ConfigError where there is none."""
    row = (await db.execute(select(*LINK).where(tuple_(*_KEY) == key))).one_or_none()
    if row is None:
        raise ConfigError(f"no link {shown(key)}; ingestd events list shows what there is")
    return made(LinkRow, row)


async def carry_out(
    db: AsyncConnection, deed: Deed, subject: Key, links: Mapping[Key, LinkRow], changes: Mapping[Key, Place]
) -> list[DecisionRow]:
    """Move links as was decided, and write down where all links of the events concerned are from now on."""
    places = settled(links, changes)
    rows = recorded(deed, subject, links, places)
    await place(db, links, places)
    await db.execute(insert(Decision), [structs.asdict(row) for row in rows])
    await stand(db, rows)
    return rows


def recorded(deed: Deed, subject: Key, links: Mapping[Key, LinkRow], places: Mapping[Key, Place]) -> list[DecisionRow]:
    """The ledger's rows, the subject's first. A link that nobody has decided yet and that stays is not spoken of."""
    names = founders(links)
    number = deed.named(*subject)
    spoken = [key for key in links if key != subject and (places[key] != place_of(links[key]) or links[key].state not in UNDECIDED)]
    rows = []
    for order, key in enumerate((subject, *sorted(spoken))):
        before, after = place_of(links[key]), places[key]
        was, now = names.get(before.event_id, key), names.get(after.event_id, key)
        rows.append(
            DecisionRow(
                decision_id=number, place=order, decided_at=deed.at, decided_by=deed.who, action=deed.action, kind=EVENT, source=key[0],
                subject=key[1], was_source=was[0], was=was[1], was_state=before.state, was_flipped=int(before.flipped),
                now_source=now[0], now=now[1], now_state=after.state, now_flipped=int(after.flipped), undoes=deed.undoes, note=deed.note,
            )
        )  # fmt: skip
    return rows


async def place(db: AsyncConnection, links: Mapping[Key, LinkRow], places: Mapping[Key, Place]) -> None:
    """Put links where they are to be, and their events in step."""
    before, after = {link.event_id for link in links.values()}, {place.event_id for place in places.values()}
    there = set((await db.execute(select(Event.event_id).where(Event.event_id.in_(sorted(after))))).scalars())
    if after - there:
        await db.execute(insert(Event), [{"event_id": event_id} for event_id in sorted(after - there)])
    for key, row in links.items():
        now = places[key]
        if now != place_of(row):
            said = {"event_id": now.event_id, "state": now.state, "flipped": int(now.flipped), "revision": 0}
            await db.execute(update(EventLink).where(tuple_(*_KEY) == key).values(**said))
    for gone in sorted(before - after):
        founder = founders(links).get(gone)
        to = places[founder].event_id if founder else None
        await db.execute(update(EventLink).where(EventLink.candidate_id == gone).values(candidate_id=to, revision=0))
    await in_step(db, before | after)
    await raise_revision(db)


async def stand(db: AsyncConnection, rows: Sequence[DecisionRow]) -> None:
    """From now on these hold: also for links that are told of for the first time later."""
    for row in rows:
        await db.execute(delete(Alias).where(Alias.kind == EVENT, Alias.source == row.source, Alias.alias == row.subject))
        stands = await _before(db, row) if row.undoes else row
        if stands is None or stands.now_state in UNDECIDED:
            continue
        said = {
            "kind": EVENT, "source": row.source, "sport": "", "alias": row.subject, "score": 1.0,
            "stands_for": own_id((stands.now_source, stands.now)), "state": stands.now_state, "flipped": stands.now_flipped,
            "decided_by": stands.decided_by, "decided_at": stands.decided_at,
        }  # fmt: skip
        await db.execute(insert(Alias).values(**said))


async def history(db: AsyncConnection, *, decision_id: str = "", key: Key | None = None) -> list[DecisionRow]:
    """The ledger, in the order in which it was decided: all of it, one decision, or what was decided of one link."""
    said = select(*(getattr(Decision, name) for name in DecisionRow.__struct_fields__))
    if decision_id:
        said = said.where(Decision.decision_id == decision_id)
    if key is not None:
        said = said.where(Decision.kind == EVENT, Decision.source == key[0], Decision.subject == key[1])
    found = await db.execute(said.order_by(Decision.decided_at, Decision.decision_id, Decision.place))
    return [made(DecisionRow, row) for row in found]


async def undone(db: AsyncConnection) -> set[str]:
    """Decisions that no longer hold, and those that took them back."""
    found = await db.execute(select(Decision.decision_id, Decision.undoes).where(Decision.undoes != ""))
    return {name for row in found for name in row}


async def _before(db: AsyncConnection, row: DecisionRow) -> DecisionRow | None:
    gone = await undone(db)
    rows = [one for one in await history(db, key=row.key) if one.decision_id not in gone]
    return rows[-1] if rows else None


_KEY: Final = (EventLink.source, EventLink.source_event_id)
