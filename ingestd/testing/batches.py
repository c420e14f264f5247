"""Batches by hand, for tests of stores: one source, its events, markets and selections, told at will."""

from collections.abc import Iterable
from itertools import count

from ingestd.batch import (
    Batch,
    Change,
    CoverageRow,
    LinkRow,
    MarketRow,
    NamedRow,
    RejectRow,
    SelectionRow,
    SourceRow,
    store_offset,
)
from ingestd.interfaces import Store
from ingestd.model import Run, RunKind, Scope, Selection, hash64, selection

T0 = 1_700_000_000_000_000
"""2023-11-14 22:13:20 UTC, in µs."""
_RUNS = count(1)


class World:
    """Builds batches of one source for one run."""

    def __init__(self, source: str = "demo", kind: RunKind = "live") -> None:
        self.source = source
        self.run = Run(run_id=next(_RUNS), kind=kind, source=source, started_at=T0)
        self.journal_id = 0
        self.position = 0

    async def begin(self, store: Store, uid: str = "") -> int:
        """Enter a run on the store."""
        self.journal_id = await store.journal_id(uid or f"uid-{self.run.run_id}", "/journal")
        return await store.begin(self.run, self.journal_id, 0)

    def batch(self, changes: Iterable[Change] = (), odds_after: int | None = None) -> Batch:
        """An empty batch at the next position, or one with changes."""
        self.position += 1
        return Batch(run=self.run, journal_id=self.journal_id, position=self.position, odds_after=odds_after, changes=list(changes))

    def selection(self, key: str, *, market: str = "m1", event: str = "e1", outcome: str = "home", bookmaker: str = "acme") -> Selection:
        """A selection by a word."""
        return selection(
            self.source,
            (market, key),
            bookmaker=bookmaker,
            source_event_id=event,
            source_market_id=market,
            scope=Scope("market", market),
            market="h2h",
            outcome=outcome,
            participant=key,
        )

    def tell(self, batch: Batch, *selections: Selection, at: int = T0) -> None:
        """Put selections into a batch, with the event, market and bookmaker they need."""
        for said in selections:
            link = self.link(said.source_event_id, at=at)
            bookmaker = hash64("bookmaker", said.bookmaker)
            batch.links.setdefault((self.source, said.source_event_id), link)
            self.name(batch, link)
            batch.bookmakers[bookmaker] = NamedRow(bookmaker, said.bookmaker, kind=said.bookmaker_kind)
            market = MarketRow(self.source, said.source_market_id, said.source_event_id, said.market, said.period, "open", 0, 0)
            batch.markets.setdefault((self.source, said.source_market_id), market)
            batch.selections[said.id] = SelectionRow(said, bookmaker, at, at)

    def link(self, event: str = "e1", *, at: int = T0, seq: int = 0, home: str = "Reds", away: str = "Blues", **more: object) -> LinkRow:
        """What the source says of an event."""
        said = {
            "source": self.source,
            "source_event_id": event,
            "event_id": hash64("event", self.source, event),
            "sport": "football",
            "league": "Premier",
            "league_id": hash64("league", "football", "Premier"),
            "name": f"{home} v {away}",
            "home": home,
            "away": away,
            "home_team_id": hash64("team", "football", home),
            "away_team_id": hash64("team", "football", away),
            "starts_at": T0 + 3_600_000_000,
            "status": "scheduled",
            "changed_at": at,
            "seq": seq,
            **more,
        }
        return LinkRow(**said)  # type: ignore[arg-type] # the words above are its fields

    def name(self, batch: Batch, link: LinkRow) -> None:
        """Put the names that a link refers to into a batch."""
        if link.league_id is not None:
            batch.leagues[link.league_id] = NamedRow(link.league_id, link.league, sport=link.sport)
        for key, name in ((link.home_team_id, link.home), (link.away_team_id, link.away)):
            if key is not None:
                batch.teams[key] = NamedRow(key, name, sport=link.sport)

    def change(self, said: Selection, at: int, price: float | None = 2.0, seq: int = 0, **more: object) -> Change:
        """A price after a change."""
        row = Change(said.id, at, seq, price, None, 10.0, "open", "open", "", "provider", at, store_offset(self.journal_id, self.position))
        for name, value in more.items():
            setattr(row, name, value)
        return row

    def covered(
        self,
        batch: Batch,
        began: int,
        until: int,
        *,
        scope: tuple[str, str] = ("source", ""),
        state: str = "complete",
        ended: int | None = None,
    ) -> None:
        """Put an interval of coverage into a batch."""
        batch.coverage[self.source, *scope, began] = CoverageRow(self.source, *scope, began, ended, until, state)  # type: ignore[arg-type] # words of the model

    def state(self, batch: Batch, at: int, state: str = "live", silence_limit: int = 30_000_000) -> None:
        """Put the source's state into a batch."""
        batch.sources[self.source] = SourceRow(
            source=self.source,
            feed="simulated",
            state=state,  # type: ignore[arg-type] # words of the model
            since=at,
            last_received_at=at,
            last_changed_at=at,
            alive_at=at,
            silence_limit=silence_limit,
            counters={"changed": 1},
        )

    def reject(self, key: str, position: int, **more: object) -> RejectRow:
        """A reject by a word."""
        said = {
            "quarantine_id": hash64(self.source, key),
            "source": self.source,
            "stage": "decode",
            "category": "malformed",
            "severity": "error",
            "reason": "not JSON",
            "offset": store_offset(self.journal_id, position),
            "path": "",
            "update": "",
            "error": "",
            "seen_at": T0 + position,
            **more,
        }
        return RejectRow(**said)  # type: ignore[arg-type] # the words above are its fields
