"""The tables of the daemon's own affairs: sources, runs, journals and how far they were read, rejects, incidents."""

from typing import Final

from sqlalchemy import ForeignKey, Index, Integer, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ingestd.store.columns import Base, Count, Flag, Int8, Key, Ref, Time, Word, WordKey
from ingestd.store.schema import STRICT


class SourceState(Base):
    """A source as the last live run knew it. ``counters`` is a JSON object; ``silence_limit`` µs after which its prices are not live."""

    __tablename__ = "sources"
    source: Mapped[WordKey]
    feed: Mapped[Word]
    state: Mapped[Word]
    since: Mapped[Time]
    reason: Mapped[Word]
    last_received_at: Mapped[Time]
    last_changed_at: Mapped[Time]
    alive_at: Mapped[Time]
    silence_limit: Mapped[Count]
    counters: Mapped[Word]


class RunRecord(Base):
    """A run: the live recording, one load, one replay. ``counts`` is a JSON object."""

    __tablename__ = "runs"
    run_id: Mapped[Key]
    source: Mapped[Word]
    kind: Mapped[Word]
    started_at: Mapped[Time]
    ended_at: Mapped[Time | None]
    status: Mapped[Word]
    counts: Mapped[Word]
    error: Mapped[Word]


class JournalRecord(Base):
    """A journal by its uid, and the id that offsets carry for it."""

    __tablename__ = "journals"
    __table_args__ = (UniqueConstraint("uid"), STRICT)
    journal_id: Mapped[int] = mapped_column(Int8, primary_key=True, autoincrement=True)
    uid: Mapped[Word]
    path: Mapped[Word]
    created_at: Mapped[Time]


class Checkpoint(Base):
    """How far a reader (a kind of run) has read a journal. Whoever writes must still hold the ``fence`` that it took."""

    __tablename__ = "checkpoints"
    reader: Mapped[WordKey]
    journal_id: Mapped[Key] = mapped_column(ForeignKey("journals.journal_id"))
    position: Mapped[Ref]
    updated_at: Mapped[Time]
    fence: Mapped[Ref]


class Revision(Base):
    """A number that grows with each change to a ``subject`` that a running daemon should hear of (``links``: links and aliases)."""

    __tablename__ = "revisions"
    subject: Mapped[WordKey]
    revision: Mapped[Ref]


class Decision(Base):
    """What a person decided, for ever: a decision is undone by another one. ``place``: one decision may move several links.

    ``kind`` ``event``: the link (``source``, ``subject``) went from the event of one link (``was_source``, ``was``) to that of another
    (``now_source``, ``now``). Other kinds: the word ``subject`` went from the name ``was`` to ``now``.
    """

    __tablename__ = "decisions"
    __table_args__ = (Index(None, "decided_at"), STRICT)
    decision_id: Mapped[WordKey]
    place: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    decided_at: Mapped[Time]
    decided_by: Mapped[Word]
    action: Mapped[Word]
    kind: Mapped[Word]
    source: Mapped[Word]
    sport: Mapped[Word]
    subject: Mapped[Word]
    was_source: Mapped[Word]
    was: Mapped[Word]
    was_state: Mapped[Word]
    was_flipped: Mapped[Flag]
    now_source: Mapped[Word]
    now: Mapped[Word]
    now_state: Mapped[Word]
    now_flipped: Mapped[Flag]
    undoes: Mapped[Word]
    note: Mapped[Word]


class Quarantined(Base):
    """What could not be taken, once per content and place, with how often and when it came."""

    __tablename__ = "quarantine"
    __table_args__ = (Index(None, "state", "source"), STRICT)
    quarantine_id: Mapped[Key]
    source: Mapped[Word]
    stage: Mapped[Word]
    category: Mapped[Word]
    severity: Mapped[Word]
    reason: Mapped[Word]
    journal_offset: Mapped[Ref]
    path: Mapped[Word]
    decoded: Mapped[Word]
    error: Mapped[Word]
    count: Mapped[Count]
    first_at: Mapped[Time]
    last_at: Mapped[Time]
    attempts: Mapped[Count]
    state: Mapped[Word] = mapped_column(server_default=text("'open'"))


class Incident(Base):
    """The error history: one row per kind of trouble, with its first and last time."""

    __tablename__ = "incidents"
    id: Mapped[Key]
    source: Mapped[Word]
    stage: Mapped[Word]
    category: Mapped[Word]
    severity: Mapped[Word]
    first_at: Mapped[Time]
    last_at: Mapped[Time]
    count: Mapped[Count]
    message: Mapped[Word]
    run_id: Mapped[Ref | None] = mapped_column(ForeignKey("runs.run_id"))


METADATA: Final = Base.metadata
"""All tables: these and those of the facts."""
