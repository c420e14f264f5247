"""How much may be asked of a provider: requests per window, credits per month; one budget for all jobs that share a key.

Windows count requests, whatever they cost; the month counts credits. What decides:

- **Never above.** A request is counted, and the count is kept, before it is made. A clock that is set back renews nothing and empties no
  window; a restart changes nothing.
- **Fair windows.** Who is told to wait keeps a place, and room goes to the places in their order.
- **Fair months.** What others are owed is not touched. A job that plans (``means``) is owed what it was told to plan with; any other an
  equal share of the month, less what it has spent, and shrinking to nothing as the month goes by.
- **The provider's own count wins.** Higher than ours: at once. Lower: only when said twice, a minute apart, nothing else between, and then
  what was spent within the last minute stays counted, since it may still be under way. An answer that was late or cached grants nothing.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Final

from msgspec import Struct

from ingestd.errors import Disconnected
from ingestd.interfaces import Clock
from ingestd.model import SECOND
from ingestd.sources.cadence import Cadence, Game, Means, Needs, needs, spaced
from ingestd.sources.months import month_of
from ingestd.sources.shares import divide, strain
from ingestd.sources.spent import HOUR, MINUTE, Spent

GRACE: Final = 60.0
"""Seconds that a place is kept beyond the time at which its holder was told to ask again."""
PAUSE: Final = 300.0
"""Seconds to wait for credits that are owed to others: what they are owed changes as they spend, and as the month goes."""
LAST_DAY: Final = 31
DUST: Final = 1e-6
"""Credits that are none: what sums of fractions leave over."""


class Limit(Struct, frozen=True, kw_only=True):
    """At most ``amount`` requests within any ``seconds``; ``seconds`` None: ``amount`` credits within a calendar month, UTC.

    ``renews_on``: the day of the month on which the provider begins a new one.
    """

    amount: float
    seconds: float | None
    renews_on: int = 1

    def __post_init__(self) -> None:
        positive = self.amount >= 1 and (self.seconds is None or self.seconds > 0)
        if not positive or not math.isfinite(self.amount) or not 1 <= self.renews_on <= LAST_DAY:
            raise ValueError(f"{self} is no limit")


class _Plan(Struct, frozen=True):
    """What a job told of its needs, at what cost per poll, and when."""

    needs: Needs
    cost: float
    at: int


class _Doubt(Struct, frozen=True):
    """The provider says that less was used than we counted: the most of what it said, and since when."""

    used: float
    since: int


class Account:
    """One key. ``keep(durable)`` puts ``spent`` where it outlives the process; it raises OSError."""

    def __init__(self, limits: tuple[Limit, ...], clock: Clock, spent: Spent, keep: Callable[[bool], None]) -> None:
        self.limits: tuple[Limit, ...] = ()
        self.month: Limit | None = None
        self.spent = spent
        self._clock = clock
        self._keep = keep
        self._waiting: dict[str, int] = {}
        """Jobs told to wait for room in a window, in the order of their places; until when the place is theirs."""
        self._plans: dict[str, _Plan] = {}
        self._doubt: _Doubt | None = None
        self.restrict(limits)

    def restrict(self, limits: Iterable[Limit]) -> None:
        """These limits hold, and no others; of several months the smallest counts."""
        self.limits = tuple(dict.fromkeys(limits))
        self.month = min((limit for limit in self.limits if limit.seconds is None), key=lambda limit: limit.amount, default=None)

    def take(self, job: str, cost: float) -> float:
        """As ``Budget.take``."""
        now = self.turn()
        if cost > 0:
            self.spent.asked(job)
        if (wait := self._room(job, now)) > 0:
            self._waiting[job] = now + round((wait + GRACE) * SECOND)
            return wait
        self._waiting.pop(job, None)
        if (wait := self._credit(job, cost, now)) > 0:
            return wait
        self.spent.count(job, cost)
        try:
            self._keep(self.month is not None and cost > 0)
        except OSError as error:
            self.spent.count(job, -cost, -1)
            raise Disconnected("budget", f"the request cannot be counted, so it is not made: {error}") from error
        return 0.0

    def correct(self, used: float | None, left: float | None) -> None:
        """As ``Budget.correct``."""
        if self.month is None:
            return
        stated = (used, None if left is None else self.month.amount - left)
        said = max((max(0.0, figure) for figure in stated if figure is not None and math.isfinite(figure)), default=None)
        if said is None:
            return
        now = self.turn()
        before = self.spent.spent
        self.spent.spent = self._judge(said, now)
        if self.spent.spent != before:
            # the next request is written down before it is made, or is not made and says why
            with suppress(OSError):
                self._keep(False)

    def means(self, job: str, cost: float, wanted: Needs) -> Means | None:
        """As ``Budget.means``."""
        now = self.turn()
        if self.month is None or cost <= 0:
            return None
        self.spent.asked(job)
        self._plans[job] = _Plan(wanted, cost, now)
        self.spent.slowed = strain(self._to_plan_with(), {job: plan.needs for job, plan in self._plans.items()})
        return Means(cost, self._granted()[job], self.renews_at)

    def turn(self) -> int:
        """Now, and what follows from it."""
        now = self._clock.now()
        if self.spent.turn(now, self.month.renews_on if self.month else 1):
            self._waiting.clear()
            self._doubt = None
        self._waiting = {job: until for job, until in self._waiting.items() if until > now}
        self._plans = {job: plan for job, plan in self._plans.items() if job in self.spent.jobs and now - plan.at < HOUR * SECOND}
        return now

    @property
    def left(self) -> float | None:
        """Credits left of the month."""
        self.turn()
        return None if self.month is None else max(0.0, self.month.amount - self.spent.spent)

    @property
    def renews_at(self) -> int:
        """When the month ends, UTC µs."""
        return month_of(self.spent.began, self.month.renews_on if self.month else 1)[1]

    def forecast(self) -> int | None:
        """As ``Budget.forecast``."""
        left = self.left
        if left is None:
            return None
        if left < 1:
            return self.spent.at
        rate = self.spent.rate
        empty_at = self.spent.at + round(left / rate * SECOND) if rate > 0 else self.renews_at
        return empty_at if empty_at < self.renews_at else None

    def _room(self, job: str, now: int) -> float:
        """Seconds until there is room in every window, for this job and for whoever has a place before it."""
        ahead = list(self._waiting).index(job) if job in self._waiting else len(self._waiting)
        wait = 0.0
        for limit in self.limits:
            if limit.seconds is not None:
                turns, place = divmod(ahead, int(limit.amount))
                wait = max(wait, turns * limit.seconds + self.spent.window(limit.seconds).until(now, int(limit.amount) - 1 - place))
        return wait

    def _credit(self, job: str, cost: float, now: int) -> float:
        """Seconds until the month has enough for this job."""
        if self.month is None or cost <= 0:
            return 0.0
        left = self.month.amount - self.spent.spent
        renewal = max(1.0, (self.renews_at - now) / SECOND)
        if left + DUST < cost:
            return renewal
        return min(PAUSE, renewal) if left - cost + DUST < self._owed(job) else 0.0

    def _owed(self, job: str) -> float:
        """Credits that belong to others; of those that plan, whole polls only."""
        granted = self._granted()
        planned = sum(
            self._plans[other].cost * ((share + DUST) // self._plans[other].cost) for other, share in granted.items() if other != job
        )
        return planned + sum(share for other, share in self._equal().items() if other != job)

    def _granted(self) -> dict[str, float]:
        return divide(self._to_plan_with(), {job: plan.needs for job, plan in self._plans.items()})

    def _to_plan_with(self) -> float:
        """What is left of the month for those that plan."""
        return max(0.0, (self.left or 0.0) - sum(self._equal().values()))

    def _equal(self) -> dict[str, float]:
        """What each job is owed that does not plan."""
        if self.month is None:
            return {}
        ahead = max(0.0, min(1.0, (self.renews_at - self.spent.at) / (self.renews_at - self.spent.began)))
        share = self.month.amount / max(1, len(self.spent.jobs))
        return {name: max(0.0, share - job.spent) * ahead for name, job in self.spent.jobs.items() if name not in self._plans}

    def _judge(self, said: float, now: int) -> float:
        """What counts as spent, the provider having said so."""
        least = said + self.spent.minute.total(now)
        if self.spent.assumed:
            self.spent.assumed = False
            return least
        if least >= self.spent.spent - DUST:
            self._doubt = None
            return max(said, self.spent.spent)
        doubt = self._doubt or _Doubt(said, now)
        self._doubt = _Doubt(max(said, doubt.used), doubt.since)
        if now - doubt.since < MINUTE * SECOND:
            return self.spent.spent
        least += self._doubt.used - said
        self._doubt = None
        return min(self.spent.spent, least)


class Budget:
    """The limits of one key as one source sees them; what was spent of them is shared by all sources with that key."""

    def __init__(self, name: str, limits: tuple[Limit, ...], clock: Clock, account: Account | None = None) -> None:
        """``name`` is the source's; without an ``account`` nothing is shared and nothing outlives the process."""
        self.name = name
        self._account = account or Account(limits, clock, Spent(), lambda _: None)

    def take(self, job: str, cost: float) -> float:
        """0: it is taken, go on. Else the seconds after which to ask again: until renewal, where the month is used up.

        Raises Disconnected where it cannot be written down, for then it must not be asked.
        """
        return self._account.take(self._own(job), cost)

    def correct(self, *, used: float | None = None, left: float | None = None) -> None:
        """What the provider itself says was used and is left of the month; of both, whatever leaves less counts."""
        self._account.correct(used, left)

    def means(self, job: str, cost: float, wanted: Needs) -> Means | None:
        """What a job may plan with that costs so much and has such needs; None where nothing counts by the month."""
        return self._account.means(self._own(job), cost, wanted)

    def interval(self, job: str, cost: float, cadence: Cadence, games: Sequence[Game]) -> float:
        """Seconds from one poll to the next of a query that lists these games: ``cadence.interval`` within this job's share."""
        now = self._account.turn()
        wanted = needs(cadence, games, now, cost, self.renews_at)
        return spaced(cadence, games, now, self.means(job, cost, wanted), wanted)

    def forecast(self) -> int | None:
        """When the month will be used up if it goes on as in the last day, UTC µs; None: not before it renews."""
        return self._account.forecast()

    @property
    def left(self) -> float | None:
        """What is left of the month; None where nothing counts by the month."""
        return self._account.left

    @property
    def renews_at(self) -> int:
        """When the month ends, UTC µs."""
        self._account.turn()
        return self._account.renews_at

    def _own(self, job: str) -> str:
        return f"{self.name}/{job}"
