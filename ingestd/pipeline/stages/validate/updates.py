"""The rules on single updates: required fields, ranges, formats, allowed words, and fields that must fit each other."""

from collections.abc import Callable
from typing import Final, Generic, TypeVar, get_args

from msgspec import Struct

from ingestd.markets import MARKETS
from ingestd.model import (
    NO_PRICE,
    STATUS_RANK,
    STATUSES,
    Complete,
    EventStatus,
    Fixture,
    Gap,
    MarketStatus,
    Quote,
    QuoteResult,
    Reject,
    Result,
    ResultState,
    Selection,
    StartedBy,
    Update,
)
from ingestd.pipeline.stages.validate.rules import Rule

HIGHEST_PRICE: Final = 1_000_000.0
"""Longest odds taken for real; the longest tick of any exchange is 1,000."""
LARGEST: Final = 1e15
"""Largest size or line taken for real; beyond it a double no longer counts in units."""
HIGHEST_SCORE: Final = 1_000_000
"""No sport counts further; the databases' four bytes do."""
EARLIEST: Final = 631_152_000_000_000
LATEST: Final = 4_102_444_800_000_000
"""1990-01-01 and 2100-01-01: no stamp of a provider lies outside."""
LONGEST_TEXT: Final = 1_000
RESULTS: Final[frozenset[str]] = frozenset(get_args(QuoteResult))
LINED: Final = frozenset(word for word, market in MARKETS.items() if market.line == "required")
"""Markets whose every selection has a line."""

T = TypeVar("T")
Problem = tuple[Rule, str] | None
"""The rule that is broken, and how."""


class Check(Struct, Generic[T], frozen=True):
    """A rule, and what is wrong with an update under it (``""``: nothing)."""

    rule: Rule
    broken: Callable[[T], str]


def validate(update: Update, received_at: int) -> Update | Reject:  # noqa: ARG001 - the seam's
    """The update itself, or what is wrong with it."""
    problem = _first(_QUOTE, update) if isinstance(update, Quote) else _others(update)
    return update if problem is None else refused(problem, update)


def describe_problem(selection: Selection) -> Problem:
    """What is wrong with the words of a selection; asked once per selection, when the book first meets it."""
    return _first(_SELECTION, selection)


def refused(problem: tuple[Rule, str], update: Update) -> Reject:
    """The reject for an update that breaks a rule."""
    rule, reason = problem
    return Reject(stage="validate", category=rule.category, reason=reason, severity=rule.severity, update=repr(update)[:LONGEST_TEXT])


def sound_time(value: int | None) -> bool:
    """Whether a provider's stamp may be one (None: it gave none)."""
    return value is None or EARLIEST <= value <= LATEST


def _first(checks: tuple[Check[T], ...], update: T) -> Problem:
    for check in checks:
        reason = check.broken(update)
        if reason:
            return check.rule, reason
    return None


def _others(update: Fixture | MarketStatus | Result | Complete | Gap) -> Problem:
    if isinstance(update, Fixture):
        return _first(_FIXTURE, update)
    if isinstance(update, MarketStatus):
        return _first(_MARKET_STATUS, update)
    if isinstance(update, Result):
        return _first(_RESULT, update)
    return _first(_SCOPE, update)


def _no_price(quote: Quote) -> str:
    return "an open quote without a price" if quote.price is None and quote.status == "open" else ""


def _price(quote: Quote) -> str:
    price = quote.price
    if price is None or 1.0 <= price <= HIGHEST_PRICE or (price == NO_PRICE and quote.status != "open"):
        return ""
    return (
        f"{price} is below 1: less than the stake back" if NO_PRICE < price < 1.0 else f"{price} is not between 1 and {HIGHEST_PRICE:.0f}"
    )


def _size(quote: Quote) -> str:
    size = quote.size
    return "" if size is None or 0.0 <= size <= LARGEST else f"{size} is not between 0 and {LARGEST:.0e}"


def _line(quote: Quote) -> str:
    line = quote.line
    return "" if line is None or -LARGEST <= line <= LARGEST else f"{line} is no line"


def _no_line(quote: Quote) -> str:
    if quote.line is not None or quote.price is None or quote.status != "open" or quote.selection.market not in LINED:
        return ""
    return f"{quote.selection.market} is nothing without a line"


def _quote_status(quote: Quote) -> str:
    return "" if quote.status in STATUS_RANK else _one_of(quote.status, STATUSES)


def _quote_result(quote: Quote) -> str:
    return "" if quote.result in RESULTS else _one_of(quote.result, get_args(QuoteResult))


def _changed_at(update: Quote | Fixture | MarketStatus | Result) -> str:
    return _time(update.changed_at, "changed_at")


def _required(value: str, name: str) -> str:
    return "" if value else f"{name} is empty"


def _one_of(value: str, allowed: tuple[str, ...]) -> str:
    return "" if value in allowed else f"{value!r} is none of {', '.join(map(repr, allowed))}"


def _texts(*values: str) -> str:
    for value in values:
        if len(value) > LONGEST_TEXT:
            return f"text of {len(value)} characters, at most {LONGEST_TEXT} are taken"
        if "\x00" in value or not _encodable(value):
            return f"{value[:40]!r} holds a NUL or a lone surrogate"
    return ""


def _encodable(value: str) -> bool:
    return value.isascii() or not any("\ud800" <= character <= "\udfff" for character in value)


def _time(value: int | None, name: str) -> str:
    return "" if sound_time(value) else f"{name} {value} lies outside 1990 to 2100"


def _score(value: int | None) -> str:
    return "" if value is None or 0 <= value <= HIGHEST_SCORE else f"{value} is no score"


_TEXT: Final = f"at most {LONGEST_TEXT} characters, no NUL, no lone surrogate"
_TIME: Final = "every time lies between 1990 and 2100"
_QUOTE: Final[tuple[Check[Quote], ...]] = (
    Check(Rule("Quote", "missing", "an open quote has a price"), _no_price),
    Check(Rule("Quote", "price", f"a price lies between 1 and {HIGHEST_PRICE:,.0f}; 0 is none, and none is not open"), _price),
    Check(Rule("Quote", "size", f"a size lies between 0 and {LARGEST:.0e}"), _size),
    Check(Rule("Quote", "line", f"a line lies between -{LARGEST:.0e} and {LARGEST:.0e}"), _line),
    Check(Rule("Quote", "no_line", "an open quote of a spread, a total or any other market with lines has one"), _no_line),
    Check(Rule("Quote", "status", "one of the known words"), _quote_status),
    Check(Rule("Quote", "result", "one of the known words"), _quote_result),
    Check(Rule("Quote", "time", _TIME), _changed_at),
)
_SELECTION: Final[tuple[Check[Selection], ...]] = (
    Check(Rule("Selection", "missing", "it has a market"), lambda said: _required(said.source_market_id, "source_market_id")),
    Check(
        Rule("Selection", "text", _TEXT),
        lambda said: _texts(
            *(said.identity, said.bookmaker, said.source_event_id, said.source_market_id, said.scope.id),
            *(said.market, said.period, said.outcome, said.participant),
        ),
    ),
)
_FIXTURE: Final[tuple[Check[Fixture], ...]] = (
    Check(Rule("Fixture", "missing", "it has the provider's id"), lambda said: _required(said.source_event_id, "source_event_id")),
    Check(
        Rule("Fixture", "text", _TEXT),
        lambda said: _texts(said.source_event_id, said.sport, said.name, said.league, said.season, said.home, said.away),
    ),
    Check(Rule("Fixture", "status", "one of the known words"), lambda said: _one_of(said.status, get_args(EventStatus))),
    Check(Rule("Fixture", "started_by", "one of the known words"), lambda said: _one_of(said.started_by, get_args(StartedBy))),
    Check(
        Rule("Fixture", "time", _TIME),
        lambda said: _time(said.starts_at, "starts_at") or _time(said.started_at, "started_at") or _changed_at(said),
    ),
)
_MARKET_STATUS: Final[tuple[Check[MarketStatus], ...]] = (
    Check(Rule("MarketStatus", "status", "one of the known words"), lambda said: _one_of(said.status, STATUSES)),
    Check(Rule("MarketStatus", "missing", "it has the provider's id"), lambda said: _required(said.source_market_id, "source_market_id")),
    Check(Rule("MarketStatus", "text", _TEXT), lambda said: _texts(said.source_event_id, said.source_market_id, said.market, said.period)),
    Check(Rule("MarketStatus", "time", _TIME), _changed_at),
)
_RESULT: Final[tuple[Check[Result], ...]] = (
    Check(Rule("Result", "missing", "it has the event's id"), lambda said: _required(said.source_event_id, "source_event_id")),
    Check(Rule("Result", "text", _TEXT), lambda said: _texts(said.source_event_id, said.period, said.winner)),
    Check(Rule("Result", "state", "one of the known words"), lambda said: _one_of(said.state, get_args(ResultState))),
    Check(
        Rule("Result", "score", f"a score lies between 0 and {HIGHEST_SCORE:,}"),
        lambda said: _score(said.home_score) or _score(said.away_score),
    ),
    Check(Rule("Result", "time", _TIME), _changed_at),
)
_SCOPE: Final[tuple[Check[Complete | Gap], ...]] = (
    Check(Rule("Complete, Gap", "text", _TEXT), lambda said: _texts(said.scope.id)),
    Check(Rule("Complete, Gap", "time", _TIME), lambda said: _time(said.changed_at if isinstance(said, Complete) else None, "changed_at")),
)
UPDATE_RULES: Final[tuple[Rule, ...]] = tuple(
    check.rule for checks in (_QUOTE, _SELECTION, _FIXTURE, _MARKET_STATUS, _RESULT, _SCOPE) for check in checks
)
"""All of them."""
