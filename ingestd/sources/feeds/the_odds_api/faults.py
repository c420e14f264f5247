"""What The Odds API says when it says no, by HTTP status and ``error_code``; their list may grow, so unknown codes go by their status."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import msgspec

from ingestd.errors import IngestdError, Refused, Throttled
from ingestd.sources.http import Answer, Http

PAUSE: Final = 5.0
"""Seconds to wait after a 429 that does not say how long: seconds, the provider asks, not milliseconds."""
SHORTEST: Final = 1.0
EVENT_NOT_FOUND: Final = "EVENT_NOT_FOUND"
EXHAUSTED: Final = "OUT_OF_USAGE_CREDITS"
SPOKEN: Final = {"quota has been reached": EXHAUSTED, "usage credits": EXHAUSTED}
"""How the same was said before there were codes."""
HINTS: Final[Mapping[str, str]] = {
    "MISSING_KEY": "set api_key",
    "INVALID_KEY": "check api_key",
    "DEACTIVATED_KEY": "ask the provider why, or set another api_key",
    "MISSING_REGION": "set regions or bookmakers",
    "INVALID_REGION": "change regions",
    "INVALID_BOOKMAKERS": "change bookmakers",
    "MISSING_MARKET": "set markets",
    "INVALID_MARKET": "change markets or event_markets",
    "INVALID_MARKET_COMBO": "change markets: they do not go with each other, or not with one of the sports",
    "INVALID_ODDS_FORMAT": "change odds_format",
    "INVALID_SPORT": "change sports",
    "UNKNOWN_SPORT": "change sports",
    "INVALID_SCORES_DAYS_FROM": "change days_from",
    "INVALID_EVENT_ID": "leave event_markets empty until the provider takes its own ids again",
    "INVALID_EVENT_IDS": "leave event_markets empty until the provider takes its own ids again",
    EXHAUSTED: "wait for the month to renew, or buy more",
    EVENT_NOT_FOUND: "leave event_markets empty",
}
CODES: Final = sorted(HINTS, key=len, reverse=True)
"""The longest first: one may be the beginning of another."""


class _Body(msgspec.Struct):
    message: str = ""
    error_code: str = ""


def code_of(answer: Answer) -> str:
    """The code of an error; in an answer without one, whichever its text holds; else ``""``."""
    said = said_in(answer)
    if said.error_code:
        return said.error_code
    text = answer.body.decode("utf-8", "replace")
    spoken = (code for words, code in SPOKEN.items() if words in text.lower())
    return next((code for code in CODES if code in text), next(spoken, ""))


def said_in(answer: Answer) -> _Body:
    """The body of an error, empty where it is none."""
    try:
        return msgspec.json.decode(answer.body, type=_Body)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return _Body()


def judged(answer: Answer, http: Http, renews_in: float) -> IngestdError | None:
    """What to do about an answer that is none; ``renews_in``: seconds until there are credits again."""
    error = http.judge(answer)
    if isinstance(error, Throttled) and answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        return Throttled(max(SHORTEST, error.seconds) if "retry-after" in answer.headers else PAUSE, error.reason)
    if not isinstance(error, Refused):
        return error
    code = code_of(answer)
    if code == EXHAUSTED:
        return Throttled(max(SHORTEST, renews_in), "quota")
    detail = f"{answer.url}: HTTP {answer.status} {code} {said_in(answer).message}".rstrip()
    return Refused(code.lower(), detail, HINTS.get(code, "check the options of the source")) if code else error
