"""The fact tables: who plays, what is priced, what every price is and was, and how complete that knowledge is.

Narrow facts, wide views (``views``). Times are UTC microseconds (``columns.Micros``); text is never NULL. A column that changes with
every price has no index.
"""

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from ingestd.store.columns import Base, Count, Flag, Key, Real, Ref, Small, Time, TimeKey, Word, WordKey

STRICT = {"sqlite_strict": True}
_OPEN = text("ended_at IS NULL")


def _of_link() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["source", "source_event_id"], ["event_links.source", "event_links.source_event_id"])


class League(Base):
    """A league, by sport and name."""

    __tablename__ = "leagues"
    id: Mapped[Key]
    sport: Mapped[Word]
    name: Mapped[Word]


class Team(Base):
    """A team or a player, by sport and name."""

    __tablename__ = "teams"
    id: Mapped[Key]
    sport: Mapped[Word]
    name: Mapped[Word]


class Bookmaker(Base):
    """Who offers a price; an ``aggregate`` (a maximum, an average of others) is never "best"."""

    __tablename__ = "bookmakers"
    id: Mapped[Key]
    name: Mapped[Word]
    kind: Mapped[Word]


class Alias(Base):
    """What a person decided that a source's own word (of a team, league, bookmaker) or id (of an event) stands for.

    ``state`` and ``flipped`` are of events only. How it came to this is in ``decisions``.
    """

    __tablename__ = "aliases"
    kind: Mapped[WordKey]
    source: Mapped[WordKey]
    sport: Mapped[WordKey]
    alias: Mapped[WordKey]
    stands_for: Mapped[Ref]
    state: Mapped[Word]
    flipped: Mapped[Flag]
    score: Mapped[Real]
    decided_by: Mapped[Word]
    decided_at: Mapped[Time]


class Event(Base):
    """A match or a race, derived from its links by precedence; a stub (all empty) until a source has told of it."""

    __tablename__ = "events"
    event_id: Mapped[Key]
    sport: Mapped[Word]
    league_id: Mapped[Ref | None] = mapped_column(ForeignKey("leagues.id"))
    season: Mapped[Word]
    home_team_id: Mapped[Ref | None] = mapped_column(ForeignKey("teams.id"))
    away_team_id: Mapped[Ref | None] = mapped_column(ForeignKey("teams.id"))
    name: Mapped[Word]
    starts_at: Mapped[Time | None]
    started_at: Mapped[Time | None]
    started_by: Mapped[Word]
    status: Mapped[Word]


class Precedence(Base):
    """Whose word counts first where sources differ: the lower ``place``; a source without a row comes after all others, by its name."""

    __tablename__ = "precedence"
    source: Mapped[WordKey]
    place: Mapped[Small]


class EventLink(Base):
    """What one source says of an event, in its own words, and which event that is: nothing else in the store says so.

    ``changed_at`` 0: a stub. ``flipped`` 1: its home is the event's away. ``parent``: the source's own id of the event that this one is
    the live child of. ``state`` ``review``: it may be ``candidate_id``, which a person is to decide. ``revision`` grows with each decision.
    """

    __tablename__ = "event_links"
    __table_args__ = (Index(None, "event_id"), Index(None, "starts_at"), Index(None, "revision"), STRICT)
    source: Mapped[WordKey]
    source_event_id: Mapped[WordKey]
    event_id: Mapped[Ref] = mapped_column(ForeignKey("events.event_id"))
    score: Mapped[Real] = mapped_column(server_default=text("1"))
    state: Mapped[Word] = mapped_column(server_default=text("'auto'"))
    flipped: Mapped[Flag]
    parent: Mapped[Word]
    candidate_id: Mapped[Ref | None]
    evidence: Mapped[Word]
    revision: Mapped[Count]
    sport: Mapped[Word]
    league: Mapped[Word]
    league_id: Mapped[Ref | None] = mapped_column(ForeignKey("leagues.id"))
    season: Mapped[Word]
    name: Mapped[Word]
    home: Mapped[Word]
    away: Mapped[Word]
    home_team_id: Mapped[Ref | None] = mapped_column(ForeignKey("teams.id"))
    away_team_id: Mapped[Ref | None] = mapped_column(ForeignKey("teams.id"))
    starts_at: Mapped[Time | None]
    started_at: Mapped[Time | None]
    started_by: Mapped[Word]
    status: Mapped[Word]
    changed_at: Mapped[Time]
    seq: Mapped[Small]


class EventResult(Base):
    """How an event, or a period of it, ended, as one source gives it."""

    __tablename__ = "results"
    __table_args__ = (_of_link(), STRICT)
    source: Mapped[WordKey]
    source_event_id: Mapped[WordKey]
    period: Mapped[WordKey]
    home_score: Mapped[Small | None]
    away_score: Mapped[Small | None]
    winner: Mapped[Word]
    state: Mapped[Word]
    changed_at: Mapped[Time]


class Market(Base):
    """The state of a market at a source; it covers every selection in it. ``changed_at`` 0: known by its quotes alone."""

    __tablename__ = "markets"
    __table_args__ = (_of_link(), Index(None, "source", "source_event_id"), STRICT)
    source: Mapped[WordKey]
    source_market_id: Mapped[WordKey]
    source_event_id: Mapped[Word]
    market: Mapped[Word]
    period: Mapped[Word]
    status: Mapped[Word]
    changed_at: Mapped[Time]
    seq: Mapped[Small]


class PricedSelection(Base):
    """What a price is a price of. ``identity`` never changes; the describing columns are those of the latest telling (``changed_at``)."""

    __tablename__ = "selections"
    __table_args__ = (
        ForeignKeyConstraint(["source", "source_market_id"], ["markets.source", "markets.source_market_id"]),
        _of_link(),
        Index(None, "source", "source_market_id"),
        Index(None, "source", "source_event_id"),
        STRICT,
    )
    selection_id: Mapped[Key]
    identity: Mapped[Word]
    source: Mapped[Word]
    bookmaker_id: Mapped[Ref] = mapped_column(ForeignKey("bookmakers.id"))
    source_event_id: Mapped[Word]
    source_market_id: Mapped[Word]
    scope_kind: Mapped[Word]
    scope_id: Mapped[Word]
    market: Mapped[Word]
    period: Mapped[Word]
    outcome: Mapped[Word]
    participant: Mapped[Word]
    side: Mapped[Word]
    first_seen_at: Mapped[Time]
    changed_at: Mapped[Time]


class Odds(Base):
    """What a price is now. Moves forward only, by (``changed_at``, ``seq``)."""

    __tablename__ = "odds"
    __table_args__ = {"sqlite_strict": True, "postgresql_with": {"fillfactor": 70}}  # noqa: RUF012 - SQLAlchemy's own form
    selection_id: Mapped[Key] = mapped_column(ForeignKey("selections.selection_id"))
    price: Mapped[Real | None]
    line: Mapped[Real | None]
    size: Mapped[Real | None]
    own_status: Mapped[Word]
    result: Mapped[Word]
    changed_at: Mapped[Time]
    seq: Mapped[Small]
    time_basis: Mapped[Word]
    received_at: Mapped[Time]
    committed_at: Mapped[Time]


class OddsHistory(Base):
    """Every change a price ever made; in PostgreSQL by months of ``changed_at``, made when a month is first met (``partitions``)."""

    __tablename__ = "odds_history"
    __table_args__ = (
        Index(None, "journal_offset", postgresql_using="brin"),
        {"sqlite_strict": True, "sqlite_with_rowid": False, "postgresql_partition_by": "RANGE (changed_at)"},
    )
    selection_id: Mapped[Key] = mapped_column(ForeignKey("selections.selection_id"))
    changed_at: Mapped[TimeKey]
    seq: Mapped[Small] = mapped_column(primary_key=True, autoincrement=False)
    price: Mapped[Real | None]
    line: Mapped[Real | None]
    size: Mapped[Real | None]
    status: Mapped[Word]
    result: Mapped[Word]
    time_basis: Mapped[Word]
    received_at: Mapped[Time]
    committed_at: Mapped[Time]
    journal_offset: Mapped[Ref]


class CoverageInterval(Base):
    """How complete the knowledge of one scope was, from ``began_at`` on; open while ``ended_at`` is NULL."""

    __tablename__ = "coverage"
    __table_args__ = (
        Index(None, "source", "scope_kind", "scope_id", "ended_at"),
        Index("coverage_open_idx", "source", "scope_kind", "scope_id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        STRICT,
    )
    source: Mapped[WordKey]
    scope_kind: Mapped[WordKey]
    scope_id: Mapped[WordKey]
    began_at: Mapped[TimeKey]
    ended_at: Mapped[Time | None]
    seen_until: Mapped[Time]
    state: Mapped[Word]
    reason: Mapped[Word]
    repaired_by: Mapped[Word]
