"""A mapping, compiled once: what to look for in a document, level within level, and what each element says."""

import re
from collections.abc import Mapping as Map
from collections.abc import Sequence
from typing import Final, Literal

from msgspec import Struct

from ingestd.model import BookmakerKind, EventStatus, QuoteResult, ResultState, Side, Status
from ingestd.sources.feeds.mapped.cells import Cell
from ingestd.sources.feeds.mapped.fields import Part, Text, Value
from ingestd.sources.feeds.mapped.fitting import Fitter, Given, Loc, Problem
from ingestd.sources.feeds.mapped.makers import FixtureMaker, MarketMaker, QuoteMaker, ResultMaker, Selections, Withdrawer
from ingestd.sources.feeds.mapped.mapping import FixtureMap, Level, Mapping, MarketMap, QuoteMap, ResultMap, WithdrawMap
from ingestd.sources.feeds.mapped.paths import Path

PLAIN: Final = re.compile(r'(?:\w+|"[^"]+"|\[\]|\[-?\d+\]|\.)+')
"""An expression that only goes from member to member."""
Fields = Map[str, Given]
"""Fields by name: those of a thing itself, over those that it shares with others."""


class ImageMaker(Struct, frozen=True):
    """What an element lists whole: its event or market, as of which time (None: of when it was received)."""

    kind: Literal["event", "market"]
    id: Cell[str]
    changed_at: Cell[int | None]


class Step(Struct, frozen=True):
    """A level. ``label``: what its elements are called in a path. ``image``: the id of what each lists whole, and of which kind."""

    each: Path
    name: str
    depth: int
    label: str
    optional: bool
    where: Path | None
    image: ImageMaker | None
    fixture: FixtureMaker | None
    result: ResultMaker | None
    market: MarketMaker | None
    quotes: tuple[QuoteMaker, ...]
    withdraw: Withdrawer | None
    steps: tuple["Step", ...]


class Program(Struct, frozen=True):
    """What a decoder follows. ``query``: of a document that has no key. ``withdraws``: some step withdraws by name.

    ``ragged``: rows of any length are taken.
    """

    steps: tuple[Step, ...]
    image: Literal["query", "source"] | None
    image_at: Cell[int | None]
    query: Cell[str]
    recorded_at: Cell[int | None]
    depth: int
    withdraws: bool
    ragged: bool


class _Compiler:
    def __init__(self, mapping: Mapping, source: str) -> None:
        self.fitter = Fitter(mapping.tables)
        self.depth = 0
        self.withdraws = False
        self._mapping = mapping
        self._selections = Selections(source)

    def program(self) -> Program:
        mapping = self._mapping
        shared = _over({}, mapping.shared, ("shared",))
        steps = tuple(self._step(level, ("walk", index), (), shared) for index, level in enumerate(mapping.walk))
        return Program(
            steps=steps,
            image=mapping.image,
            image_at=self.fitter.time(_given(shared, "changed_at", ()), ()),
            query=self.fitter.text(Given(mapping.query, ("query",)), ()),
            recorded_at=self.fitter.time(Given(mapping.recorded_at, ("recorded_at",)), ()),
            depth=self.depth,
            withdraws=self.withdraws,
            ragged=mapping.ragged or mapping.format != "csv",
        )

    def _step(self, level: Level, loc: Loc, around: tuple[str, ...], shared: Fields) -> Step:
        each, _ = self.fitter.path(level.each, (*loc, "each"), around)
        if level.name in {"doc", "meta", *around}:
            self.fitter.problems.append(
                Problem((*loc, "as"), f"{level.name!r} is another level's name", "give each level a name of its own")
            )
        names = (*around, level.name)
        self.depth = max(self.depth, len(names))
        shared = _over(shared, level.shared, (*loc, "shared"))
        where = None if level.where is None else self.fitter.path(level.where, (*loc, "where"), names)[0]
        image = None if level.image is None else self._image(level.image, loc, shared, names)
        return Step(
            each=each,
            name=level.name,
            depth=len(names),
            label=_label(level),
            optional=level.optional,
            where=where,
            image=image,
            fixture=None if level.fixture is None else self._fixture(level.fixture, (*loc, "fixture"), shared, names),
            result=None if level.result is None else self._result(level.result, (*loc, "result"), shared, names),
            market=None if level.market is None else self._market(level.market, (*loc, "market"), shared, names),
            quotes=tuple(self._quote(quote, (*loc, "quotes", index), shared, names) for index, quote in enumerate(level.quotes)),
            withdraw=None if level.withdraw is None else self._withdraw(level.withdraw, (*loc, "withdraw"), names),
            steps=tuple(self._step(inner, (*loc, "walk", index), names, shared) for index, inner in enumerate(level.walk)),
        )

    def _image(self, kind: Literal["event", "market"], loc: Loc, shared: Fields, names: Sequence[str]) -> ImageMaker:
        named = self.fitter.text(_given(shared, "event" if kind == "event" else "market_id", loc), names, None)
        return ImageMaker(kind, named, self.fitter.time(_given(shared, "changed_at", loc), names))

    def _fixture(self, part: FixtureMap, loc: Loc, shared: Fields, names: Sequence[str]) -> FixtureMaker:
        fields = _over({"event": _given(shared, "event", loc)}, part, loc)

        def text(name: str, fallback: str | None = "") -> Cell[str]:
            return self.fitter.text(_given(fields, name, loc), names, fallback)

        def time(name: str) -> Cell[int | None]:
            return self.fitter.time(_given(fields, name, loc), names)

        return FixtureMaker(
            event=text("event", None),
            sport=text("sport", None),
            name=text("name"),
            league=text("league"),
            season=text("season"),
            home=text("home"),
            away=text("away"),
            starts_at=time("starts_at"),
            started_at=time("started_at"),
            status=self.fitter.word(_given(fields, "status", loc), names, EventStatus, "scheduled"),
            changed_at=time("changed_at"),
        )

    def _result(self, part: ResultMap, loc: Loc, shared: Fields, names: Sequence[str]) -> ResultMaker:
        fields = _over({"event": _given(shared, "event", loc)}, part, loc)
        return ResultMaker(
            event=self.fitter.text(fields["event"], names, None),
            period=self.fitter.text(_given(fields, "period", loc), names),
            home_score=self.fitter.number(_given(fields, "home_score", loc), names),
            away_score=self.fitter.number(_given(fields, "away_score", loc), names),
            winner=self.fitter.text(_given(fields, "winner", loc), names),
            state=self.fitter.word(_given(fields, "state", loc), names, ResultState, "final"),
            changed_at=self.fitter.time(_given(fields, "changed_at", loc), names),
        )

    def _market(self, part: MarketMap, loc: Loc, shared: Fields, names: Sequence[str]) -> MarketMaker:
        fields = _over({name: shared[name] for name in ("event", "market_id", "market", "period") if name in shared}, part, loc)
        return MarketMaker(
            event=self.fitter.text(_given(fields, "event", loc), names, None),
            market_id=self.fitter.text(_given(fields, "market_id", loc), names, None),
            market=self.fitter.text(_given(fields, "market", loc), names, None),
            period=self.fitter.text(_given(fields, "period", loc), names),
            status=self.fitter.word(fields["status"], names, Status, None),
            changed_at=self.fitter.time(_given(fields, "changed_at", loc), names),
        )

    def _quote(self, part: QuoteMap, loc: Loc, shared: Fields, names: Sequence[str]) -> QuoteMaker:
        fields = _over(shared, part, loc)

        def text(name: str, fallback: str | None = None) -> Cell[str]:
            return self.fitter.text(_given(fields, name, loc), names, fallback)

        def word(name: str, literal: object, fallback: str) -> Cell[str]:
            return self.fitter.word(_given(fields, name, loc), names, literal, fallback)

        return QuoteMaker(
            key=self._key(part.key, loc, names),
            words=(
                text("bookmaker"),
                word("bookmaker_kind", BookmakerKind, "book"),
                text("event"),
                text("market_id"),
                text("market"),
                text("period", ""),
                text("outcome"),
                text("participant", ""),
                word("side", Side, "back"),
            ),
            price=self.fitter.price(fields["price"], names),
            size=self.fitter.number(_given(fields, "size", loc), names),
            line=self.fitter.number(_given(fields, "line", loc), names),
            status=word("status", Status, "open"),
            result=word("result", QuoteResult, ""),
            changed_at=self.fitter.time(_given(fields, "changed_at", loc), names),
            selections=self._selections,
        )

    def _withdraw(self, part: WithdrawMap, loc: Loc, names: Sequence[str]) -> Withdrawer:
        self.withdraws = True
        changed_at = self.fitter.time(Given(part.changed_at, (*loc, "changed_at")), names)
        if part.key:
            return Withdrawer("key", self._key(part.key, loc, names), part.status, changed_at)
        kind, field = ("market", part.market) if part.market is not None else ("event", part.event)
        return Withdrawer(kind, (self.fitter.text(Given(field, (*loc, kind)), names, None),), part.status, changed_at)

    def _key(self, key: Sequence[Text], loc: Loc, names: Sequence[str]) -> tuple[Cell[str], ...]:
        return tuple(self.fitter.text(Given(part, (*loc, "key", index)), names, None) for index, part in enumerate(key))


def compiled(mapping: Mapping, source: str) -> Program:
    """The program of a mapping that has no problems; shared by all decoders of the source."""
    return _Compiler(mapping, source).program()


def problems(mapping: Mapping) -> list[Problem]:
    """What is wrong with a mapping beyond what its models see: levels, tables, words, fields given nowhere."""
    compiler = _Compiler(mapping, "")
    compiler.program()
    return compiler.fitter.problems


def _over(fields: Fields, part: Part, loc: Loc) -> Fields:
    """The fields of a part over those around it."""
    own = {name: value for name, value in part if isinstance(value, Value)}
    return {**fields, **{name: Given(value, (*loc, name)) for name, value in own.items()}}


def _given(fields: Fields, name: str, loc: Loc) -> Given:
    return fields.get(name) or Given(None, (*loc, name))


def _label(level: Level) -> str:
    """What elements are called in a path: the way to them from the level it begins with; where that is no plain way, the level's name."""
    if PLAIN.fullmatch(level.each) is None:
        return level.name
    _, _, rest = level.each.replace("[]", "").partition(".")
    return rest.replace('"', "")
