"""How much may be asked of a provider: requests per window, credits per month; one budget for all jobs that share a key."""

from msgspec import Struct

from ingestd.interfaces import Clock


class Limit(Struct, frozen=True, kw_only=True):
    """At most ``amount`` within any ``seconds``; ``seconds`` None: within a calendar month, UTC."""

    amount: float
    seconds: float | None


class Budget:
    """The limits of one key, and what was spent of them."""

    def __init__(self, name: str, limits: tuple[Limit, ...], clock: Clock) -> None:
        self.name = name
        self._limits = limits
        self._clock = clock

    def take(self, job: str, cost: float) -> float:
        """0: it is taken, go on. Else the seconds after which to ask again."""
        return 0.0

    def correct(self, *, used: float | None = None, left: float | None = None) -> None:
        """What the provider itself says was used and is left of the month."""

    @property
    def left(self) -> float | None:
        """What is left of the month; None where no limit is by the month."""
        return None

    @property
    def renews_at(self) -> int:
        """When the month ends, UTC µs."""
        return 0
