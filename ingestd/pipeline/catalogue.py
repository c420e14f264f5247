"""What is known of events, by source: links, results, and the names around them; held in memory, written with the batch."""

from collections.abc import Iterable

from msgspec.structs import replace

from ingestd.batch import Batch, LinkRow, NamedRow, Refusal, ResultRow
from ingestd.model import BookmakerKind, Fixture, Outcome, Result, TimeRule, hash64


def supersedes(stamp: int, held_at: int, rule: TimeRule) -> bool:
    """Whether a statement of ``stamp`` comes after one of ``held_at``: an ordered feed's order has decided already."""
    return rule == "ordered" or stamp >= held_at


class Catalogue:
    """Links of provider's events to ours, per source; one decision, once made, is never made again."""

    def __init__(self) -> None:
        self._links: dict[tuple[str, str], LinkRow] = {}
        self._results: dict[tuple[str, str, str], ResultRow] = {}

    def learn(self, links: Iterable[LinkRow], results: Iterable[ResultRow]) -> None:
        """Take what the store knows."""
        self._links.update(((link.source, link.source_event_id), link) for link in links)
        self._results.update(((row.source, row.source_event_id, row.period), row) for row in results)

    def event_id(self, source: str, source_event_id: str) -> int:
        """The event behind a provider's own id: the linked one, else the one that this id makes by itself."""
        link = self._links.get((source, source_event_id))
        return link.event_id if link else hash64("event", source, source_event_id)

    def starts_at(self, source: str, source_event_id: str) -> int | None:
        """When the event starts, as far as the source has said."""
        link = self._links.get((source, source_event_id))
        return link.starts_at if link else None

    def mention(self, source: str, source_event_id: str, batch: Batch) -> None:
        """Make sure that an event named by a market or a selection exists, if only as a stub."""
        key = (source, source_event_id)
        if key not in self._links:
            link = LinkRow(source=source, source_event_id=source_event_id, event_id=self.event_id(*key))
            self._links[key] = batch.links[key] = link

    def fixture(self, source: str, update: Fixture, received_at: int, rule: TimeRule, batch: Batch) -> Outcome:
        """What a source says of an event; a kick-off once seen is kept."""
        key = (source, update.source_event_id)
        held = self._links.get(key)
        stamp = received_at if update.changed_at is None else update.changed_at
        if held is not None and held.changed_at and not supersedes(stamp, held.changed_at, rule):
            return "stale"
        link = _after(held, _link(source, update, stamp))
        if held is not None and held.changed_at and _said(link) == _said(held):
            return "duplicate" if stamp == held.changed_at else "unchanged"
        self._links[key] = batch.links[key] = link
        _name(link, batch)
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

    def take_back(self, refusal: Refusal) -> None:
        """Forget what the store refused: the next statement about it is written anew."""
        match refusal.table, refusal.key:
            case "event_links", (str(source), str(source_event_id)):
                self._links.pop((source, source_event_id), None)
            case "results", (str(source), str(source_event_id), str(period)):
                self._results.pop((source, source_event_id, period), None)
            case _:
                pass

    def forget(self, source: str, before: int) -> None:
        """Drop events of a source that started before ``before``, with their results."""
        old = {key for key, link in self._links.items() if key[0] == source and link.starts_at is not None and link.starts_at < before}
        for key in old:
            del self._links[key]
        for result in [key for key in self._results if key[:2] in old]:
            del self._results[result]


def bookmaker_id(name: str, kind: BookmakerKind, batch: Batch) -> int:
    """The id of a bookmaker, whose row goes into the batch."""
    key = hash64("bookmaker", name)
    batch.bookmakers[key] = NamedRow(id=key, name=name, kind=kind)
    return key


def _said(link: LinkRow) -> tuple[object, ...]:
    return (
        *(link.sport, link.league, link.season, link.name, link.home, link.away),
        *(link.starts_at, link.started_at, link.started_by, link.status),
    )


def _link(source: str, update: Fixture, stamp: int) -> LinkRow:
    return LinkRow(
        source=source,
        source_event_id=update.source_event_id,
        event_id=update.event_id,
        sport=update.sport,
        league=update.league,
        season=update.season,
        name=update.name,
        home=update.home,
        away=update.away,
        starts_at=update.starts_at,
        started_at=update.started_at,
        started_by=update.started_by,
        status=update.status,
        changed_at=stamp,
    )


def _after(held: LinkRow | None, link: LinkRow) -> LinkRow:
    """The new statement, in time after the held one, with the words and the times that it does not repeat; named."""
    if held is not None and held.changed_at:
        same = link.changed_at <= held.changed_at
        link = replace(
            link,
            sport=link.sport or held.sport,
            league=link.league or held.league,
            season=link.season or held.season,
            name=link.name or held.name,
            home=link.home or held.home,
            away=link.away or held.away,
            starts_at=link.starts_at if link.starts_at is not None else held.starts_at,
            started_at=link.started_at if link.started_at is not None else held.started_at,
            started_by=link.started_by if link.started_at is not None else held.started_by,
            status=link.status or held.status,
            changed_at=max(link.changed_at, held.changed_at),
            seq=held.seq + 1 if same else 0,
        )
    return replace(
        link,
        league_id=hash64("league", link.sport, link.league) if link.league else None,
        home_team_id=hash64("team", link.sport, link.home) if link.home else None,
        away_team_id=hash64("team", link.sport, link.away) if link.away else None,
    )


def _name(link: LinkRow, batch: Batch) -> None:
    if link.league_id is not None:
        batch.leagues[link.league_id] = NamedRow(id=link.league_id, name=link.league, sport=link.sport)
    for team_id, name in ((link.home_team_id, link.home), (link.away_team_id, link.away)):
        if team_id is not None:
            batch.teams[team_id] = NamedRow(id=team_id, name=name, sport=link.sport)
