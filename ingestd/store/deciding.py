"""Each thing that a person can decide about events and quarantine, in one transaction beside whatever runs."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from msgspec import convert, structs
from sqlalchemy import insert, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.batch import LinkRow
from ingestd.errors import ConfigError
from ingestd.model import LinkState
from ingestd.retelling import Record
from ingestd.store import decisions, discarding, naming
from ingestd.store.connect import Target, reader_engine
from ingestd.store.decisions import EVENT, DecisionRow, Deed
from ingestd.store.discarding import QUARANTINE
from ingestd.store.ledger import Decision
from ingestd.store.placing import Key, Place, alone, merged, moved, own_id, settled, shown
from ingestd.store.relating import writing
from ingestd.store.schema import EventLink
from ingestd.store.warm import LINK, made, reading


class Deciding:
    """Decisions of one person on one store. All raise ConfigError for what cannot be, StoreUnavailable where it cannot be reached."""

    def __init__(self, place: Target) -> None:
        self._place = place

    async def link(self, deed: Deed, subject: Key, target: int, *, flipped: bool) -> list[DecisionRow]:
        """A link into an event."""
        async with writing(self._place) as db:
            old = (await decisions.link(db, subject)).event_id
            links = await decisions.links_of(db, [old, target])
            if old == target:
                raise ConfigError(f"{shown(subject)} is in that event already")
            return await decisions.carry_out(db, deed, subject, links, moved(links, subject, target, flipped=flipped, state="confirmed"))

    async def unlink(self, deed: Deed, subject: Key, state: LinkState = "confirmed") -> list[DecisionRow]:
        """A link into an event of its own."""
        async with writing(self._place) as db:
            links = await decisions.links_of(db, [(await decisions.link(db, subject)).event_id])
            if len(links) == 1 and links[subject].state == state:
                raise ConfigError(f"{shown(subject)} is alone in its event already")
            return await decisions.carry_out(db, deed, subject, links, alone(links, subject, state))

    async def merge(self, deed: Deed, target: int, other: int, *, flipped: bool) -> list[DecisionRow]:
        """All links of another event into this one."""
        if target == other:
            raise ConfigError("that is one event already")
        async with writing(self._place) as db:
            links = await decisions.links_of(db, [target, other])
            changes = merged(links, target, other, flipped=flipped)
            return await decisions.carry_out(db, deed, min(changes), links, changes)

    async def confirm(self, deed: Deed, subject: Key, *, flipped: bool) -> list[DecisionRow]:
        """What waits for a review is what it may be; what was linked by itself is right."""
        async with writing(self._place) as db:
            held = await decisions.link(db, subject)
            if held.state != "review":
                links = await decisions.links_of(db, [held.event_id])
                return await decisions.carry_out(db, deed, subject, links, {subject: Place(held.event_id, "confirmed", held.flipped)})
            if held.candidate_id is None:
                raise ConfigError(f"{shown(subject)}: what it might have been is gone; link it to an event, or reject it")
            links = await decisions.links_of(db, [held.event_id, held.candidate_id])
            changes = moved(links, subject, held.candidate_id, flipped=flipped, state="confirmed")
            return await decisions.carry_out(db, deed, subject, links, changes)

    async def undo(self, deed: Deed) -> list[DecisionRow]:
        """Take a decision back: everything it moved goes where it was."""
        async with writing(self._place) as db:
            rows = await decisions.history(db, decision_id=deed.undoes)
            if not rows:
                raise ConfigError(f"no decision {deed.undoes}; ingestd events decisions lists them")
            if deed.undoes in await decisions.undone(db):
                raise ConfigError(f"decision {deed.undoes} was taken back already, or takes another back; decide anew")
            if rows[0].kind == QUARANTINE:
                return await discarding.undo(db, deed, rows)
            if rows[0].kind != EVENT:
                return [await naming.undo(db, deed, rows[0])]
            return await _undo(db, deed, rows)

    async def name(self, deed: Deed, wish: naming.Wish) -> DecisionRow:
        """What a source's word for a team, a league or a bookmaker stands for."""
        async with writing(self._place) as db:
            return await naming.decide(db, deed, wish)

    async def discard(self, deed: Deed, records: Sequence[Record]) -> list[DecisionRow]:
        """Records of quarantine that nobody needs."""
        async with writing(self._place) as db:
            return await discarding.discard(db, deed, records)

    async def history(self) -> list[DecisionRow]:
        """All that was ever decided."""
        engine = reader_engine(self._place)
        try:
            async with reading(engine) as db:
                return await decisions.history(db)
        finally:
            await engine.dispose()

    async def take(self, rows: Iterable[DecisionRow]) -> int:
        """Import decisions, in their order, each once; returns how many were new."""
        taken = 0
        ordered = sorted(rows, key=lambda row: (row.decided_at, row.decision_id, row.place))
        async with writing(self._place) as db:
            known = set((await db.execute(select(Decision.decision_id))).scalars())
            for number, group in groupby(ordered, key=lambda row: row.decision_id):
                if number not in known:
                    taken += 1
                    await _take(db, list(group))
        return taken


async def _undo(db: AsyncConnection, deed: Deed, rows: Sequence[DecisionRow]) -> list[DecisionRow]:
    gone = await decisions.undone(db)
    for row in rows:
        later = [one for one in await decisions.history(db, key=row.key) if one.decision_id not in gone]
        if row.moves and later[-1].decision_id != row.decision_id:
            raise ConfigError(f"{shown(row.key)} was decided again since, by decision {later[-1].decision_id}: undo that first")
    held = await _existing(db, [row.key for row in rows])
    if rows[0].key not in held:
        raise ConfigError(f"{shown(rows[0].key)} is not in this store")
    changes = {
        row.key: Place(own_id((row.was_source, row.was)), _state(row.was_state), bool(row.was_flipped))
        for row in rows
        if row.moves and row.key in held
    }
    events = {link.event_id for link in held.values()} | {place.event_id for place in changes.values()}
    return await decisions.carry_out(db, deed, rows[0].key, await decisions.links_of(db, sorted(events)), changes)


async def _take(db: AsyncConnection, rows: Sequence[DecisionRow]) -> None:
    if rows[0].kind == QUARANTINE:
        await discarding.take(db, rows)
        return
    if rows[0].kind != EVENT:
        await naming.take(db, rows[0])
        return
    await db.execute(insert(Decision), [structs.asdict(row) for row in rows])
    await decisions.stand(db, rows)
    keys = [row.key for row in rows] + [(row.now_source, row.now) for row in rows]
    held = await _existing(db, keys)
    changes: dict[Key, Place] = {}
    # those that found an event go first: the others follow them
    for row in sorted(rows, key=lambda row: row.key != (row.now_source, row.now)):
        if row.moves and row.key in held:
            changes[row.key] = Place(_joined(row, held, changes), _state(row.now_state), bool(row.now_flipped))
    if changes:
        events = {link.event_id for link in held.values()} | {place.event_id for place in changes.values()}
        links = await decisions.links_of(db, sorted(events))
        await decisions.place(db, links, settled(links, changes))


def _joined(row: DecisionRow, held: Mapping[Key, LinkRow], changes: Mapping[Key, Place]) -> int:
    """The event that a decision means, in a store where it may have another founder."""
    anchor = (row.now_source, row.now)
    if anchor in changes:
        return changes[anchor].event_id
    return held[anchor].event_id if anchor in held and anchor != row.key else own_id(anchor)


def _state(word: str) -> LinkState:
    state: LinkState = convert(word, LinkState)
    return state


async def _existing(db: AsyncConnection, keys: Sequence[Key]) -> dict[Key, LinkRow]:
    columns = tuple_(EventLink.source, EventLink.source_event_id)
    found = [made(LinkRow, row) for row in await db.execute(select(*LINK).where(columns.in_(sorted(set(keys)))))]
    return {(link.source, link.source_event_id): link for link in found}
