"""Gamma's answers (and the CLOB's list of markets): events, their markets, and the tokens that are to be subscribed.

Source: Polymarket's documentation of Gamma and of ``GET /markets`` of the CLOB. Traps: lists stand as JSON inside of text; ids come as
text or number; ``acceptingOrders`` may stay true on a closed market; ``endDate`` is not when the game starts.
"""

from typing import Final

import msgspec
from msgspec import Raw, Struct, field
from msgspec.structs import replace

from ingestd.errors import Malformed
from ingestd.sources.feeds.polymarket.meanings import sides
from ingestd.sources.feeds.polymarket.told import EventTold, MarketTold, Outcome
from ingestd.sources.feeds.polymarket.wire import UNREADABLE, Problem, first_line
from ingestd.sources.feeds.polymarket.words import Number, line_of, moment, sport

TextList = str | list[str] | None
"""A list of text: as such, or as JSON inside of text."""
_TAG_OF_SPORTS: Final = "sports"


class Page(Struct):
    """What an answer holds: events in order, how many markets, what cannot be read, and how many entries tell of neither."""

    events: list[EventTold] = []
    problems: list[Problem] = []
    size: int = 0
    others: int = 0


class _Tag(Struct):
    slug: str | None = None


class _Series(Struct):
    slug: str | None = None
    title: str | None = None


class _Metadata(Struct):
    league: str | None = None


class _Event(Struct, rename="camel"):
    id: str | int
    title: str | None = None
    closed: bool | None = None
    ended: bool | None = None
    live: bool | None = None
    start_time: str | None = None
    game_id: str | int | None = None
    series_slug: str | None = None
    event_metadata: _Metadata | None = None
    tags: list[_Tag] | None = None
    series: list[_Series] | None = None
    markets: list[Raw] | None = None


class _Market(Struct, rename="camel"):
    condition_id: str
    question: str | None = None
    sports_market_type: str | None = None
    group_item_title: str | None = None
    neg_risk: bool | None = None
    line: Number = None
    outcomes: TextList = None
    outcome_prices: TextList = None
    clob_token_ids: TextList = None
    game_start_time: str | None = None
    event_start_time: str | None = None
    game_id: str | int | None = None
    closed: bool | None = None
    active: bool | None = None
    accepting_orders: bool | None = None
    enable_order_book: bool | None = None
    events: list[_Event] | None = None


class _Token(Struct):
    token_id: str = ""
    outcome: str = ""
    price: Number = None
    winner: bool | None = None


class _ClobMarket(Struct):
    condition_id: str
    question: str | None = None
    game_start_time: str | None = None
    closed: bool | None = None
    active: bool | None = None
    accepting_orders: bool | None = None
    enable_order_book: bool | None = None
    tags: list[str] | None = None
    tokens: list[_Token] | None = None


class _Shape(Struct):
    """What an entry is, by the keys that it has."""

    gamma: Raw = field(name="conditionId", default=Raw())
    clob: Raw = field(name="condition_id", default=Raw())
    raw: Raw = field(name="raw", default=Raw())
    markets: Raw = field(name="markets", default=Raw())
    data: list[Raw] | None = None
    children: list[Raw] | None = None


_RAWS = msgspec.json.Decoder(list[Raw])
_TEXTS = msgspec.json.Decoder(list[str])
_SHAPE = msgspec.json.Decoder(_Shape)
_EVENT = msgspec.json.Decoder(_Event)
_MARKET = msgspec.json.Decoder(_Market)
_CLOB = msgspec.json.Decoder(_ClobMarket)


def read(payload: bytes) -> Page:
    """Events or markets, one or many, from either service; or a site map, which tells of none. Raises Malformed for what is no JSON."""
    page = Page()
    try:
        items, prefix = _items(payload)
    except UNREADABLE as error:
        raise Malformed("json" if not isinstance(error, msgspec.ValidationError) else "shape", first_line(error)) from error
    page.size = len(items)
    for index, item in enumerate(items):
        path = f"{prefix}[{index}]" if prefix is not None else ""
        try:
            _take(item, path, page)
        except UNREADABLE as error:
            page.problems.append(Problem("", path, first_line(error)))
    return page


def _items(payload: bytes) -> tuple[list[Raw], str | None]:
    """The entries of an answer, and where they stand in it."""
    if payload.lstrip()[:1] == b"[":
        return _RAWS.decode(payload), ""
    shape = _SHAPE.decode(payload)
    if shape.data is not None:
        return shape.data, "data"
    if shape.children is not None:
        return shape.children, "children"
    return [Raw(payload)], None


def _take(item: Raw, path: str, page: Page) -> None:
    shape = _SHAPE.decode(item)
    if bytes(shape.gamma):
        page.events.append(_by_itself(_MARKET.decode(item)))
    elif bytes(shape.raw):
        page.events.append(_by_itself(_MARKET.decode(shape.raw)))
    elif bytes(shape.clob):
        page.events.append(_clob(_CLOB.decode(item)))
    elif bytes(shape.markets):
        page.events.append(_event(_EVENT.decode(item), path, page))
    elif shape.children is not None or b'"slug"' in bytes(item):
        page.others += 1
    else:
        raise msgspec.ValidationError("neither an event nor a market")


def _event(told: _Event, path: str, page: Page) -> EventTold:
    """An event with those of its markets that can be read."""
    markets: list[MarketTold] = []
    games = False
    for index, raw in enumerate(told.markets or ()):
        try:
            market = _MARKET.decode(raw)
            markets.append(_market(market))
            games |= _sporty(market)
        except UNREADABLE as error:
            page.problems.append(Problem("", f"{path}.markets[{index}]".lstrip("."), first_line(error)))
    return _described(told, tuple(markets), games=games)


def _by_itself(told: _Market) -> EventTold:
    """A market that names its event, or (the market being all there is) is one."""
    market = _market(told)
    for event in told.events or ():
        return _described(event, (market,), games=_sporty(told))
    return EventTold(
        id=told.condition_id, name=market.question, starts_at=market.starts_at, ended=market.closed, sporty=_sporty(told), markets=(market,)
    )


def _described(told: _Event, markets: tuple[MarketTold, ...], *, games: bool) -> EventTold:
    tags = [tag.slug or "" for tag in told.tags or ()]
    series = told.series[0] if told.series else _Series()
    slug = told.series_slug or series.slug or ""
    league = told.event_metadata.league if told.event_metadata else None
    starts = [market.starts_at for market in markets if market.starts_at is not None]
    home, away = sides(told.title or "")
    return EventTold(
        id=str(told.id),
        name=told.title or "",
        home=home,
        away=away,
        sport=sport([slug, *tags], slug),
        league=league or series.title or "",
        starts_at=min(starts) if starts else moment(told.start_time),
        live=bool(told.live),
        ended=bool(told.ended or told.closed),
        sporty=games or bool(told.game_id) or _TAG_OF_SPORTS in tags,
        markets=tuple(replace(market, home=home, away=away) for market in markets),
    )


def _market(told: _Market) -> MarketTold:
    texts, assets, prices = _list(told.outcomes), _list(told.clob_token_ids), _list(told.outcome_prices)
    closed = bool(told.closed)
    decided = closed and sorted(prices) == ["0", "1"]
    outcomes = [
        Outcome(asset, texts[index] if index < len(texts) else "", int(prices[index]) if decided else None)
        for index, asset in enumerate(assets)
    ]
    return MarketTold(
        id=told.condition_id,
        kind=told.sports_market_type or "",
        question=told.question or "",
        group=told.group_item_title or "",
        exclusive=bool(told.neg_risk),
        line=line_of(told.line),
        outcomes=tuple(outcomes),
        starts_at=moment(told.game_start_time or told.event_start_time),
        closed=closed,
        trading=told.accepting_orders is not False and told.active is not False,
        orderly=told.enable_order_book is not False,
    )


def _clob(told: _ClobMarket) -> EventTold:
    """A market of the CLOB's own list; of its event nothing is said there."""
    tokens = told.tokens or []
    decided = any(token.winner for token in tokens)
    market = MarketTold(
        id=told.condition_id,
        question=told.question or "",
        outcomes=tuple(Outcome(token.token_id, token.outcome, int(bool(token.winner)) if decided else None) for token in tokens),
        starts_at=moment(told.game_start_time),
        closed=bool(told.closed),
        trading=told.accepting_orders is not False and told.active is not False,
        orderly=told.enable_order_book is not False,
    )
    name = market.question
    tags = [tag.lower().replace(" ", "-") for tag in told.tags or ()]
    return EventTold(
        id=told.condition_id,
        name=name,
        sport=sport(tags, ""),
        starts_at=market.starts_at,
        ended=market.closed,
        sporty=_TAG_OF_SPORTS in tags,
        markets=(market,),
    )


def _sporty(told: _Market) -> bool:
    return bool(told.sports_market_type or told.game_start_time or told.game_id)


def _list(value: TextList) -> list[str]:
    """A list that may be JSON inside of text. Raises msgspec.DecodeError."""
    if isinstance(value, str):
        return _TEXTS.decode(value) if value else []
    return value or []
