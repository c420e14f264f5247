"""The rules an update must obey, in one place per kind; what breaks one is quarantined and its neighbours go on."""

from typing import Final, get_args

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
RESULTS: Final[tuple[str, ...]] = get_args(QuoteResult)

Problem = tuple[str, str] | None


def validate(update: Update, received_at: int) -> Update | Reject:  # noqa: ARG001 - the seam's
    """The update itself, or what is wrong with it."""
    problem = _quote(update) if isinstance(update, Quote) else _others(update)
    if problem is None:
        return update
    category, reason = problem
    return Reject(stage="validate", category=category, reason=reason, severity="warning", update=repr(update)[:LONGEST_TEXT])


def describe_problem(selection: Selection) -> Problem:
    """What is wrong with the words of a selection; asked once per selection, when the book first meets it."""
    return _required(selection.source_market_id, "source_market_id") or _texts(
        selection.identity,
        selection.bookmaker,
        selection.source_event_id,
        selection.source_market_id,
        selection.scope.id,
        selection.market,
        selection.period,
        selection.outcome,
        selection.participant,
    )


def _quote(quote: Quote) -> Problem:
    price = quote.price
    if price is None:
        if quote.status == "open":
            return "missing", "an open quote without a price"
    elif not NO_PRICE < price <= HIGHEST_PRICE:
        if price != NO_PRICE or quote.status == "open":
            return "price", f"{price} is not between 1 and {HIGHEST_PRICE:.0f}"
    elif price < 1.0:
        return "price", f"{price} is below 1: less than the stake back"
    return _quote_rest(quote)


def _quote_rest(quote: Quote) -> Problem:
    size, line = quote.size, quote.line
    if size is not None and not 0.0 <= size <= LARGEST:
        return "size", f"{size} is not between 0 and {LARGEST:.0e}"
    if line is not None and not -LARGEST <= line <= LARGEST:
        return "line", f"{line} is no line"
    if quote.status not in STATUS_RANK or quote.result not in RESULTS:
        return _one_of(quote.status, STATUSES, "status") or _one_of(quote.result, RESULTS, "result")
    return _time(quote.changed_at, "changed_at")


def _others(update: Fixture | MarketStatus | Result | Complete | Gap) -> Problem:
    if isinstance(update, Fixture):
        return _fixture(update)
    if isinstance(update, MarketStatus):
        return _market(update)
    if isinstance(update, Result):
        return _result(update)
    return _texts(update.scope.id) or _time(update.changed_at if isinstance(update, Complete) else None, "changed_at")


def _fixture(update: Fixture) -> Problem:
    return (
        _required(update.source_event_id, "source_event_id")
        or _texts(update.source_event_id, update.sport, update.name, update.league, update.season, update.home, update.away)
        or _one_of(update.status, get_args(EventStatus), "status")
        or _one_of(update.started_by, get_args(StartedBy), "started_by")
        or _time(update.starts_at, "starts_at")
        or _time(update.started_at, "started_at")
        or _time(update.changed_at, "changed_at")
    )


def _market(update: MarketStatus) -> Problem:
    return (
        _one_of(update.status, STATUSES, "status")
        or _required(update.source_market_id, "source_market_id")
        or _texts(update.source_event_id, update.source_market_id, update.market, update.period)
        or _time(update.changed_at, "changed_at")
    )


def _result(update: Result) -> Problem:
    return (
        _required(update.source_event_id, "source_event_id")
        or _texts(update.source_event_id, update.period, update.winner)
        or _one_of(update.state, get_args(ResultState), "state")
        or _score(update.home_score)
        or _score(update.away_score)
        or _time(update.changed_at, "changed_at")
    )


def _required(value: str, name: str) -> Problem:
    return None if value else ("missing", f"{name} is empty")


def _one_of(value: str, allowed: tuple[str, ...], category: str) -> Problem:
    return None if value in allowed else (category, f"{value!r} is none of {', '.join(map(repr, allowed))}")


def _texts(*values: str) -> Problem:
    for value in values:
        if len(value) > LONGEST_TEXT:
            return "text", f"text of {len(value)} characters, at most {LONGEST_TEXT} are taken"
        if "\x00" in value or not _encodable(value):
            return "text", f"{value[:40]!r} holds a NUL or a lone surrogate"
    return None


def _encodable(value: str) -> bool:
    return value.isascii() or not any("\ud800" <= character <= "\udfff" for character in value)


def _time(value: int | None, name: str) -> Problem:
    if value is None or EARLIEST <= value <= LATEST:
        return None
    return "time", f"{name} {value} lies outside 1990 to 2100"


def _score(value: int | None) -> Problem:
    if value is None or 0 <= value <= HIGHEST_SCORE:
        return None
    return "score", f"{value} is no score"
