"""Polymarket's words in ours: sports, times, and probabilities as decimal odds. Markets and outcomes: ``meanings``."""

import math
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from ingestd.model import Side

BOOKMAKER: Final = "Polymarket"
SIDES: Final[tuple[Side, Side, Side]] = ("back", "lay", "traded")
"""What can be bought now (the best ask), what can be sold now (the best bid), what was last paid."""
BACK, LAY, TRADED = range(3)
SPORTS: Final = {
    "american-football": "american_football",
    "baseball": "baseball",
    "basketball": "basketball",
    "boxing": "boxing",
    "cbb": "basketball",
    "cfb": "american_football",
    "counter-strike": "counter_strike",
    "cricket": "cricket",
    "dota-2": "dota_2",
    "epl": "football",
    "esports": "esports",
    "f1": "motor_racing",
    "golf": "golf",
    "hockey": "ice_hockey",
    "league-of-legends": "league_of_legends",
    "mlb": "baseball",
    "mma": "mma",
    "nba": "basketball",
    "nfl": "american_football",
    "nhl": "ice_hockey",
    "rugby": "rugby",
    "soccer": "football",
    "tennis": "tennis",
    "ucl": "football",
    "ufc": "mma",
    "valorant": "valorant",
    "wnba": "basketball",
}
"""Slugs of tags and series to sports; what is not here keeps the slug of its series."""
_DECIMAL: Final = re.compile(r"(?:\d{1,18}(?:\.\d{0,30})?|\.\d{1,30})", re.ASCII)
_MILLISECONDS: Final = re.compile(r"\d{1,16}", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
MOST: Final = 1e18
"""No number of theirs is greater."""
Number = str | float | None
"""As it stands in a message: text or a number."""


def decimal(value: Number) -> float:
    """A plain, non-negative decimal, written as text (``.48``, ``0.48``, ``21574.08``) or as a number. Raises ValueError."""
    if isinstance(value, str):
        if _DECIMAL.fullmatch(value) is None:
            raise ValueError(f"{value[:40]!r} is no decimal")
        return float(value)
    if value is None or not 0.0 <= value <= MOST:
        raise ValueError(f"{value!r} is no decimal")
    return float(value)


def probability(value: Number) -> float:
    """A price: above 0, at most 1. Raises ValueError."""
    found = decimal(value)
    if not 0.0 < found <= 1.0:
        raise ValueError(f"{value!r} is no price: it must lie between 0 and 1")
    return found


def stated(value: Number) -> float:
    """A best price as a change states it, with the values that mean "none" (empty, 0, 1) as 0. Raises ValueError."""
    if value is None or value == "":
        return 0.0
    found = decimal(value)
    return found if 0.0 < found < 1.0 else 0.0


def odds(price: float) -> float:
    """Decimal odds of a probability price: what one unit comes to if the outcome wins."""
    return 1.0 / price


def microseconds(value: str | int | None) -> int | None:
    """UTC µs of a time in milliseconds, which the stream writes as text; None for anything else."""
    text = str(value) if value is not None else ""
    return int(text) * 1_000 if _MILLISECONDS.fullmatch(text) else None


def moment(text: str | None) -> int | None:
    """UTC µs of a time of Gamma's: ISO with ``Z``, or ``2026-04-05 15:10:00+00``; None for anything else."""
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return ((found if found.tzinfo else found.replace(tzinfo=UTC)) - _EPOCH) // _MICROSECOND


def line_of(value: Number) -> float | None:
    """A line, which may be negative, as text or number; None where it is none."""
    if value is None:
        return None
    try:
        found = float(value)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def sport(slugs: Iterable[str], series: str) -> str:
    """The sport that an event's slugs (of its series, then its tags) tell; else the slug of its series."""
    for slug in slugs:
        if (found := SPORTS.get(slug.lower())) is not None:
            return found
    return series.lower().replace("-", "_")
