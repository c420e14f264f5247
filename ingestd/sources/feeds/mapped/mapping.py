"""What a mapping says: which elements of a document are what. Frozen models, unknown keys refused, problems told with path and hint."""

from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from ingestd.model import TimeRule
from ingestd.settings.units import hinted
from ingestd.sources.feeds.mapped.documents import Format
from ingestd.sources.feeds.mapped.fields import Number, Part, Price, Text, Time, Words
from ingestd.sources.feeds.mapped.paths import Expression

DEEPEST: Final = 8
"""Levels within each other."""
Name = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,31}$")]


class FixtureMap(Part):
    """What is said of an event; its id is the field ``event`` of ``shared``."""

    sport: Text
    name: Text | None = Field(None, description="left out: home v away")
    league: Text | None = None
    season: Text | None = None
    home: Text | None = None
    away: Text | None = None
    starts_at: Time | None = None
    started_at: Time | None = None
    status: Text | None = Field(None, description="scheduled, in_play, finished, postponed or cancelled")
    changed_at: Time | None = None

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.name is None and (self.home is None or self.away is None):
            raise hinted("has no name", "give name, or home and away", "name")
        return self


class ResultMap(Part):
    """How an event ended; its id is the field ``event`` of ``shared``."""

    period: Text | None = None
    home_score: Number | None = None
    away_score: Number | None = None
    winner: Text | None = None
    state: Text | None = Field(None, description="provisional, final or corrected")
    changed_at: Time | None = None


class MarketMap(Part):
    """The state of a market; ids and names are fields of ``shared``."""

    status: Text = Field(description="open, suspended, withdrawn, settled or void")
    changed_at: Time | None = None


class Shared(Part):
    """Fields of the quotes: given once for all inside a level, or in a quote itself."""

    bookmaker: Text | None = None
    bookmaker_kind: Text | None = Field(None, description="book (left out), exchange, prediction or aggregate")
    event: Text | None = Field(None, description="the provider's id of the event")
    market_id: Text | None = Field(None, description="the provider's id of the market")
    market: Text | None = Field(None, description="what is bet on: a word of docs/vocabulary.md, or the provider's own name")
    period: Text | None = None
    outcome: Text | None = Field(None, description="home, away, draw, over, under, yes, no …, or the provider's own word")
    participant: Text | None = Field(None, description="player or runner; of a team's market home or away")
    side: Text | None = Field(None, description="back (left out), lay or traded")
    status: Text | None = Field(None, description="open (left out), suspended, withdrawn, settled or void")
    result: Text | None = Field(None, description="won, lost, void, half_won or half_lost")
    line: Number | None = Field(None, description="total, or the outcome's own handicap; where it is identity, name it in key as well")
    size: Number | None = Field(None, description="what may be staked at the price")
    changed_at: Time | None = Field(None, description="when the price changed; left out: when it was received")


class QuoteMap(Shared):
    """A price of a selection."""

    key: tuple[Text, ...] = Field(description="what tells it from all others: the provider's ids and raw words; the side is added")
    price: Price

    @model_validator(mode="after")
    def _identified(self) -> Self:
        if not self.key:
            raise hinted("is empty", "name what tells the selection from all others, such as [event.id, market.id, outcome.id]", "key")
        return self


class WithdrawMap(Part):
    """What is withdrawn (or suspended) by its id: a selection, a market or an event."""

    key: tuple[Text, ...] = Field((), description="the key of the selection, as its quotes have it")
    market: Text | None = Field(None, description="the id of a market: all its selections")
    event: Text | None = Field(None, description="the id of an event: all its selections")
    status: Literal["withdrawn", "suspended"] = "withdrawn"
    changed_at: Time | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (bool(self.key), self.market is not None, self.event is not None).count(True) != 1:
            raise hinted("names nothing, or more than one thing", "give one of key, market and event")
        return self


class Level(Part):
    """Elements of one kind: what each says, and what is inside it."""

    each: Expression = Field(description="JMESPath of the list; one object counts as a list of one")
    name: Name = Field(alias="as", description="how expressions inside call the element")
    optional: bool = Field(False, description="nothing there counts as an empty list; else it is rejected")
    where: Expression | None = Field(None, description="only elements for which this is true")
    image: Literal["event", "market"] | None = Field(None, description="each element lists all there is of its event or market now")
    shared: Shared = Shared()
    fixture: FixtureMap | None = None
    result: ResultMap | None = None
    market: MarketMap | None = None
    quotes: tuple[QuoteMap, ...] = ()
    withdraw: WithdrawMap | None = None
    walk: tuple["Level", ...] = ()


class Mapping(Part):
    """From documents to updates."""

    format: Format = Field("json", description="json, jsonl (files of one JSON a line), csv or xml")
    delimiter: str = Field(",", min_length=1, max_length=1, description="between the cells of a CSV")
    encoding: str = Field("utf-8-sig", description="of a CSV")
    ragged: bool = Field(False, description="rows of a CSV with more or fewer cells than its header are taken; else they are rejected")
    time_rule: TimeRule = Field("ordered", description="stamped: every statement has one clock's stamp, and that decides")
    recorded_at: Time | None = Field(None, description="when a document was made, for files")
    image: Literal["query", "source"] | None = Field(
        None, description="a document (all its pages) lists all there is of its query, or at all"
    )
    query: Text | None = Field(None, description="the query of a document that was not polled; left out: one for all")
    tables: dict[str, Words] = Field({}, description="tables by name")
    shared: Shared = Shared()
    walk: tuple[Level, ...] = Field(description="the levels")

    @model_validator(mode="after")
    def _some_levels(self) -> Self:
        levels, depth = self.walk, 0
        if not levels:
            raise hinted("is empty", "name the list of a document's elements: {each: doc.events, as: event}", "walk")
        while levels:
            depth += 1
            levels = tuple(inner for level in levels for inner in level.walk)
        if depth > DEEPEST:
            raise hinted(f"has more than {DEEPEST} levels within each other", "reach deeper by a longer expression", "walk")
        return self
