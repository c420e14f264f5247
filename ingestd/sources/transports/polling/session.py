"""The session of a polled source: what is due is asked for, and what was said becomes frames."""

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from http import HTTPStatus
from random import Random
from typing import Final

from msgspec import Struct

from ingestd.errors import Disconnected, Finished, Throttled
from ingestd.interfaces import Clock
from ingestd.model import SECOND, Frame, Scope
from ingestd.sources.http import Answer, Http, Request
from ingestd.sources.transports.polling.ledger import ATTEMPTS, Ledger, Walked
from ingestd.sources.transports.polling.plan import Plan, Poll, Spending

LOOK: Final = 30.0
"""Seconds after which a plan is looked at again: intervals shrink as a kick-off comes near."""
PATIENCE: Final = 90.0
"""Seconds that the session waits when asked for patience; beyond, it ends and says why."""
LEAST_WAIT: Final = 1.0
"""Seconds to wait at least when asked for patience: a server that throttles for no time at all is not asked in a tight loop."""
MOST_PAGES: Final = 10_000


class _Step(Struct, frozen=True):
    """One request of a walk."""

    poll: Poll
    request: Request
    page: int = 1


class Poller:
    """One source. It keeps what must outlive a session: when each query was walked, and how often it failed.

    ``fresh_for``: seconds after its walk for which what a query lists may pass for known; one that is walked later than that, for want
    of credits say, is told as failed until it is.
    """

    def __init__(  # noqa: PLR0913 - the feed names each part
        self,
        source: str,
        plan: Plan,
        client: Callable[[], AbstractAsyncContextManager[Http]],
        spending: Spending,
        clock: Clock,
        random: Random,
        *,
        fresh_for: float = math.inf,
    ) -> None:
        self.source = source
        self.fresh_for = fresh_for
        self.plan = plan
        self.clock = clock
        self.random = random
        self.spending = spending
        self.ledger = Ledger()
        self._client = client

    @asynccontextmanager
    async def connect(self, resume: str) -> AsyncIterator["PollingSession"]:
        """A session, once the provider has answered the probe. Raises what that comes to."""
        resumed = self.ledger.resume(resume, self.clock.now())
        async with self._client() as http:
            session = PollingSession(self, http, resumed=resumed)
            await session.prove()
            yield session


class PollingSession:
    """Frames of one session: ``read`` and ``renew`` as the seam says."""

    def __init__(self, poller: Poller, http: Http, *, resumed: bool) -> None:
        self._source = poller.source
        self._plan = poller.plan
        self._ledger = poller.ledger
        self._spending = poller.spending
        self._clock = poller.clock
        self._random = poller.random
        self._fresh_for = poller.fresh_for
        self._http = http
        self._called = asyncio.Event()
        now = self._clock.now()
        meta = {"resumed": "conflated"} if resumed else {}
        self._ready = [Frame(self._source, "opened", now, token=self._ledger.token(), epoch=not resumed, meta=meta)]
        self._ready += [self._telling(key, reason, now) for key, reason in self._ledger.failing().items()]
        self._next: _Step | None = None
        """The next page of the walk under way."""
        self._held_until = 0
        self._told_whole = False

    async def prove(self) -> None:
        """Ask for the probe; what it says counts like any answer. Raises what the plan makes of a bad one."""
        now = self._clock.now()
        probe = self._plan.probe(now)
        if (wait := self._spending.take(probe.key, probe.cost)) > 0:
            raise Throttled(wait, "budget")
        polled = probe.key in self._keys(now)
        step = self._first(probe, now) if polled else _Step(probe, probe.request)
        answer = await self._ask(step)
        if polled:
            self._answered(step, answer)
        elif answer is not None:
            self._plan.learn(probe, answer, self._clock.now())
        self._tell_whole(self._clock.now())

    async def read(self) -> Sequence[Frame]:
        """The frames of the next answer; none where nothing changed, or nothing is due yet. Raises Disconnected, Throttled, Refused."""
        if not self._ready:
            step = await self._due() if self._next is None else await self._afford(self._next)
            self._next = None
            if step is not None:
                await self._walk(step)
        ready, self._ready = self._ready, []
        return ready

    async def _walk(self, step: _Step) -> None:
        try:
            self._answered(step, await self._ask(step))
        except Throttled as busy:
            self._be_patient(step, busy)
        except Disconnected as gone:
            self._failed(step.poll, gone)

    async def renew(self, scope: Scope) -> None:
        """Walk a query again, or everything, in full and as soon as the budget allows."""
        for key in self._keys(self._clock.now()):
            query = self._ledger.query(key)
            # one that was told as failed is asked as soon as may be in any case
            if not query.told and (scope.kind != "query" or key == scope.id):
                query.walked = Walked()
        self._told_whole &= scope.kind == "query"
        self._called.set()

    def _keys(self, now: int) -> list[str]:
        return [poll.key for poll in self._plan.polls(now)]

    async def _due(self) -> _Step | None:
        """The next request of all, in its time; None after a rest, or where there is something to tell first."""
        now = self._clock.now()
        wait = (self._held_until - now) / SECOND
        if wait <= 0:
            polls = self._plan.polls(now)
            self._ledger.forget({poll.key for poll in polls}, now)
            self._tell_old(polls, now)
            due = sorted(
                ((self._ledger.query(poll.key).due(self._plan.interval(poll, now)), poll) for poll in polls), key=lambda one: one[0]
            )
            wait = LOOK
            for at, poll in due:
                # what one query may not spend, a cheaper one may
                pause = (at - now) / SECOND if at > now else self._spending.take(poll.key, poll.cost)
                if pause <= 0:
                    return self._first(poll, now)
                wait = min(wait, pause)
        if not self._ready:
            await self._rest(wait)
        return None

    def _tell_old(self, polls: Sequence[Poll], now: int) -> None:
        for poll in polls:
            if self._ledger.query(poll.key).grown_old(now, self._fresh_for):
                self._ready.append(self._telling(poll.key, "overdue", now))

    async def _afford(self, step: _Step) -> _Step:
        """A further page of a walk, once it may be asked for."""
        while (held := (self._held_until - self._clock.now()) / SECOND) > 0:
            await self._rest(held)
        while (wait := self._spending.take(step.poll.key, step.poll.cost)) > 0:
            if wait > PATIENCE:
                raise Throttled(wait, "budget")
            await self._rest(wait)
        return step

    async def _rest(self, seconds: float) -> None:
        """Wait, but no longer than until somebody calls."""
        self._called.clear()
        async with asyncio.TaskGroup() as group:
            ways = (self._clock.sleep(seconds), self._called.wait())
            both = [group.create_task(way, name="pause") for way in ways]
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for task in both:
                task.cancel()

    def _first(self, poll: Poll, now: int) -> _Step:
        """The first request of a walk."""
        return _Step(poll, poll.request.with_headers(self._ledger.query(poll.key).conditions(now)))

    async def _ask(self, step: _Step) -> Answer | None:
        """The answer; None where the plan says that there is nothing more of this query."""
        answer = await self._http.ask(step.request)
        error = self._plan.judge(step.poll, answer, self._http)
        if isinstance(error, Finished):
            return None
        if error is not None:
            raise error
        return answer

    def _answered(self, step: _Step, answer: Answer | None) -> None:
        now = self._clock.now()
        query = self._ledger.query(step.poll.key)
        following = self._following(step, answer, now)
        query.answered()
        if answer is None:
            query.walked = Walked(now, now)
            self._tell_whole(now)
        elif answer.status == HTTPStatus.NOT_MODIFIED:
            query.walked.at = now
        elif following is not None:
            self._next = _Step(step.poll, following, step.page + 1)
            self._ready.append(self._frame(step, answer, now, {"more": "1"}))
        else:
            # several pages have several tags, and none of them speaks for the walk
            etag, modified = (answer.headers.get(name, "") if step.page == 1 else "" for name in ("etag", "last-modified"))
            query.walked = Walked(now, now, etag, modified)
            self._ready.append(self._frame(step, answer, now, self._whole(now)))

    def _following(self, step: _Step, answer: Answer | None, now: int) -> Request | None:
        """The request of the next page, if there is one."""
        if answer is None or answer.status == HTTPStatus.NOT_MODIFIED:
            return None
        self._plan.learn(step.poll, answer, now)
        following = self._plan.next_page(step.poll, answer)
        if following is not None and (step.page >= MOST_PAGES or following == step.request):
            raise Disconnected("endless", f"{answer.url}: page {step.page} is not the last, and leads nowhere")
        return following

    def _frame(self, step: _Step, answer: Answer, now: int, more: dict[str, str]) -> Frame:
        meta = {
            "key": step.poll.key,
            "url": answer.url,
            "status": str(answer.status),
            "type": answer.headers.get("content-type", ""),
            "page": str(step.page),
            **more,
        }
        return Frame(self._source, "data", now, answer.body, self._ledger.token(), epoch=step.page == 1, meta=meta)

    def _tell_whole(self, now: int) -> None:
        """Say by itself, where no frame of a walk does, that everything is known."""
        if whole := self._whole(now):
            self._ready.append(Frame(self._source, "alive", now, token=self._ledger.token(), meta=whole))

    def _whole(self, now: int) -> dict[str, str]:
        """What to say once everything is walked that the plan names by then."""
        if self._told_whole or not all(self._ledger.query(key).walked.at for key in self._keys(now)):
            return {}
        self._told_whole = True
        return {"whole": "1"}

    def _be_patient(self, step: _Step, busy: Throttled) -> None:
        """Wait as long as was asked for, and go on with the same page."""
        if busy.seconds > PATIENCE:
            raise busy
        self._held_until = self._clock.now() + int(max(busy.seconds, LEAST_WAIT) * SECOND)
        self._next = step if step.page > 1 else None

    def _failed(self, poll: Poll, gone: Disconnected) -> None:
        """Try again later; a query that goes on failing is told, and where every query fails the session ends."""
        now = self._clock.now()
        query = self._ledger.query(poll.key)
        tell = query.failed(gone.reason, now, self._plan.interval(poll, now), self._random)
        if query.failures >= ATTEMPTS and all(self._ledger.query(key).failures for key in self._keys(now)):
            raise gone
        if tell:
            self._ready.append(self._telling(poll.key, gone.reason, now))

    def _telling(self, key: str, reason: str, now: int) -> Frame:
        return Frame(self._source, "alive", now, token=self._ledger.token(), meta={"failed": key, "reason": reason})
