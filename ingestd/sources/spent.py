"""What was spent of one key's limits: all that must outlive the process, in a few hundred bytes."""

from typing import Annotated, Final

from msgspec import Meta, Struct, field

from ingestd.model import SECOND
from ingestd.sources.months import month_of
from ingestd.sources.tally import Tally

MINUTE: Final = 60.0
HOUR: Final = 3_600.0
DAY: Final = 86_400.0
IDLE: Final = 2 * DAY
"""Seconds after which a job that asks for nothing counts no longer as one of those that share."""
MOST_JOBS: Final = 512
"""Jobs remembered; beyond, those that asked longest ago are forgotten, not what they spent."""

Amount = Annotated[float, Meta(ge=0)]
Moment = Annotated[int, Meta(ge=0, le=10**17)]


class Job(Struct):
    """What a job spent of this month, and when it last asked."""

    spent: Amount = 0.0
    asked_at: Moment = 0


class Spent(Struct):
    """Times in UTC µs. ``at``: the last time seen; ``since``: the first; ``began``: of the month.

    ``assumed``: what was spent of the month is not known, and ``spent`` is the worst that it may be. ``slowed``: by how much the last hours
    before kick-off are asked for less often than configured.
    """

    at: Moment = 0
    since: Moment = 0
    began: Moment = 0
    spent: Amount = 0.0
    assumed: bool = False
    slowed: float = 1.0
    jobs: dict[str, Job] = field(default_factory=dict)
    windows: list[Tally] = field(default_factory=list)
    minute: Tally = field(default_factory=lambda: Tally(MINUTE))
    day: Tally = field(default_factory=lambda: Tally(DAY))

    def turn(self, now: int, renews_on: int) -> bool:
        """Time goes on. Where it went back, nothing is renewed and nothing leaves its window earlier; returns whether it did."""
        back = now < self.at
        if back:
            for tally in (*self.windows, self.minute, self.day):
                tally.step_back(now)
        self.at = now
        self.since = min(self.since or now, now)
        if not self.began or now >= month_of(self.began, renews_on)[1]:
            renewed = bool(self.began)
            self.began = month_of(now, renews_on)[0]
            if renewed:
                self.spent, self.assumed = 0.0, False
                for job in self.jobs.values():
                    job.spent = 0.0
        return back

    def asked(self, name: str) -> None:
        """A job is there; those that have not asked for long are forgotten."""
        self.jobs.setdefault(name, Job()).asked_at = self.at
        if len(self.jobs) > MOST_JOBS or any(job.asked_at < self.at - IDLE * SECOND for job in self.jobs.values()):
            latest = sorted(self.jobs.items(), key=lambda pair: -pair[1].asked_at)[:MOST_JOBS]
            self.jobs = {known: job for known, job in latest if job.asked_at >= self.at - IDLE * SECOND}

    def count(self, name: str, cost: float, requests: int = 1) -> None:
        """A job makes a request; negative figures take one back that was not made."""
        self.spent = max(0.0, self.spent + cost)
        if name in self.jobs:
            self.jobs[name].spent = max(0.0, self.jobs[name].spent + cost)
        for tally in self.windows:
            tally.add(self.at, requests)
        for tally in (self.minute, self.day):
            tally.add(self.at, cost)

    def window(self, seconds: float) -> Tally:
        """The requests within so many seconds."""
        for tally in self.windows:
            if tally.span == seconds:
                return tally
        self.windows.append(Tally(seconds))
        return self.windows[-1]

    @property
    def rate(self) -> float:
        """Credits per second, over the last day or what is known of it."""
        known = max(HOUR, min(DAY, (self.at - self.since) / SECOND))
        return self.day.total(self.at) / known
