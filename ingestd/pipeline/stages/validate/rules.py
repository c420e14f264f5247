"""What a rule is, and the rules on whole markets, which ``pipeline.judge`` applies once a frame was taken in."""

from typing import Final, Literal

from msgspec import Struct

from ingestd.model import Severity

Happens = Literal["quarantine", "flag"]
"""The update is refused and kept apart, or the price is stored as it is and the market flagged for as long as it breaks the rule."""


class Rule(Struct, frozen=True):
    """``of``: which kind of update, or ``Market``. ``says``: what must hold. ``category`` is what quarantine and flags are sorted by."""

    of: str
    category: str
    says: str
    severity: Severity = "warning"
    happens: Happens = "quarantine"


LINE_UNEXPECTED: Final = Rule("Market", "line_unexpected", "a market without lines (a moneyline) has none", "warning", "flag")
SIDES_DISAGREE: Final = Rule(
    "Market", "sides_disagree", "the two sides of a bookmaker's spread or total stand at one line", "warning", "flag"
)
SIDE_MISSING: Final = Rule("Market", "side_missing", "at each line a bookmaker's spread or total has both sides", "info", "flag")
OVERROUND: Final = Rule("Market", "overround", "the overround lies within the configured bounds", "warning", "flag")
JUMP: Final = Rule("Market", "jump", "a price does not jump by the configured factor while its peers stand still", "warning", "flag")
START_PASSED: Final = Rule("Market", "start_passed", "an event that is yet to come did not begin long ago", "info", "flag")
MARKET_RULES: Final = (LINE_UNEXPECTED, SIDES_DISAGREE, SIDE_MISSING, OVERROUND, JUMP, START_PASSED)
"""The rules on a market: the open prices to back of one bookmaker in it."""
