"""What is known of events: links, results, and the names around them; held in memory, written with the batch."""

from collections import Counter
from collections.abc import Iterable

from msgspec.structs import replace

from ingestd.batch import Batch, LinkRow, NamedRow, Refusal, ResultRow
from ingestd.model import Fixture, Outcome, Result, Selection, StartedBy, TimeRule
from ingestd.pipeline.events import DAY, Events, Key, own_id
from ingestd.pipeline.linking import link_of, linked, reach
from ingestd.pipeline.names import Names, name_id, put_bookmaker, sport_of
from ingestd.relations import Known, Wanted


def supersedes(stamp: int, held_at: int, rule: TimeRule) -> bool:
    """Whether a statement of ``stamp`` comes after one of ``held_at``: an ordered feed's order has decided already."""
    return rule == "ordered" or stamp >= held_at


class Catalogue:
    """Which event each provider's own event is, and what was said of it; one decision, once made, is never made again.

    It knows the store's links as far as ``learn`` was told: before fixtures are linked, ask the store for what ``wanted`` names.
    """

    def __init__(self) -> None:
        self._names = Names()
        self._events = Events(self._names)
        self._said: dict[Key, LinkRow] = {}
        self._results: dict[tuple[str, str, str], ResultRow] = {}
        self._days: set[int] = set()
        self._revision = -1
        self._let_go: dict[str, int] = {}

    def start(self, links: Iterable[LinkRow], results: Iterable[ResultRow]) -> None:
        """Take what the store knows of a source."""
        for link in links:
            self._said[link.source, link.source_event_id] = link
            self._events.put(link)
        self._results.update(((row.source, row.source_event_id, row.period), row) for row in results)

    def states(self) -> Counter[str]:
        """How many of the links that are held are in which state."""
        return self._events.states()

    def wanted(self, fixtures: Iterable[tuple[str, Fixture]]) -> Wanted:
        """What must be learnt before these fixtures, each with its source, can be linked."""
        keys: set[Key] = set()
        near: set[int] = set()
        for source, fixture in fixtures:
            key = (source, fixture.source_event_id)
            held = self._events.get(key)
            if held is not None and held.state != "stub":
                continue
            keys.add(key)
            if fixture.parent:
                keys.add((source, fixture.parent))
            near.update(reach(_after(held, _told(source, fixture, 1))))
        near -= self._days
        held_days = self._days or {0}
        return Wanted(self._revision, frozenset(keys), _spans(near), (min(held_days) * DAY, (max(held_days) + 1) * DAY))

    def learn(self, known: Known, wanted: Wanted) -> None:
        """Take the store's answer: its links are right, whatever was held."""
        self._revision = known.revision
        for start, end in wanted.spans:
            self._days.update(range(start // DAY, end // DAY))
        if known.aliases is not None:
            self._names.learn(known.aliases)
            self._events.rank(known.places)
        for link in known.links:
            self._events.put(link)

    def starts_at(self, source: str, source_event_id: str) -> int | None:
        """When the event starts, as far as the source has said."""
        link = self._said.get((source, source_event_id))
        return link.starts_at if link else None

    def overdue(self, source: str, source_event_id: str, before: int) -> int | None:
        """When an event was to start that is said to be yet to come, though that lies before ``before``; None where all is well."""
        link = self._said.get((source, source_event_id))
        if link is None or link.status != "scheduled" or link.started_at is not None or link.starts_at is None:
            return None
        return link.starts_at if link.starts_at < before else None

    def mention(self, source: str, source_event_id: str, batch: Batch) -> None:
        """Make sure that an event named by a market or a selection exists, if only as a stub."""
        key = (source, source_event_id)
        if key not in self._said and self._events.get(key) is None:
            self._hold(LinkRow(source=source, source_event_id=source_event_id, event_id=own_id(*key), state="stub"), batch)

    def fixture(self, source: str, update: Fixture, received_at: int, rule: TimeRule, batch: Batch) -> Outcome:
        """What a source says of an event; a kick-off once seen is kept. Told enough for the first time, the event is linked."""
        key = (source, update.source_event_id)
        held = self._said.get(key)
        stamp = received_at if update.changed_at is None else update.changed_at
        if held is not None and held.changed_at and not supersedes(stamp, held.changed_at, rule):
            return "stale"
        told = _after(held, _told(source, update, stamp))
        if held is not None and held.changed_at and _words(told) == _words(held):
            return "duplicate" if stamp == held.changed_at else "unchanged"
        known = self._events.get(key)
        if known is not None and known.state != "stub":
            self._hold(self._named(linked(told, known), batch), batch)
            return "changed"
        decided = link_of(told, self._events, self._names)
        self._hold(self._named(linked(told, decided), batch), batch)
        if decided.state != "stub":
            self._bring_children(key, batch)
        return "changed"

    def result(self, source: str, update: Result, received_at: int, rule: TimeRule, batch: Batch) -> Outcome:
        """How an event ended, as one source gives it."""
        self.mention(source, update.source_event_id, batch)
        key = (source, update.source_event_id, update.period)
        held = self._results.get(key)
        stamp = received_at if update.changed_at is None else update.changed_at
        if held is not None:
            if not supersedes(stamp, held.changed_at, rule):
                return "stale"
            if (update.home_score, update.away_score, update.winner, update.state) == (
                held.home_score,
                held.away_score,
                held.winner,
                held.state,
            ):
                return "duplicate" if stamp == held.changed_at else "unchanged"
            stamp = max(stamp, held.changed_at + 1)
        row = ResultRow(
            source=source,
            source_event_id=update.source_event_id,
            period=update.period,
            home_score=update.home_score,
            away_score=update.away_score,
            winner=update.winner,
            state=update.state,
            changed_at=stamp,
        )
        self._results[key] = batch.results[key] = row
        return "changed"

    def bookmaker(self, selection: Selection, batch: Batch) -> int:
        """The id of whoever offers a price; its row goes into the batch."""
        name = self._names.bookmaker(selection.source, selection.bookmaker)
        return put_bookmaker(name, selection.bookmaker_kind, batch)

    def same(self, stored: Selection, told: Selection) -> bool:
        """Whether a selection as the store has it, the bookmaker by the name that it has here, is told just so."""
        return stored == replace(told, bookmaker=self._names.bookmaker(told.source, told.bookmaker))

    def take_back(self, refusal: Refusal) -> None:
        """Forget what the store refused: the next statement about it is written anew."""
        match refusal.table, refusal.key:
            case "event_links", (str(source), str(source_event_id)):
                self._said.pop((source, source_event_id), None)
                self._events.drop((source, source_event_id))
            case "results", (str(source), str(source_event_id), str(period)):
                self._results.pop((source, source_event_id, period), None)
            case _:
                pass

    def forget(self, source: str, before: int) -> None:
        """Drop events of a source that started before ``before``, with their results; and those of others that nobody here looks at."""
        self._let_go[source] = before
        horizon = min(self._let_go.values())
        for key in list(self._events.before(max(before, horizon))):
            link = self._events.get(key)
            until = before if key[0] == source else horizon if key[0] not in self._let_go else 0
            if link is not None and link.starts_at is not None and link.starts_at < until:
                self._events.drop(key)
        old = {key for key, link in self._said.items() if key[0] == source and link.starts_at is not None and link.starts_at < before}
        for key in old:
            del self._said[key]
        for result in [key for key in self._results if key[:2] in old]:
            del self._results[result]
        self._days = {day for day in self._days if day * DAY >= horizon}

    def leave(self, source: str) -> None:
        """Let go of what a source said: nobody here reads it any more."""
        self._let_go.pop(source, None)
        self._said = {key: link for key, link in self._said.items() if key[0] != source}
        self._results = {key: row for key, row in self._results.items() if key[0] != source}

    def _hold(self, row: LinkRow, batch: Batch) -> None:
        key = (row.source, row.source_event_id)
        self._said[key] = row
        told = batch.links.get(key)
        # what was let go of, and is only mentioned now, may have been told in full before in this batch
        if told is None or told.changed_at <= row.changed_at:
            batch.links[key] = row
        known = self._events.get(key)
        # a run that reads what is long past says less of today than the store does
        self._events.put(row if known is None or known.changed_at <= row.changed_at else linked(known, row))

    def _named(self, link: LinkRow, batch: Batch) -> LinkRow:
        """With the ids of its league and teams, whose rows go into the batch."""
        source, sport = link.source, link.sport
        league = self._names.league(source, sport, link.league) if link.league else ""
        home, away = (self._names.team(source, sport, name) if name else "" for name in (link.home, link.away))
        row = replace(
            link,
            league_id=name_id("league", sport, league),
            home_team_id=name_id("team", sport, home),
            away_team_id=name_id("team", sport, away),
        )
        if row.league_id is not None:
            batch.leagues[row.league_id] = NamedRow(id=row.league_id, name=league, sport=sport)
        for team_id, name in ((row.home_team_id, home), (row.away_team_id, away)):
            if team_id is not None:
                batch.teams[team_id] = NamedRow(id=team_id, name=name, sport=sport)
        return row

    def _bring_children(self, key: Key, batch: Batch) -> None:
        """What waited for its parent goes where the parent went."""
        for child in self._events.children(key):
            if child.state == "stub":
                self._hold(replace(linked(child, link_of(child, self._events, self._names)), seq=child.seq + 1), batch)


def _words(link: LinkRow) -> tuple[object, ...]:
    return (
        *(link.sport, link.league, link.season, link.name, link.home, link.away),
        *(link.starts_at, link.started_at, link.started_by, link.status, link.parent),
    )


def _told(source: str, update: Fixture, stamp: int) -> LinkRow:
    return LinkRow(
        source=source,
        source_event_id=update.source_event_id,
        event_id=0,
        sport=sport_of(update.sport),
        league=update.league,
        season=update.season,
        name=update.name,
        home=update.home,
        away=update.away,
        starts_at=update.starts_at,
        started_at=update.started_at,
        started_by=update.started_by,
        status=update.status,
        parent=update.parent,
        changed_at=stamp,
    )


def _after(held: LinkRow | None, link: LinkRow) -> LinkRow:
    """The new statement, in time after the held one, with the words and the times that it does not repeat."""
    if held is None or not held.changed_at:
        return link
    started_at, started_by = (link.started_at, link.started_by) if link.started_at is not None else _started(held, link)
    return replace(
        link,
        sport=link.sport or held.sport,
        league=link.league or held.league,
        season=link.season or held.season,
        name=link.name or held.name,
        home=link.home or held.home,
        away=link.away or held.away,
        starts_at=link.starts_at if link.starts_at is not None else held.starts_at,
        started_at=started_at,
        started_by=started_by,
        status=link.status or held.status,
        parent=link.parent or held.parent,
        changed_at=max(link.changed_at, held.changed_at),
        seq=held.seq + 1 if link.changed_at <= held.changed_at else 0,
    )


def _started(held: LinkRow, link: LinkRow) -> tuple[int | None, StartedBy]:
    """The kick-off seen before; a start that is moved behind it takes it back: what was seen was not the kick-off."""
    was, now = held.starts_at, link.starts_at
    if held.started_at is not None and was is not None and now is not None and now > was and now > held.started_at:
        return None, ""
    return held.started_at, held.started_by


def _spans(days: set[int]) -> tuple[tuple[int, int], ...]:
    """Days (from 1970) as spans of UTC µs, neighbours as one."""
    spans: list[tuple[int, int]] = []
    for day in sorted(days):
        if spans and spans[-1][1] == day * DAY:
            spans[-1] = (spans[-1][0], (day + 1) * DAY)
        else:
            spans.append((day * DAY, (day + 1) * DAY))
    return tuple(spans)
