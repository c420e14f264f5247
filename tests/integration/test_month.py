"""A month of polling on a plan of 500 credits, in virtual time: the real transport, budget and cadence against a provider that counts."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from random import Random

import msgspec
import pytest
from msgspec import Struct

from ingestd.errors import Disconnected, IngestdError, Refused, Throttled
from ingestd.model import SECOND
from ingestd.sources.accounts import Accounts, look
from ingestd.sources.budget import Budget, Limit
from ingestd.sources.cadence import LAST, Cadence, Game
from ingestd.sources.http import Answer, Http, Request
from ingestd.sources.transports.polling import Poll, Poller
from ingestd.sources.transports.polling import session as polling
from ingestd.testing.clock import VirtualClock

HOUR, DAY = 3_600, 86_400
START = 1_790_812_800 * SECOND
"""2026-10-01, a Thursday."""
RENEWAL = START + 31 * DAY * SECOND
PLAN = 500
LISTED = 9 * DAY * SECOND
"""How far ahead the provider lists games."""
LASTS = 2 * HOUR * SECOND
OUTAGE = (START + 12 * DAY * SECOND, START + 13 * DAY * SECOND)
RESTARTS = [days * DAY for days in (2.53, 9.7, 17.04, 23.6)]
END = 33 * DAY
LOOK = 300.0
"""Seconds after which the transport looks at its plan again, here: ten times less often, for a test that is ten times faster."""
COSTS = {"nfl": 2, "epl": 1, "nba": 1}


def calendar(sport: str, random: Random) -> list[int]:
    """Kick-offs of 45 days, most of them at weekends: NFL on Thursday, Sunday and Monday, EPL and NBA on other days."""
    games = []
    for day in range(45):
        week = (day + 3) % 7
        slots = {
            "nfl": {3: [20], 6: [13, 13, 13, 16, 16, 20], 0: [20]},
            "epl": {5: [12, 15, 15, 15, 17], 6: [14, 16]},
            "nba": {2: [19, 19], 5: [19, 19, 20], 6: [19, 20]},
        }[sport].get(week, [])
        games += [START + (day * DAY + hour * HOUR + random.choice([0, 0, 5, 15, 30]) * 60) * SECOND for hour in slots]
    return sorted(games)


class Provider:
    """Counts what it is asked for, says so in each answer, and refuses what the plan does not pay for. It is away for a day."""

    def __init__(self, clock: VirtualClock, seed: int) -> None:
        self.clock = clock
        self.games = {sport: calendar(sport, Random(seed + number)) for number, sport in enumerate(COSTS)}
        self.asked: dict[str, list[int]] = {sport: [] for sport in COSTS}
        self.used = [0, 0]
        self.refused = 0

    def answer(self, request: Request) -> Answer:
        """What it has to say, in JSON: kick-offs of all games that are not over."""
        now, (sport, cost) = self.clock.now(), (request.url, int(dict(request.params)["cost"]))
        if OUTAGE[0] <= now < OUTAGE[1]:
            raise Disconnected("unreachable")
        month = int(now >= RENEWAL)
        if self.used[month] + cost > PLAN:
            self.refused += 1
            return Answer(status=401, headers={}, body=b"", url=sport)
        self.used[month] += cost
        if cost:
            self.asked[sport].append(now)
        listed = [start for start in self.games[sport] if start - LISTED <= now < start + LASTS]
        headers = {"x-requests-used": str(self.used[month]), "x-requests-remaining": str(PLAN - self.used[month])}
        return Answer(status=200, headers=headers, body=msgspec.json.encode(listed), url=sport)


class Asking(Http):
    """A client without a network."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    async def ask(self, request: Request) -> Answer:
        await self._provider.clock.sleep(0.2)
        return self._provider.answer(request)


class Sports:
    """The plan of a feed: odds of each sport, which cost, and lists of games, which are free."""

    def __init__(self, cadence: Cadence, budget: Budget, sports: Sequence[str]) -> None:
        self._cadence = cadence
        self._budget = budget
        self._games: dict[str, dict[int, Game]] = {}
        odds = [Poll(key=sport, request=Request(url=sport, params=(("cost", str(COSTS[sport])),)), cost=COSTS[sport]) for sport in sports]
        self._free = [Poll(key=f"{sport}/events", request=Request(url=sport, params=(("cost", "0"),)), cost=0) for sport in sports]
        self._polls = [*self._free, *odds]
        self.slowest = 1.0

    def polls(self, now: int) -> Sequence[Poll]:
        return self._polls

    def interval(self, poll: Poll, now: int) -> float:
        if poll.cost == 0:
            return 6 * HOUR if poll.request.url in self._games else 0
        return self._budget.interval(poll.key, poll.cost, self._cadence, list(self._games.get(poll.request.url, {}).values()))

    def probe(self, now: int) -> Poll:
        return self._free[0]

    def judge(self, poll: Poll, answer: Answer, http: Http) -> IngestdError | None:
        return None if answer.status == 200 else Refused("unauthorised")

    def learn(self, poll: Poll, answer: Answer, now: int) -> None:
        self._budget.correct(used=float(answer.headers["x-requests-used"]), left=float(answer.headers["x-requests-remaining"]))
        listed = msgspec.json.decode(answer.body, type=list[int])
        known = self._games.get(poll.request.url, {})
        past = {start: Game(start, over=True) for start in known if now - 14 * DAY * SECOND < start < now}
        self._games[poll.request.url] = past | {start: Game(start) for start in listed}

    def next_page(self, poll: Poll, answer: Answer) -> Request | None:
        return None


class Seen(Struct):
    """What a run of the daemon leaves behind for the next one, and for the test."""

    token: str = ""
    slowed: float = 1.0
    forecasts: int = 0


async def collect(source: str, provider: Provider, path: Path, cadence: Cadence, sports: Sequence[str], seen: Seen) -> None:
    """What a daemon does with a source from its start until it is cancelled."""
    budget = Accounts(path, provider.clock).budget(source, "key", (Limit(amount=PLAN, seconds=None), Limit(amount=30, seconds=1)))
    await follow(source, provider, budget, cadence, sports, seen)


async def follow(source: str, provider: Provider, budget: Budget, cadence: Cadence, sports: Sequence[str], seen: Seen) -> None:
    """Connect, read, and again after a pause."""

    @asynccontextmanager
    async def client() -> AsyncIterator[Http]:
        yield Asking(provider)

    poller = Poller(source, Sports(cadence, budget, sports), client, budget, provider.clock, Random(1))
    while True:
        try:
            async with poller.connect(seen.token) as session:
                while True:
                    for frame in await session.read():
                        seen.token = frame.token or seen.token
                        forecast = budget.forecast()
                        assert forecast is None or forecast < budget.renews_at
                        seen.forecasts += forecast is not None
        except Disconnected:
            await provider.clock.sleep(60)
        except Throttled as busy:
            await provider.clock.sleep(busy.seconds)


async def month(provider: Provider, path: Path, cadence: Cadence, seen: Seen) -> None:
    """Killed and started again a few times; what was slowed is read off the file now and then."""

    async def watch() -> None:
        while True:
            await provider.clock.sleep(6 * HOUR)
            seen.slowed = max(seen.slowed, *(report.slowed for report in look(path, provider.clock)))

    watching = asyncio.create_task(watch())
    for ends in [*RESTARTS, END]:
        running = asyncio.create_task(collect("demo", provider, path, cadence, list(COSTS), seen))
        await provider.clock.sleep(ends - provider.clock.monotonic())
        for task in (running, watching) if ends == END else (running,):
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task


def last_hours(provider: Provider) -> list[int]:
    """Polls in each last hour, but for the day of the outage."""
    return [
        sum(start - LAST * SECOND <= at < start for at in provider.asked[sport])
        for sport, starts in provider.games.items()
        for start in starts
        if start < RENEWAL and not OUTAGE[0] <= start < OUTAGE[1] + LAST * SECOND
    ]


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where budgets are kept."""
    monkeypatch.setattr(polling, "LOOK", LOOK)
    return tmp_path / "budgets.json"


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_month(path: Path, seed: int) -> None:
    """Enough for all last hours: each is covered at ``near``, the plan is used and never exceeded, and nothing bursts after the outage."""
    provider, seen = Provider(VirtualClock(START), seed), Seen()
    await month(provider, path, Cadence(far=6 * HOUR, near=900, in_play=1_800), seen)
    counts = last_hours(provider)
    assert provider.refused == 0
    assert PLAN * 0.9 < provider.used[0] <= PLAN
    assert (len(counts) > 90, min(counts)) == (True, LAST // 900)
    assert seen.slowed == 1
    assert seen.forecasts > 0
    for asked in provider.asked.values():
        assert len([at for at in asked if OUTAGE[1] <= at < OUTAGE[1] + 600 * SECOND]) <= 1
        assert min(later - at for at, later in pairwise(asked)) >= 899 * SECOND


@pytest.mark.parametrize("seed", [3, 4])
async def test_a_month_that_is_too_small(path: Path, seed: int) -> None:
    """Not enough for the last hours at ``near``: all of them are slowed, none is left out, the plan holds, and it is told."""
    provider, seen = Provider(VirtualClock(START), seed), Seen()
    await month(provider, path, Cadence(far=6 * HOUR, near=300, in_play=1_800), seen)
    counts = last_hours(provider)
    assert provider.refused == 0
    assert PLAN * 0.9 < provider.used[0] <= PLAN
    assert 1.5 < seen.slowed <= 3
    assert min(counts) >= LAST // (300 * seen.slowed)
    assert max(counts) <= 2 * min(counts)


async def test_two_sources_share_a_key(path: Path) -> None:
    """One budget for both: together they stay within the plan, and the one that wishes to ask every minute leaves the other its share."""
    provider, seen = Provider(VirtualClock(START), 5), (Seen(), Seen())
    accounts = Accounts(path, provider.clock)
    limits = (Limit(amount=PLAN, seconds=None),)
    modest, greedy = (accounts.budget(name, "key", limits) for name in ("modest", "greedy"))
    slow, swift = Cadence(far=6 * HOUR, near=900, in_play=1_800), Cadence(far=60, near=60, in_play=60)
    running = [
        asyncio.create_task(follow("modest", provider, modest, slow, ["epl"], seen[0])),
        asyncio.create_task(follow("greedy", provider, greedy, swift, ["nba"], seen[1])),
    ]
    await provider.clock.sleep(30 * DAY)
    for task in running:
        task.cancel()
    await asyncio.wait(running)
    patient, often = (
        [
            sum(start - LAST * SECOND <= at < start for at in provider.asked[sport])
            for start in provider.games[sport]
            if start < START + 30 * DAY * SECOND
        ]
        for sport in ("epl", "nba")
    )
    assert provider.refused == 0
    assert PLAN * 0.8 < provider.used[0] <= PLAN
    assert (len(patient), set(patient)) == (28, {LAST // 900})
    assert min(often) >= 12
    assert max(often) <= 1.5 * min(often)
